// The words of a sheet are checked while they are typed; after printing, the page shows the next step.

const boxes = [...document.querySelectorAll("textarea[data-sheet]")];
const SHORTEST = 4;
const known = new Map();

function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);
}

function typedWords(text) {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

function wrong(found, whole) {
  // The last word may still be being typed.
  const settled = whole ? found : found.slice(0, -1);
  return settled.findIndex((word) => !known.get(word.slice(0, SHORTEST))?.startsWith(word));
}

function say(box) {
  const { texts } = boxes[0].form.dataset;
  const { count, unknown, whole } = JSON.parse(texts);
  const line = document.getElementById(box.dataset.sheet);
  const found = typedWords(box.value);
  const at = wrong(found, /\s$/.test(box.value) || found.length >= 20);
  line.dataset.state = at >= 0 ? "wrong" : found.length === 20 ? "whole" : "";
  if (at >= 0) line.textContent = filled(unknown, { position: at + 1, word: found[at].slice(0, 20) });
  else if (found.length === 20) line.textContent = whole;
  else line.textContent = found.length ? filled(count, { count: found.length }) : "";
}

if (boxes.length) {
  const answer = await fetch(boxes[0].form.dataset.words, { headers: { Accept: "application/json" } });
  if (answer.ok) {
    for (const word of await answer.json()) known.set(word.slice(0, SHORTEST), word);
    for (const box of boxes) {
      box.addEventListener("input", () => say(box));
      if (box.value && !box.hasAttribute("aria-invalid")) say(box);
    }
  }
}

// The sheets open in a page of their own: back from there, the kit is made and waits to be proven.
document.querySelector("form[data-prints]")?.addEventListener("submit", () => {
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && location.reload());
  window.addEventListener("blur", () => window.addEventListener("focus", () => location.reload()));
});
