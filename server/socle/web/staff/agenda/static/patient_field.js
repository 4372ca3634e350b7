// Choosing the patient in the panel: search as you type, arrows and Enter, nothing chosen by accident.

const PAUSE = 120;

export function choosePatient(panel, talk, page) {
  const field = panel.querySelector("[data-patient-field]");
  if (!field) return;
  const input = field.querySelector("[role=combobox]");
  const chosen = field.querySelector("[name=patient]");
  const list = field.querySelector("[role=listbox]");
  setLengths(panel);
  let timer;
  let asked = 0;

  input.addEventListener("input", () => {
    chosen.value = "";
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      show([]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      walk(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !chosen.value && !list.hidden) {
      event.preventDefault();
      choose(current());
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => choose(event.target.closest("[role=option]")));

  async function ask() {
    const number = ++asked;
    const text = input.value.trim();
    if (text.length < 2) return show([]);
    const found = await talk.json(`/patients/suggest?${new URLSearchParams({ q: text })}`).catch(() => null);
    if (number === asked && !chosen.value) show(found?.patients ?? [], true);
  }

  function show(patients, searched = false) {
    list.replaceChildren(...patients.map(option));
    if (searched && !patients.length) list.append(nobody());
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    walk(0);
  }

  function option(patient, place) {
    const item = document.createElement("li");
    item.id = `agenda-suggestion-${place}`;
    item.setAttribute("role", "option");
    item.dataset.id = patient.id;
    item.dataset.name = patient.name;
    const about = document.createElement("small");
    about.textContent = patient.about ?? "";
    item.append(patient.name, about);
    return item;
  }

  function nobody() {
    const item = document.createElement("li");
    item.className = "agenda-nobody";
    item.textContent = page.words.noPatient;
    return item;
  }

  const options = () => [...list.querySelectorAll("[role=option]")];
  const current = () => list.querySelector("[aria-selected=true]");

  function walk(step) {
    const all = options();
    const place = step ? all.indexOf(current()) + step : 0;
    const next = all[(place + all.length) % (all.length || 1)];
    all.forEach((each) => each.setAttribute("aria-selected", String(each === next)));
    next?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", next?.id ?? "");
  }

  function choose(item) {
    if (!item) return;
    chosen.value = item.dataset.id;
    input.value = item.dataset.name;
    asked++;
    show([]);
    input.focus();
  }
}

// The length follows the type until somebody chooses another.
function setLengths(panel) {
  const type = panel.querySelector("[data-sets-minutes]");
  const minutes = panel.querySelector("[name=minutes]");
  minutes.addEventListener("input", () => (minutes.dataset.chosen = "yes"));
  type.addEventListener("change", () => {
    if (minutes.dataset.chosen === undefined) minutes.value = type.selectedOptions[0].dataset.minutes;
  });
}
