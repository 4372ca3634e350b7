// What the page knows of the agenda: weeks as the server sent them, kept up to date by the feed of changes.

import { addDays, dayOf, mondayOf } from "./times.js";

// The places of a row, as wire.py writes it.
const FIELDS = ["id", "practitioner", "start", "end", "status", "type", "version", "series", "patient", "family", "given", "note"];

const decode = (row) => Object.fromEntries(FIELDS.map((name, place) => [name, row[place]]));

export class Store {
  constructor(first, load) {
    this.load = load;
    this.revision = 0;
    this.weeks = new Map();
    this.events = new Map();
    this.take(first);
  }

  take(week) {
    // The lowest revision of what is shown: asking from there misses nothing.
    this.revision = this.weeks.size ? Math.min(this.revision, week.revision) : week.revision;
    this.weeks.set(week.monday, week.backdrop);
    week.events.forEach((row) => this.apply(row));
  }

  async ensure(day) {
    const monday = mondayOf(day);
    if (!this.weeks.has(monday)) this.take(await this.load(monday));
    return this.weeks.get(monday);
  }

  week(day) {
    return this.weeks.get(mondayOf(day));
  }

  // Takes a row unless a newer one is known; tells whether anything changed.
  apply(row) {
    const event = decode(row);
    const known = this.events.get(event.id);
    if (known && known.version >= event.version) return false;
    this.events.set(event.id, event);
    return true;
  }

  get(id) {
    return this.events.get(Number(id));
  }

  between(first, days) {
    const last = addDays(first, days);
    return [...this.events.values()].filter(
      (event) => event.status !== "cancelled" && dayOf(event.start) >= first && dayOf(event.start) < last,
    );
  }

  // Forgets everything but what the page shows, which is loaded again.
  async reload(day) {
    const fresh = await this.load(mondayOf(day));
    this.weeks.clear();
    this.events.clear();
    this.take(fresh);
  }
}
