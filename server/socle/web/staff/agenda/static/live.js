// Other people's changes, within seconds: a tiny question every few seconds, which holds no worker of the server.

import { lostSession } from "./talk.js";

const SECONDS = { watched: 2.5, hidden: 20, failing: 10 };

export class Live {
  constructor(page, store, talk, { onChange, onState }) {
    Object.assign(this, { page, store, talk, onChange, onState });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.soon(0));
  }

  start() {
    this.soon(SECONDS.watched);
  }

  soon(seconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), seconds * 1000);
  }

  async #ask() {
    let next = document.visibilityState === "visible" ? SECONDS.watched : SECONDS.hidden;
    try {
      const path = `${this.page.base}/changes?since=${this.store.revision}`;
      // The header says that nobody typed: asking must not keep a forgotten screen signed in.
      const answer = await this.talk.json(path, { headers: { "X-Background": "1" } });
      this.onState(true);
      if (answer.reload) return void (await this.onChange(null));
      const changed = answer.events.filter((row) => this.store.apply(row));
      this.store.revision = Math.max(this.store.revision, answer.revision);
      if (changed.length) await this.onChange(changed);
    } catch (error) {
      next = SECONDS.failing;
      this.onState(lostSession(error));
    } finally {
      this.soon(next);
    }
  }
}
