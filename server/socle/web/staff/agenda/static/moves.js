// Moving and resizing by hand: the server decides, a refused appointment goes back to its place with the reason.

import { refusal } from "./panel.js";
import { lostSession, Refused } from "./talk.js";
import { clock, lengthOf, longDay, wallFromDate } from "./times.js";

export class Moves {
  constructor(page, store, talk, panel, toast, refresh) {
    Object.assign(this, { page, store, talk, panel, toast, refresh });
  }

  dropped(info) {
    const event = this.store.get(info.event.id);
    const start = wallFromDate(info.event.start);
    const minutes = lengthOf({ start, end: wallFromDate(info.event.end) });
    const practitioner = Number(info.newResource?.id ?? event.practitioner);
    this.#ask(event, { start, minutes, practitioner }, info);
  }

  async #ask(event, place, info, confirmed = false) {
    const before = { start: event.start, minutes: lengthOf(event), practitioner: event.practitioner };
    try {
      const answer = await this.#send(event, place, confirmed);
      this.#take(answer);
      this.#tell(event, before, place, answer.undo);
    } catch (error) {
      this.#refused(event, place, info, error);
    }
  }

  #send(event, place, confirmed) {
    const fields = { ...place, version: this.store.get(event.id).version };
    if (confirmed) fields.confirmed = "1";
    return this.talk.post(`${this.page.base}/appointments/${event.id}/move`, fields);
  }

  #take(answer) {
    answer.rows.forEach((row) => this.store.apply(row));
    this.refresh();
  }

  #tell(event, before, place, mayGoBack) {
    const { page } = this;
    const sameDay = before.start.slice(0, 10) === place.start.slice(0, 10);
    const day = sameDay ? "" : `${longDay(place.start.slice(0, 10), page.language, { weekday: "long", day: "numeric", month: "long" })}, `;
    const text = page.words.moved.replace("%(name)s", event.family).replace("%(time)s", day + clock(place.start, page.language));
    const goBack = async () => this.#take(await this.#send(event, before, true));
    this.toast.show(text, mayGoBack && goBack);
  }

  // The event returns to its true place; the reason and the free neighbours stand where it was dropped.
  #refused(event, place, info, error) {
    info.revert();
    if (lostSession(error)) return;
    const body = error instanceof Refused ? error.body : { message: error.message };
    if (body.row) this.store.apply(body.row);
    this.refresh();
    const box = document.createElement("div");
    box.className = "agenda-refusal";
    box.append(...refusal(body, this.page.words), this.#closing());
    box.addEventListener("click", (click) => {
      const { time, confirm } = click.target.dataset;
      if (time === undefined && confirm === undefined) return;
      click.stopPropagation();
      this.panel.close();
      this.#ask(event, { ...place, start: time ?? place.start }, info, confirm !== undefined);
    });
    this.panel.element.replaceChildren(box);
    this.panel.back = undefined;
    const { clientX = innerWidth / 2, clientY = innerHeight / 2 } = info.jsEvent ?? {};
    this.panel.show(new DOMRect(clientX, clientY, 8, 8));
    box.querySelector("button").focus();
  }

  #closing() {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn btn-quiet";
    close.dataset.close = "";
    close.textContent = this.page.words.leaveIt;
    return close;
  }
}
