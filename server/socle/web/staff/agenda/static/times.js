// Times as the practice's clock shows them: "2026-11-23T09:30" and "2026-11-23". The workstation's own zone never matters.

const MINUTE = 60_000;

export const minutesOf = (wall) => Date.UTC(...numbers(wall)) / MINUTE;
export const wallOf = (minutes) => new Date(minutes * MINUTE).toISOString().slice(0, 16);
export const dayOf = (wall) => wall.slice(0, 10);
export const timeOf = (wall) => wall.slice(11, 16);
export const addMinutes = (wall, count) => wallOf(minutesOf(wall) + count);
export const addDays = (day, count) => addMinutes(`${day}T00:00`, count * 1440).slice(0, 10);
export const lengthOf = (event) => minutesOf(event.end) - minutesOf(event.start);

function numbers(wall) {
  const [year, month, day, hour, minute] = wall.match(/\d+/g).map(Number);
  return [year, month - 1, day, hour || 0, minute || 0];
}

// The calendar hands over Date objects whose local fields hold the wall time.
export function wallFromDate(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export const weekday = (day) => (new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7;
export const mondayOf = (day) => addDays(day, -weekday(day));

// "9 h 30" in French, "9:30" in English.
export function clock(wall, language) {
  const [hour, minute] = timeOf(wall).split(":");
  return language === "fr" ? `${Number(hour)} h ${minute}` : `${Number(hour)}:${minute}`;
}

export function longDay(day, language, options = { weekday: "long", day: "numeric", month: "long", year: "numeric" }) {
  const format = new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", { ...options, timeZone: "UTC" });
  return format.format(new Date(`${day}T00:00Z`));
}

// "23–29 nov. 2026", "30 nov. – 6 déc. 2026".
export function dayRange(first, last, language) {
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  const format = new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", options);
  return format.formatRange(new Date(`${first}T00:00Z`), new Date(`${last}T00:00Z`));
}
