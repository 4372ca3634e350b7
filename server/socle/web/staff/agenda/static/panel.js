// The small panel beside the calendar: a fragment of HTML from the server, its forms sent without leaving the page.

import { Refused } from "./talk.js";

const MARGIN = 12;

export class Panel {
  constructor(element, talk, { onDone, onClose }) {
    this.element = element;
    this.talk = talk;
    this.onDone = onDone;
    this.onClose = onClose;
    this.number = 0;
    element.addEventListener("toggle", () => this.place(), true); // what unfolds must not end below the window
    element.addEventListener("submit", (event) => this.#submit(event));
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-close], [data-time], [data-confirm], [data-skip-taken]");
      if (button) this.#press(button);
    });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) {
        event.stopPropagation();
        this.close();
      }
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  async open(path, beside, back = document.activeElement) {
    const number = ++this.number;
    this.back = back;
    const html = await this.talk.html(path);
    if (number !== this.number) return; // another one was opened meanwhile
    this.element.innerHTML = html;
    this.show(beside);
    this.element.dispatchEvent(new CustomEvent("panel:filled", { bubbles: true }));
    (this.element.querySelector("[autofocus]") ?? this.element.querySelector("button, input, select, a"))?.focus();
  }

  show(beside) {
    this.element.hidden = false;
    this.beside = beside;
    this.place();
  }

  // Beside the slot, on the side with room; a phone's style sheet makes it a sheet from below instead.
  place() {
    const { element, beside } = this;
    const wide = matchMedia("(min-width: 641px)").matches;
    const box = beside?.getBoundingClientRect?.() ?? beside;
    element.style.left = element.style.top = "";
    if (!wide || !box) return;
    const right = box.right + MARGIN;
    const left = right + element.offsetWidth < innerWidth ? right : Math.max(MARGIN, box.left - element.offsetWidth - MARGIN);
    const top = Math.min(Math.max(box.top - 40, MARGIN), Math.max(MARGIN, innerHeight - element.offsetHeight - MARGIN));
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  }

  close() {
    if (!this.isOpen) return;
    this.number++;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.onClose();
    this.back?.isConnected && this.back.focus?.();
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.target;
    const fields = new FormData(form, event.submitter);
    await this.send(form, form.getAttribute("action"), fields);
  }

  async send(form, path, fields) {
    const buttons = form.querySelectorAll("button");
    buttons.forEach((button) => (button.disabled = true));
    try {
      const answer = await this.talk.post(path, fields);
      this.close();
      this.onDone(answer);
    } catch (error) {
      if (!this.isOpen) throw error;
      this.refuse(form, error);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
    }
  }

  // Says why, inside the form, with what can be done about it as buttons.
  refuse(form, error) {
    // The server has kept what was typed: signing in leads back to it, at the address it gives.
    if (error.status === 401) return location.assign(error.body.sign_in);
    const body = error instanceof Refused ? error.body : { message: error.message };
    const box = form.querySelector("[data-refusal]");
    box.replaceChildren(...refusal(body, this.talk.words));
    box.hidden = false;
    if (body.row) this.onDone({ rows: [body.row] }, true);
    this.place();
    box.querySelector("button")?.focus();
  }

  #press(button) {
    const form = button.closest("form");
    if (button.hasAttribute("data-close")) return this.close();
    if (button.dataset.time) {
      form.elements.date.value = button.dataset.time.slice(0, 10);
      form.elements.time.value = button.dataset.time.slice(11, 16);
    }
    const fields = new FormData(form);
    if (button.hasAttribute("data-confirm")) fields.set("confirmed", "1");
    if (button.hasAttribute("data-skip-taken")) fields.set("skip_taken", "1");
    this.send(form, form.getAttribute("action"), fields);
  }
}

// What a refusal looks like, wherever it is shown.
export function refusal(body, words) {
  const message = document.createElement("p");
  message.className = "agenda-refusal-message";
  message.textContent = body.message;
  const hint = document.createElement("p");
  hint.className = "agenda-refusal-hint";
  hint.textContent = body.hint ?? "";
  const buttons = document.createElement("div");
  buttons.className = "agenda-refusal-buttons";
  for (const slot of body.neighbours ?? []) buttons.append(button(slot.label, { time: slot.start }));
  if (body.confirm) buttons.append(button(words.confirm, { confirm: "" }));
  if (body.taken) buttons.append(button(words.skipTaken, { skipTaken: "" }));
  return [message, hint, buttons];
}

function button(label, data) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn";
  element.textContent = label;
  Object.assign(element.dataset, data);
  return element;
}
