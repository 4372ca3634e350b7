// What only the page can see of its browser; the server judges it and answers with the verdict's lines.

const root = document.querySelector(".check");
const verdict = document.getElementById("verdict");
const violations = new Set();
const files = JSON.parse(root.dataset.files);
const SETTLE_MS = 800; // extensions add themselves a moment after the page is there
const PROBE_MS = 4_000;
let printed = null;

document.addEventListener("securitypolicyviolation", (event) => violations.add(violation(event)));

function violation(event) {
  const address = event.blockedURI || "";
  const scheme = /^([a-z-]+):/.exec(address)?.[1] ?? "";
  let from = "elsewhere";
  if (["inline", "eval", "wasm-eval", "data", "blob"].includes(address) || ["data", "blob"].includes(scheme)) from = scheme || address;
  else if (scheme.endsWith("extension") || /extension:/.test(event.sourceFile ?? "")) from = "extension";
  else if (address.startsWith(location.origin)) from = "here";
  return named(`${event.effectiveDirective} ${from}`);
}

function named(text) {
  return String(text).replace(/[^A-Za-z0-9 ._:/+-]/g, "").slice(0, 60);
}

function storage(kind) {
  try {
    const kept = window[kind];
    kept.setItem("socle-check", "1");
    const back = kept.getItem("socle-check") === "1";
    kept.removeItem("socle-check");
    return back;
  } catch {
    return false;
  }
}

async function secondsAhead() {
  const before = Date.now();
  const answer = await fetch(root.dataset.clock, { cache: "no-store", headers: { "X-Background": "1" } });
  const { now } = await answer.json();
  return (before + Date.now()) / 2000 - now;
}

// The server says what each file's bytes are; one that does not come, or comes changed, has met something on its way.
async function arrivals() {
  const missing = [], altered = [];
  await Promise.all(Object.entries(files).map(async ([name, digest]) => {
    try {
      const answer = await fetch(root.dataset.static + name, { cache: "reload" });
      if (!answer.ok) throw new Error(String(answer.status));
      const bytes = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
      const found = [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      if (digest && found !== digest) altered.push(named(name));
    } catch {
      missing.push(named(name));
    }
  }));
  for (const link of document.querySelectorAll("link[rel=stylesheet]")) {
    const name = named(new URL(link.href).pathname.split("/").slice(-2).join("/"));
    if (!link.sheet && !missing.includes(name)) missing.push(name);
  }
  return { missing: missing.slice(0, 20), altered: altered.slice(0, 20) };
}

// The page as the server sends it, beside the page as it stands now: what is more was put there by something else.
async function foreign() {
  const answer = await fetch(location.href, { cache: "no-store", headers: { "X-Background": "1" } });
  const sent = new DOMParser().parseFromString(await answer.text(), "text/html");
  const known = new Set(parts(sent));
  return [...new Set(parts(document).filter((part) => !known.has(part)))].slice(0, 20);
}

function parts(page) {
  const found = [];
  for (const element of [page.documentElement, page.body]) {
    for (const { name } of element.attributes) found.push(named(`${element.localName}/${name}`));
  }
  for (const element of [...page.documentElement.children, ...page.head.children, ...page.body.children]) found.push(label(element));
  for (const element of page.querySelectorAll("script, style, link[rel=stylesheet], iframe, object, embed")) found.push(label(element));
  for (const element of page.body.querySelectorAll("*")) if (element.localName.includes("-")) found.push(named(element.localName));
  return found;
}

function label(element) {
  const address = element.getAttribute("src") ?? element.getAttribute("href") ?? "";
  const scheme = /^([a-z-]+):/.exec(address)?.[1];
  const own = element.id && element.parentElement?.localName === "body" ? `:${element.id}` : "";
  if (scheme) return named(`${element.localName}${own} ${scheme.endsWith("extension") ? "extension" : "elsewhere"}`);
  return named(`${element.localName}${own}`);
}

// A browser's own function says so of itself; one that a script put in its place does not.
function replaced() {
  const natives = { fetch: window.socleReports?.fetch ?? window.fetch, XMLHttpRequest, print: window.print, addEventListener: EventTarget.prototype.addEventListener };
  return Object.entries(natives).filter(([, each]) => !/\[native code\]/.test(Function.prototype.toString.call(each))).map(([name]) => name);
}

async function trusted() {
  if (!navigator.serviceWorker) return null;
  const script = `${root.dataset.static}js/trust_probe.js`;
  const late = new Promise((resolve) => setTimeout(resolve, PROBE_MS, null));
  const probe = navigator.serviceWorker.register(script, { scope: `${script}-` }).then(
    (registration) => registration.unregister().then(() => true),
    (error) => (error.name === "SecurityError" ? certificateRefused(error.message, script) : null),
  );
  return Promise.race([probe, late]);
}

// Chromium names the certificate, or speaks of an unknown error in fetching what the page itself fetches well.
async function certificateRefused(message, script) {
  if (/certificate/i.test(message)) return false;
  const answer = /fetching the script/i.test(message) ? await fetch(script, { cache: "no-store" }) : null;
  return answer?.ok ? false : null;
}

async function quietly(look, otherwise) {
  try {
    return await look();
  } catch {
    return otherwise;
  }
}

async function facts() {
  const [ahead, arrived, added, trust] = await Promise.all([
    quietly(secondsAhead, null), quietly(arrivals, { missing: [], altered: [] }), quietly(foreign, []), quietly(trusted, null),
  ]);
  const classes = document.documentElement.classList;
  return {
    script: true,
    local_storage: storage("localStorage"),
    session_storage: storage("sessionStorage"),
    seconds_ahead: ahead,
    secure: window.isSecureContext && location.protocol === "https:",
    trusted: trust,
    violations: [...new Set([...violations, ...(window.socleReports?.violations ?? []).map(named)])].slice(0, 20),
    ...arrived,
    foreign: added,
    replaced: replaced(),
    translated: classes.contains("translated-ltr") || classes.contains("translated-rtl"),
    can_print: typeof window.print === "function",
    printed,
    time_zone: named(Intl.DateTimeFormat().resolvedOptions().timeZone ?? ""),
    minutes_from_utc: -new Date().getTimezoneOffset(),
    width: window.innerWidth,
    height: window.innerHeight,
    scale: window.devicePixelRatio,
    languages: [...(navigator.languages ?? [])].map(named).slice(0, 5),
  };
}

async function check() {
  verdict.setAttribute("aria-busy", "true");
  try {
    const body = JSON.stringify(await facts());
    const headers = { "Content-Type": "application/json", Accept: "text/html", "X-Background": "1" };
    const answer = await fetch(root.dataset.report, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(String(answer.status));
    verdict.innerHTML = await answer.text();
    document.getElementById("not-sent").hidden = true;
  } catch {
    if (verdict.textContent === verdict.dataset.waiting) verdict.innerHTML = seenByServer;
    document.getElementById("not-sent").hidden = false;
  }
  verdict.removeAttribute("aria-busy");
}

const seenByServer = verdict.innerHTML; // without us: it stands again when the server cannot be told
verdict.textContent = verdict.dataset.waiting;
const again = document.getElementById("again"), print = document.getElementById("print");
again.hidden = print.hidden = false;
again.addEventListener("click", check);
print.addEventListener("click", () => {
  printed = false;
  window.addEventListener("beforeprint", () => (printed = true), { once: true });
  window.print();
  setTimeout(check);
});
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
await check();
root.dataset.done = "1";
