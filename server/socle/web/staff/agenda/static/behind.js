// What lies behind the appointments, worked out from the backdrop the server sent: closed time, absences, hours, days off.

import { addDays } from "./times.js";

// The background events of a view. Who no longer works here is closed all day: nobody is booked there.
export function behind({ backdrop, people, first, days }, words) {
  const ids = new Set(people.map(({ id }) => id));
  const [begin, end] = [`${first}T00:00`, `${addDays(first, days)}T00:00`];
  const inside = ([id, from, to]) => ids.has(id) && from < end && to > begin;
  const gone = people.filter(({ works_here }) => !works_here).map(({ id }) => id);
  const open = backdrop.closed.filter((each) => inside(each) && !gone.includes(each[0]));
  const closed = [...open, ...gone.map((id) => [id, begin, end])].map((each) => background(each, "agenda-closed"));
  const away = backdrop.away.filter(inside).map((each) => background(each, "agenda-away", words.away[each[3]]));
  return [...closed, ...away];
}

const background = ([id, start, end], className, label) => ({
  resourceIds: [id], start, end, display: "background", className, extendedProps: { label },
});

// Saturday and Sunday are shown when somebody works then.
export function hiddenDays({ first, backdrop, events, people }) {
  const ids = new Set(people.map(({ id }) => id));
  return [5, 6].filter((place) => {
    const [begin, end] = [`${addDays(first, place)}T00:00`, `${addDays(first, place + 1)}T00:00`];
    const closed = backdrop.closed.some(([id, from, to]) => ids.has(id) && from <= begin && to >= end);
    return closed && !events.some((event) => event.start < end && event.end > begin);
  }).map((place) => (place + 1) % 7);
}

// From which hour to which a day is drawn: what goes past midnight needs the end of one day and the beginning of the next.
export function hoursOf(backdrop, events, { first, days }) {
  const last = `${addDays(first, days)}T00:00`;
  const overnight = ({ start, end }) => end.slice(0, 10) > start.slice(0, 10);
  const continued = ({ start, end }) => start < `${first}T00:00` || (overnight({ start, end }) && end < last && !end.endsWith("T00:00"));
  const starts = events.map((event) => (continued(event) ? 0 : Number(event.start.slice(11, 13))));
  const hour = (wall) => Math.ceil(Number(wall.slice(11, 13)) + Number(wall.slice(14, 16)) / 60);
  const ends = events.map((event) => (overnight(event) && event.start >= `${first}T00:00` ? 24 : hour(event.end)));
  return [Math.min(backdrop.hours[0], ...starts), Math.max(backdrop.hours[1], ...ends)];
}
