// The keyboard, the same on every page: / search, g then a letter goes to a place, n new, t today, ? help.
// Elements say what they answer to: data-key="a" (a place), data-new, data-today, data-search.

const CHORD_MS = 1500;
let chordUntil = 0;

function typing(target) {
  return target.isContentEditable || target.closest("input:not([type=checkbox], [type=radio]), textarea, select") !== null;
}

function first(selector) {
  return [...document.querySelectorAll(selector)].find((each) => each.offsetParent !== null && !each.disabled);
}

function press(element) {
  if (!element) return false;
  element.focus({ preventScroll: true });
  element.click();
  return true;
}

function answer(event) {
  const key = event.key;
  if (performance.now() < chordUntil) {
    chordUntil = 0;
    return press(document.querySelector(`.place[data-key="${CSS.escape(key.toLowerCase())}"]`));
  }
  if (key === "g") {
    chordUntil = performance.now() + CHORD_MS;
    return true;
  }
  if (key === "/") {
    const search = first("[data-search]");
    search?.focus();
    search?.select();
    return Boolean(search);
  }
  if (key === "n") return press(first("[data-new]"));
  if (key === "t") return press(first("[data-today]"));
  if (key === "?") {
    const help = document.getElementById("keys");
    help?.showModal();
    return Boolean(help);
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog:modal")) return;
  if (document.documentElement.classList.contains("is-locked")) return;
  if (event.ctrlKey && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "l") {
    const lock = document.querySelector("form[data-lock]");
    if (!lock) return;
    event.preventDefault();
    lock.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (answer(event)) event.preventDefault();
});
