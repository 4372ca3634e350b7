// The keyboard's place in the agenda: arrows move it, Enter opens what is there or books a free slot.

import { addDays, addMinutes, clock, dayOf, longDay, minutesOf } from "./times.js";

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export class Cursor {
  constructor(agenda, frame, announcer) {
    Object.assign(this, { agenda, frame, announcer });
    this.wall = null;
    frame.addEventListener("keydown", (event) => this.#key(event));
    frame.addEventListener("focus", () => this.show());
    frame.addEventListener("blur", () => this.hide());
  }

  // The background event that draws the cursor.
  drawn() {
    if (!this.shown) return [];
    return [{
      id: "cursor", start: this.wall, end: addMinutes(this.wall, this.agenda.page.snap), display: "background",
      resourceIds: [this.column], className: "agenda-cursor", extendedProps: {},
    }];
  }

  show() {
    const { day, people, hours } = this.agenda.view();
    if (!this.wall || dayOf(this.wall) !== day) this.wall = `${day}T${String(hours[0]).padStart(2, "0")}:00`;
    if (!people.some(({ id }) => id === this.column)) this.column = people[0]?.id;
    this.shown = this.column !== undefined;
    this.agenda.draw();
    this.#announce();
  }

  hide() {
    this.shown = false;
    this.agenda.draw();
  }

  #key(event) {
    if (event.target !== this.frame || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.#enter();
    } else if (ARROWS[event.key]) {
      event.preventDefault();
      this.#move(...ARROWS[event.key]);
    }
  }

  async #move(across, down) {
    const { people, view, hours } = this.agenda.view();
    if (down) {
      const next = addMinutes(this.wall, down * this.agenda.page.snap);
      const minute = minutesOf(next) - minutesOf(`${dayOf(this.wall)}T00:00`);
      if (minute >= hours[0] * 60 && minute < hours[1] * 60) this.wall = next;
    } else {
      const place = people.findIndex(({ id }) => id === this.column) + across;
      if (view === "day" && people[place]) {
        this.column = people[place].id;
      } else {
        this.wall = addDays(dayOf(this.wall), across) + this.wall.slice(10);
        if (view === "day") this.column = people[across > 0 ? 0 : people.length - 1].id;
        await this.agenda.go(dayOf(this.wall));
      }
    }
    this.agenda.draw();
    this.#announce();
  }

  #here() {
    return this.agenda.store.between(dayOf(this.wall), 1).find(
      (event) => event.practitioner === this.column && event.start <= this.wall && this.wall < event.end,
    );
  }

  #enter() {
    const beside = document.querySelector(".agenda-cursor");
    const event = this.#here();
    if (event) this.agenda.openAppointment(event.id, beside);
    else this.agenda.openNew({ start: this.wall, practitioner: this.column }, beside);
  }

  #announce() {
    const { page } = this.agenda;
    const who = page.people.find(({ id }) => id === this.column)?.name ?? "";
    const event = this.#here();
    const what = event ? `${event.family} ${event.given}` : page.words.free;
    const day = longDay(dayOf(this.wall), page.language, { weekday: "long", day: "numeric", month: "long" });
    this.announcer.textContent = `${day}, ${clock(this.wall, page.language)}, ${who} : ${what}`;
  }
}
