// The page and its session: what is typed survives a lock, the server knows whether somebody is there, and nobody
// reads a patient's file over a locked session.
//
// Forms marked data-keep are kept. Whoever meets a 401 says so:
// document.dispatchEvent(new CustomEvent("socle:session-lost", {detail: {sign_in}})).
// Requests a page makes by itself carry the header X-Background, so that they do not count as somebody being there.

const POLL_MS = 20_000;
let pollMs = POLL_MS; // the server asks for more where taking a card out has to lock the page at once
const RETRY_MS = 5_000;
const CARRIED_BYTES = 60_000; // of the 64 KiB that a browser sends for a page that is gone
const LEFT_MS = 1_500;
const ANSWER_MS = 10_000; // a server that takes longer counts as away: a cut cable does not say so by itself
const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
const page = location.pathname + location.search;
const dirty = new Set();
let lastInput = null;
let leaving = false;
let limits = null; // until when this page may be seen, as the server last said
let heldNumber = null; // of the kept text that this page was given back, and where its form is sent
let heldAction = null;
let unsent = null; // a lock or a sign-out that the server could not be told of yet

/* Nobody finds another person's text: browsers fill forms again on the way back, whoever has signed in since. */

const arrival = performance.getEntriesByType("navigation")[0]?.type ?? "navigate";
if (arrival !== "navigate" && history.state?.socleOwner !== token) {
  emptyForms();
  window.addEventListener("load", () => setTimeout(emptyForms));
}
history.replaceState({ ...history.state, socleOwner: token }, "");
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

function emptyForms() {
  for (const form of document.forms) {
    if (dirty.has(form)) continue; // filled in again by what was kept for the present person
    form.autocomplete = "off"; // browsers that fill in late leave such a form alone
    form.reset();
  }
}

/* What is typed */

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-keep]");
  if (form) dirty.delete(form), dirty.add(form);
});
document.addEventListener("submit", (event) => dirty.delete(event.target));

function typed(form) {
  const secret = new Set([...form.querySelectorAll("input[type=password], input[type=file]")].map((field) => field.name));
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !secret.has(name));
}

// Also what was typed before this script was there to see it.
function changed(form) {
  return [...form.elements].some((field) => {
    if (!field.name || !fillable(field)) return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected && option.defaultSelected);
    return field.value !== field.defaultValue;
  });
}

function actionOf(form) {
  return new URL(form.getAttribute("action") || location.href, location.href).pathname;
}

// What the server keeps of a form; where it came from what was kept before, it takes that one's place.
function parcel(form) {
  const action = actionOf(form);
  return JSON.stringify({ page, action, fields: typed(form), held: action === heldAction ? heldNumber : null });
}

function talk(address, body, options = { signal: AbortSignal.timeout(ANSWER_MS) }) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token, "X-Background": "1" };
  return fetch(address, { method: "POST", headers, body, ...options });
}

async function hold() {
  const early = [...document.querySelectorAll("form[data-keep]")].filter((each) => !dirty.has(each) && changed(each));
  const form = [...early, ...dirty].filter((each) => each.isConnected).pop();
  if (!form) return null;
  const answer = await talk("/session/hold", parcel(form));
  if (answer.status >= 500) throw new Error(String(answer.status)); // it starts again, or is in trouble: later
  return answer.ok ? (await answer.json()).sign_in : null;
}

function withPage(address) {
  const target = new URL(address || "/sign-in", location.origin);
  if (target.origin !== location.origin) return "/sign-in";
  if (!target.searchParams.has("next") && !target.searchParams.has("held")) target.searchParams.set("next", page);
  return target.pathname + target.search;
}

async function leave(address, alreadyHeld) {
  if (leaving) return;
  leaving = true;
  document.documentElement.classList.add("is-locked");
  let kept = null;
  try {
    kept = alreadyHeld ? null : await hold();
  } catch {
    stayCovered();
    return;
  }
  location.assign(kept ?? withPage(address));
}

/* A page left by a link or by the Back button: what was typed and not sent is offered when the page is opened again */

let isLeft = false;

function unsaved() {
  return leaving || isLeft ? [] : [...dirty].filter((form) => form.isConnected && changed(form));
}

function leaveBehind() {
  const forms = unsaved();
  isLeft = true;
  for (const form of forms) carry(form).catch(() => {});
}

async function carry(form) {
  const answer = await talk("/session/hold", parcel(form), { keepalive: true });
  if (!answer.ok) return;
  [heldNumber, heldAction] = [(await answer.json()).held, actionOf(form)]; // the page is still there after all
}

window.addEventListener("beforeunload", (event) => {
  // More than a browser carries away from a page that is gone: it asks first.
  if (unsaved().some((form) => new Blob([parcel(form)]).size > CARRIED_BYTES)) event.preventDefault();
  leaveBehind(); // a busy browser does not always wait for pagehide
});
window.addEventListener("pagehide", leaveBehind);
document.addEventListener("input", () => (isLeft = false));

async function askForKept() {
  const answer = await talk("/session/kept", JSON.stringify({ page }));
  return answer.ok ? (await answer.json()).go : null;
}

// A page that is loaded again may ask before the server has what its predecessor sent on leaving.
async function later(work) {
  if (arrival === "navigate") return null;
  await new Promise((resolve) => setTimeout(resolve, LEFT_MS));
  return work();
}

async function offer() {
  const form = document.querySelector("form[data-keep]");
  if (!form && !document.querySelector("[data-offers]")) return;
  const go = (await askForKept()) ?? (await later(askForKept));
  if (!go) return;
  const words = document.getElementById("offer-mould").content.cloneNode(true);
  words.querySelector("a").href = go;
  if (form?.isConnected) form.before(words);
  else document.getElementById("main").prepend(words);
}

