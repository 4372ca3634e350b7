// What the page knows of the agenda: days as the server sent them, kept up to date by the feed of changes.

import { addDays } from "./times.js";

// The places of a row, as wire.py writes it.
const FIELDS = ["id", "practitioner", "start", "end", "status", "type", "version", "series", "patient", "family", "given", "note"];

const decode = (row) => Object.fromEntries(FIELDS.map((name, place) => [name, row[place]]));

export class Store {
  constructor(first, load) {
    this.load = load;
    this.revision = first.revision;
    this.stretches = [];
    this.events = new Map();
    this.take(first);
  }

  take(stretch) {
    // The lowest revision of what is shown: asking from there misses nothing.
    this.revision = this.stretches.length ? Math.min(this.revision, stretch.revision) : stretch.revision;
    const { first, days, people, backdrop, events } = stretch;
    this.stretches.push({ first, days, people: new Set(people), backdrop });
    events.forEach((row) => this.apply(row));
  }

  // The backdrop of some days of some people, if they are loaded.
  backdrop({ first, days, people }) {
    const same = (each) => each.first === first && each.days === days && people.every(({ id }) => each.people.has(id));
    return this.stretches.find(same)?.backdrop;
  }

  async ensure(wanted) {
    if (!this.backdrop(wanted)) this.take(await this.load(wanted));
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
    const [begin, end] = [`${first}T00:00`, `${addDays(first, days)}T00:00`];
    return [...this.events.values()].filter((event) => event.status !== "cancelled" && event.start < end && event.end > begin);
  }

  // Forgets everything but what the page shows, which is loaded again.
  async reload(wanted) {
    const fresh = await this.load(wanted);
    this.stretches = [];
    this.events.clear();
    this.take(fresh);
  }
}
