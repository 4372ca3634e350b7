// The mini month beside the agenda.

import { addDays, longDay, weekday } from "./times.js";

export class Month {
  constructor(element, page, go) {
    Object.assign(this, { element, page, go });
    element.addEventListener("click", (event) => {
      const { day, turn } = event.target.closest("button")?.dataset ?? {};
      if (day) this.go(day);
      if (turn) this.show(this.shownDay, turned(this.first, Number(turn)));
    });
  }

  show(day, first = `${day.slice(0, 8)}01`) {
    this.shownDay = day;
    this.first = first;
    const { language, words, today } = this.page;
    const head = document.createElement("div");
    head.className = "agenda-month-head";
    const title = document.createElement("span");
    title.textContent = longDay(first, language, { month: "long", year: "numeric" });
    head.append(title, this.#turn("-1", "‹", words.monthBefore), this.#turn("1", "›", words.monthAfter));
    const grid = document.createElement("div");
    grid.className = "agenda-month-grid";
    const start = addDays(first, -weekday(first));
    for (let place = 0; place < 7; place++) {
      const name = document.createElement("span");
      name.textContent = longDay(addDays(start, place), language, { weekday: "narrow" });
      name.setAttribute("aria-hidden", "true");
      grid.append(name);
    }
    for (let place = 0; place < 42; place++) grid.append(this.#day(addDays(start, place), day, first, today));
    this.element.replaceChildren(head, grid);
  }

  #day(each, chosen, first, today) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.day = each;
    button.textContent = Number(each.slice(8));
    button.setAttribute("aria-label", longDay(each, this.page.language));
    button.classList.toggle("is-outside", each.slice(0, 7) !== first.slice(0, 7));
    button.classList.toggle("is-today", each === today);
    if (each === chosen) button.setAttribute("aria-current", "date");
    button.tabIndex = each === chosen ? 0 : -1;
    return button;
  }

  #turn(step, sign, label) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.turn = step;
    button.textContent = sign;
    button.setAttribute("aria-label", label);
    return button;
  }
}

function turned(first, step) {
  const date = new Date(`${first}T00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + step);
  return date.toISOString().slice(0, 10);
}
