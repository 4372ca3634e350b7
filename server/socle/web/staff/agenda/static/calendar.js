// The calendar component, set up for a practice: what an appointment looks like, what lies behind it.

import { addDays, clock, dayOf, lengthOf, wallFromDate } from "./times.js";

const VIEWS = { day: "resourceTimeGridDay", week: "timeGridWeek", list: "listWeek", dayList: "listDay" };
const ONE_LINE_MINUTES = 20;
const SLOT_MINUTES = 30;
const LOWEST_SLOT = 31;
const FOOT = 24;
const LOWEST_ROOM = 420;
const HALF_LABEL = 10;
const WHOLE_DAY = { weekday: "short", day: "numeric", month: "short" };
const SHORT_DAY = { weekday: "short", day: "numeric" };

export class Calendar {
  constructor(element, page, handlers) {
    this.page = page;
    this.element = element;
    new MutationObserver(() => this.#plainRoles()).observe(element, { attributeFilter: ["role"], childList: true, subtree: true });
    this.component = EventCalendar.create(element, {
      view: VIEWS.day,
      locale: page.language === "fr" ? "fr-FR" : "en-GB",
      timeZone: page.offset,
      firstDay: 1,
      headerToolbar: { start: "", center: "", end: "" },
      allDaySlot: false,
      allDayContent: "",
      nowIndicator: true,
      slotDuration: { minutes: SLOT_MINUTES },
      slotLabelInterval: { hours: 1 },
      slotLabelFormat: (date) => (page.language === "fr" ? `${date.getHours()} h` : `${date.getHours()}:00`),
      snapDuration: { minutes: page.snap },
      slotEventOverlap: false,
      dayHeaderFormat: WHOLE_DAY,
      noEventsContent: page.words.noEvents,
      listDayFormat: { weekday: "long", day: "numeric", month: "long" },
      listDaySideFormat: () => "",
      editable: page.mayWrite,
      selectable: page.mayWrite,
      selectMinDistance: 8,
      longPressDelay: 400,
      pointer: page.mayWrite && matchMedia("(hover: hover)").matches,
      dragScroll: true,
      resourceLabelContent: ({ resource }) => ({ domNodes: this.#label(resource) }),
      eventContent: (info) => this.#content(info),
      eventClassNames: ({ event }) => this.#classes(event),
      eventOrder: (one, other) => one.start - other.start,
      ...handlers,
    });
  }

  // Shows a stretch of days; `people` are the columns.
  show({ view, day, first, days, people, hours, backdrop, hiddenDays, narrow }) {
    const { component } = this;
    this.people = people;
    if (component.getOption("view") !== VIEWS[view]) component.setOption("view", VIEWS[view]);
    component.setOption("resources", people.map(({ id, name, ...about }) => ({ id, title: name, extendedProps: about })));
    component.setOption("slotMinTime", { hours: hours[0] });
    component.setOption("slotMaxTime", { hours: hours[1] });
    component.setOption("hiddenDays", view === "week" ? hiddenDays : []);
    component.setOption("dayHeaderFormat", narrow ? SHORT_DAY : WHOLE_DAY);
    component.setOption("date", day);
    this.hours = hours;
    const today = first <= this.page.today && this.page.today < addDays(first, days);
    requestAnimationFrame(() => {
      this.fit();
      requestAnimationFrame(() => this.#scrollTo(`${first} ${view}`, today ? this.page.hour - 1 : backdrop.hours[0]));
    });
  }

  // Gives the slots the height that lets a whole day be seen at once; in a low window the day scrolls under its head.
  fit() {
    const { component } = this;
    const main = this.element.querySelector(".ec-main");
    if (!main || component.getOption("view").startsWith("list")) return void component.setOption("height", undefined);
    const room = Math.max(innerHeight - this.element.getBoundingClientRect().top - scrollY - FOOT, LOWEST_ROOM);
    const head = main.querySelector(".ec-header").offsetHeight + 2;
    const slots = ((this.hours[1] - this.hours[0]) * 60) / SLOT_MINUTES;
    const height = Math.max(LOWEST_SLOT, Math.floor((room - head) / slots));
    component.setOption("slotHeight", height);
    component.setOption("height", height * slots + head > room ? `${room}px` : undefined);
  }

  // A day that does not fit begins at the present hour, another day's at the first opening; not again until it is left.
  #scrollTo(place, hour) {
    if (place === this.place) return;
    this.place = place;
    const main = this.element.querySelector(".ec-main");
    const above = ((hour - this.hours[0]) * 60 * this.component.getOption("slotHeight")) / SLOT_MINUTES;
    if (main) main.scrollTop = above - HALF_LABEL;
  }

  fill(events, backdrop) {
    this.component.setOption("events", [...backdrop, ...events]);
  }

  appointment(event) {
    return {
      id: event.id,
      resourceIds: [event.practitioner],
      start: event.start,
      end: event.end,
      title: `${event.family} ${event.given}`,
      editable: this.page.mayWrite && (event.status === "booked" || event.status === "arrived"),
      extendedProps: event,
    };
  }

  // The component calls itself a table, whose cells hold none of the appointments: a screen reader would meet an empty
  // table. What it really is, is a group of buttons.
  #plainRoles() {
    for (const part of this.element.querySelectorAll("[role=table], [role=list], [role=rowgroup], [role=row], [role=cell], [role=columnheader], [role=listitem]")) {
      ["role", "aria-colindex", "aria-colspan"].forEach((name) => part.removeAttribute(name));
    }
    for (const head of this.element.querySelectorAll("h4.ec-day-head:not([aria-level])")) head.setAttribute("aria-level", "2");
  }

  #label({ title, extendedProps }) {
    const name = document.createElement("span");
    name.className = "agenda-column-name";
    name.textContent = title;
    const profession = document.createElement("span");
    profession.className = extendedProps.works_here ? "agenda-column-profession" : "agenda-column-profession agenda-gone";
    profession.textContent = extendedProps.works_here ? extendedProps.profession ?? "" : this.page.words.gone;
    return [name, profession];
  }

  #classes(event) {
    const shown = event.extendedProps;
    if (event.display === "background") return [];
    if (!shown.status) return ["agenda-choice"];
    const type = this.page.types[shown.type];
    const size = lengthOf(shown) <= ONE_LINE_MINUTES ? "is-short" : "is-tall";
    return [`is-${type?.colour ?? "slate"}`, `is-${shown.status}`, size];
  }