document.addEventListener("socle:session-lost", (event) => leave(event.detail?.sign_in));

/* Locking, changing person, signing out: what is typed is kept first */

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-lock], form[data-lock-switch], form[data-sign-out]") || leaving) return;
  event.preventDefault();
  leaving = true;
  document.documentElement.classList.add("is-locked");
  try {
    const kept = await hold();
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token },
      body: JSON.stringify({ switch: form.elements.namedItem("switch")?.value ?? "" }),
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.status >= 500) throw new Error(String(answer.status));
    const address = (await answer.json().catch(() => null))?.sign_in;
    if (form.matches("[data-lock]")) location.assign(kept ?? withPage(address));
    else location.assign(address ?? (form.matches("[data-sign-out]") ? "/sign-in" : "/sign-in?switch=1"));
  } catch {
    unsent = form;
    stayCovered();
  }
});

/* Without the server: what it would lock by itself, the page covers by itself, and keeps what is typed */

function stayCovered() {
  leaving = false;
  offline(true);
  cover(true);
}

function cover(isSo) {
  const words = document.getElementById("covered");
  if (!words || words.hidden !== isSo) return;
  words.hidden = !isSo;
  document.documentElement.classList.toggle("is-locked", isSo);
  if (isSo) words.dataset.title = document.title; // a file's title is its patient's name
  document.title = isSo ? "Socle" : words.dataset.title;
}

function noteLimits(state) {
  const after = (seconds) => (seconds === null ? Infinity : Date.now() + seconds * 1000);
  limits = { idle: after(state.idle_seconds_left), idleMs: state.idle_seconds * 1000, others: Math.min(after(state.absolute_seconds_left), after(state.card_seconds_left)) };
}

function coverWhenDue() {
  if (limits === null || leaving) return;
  const untilIdle = Math.max(limits.idle, (lastInput ?? 0) + limits.idleMs);
  if (Date.now() >= Math.min(untilIdle, limits.others)) cover(true);
}

/* Fragments */

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = token;
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const answer = event.detail.xhr;
  if (answer.status !== 401) return;
  event.preventDefault();
  const address = answer.getResponseHeader("HX-Redirect") ?? "";
  leave(address, /[?&]held=/.test(address));
});
document.addEventListener("htmx:sendError", () => offline(true));

/* Somebody is there */

for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
  document.addEventListener(kind, (event) => event.isTrusted && (lastInput = Date.now()), { capture: true, passive: true });
}

function offline(isSo) {
  const banner = document.getElementById("offline");
  if (banner) banner.hidden = !isSo;
}

async function ask() {
  const headers = { Accept: "application/json", "X-Background": "1", "X-CSRF-Token": token };
  if (lastInput !== null) headers["X-Seconds-Since-Input"] = String(Math.floor((Date.now() - lastInput) / 1000));
  let answer;
  try {
    answer = await fetch("/session/state", { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
    const state = await answer.json();
    offline(answer.status >= 500);
    pollMs = state.ask_again_ms ?? POLL_MS;
    if (answer.status === 401 || (answer.ok && state.state !== "open")) await leave(state.sign_in);
    else if (answer.ok) goOn(state);
  } catch {
    offline(true);
  }
  if (document.getElementById("offline")?.hidden === false) return Math.min(pollMs * 4, RETRY_MS);
  return document.visibilityState === "visible" ? pollMs : POLL_MS; // a page that is looked at again asks at once
}

function goOn(state) {
  if (leaving) return;
  noteLimits(state);
  const form = unsent;
  unsent = null;
  if (form) form.requestSubmit();
  else cover(false);
}

async function watch() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, nextPoll));
    nextPoll = await ask();
  }
}

let nextPoll = 0;
if (document.body.hasAttribute("data-signed-in")) {
  watch();
  setInterval(coverWhenDue, 1_000);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
}

/* What was kept comes back */

function giveBack(kept) {
  const forms = [...document.querySelectorAll("form[data-keep]")];
  const form = forms.find((each) => actionOf(each) === kept.action) ?? forms[0];
  if (!form) return false;
  const values = new Map();
  for (const [name, value] of kept.fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || !fillable(field)) continue;
    const wanted = values.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = wanted.includes(field.value);
    else if (field.multiple && field.options) for (const option of field.options) option.selected = wanted.includes(option.value);
    else if (wanted.length) field.value = wanted.shift();
  }
  dirty.add(form);
  form.closest("details")?.setAttribute("open", "");
  form.before(document.getElementById("kept-mould").content.cloneNode(true));
  return true;
}

// A hidden field belongs to the page as it is now (its token, the version it shows), not to what was typed.
function fillable(field) {
  return !["hidden", "password", "file", "submit", "button", "reset"].includes(field.type);
}

// Once its form is received, what was kept is of no use any more.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (heldNumber === null || actionOf(form) !== heldAction || form.querySelector("[name=_held]")) return;
    const number = Object.assign(document.createElement("input"), { type: "hidden", name: "_held", value: heldNumber });
    form.append(number);
  },
  { capture: true },
);

const kept = JSON.parse(document.body.dataset.held ?? "null");
if (kept) {
  [heldNumber, heldAction] = [kept.id, kept.action];
  giveBack(kept);
} else if (document.body.dataset.heldSent) {
  [heldNumber, heldAction] = [Number(document.body.dataset.heldSent), location.pathname]; // sent, and shown again
} else if (document.body.hasAttribute("data-signed-in")) {
  offer().catch(() => {});
}
