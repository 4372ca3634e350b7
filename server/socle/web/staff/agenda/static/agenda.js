// The agenda's page: puts the parts together.

import { behind, hiddenDays, hoursOf } from "./behind.js";
import { Calendar, span } from "./calendar.js";
import { Cursor } from "./cursor.js";
import { Live } from "./live.js";
import { Month } from "./month.js";
import { Moves } from "./moves.js";
import { Panel } from "./panel.js";
import { choosePatient } from "./patient_field.js";
import { Store } from "./store.js";
import { lostSession, Talk } from "./talk.js";
import { addDays, dayRange, longDay, mondayOf, wallFromDate } from "./times.js";
import { Toast } from "./toast.js";

const NARROW = matchMedia("(max-width: 640px)");
const LET_GO_MS = 250;
const NOTHING = { closed: [], away: [], hours: [8, 19] };
const STEPS = { day: 1, dayList: 1, week: 7, list: 7 };

class Agenda {
  constructor(page, element) {
    this.page = page;
    this.element = element;
    this.state = { day: page.day, view: page.view, shown: new Set(page.shown), chosenPeople: page.chosenPeople, patient: page.patient };
    this.renders = 0;
    this.talk = new Talk(page.token, page.words);
    this.store = new Store(page.stretch, (wanted) => this.#load(wanted));
    this.toast = new Toast();
    this.panel = new Panel(this.part("panel"), this.talk, {
      onDone: (answer, quiet) => this.done(answer, quiet),
      onClose: () => this.calendar.component.unselect(),
    });
    this.moves = new Moves(page, this.store, this.talk, this.panel, this.toast, () => this.draw());
    this.month = new Month(this.part("month"), page, (day) => this.go(day));
    this.calendar = new Calendar(this.part("calendar"), page, this.#handlers());
    this.cursor = new Cursor(this, this.part("frame"), this.part("announcer"));
    this.live = new Live(page, this.store, this.talk, {
      onChange: (rows) => this.changed(rows),
      onState: (isLive) => (this.part("state").hidden = isLive),
    });
  }

  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  async start() {
    this.element.addEventListener("click", (event) => this.#click(event));
    this.element.addEventListener("change", (event) => this.#toggle(event));
    this.element.addEventListener("panel:filled", () => choosePatient(this.panel.element, this.talk, this.page));
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("resize", () => this.render());
    addEventListener("popstate", () => location.reload());
    NARROW.addEventListener("change", () => this.render());
    await this.render();
    this.live.start();
    this.#giveBack();
    if (this.page.open) this.openAppointment(this.page.open, this.element.querySelector(".ec-today") ?? this.part("title"));
    this.element.dataset.ready = "yes";
  }

  // What somebody was typing when the session was locked stands in the panel again.
  #giveBack() {
    const held = JSON.parse(document.body.dataset.held ?? "null");
    if (held?.action !== `${this.page.base}/appointments`) return;
    const { date, time, ...fields } = Object.fromEntries(held.fields);
    delete fields._csrf;
    this.openNew({ ...fields, start: `${date}T${time}` }, this.part("new"));
  }

  #load({ first, days, people }) {
    const who = people.map(({ id }) => id).join(",");
    return this.talk.json(`${this.page.base}/${days === 1 ? "days" : "weeks"}/${first}?${new URLSearchParams({ who })}`);
  }

  // Which days of whom are to be seen: on a narrow screen the day is a list.
  wanted() {
    const { day, shown } = this.state;
    const view = this.state.view === "day" && NARROW.matches && !this.state.chosenView ? "dayList" : this.state.view;
    const people = this.#people(view, this.page.people.filter(({ id }) => shown.has(id)));
    return { view, day, first: STEPS[view] === 7 ? mondayOf(day) : day, days: STEPS[view], people };
  }

  // The same with what there is to draw.
  view() {
    const wanted = this.wanted();
    const ids = new Set(wanted.people.map(({ id }) => id));
    const events = this.store.between(wanted.first, wanted.days).filter(({ practitioner }) => ids.has(practitioner));
    const backdrop = this.store.backdrop(wanted) ?? NOTHING;
    return { ...wanted, backdrop, events, hours: hoursOf(backdrop, events, wanted) };
  }

  // A week, or a phone's list, is one person's: one's own as long as nobody else was chosen.
  #people(view, all) {
    if (view !== "week" && view !== "dayList") return all;
    const own = this.state.chosenPeople ? [] : all.filter(({ id }) => id === this.page.own);
    if (own.length) return own;
    return view === "week" ? all.slice(0, 1) : all;
  }

  async render() {
    const number = ++this.renders;
    try {
      await this.store.ensure(this.wanted());
    } catch (error) {
      if (!lostSession(error)) this.toast.show(error.message, null, true);
      return;
    }
    if (number !== this.renders) return; // something else is wanted by now
    const shown = this.view();
    this.calendar.show({ ...shown, hiddenDays: hiddenDays(shown), narrow: NARROW.matches });
    this.month.show(shown.day);
    this.#title(shown);
    this.draw(shown);
  }

  draw(shown = this.view()) {
    if (this.dragging) return;
    const background = shown.view.endsWith("ist") ? [] : [...behind(shown, this.page.words), ...this.cursor.drawn()];
    this.calendar.fill(shown.events.map((event) => this.calendar.appointment(event)), background);
  }

  #title({ view, first, day, people }) {
    const { language } = this.page;
    const days = STEPS[view] === 7 ? dayRange(first, addDays(first, 6), language) : longDay(day, language);
    const whose = view === "week" ? people[0]?.name ?? "" : "";
    this.part("title").replaceChildren(days, ...(whose ? [" ", span("agenda-title-who", whose)] : []));
    document.title = [days, whose, this.page.title].filter(Boolean).join(" · ");
    for (const button of this.element.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === (view === "dayList" ? "list" : view)));
    }
    const wanted = new Set(people.map(({ id }) => id));
    for (const box of this.element.querySelectorAll("[name=practitioner-shown]")) box.checked = wanted.has(Number(box.value));
    const query = new URLSearchParams({ date: day, view: this.state.view });
    if (this.state.chosenPeople) query.set("who", [...this.state.shown].join(","));
    if (this.state.patient) query.set("patient", this.state.patient.id);
    history.replaceState(null, "", `?${query}`);
    const sheet = this.part("sheet");
    sheet.href = `${this.page.base}/day-sheet.pdf?${new URLSearchParams({ date: day, practitioner: [...wanted].join(",") })}`;
  }

  async go(day) {
    this.state.day = day;
    this.panel.close();
    await this.render();
  }

  step(count) {
    return this.go(addDays(this.state.day, count * STEPS[this.view().view]));
  }

  openNew(fields, beside) {
    const who = this.page.people.find(({ id }) => id === Number(fields.practitioner));
    if (who && !who.works_here) {
      this.calendar.component.unselect();
      return this.toast.show(this.page.words.left.replace("%(practitioner)s", who.name), null, true);
    }
    const { patient } = this.state;
    if (patient && !fields.patient) Object.assign(fields, { patient: patient.id, patient_name: patient.name });
    return this.#open(`${this.page.base}/new?${new URLSearchParams(fields)}`, beside);
  }

  openAppointment(id, beside) {
    return this.#open(`${this.page.base}/appointments/${id}`, beside);
  }

  async #open(path, beside) {
    try {
      await this.panel.open(path, beside);
    } catch (error) {
      if (!lostSession(error)) this.toast.show(error.message, null, true);
    }
  }

  // After a form of the panel: the rows are shown at once, and what was done can be undone.
  done(answer, quiet = false) {
    answer.rows.forEach((row) => this.store.apply(row));
    const booked = answer.rows.map(([id]) => this.store.get(id)).some(({ patient, version }) => patient === this.state.patient?.id && version === 1);
    if (booked) this.#dropPatient();
    this.render();
    if (quiet || !answer.said) return;
    const undo = answer.undo && (async () => this.done(await this.talk.post(answer.undo.path, answer.undo.fields), true));
    this.toast.show(answer.said, undo);
  }

  // The next booking is nobody's in particular.
  #dropPatient() {
    this.state.patient = null;
    this.part("for").hidden = true;
  }

  async changed(rows) {
    if (!rows) await this.store.reload(this.wanted());
    if (rows && !this.dragging) this.draw();
    if (!rows) await this.render();
  }

  #handlers() {
    const grab = () => (this.dragging = true);
    const drop = (info) => {
      this.moves.dropped(info);
    };
    const stop = () => {
      this.dragging = false;
      this.letGoAt = performance.now();
    };
    return {
      dateClick: (info) => this.#clicked(info),
      select: (info) => this.#selected(info),
      unselectAuto: false,
      eventDragStart: grab,
      eventDragStop: stop,
      eventResizeStart: grab,
      eventResizeStop: stop,
      eventDrop: drop,
      eventResize: drop,
    };
  }

  #practitionerOf(info) {
    return Number(info.resource?.id ?? this.view().people[0]?.id ?? 0);
  }

  #clicked(info) {
    if (!this.page.mayWrite || this.view().view.endsWith("ist")) return;
    if (this.panel.isOpen) return this.panel.close();
    const { clientX, clientY } = info.jsEvent;
    this.openNew({ start: wallFromDate(info.date), practitioner: this.#practitionerOf(info) }, new DOMRect(clientX, clientY, 8, 8));
  }

  #selected(info) {
    const start = wallFromDate(info.start);
    const minutes = Math.round((info.end - info.start) / 60000);
    const preview = document.querySelector(".ec-preview") ?? new DOMRect(info.jsEvent.clientX, info.jsEvent.clientY, 8, 8);
    this.openNew({ start, minutes, practitioner: this.#practitionerOf(info) }, preview);
  }

  #click(event) {
    const { appointment } = event.target.closest("[data-appointment]")?.dataset ?? {};
    // Letting go of what was dragged is no click.
    if (appointment && performance.now() - (this.letGoAt ?? -Infinity) > LET_GO_MS) {
      return void this.openAppointment(appointment, event.target.closest(".ec-event"));
    }
    const { go, view, act } = event.target.closest("[data-go], [data-view], [data-act]")?.dataset ?? {};
    if (go === "today") this.go(this.page.today);
    else if (go) this.step(Number(go));
    else if (view) this.show(view);
    else if (act === "drop") {
      this.#dropPatient();
      this.render();
      this.part("new").focus();
    } else if (act === "new") this.openNew({ start: `${this.state.day}T`, practitioner: this.#firstHere() }, event.target);
  }

  // Whom a new appointment is for, unless a column says so.
  #firstHere() {
    const here = [...this.view().people, ...this.page.people].find(({ works_here }) => works_here);
    return here?.id ?? "";
  }

  show(view) {
    this.state.view = view;
    this.state.chosenView = true;
    this.panel.close();
    this.render();
  }

  #toggle(event) {
    if (event.target.name !== "practitioner-shown") return;
    const id = Number(event.target.value);
    const { shown } = this.state;
    const { view } = this.view();
    this.state.chosenPeople = true;
    if (view === "week") this.state.shown = new Set([id]);
    else if (!shown.delete(id)) shown.add(id);
    if (!this.state.shown.size) this.state.shown.add(id);
    this.render();
  }

  #key(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (typing) return;
    if (event.key === "Escape") this.panel.close();
    else if (event.target === document.body && event.key === "ArrowLeft") this.step(-1);
    else if (event.target === document.body && event.key === "ArrowRight") this.step(1);
    else if (event.target === document.body && event.key === "ArrowDown") this.part("frame").focus();
    else return;
    event.preventDefault();
  }
}

const page = JSON.parse(document.getElementById("agenda-page").textContent);
const agenda = new Agenda(page, document.getElementById("agenda"));
agenda.start();