  #content({ event, view }) {
    if (event.display === "background") return { domNodes: this.#hatched(event) };
    const shown = event.extendedProps;
    const start = wallFromDate(event.start);
    if (!shown.status) return { domNodes: [span("agenda-event-time", clock(start, this.page.language))] };
    const type = this.page.types[shown.type]?.name ?? "";
    const moving = event.display === "preview";
    const overnight = dayOf(shown.end) > dayOf(shown.start);
    const times = moving || overnight || view.type.startsWith("list")
      ? `${clock(start, this.page.language)} – ${clock(wallFromDate(event.end), this.page.language)}`
      : clock(start, this.page.language);
    const name = document.createElement("span");
    name.className = "agenda-event-name";
    name.append(span("agenda-event-family", shown.family), ` ${shown.given}`);
    const status = shown.status === "booked" ? [] : [span("agenda-event-status", this.page.words.status[shown.status])];
    const about = document.createElement("span");
    about.className = "agenda-event-about";
    const many = view.type.startsWith("list") && this.people.length > 1;
    const who = many ? ` · ${this.people.find(({ id }) => id === shown.practitioner)?.name ?? ""}` : "";
    about.append(span("agenda-event-time", times), span("agenda-event-type", type + who), ...status);
    const open = document.createElement("button");
    open.type = "button";
    open.className = "agenda-event-open";
    open.dataset.appointment = shown.id;
    open.title = [`${shown.family} ${shown.given}`, type, shown.note].filter(Boolean).join(" · ");
    open.append(name, about);
    return { domNodes: [open] };
  }

  #hatched(event) {
    const label = event.extendedProps.label;
    return label ? [span("agenda-away-label", label)] : [];
  }
}

export function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}
