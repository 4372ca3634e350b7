// Tells the server what breaks in this page: script errors, refused scripts, files that do not come, failed requests.
// It runs before everything else, says little, and sends no address with a number in it and nothing anybody typed.
// (A plain script, not a module: modules wait until the page is read, and what breaks before would not be heard of.)

(() => {
  "use strict";
  const ADDRESS = "/browser-reports";
  const FIRST_MS = 2_000, NEXT_MS = 60_000, MOST_SENT = 10, MOST_IN_HOUR = 30, MOST_WAITING = 10;
  const waiting = new Map();
  const nativeFetch = window.fetch;
  const own = new URL(document.currentScript.src);
  const socle = /~([0-9a-f]+)\//.exec(own.pathname)?.[1] ?? "";
  let sent = 0, timer = null, leaving = false;
  window.socleReports = { fetch: nativeFetch, violations: [] };

  function plainPath(address) {
    try {
      const url = new URL(address, location.href);
      if (url.origin !== location.origin) return "elsewhere";
      return decodeURIComponent(url.pathname).replace(/\d+/g, "0").slice(0, 200);
    } catch {
      return "";
    }
  }

  function fileOf(address) {
    if (!address) return "";
    if (/^[a-z-]*extension:/.test(address)) return "extension";
    const path = plainPath(address);
    if (path === "elsewhere" || path === "") return "elsewhere";
    const file = /^\/(.*?)static\/(?:~[0-9a-f]+\/)?(.+)$/.exec(path);
    return file ? (file[1] + file[2]).slice(0, 120) : "page";
  }

  // What stands in quotes was typed as likely as not, and a capital begins a name as likely as a sentence; beyond this,
  // the server keeps nothing but words of a list.
  const BEGINNINGS = /^(Array|Assignment|BigInt|Can|Cannot|Class|Failed|Identifier|Illegal|Invalid|JSON|Load|Maximum|Missing|Network|NetworkError|No|Object|Permission|Promise|Reduce|ResizeObserver|Script|String|Symbol|The|Unexpected)$/;
  function withoutNames(message) {
    const unquoted = String(message).slice(0, 1000).replace(/(["'`“«‘]).*?(["'`”»’]|$)/gs, "…").replace(/\d+/g, "…");
    return unquoted.replace(/\p{Lu}[\p{L}\p{M}-]*/gu, (word) => (BEGINNINGS.test(word) ? word : "…")).slice(0, 300);
  }

  function note(fault) {
    const key = JSON.stringify(fault);
    const known = waiting.get(key);
    if (known) known.times = Math.min(known.times + 1, 1000);
    else if (waiting.size < MOST_WAITING) waiting.set(key, { ...fault, times: 1 });
    else return;
    timer ??= setTimeout(send, sent ? NEXT_MS : FIRST_MS);
  }

  function mayStillSend() {
    if (sent >= MOST_SENT) return false;
    try {
      const hour = Math.floor(Date.now() / 3_600_000);
      const [at, count] = JSON.parse(sessionStorage.getItem("socle-reports") ?? "[0,0]");
      const now = at === hour ? count + 1 : 1;
      sessionStorage.setItem("socle-reports", JSON.stringify([hour, now]));
      return now <= MOST_IN_HOUR;
    } catch {
      return true; // no storage here: the server counts as well
    }
  }

  async function send() {
    timer = null;
    const faults = [...waiting.values()];
    waiting.clear();
    if (!mayStillSend()) return;
    sent += 1;
    try {
      await post({ page: plainPath(location.href), faults });
    } catch {
      if (leaving) return;
      for (const { times, ...fault } of faults) { // the server is away: said when it is back
        note(fault);
        const kept = waiting.get(JSON.stringify(fault));
        if (kept) kept.times = times;
      }
    }
  }

  function post(report) {
    const headers = { "Content-Type": "application/json", Accept: "application/json", "X-Background": "1" };
    return nativeFetch.call(window, ADDRESS, { method: "POST", headers, body: JSON.stringify(report), keepalive: true });
  }

  /* Scripts */

  function ofError(kind, error, message, address, line, column) {
    if (!address && error?.stack) [, address, line, column] = /((?:https?|[a-z-]*extension):\/\/[^\s)]+?):(\d+):(\d+)/.exec(error.stack) ?? [];
    note({
      kind,
      name: String(error?.name ?? "Error").slice(0, 60),
      message: withoutNames(error?.message ?? message ?? ""),
      file: fileOf(address),
      line: Number(line) || 0,
      column: Number(column) || 0,
    });
  }

  window.addEventListener("error", (event) => {
    const element = event.target;
    if (element instanceof HTMLElement) {
      const address = element.src || element.href || "";
      if (address && fileOf(address) !== "extension" && !leaving) note({ kind: "file", file: fileOf(address) });
    } else ofError("script", event.error, event.message, event.filename, event.lineno, event.colno);
  }, true);
  window.addEventListener("unhandledrejection", (event) => {
    const reason = event.reason;
    ofError("promise", reason instanceof Error || reason instanceof DOMException ? reason : null); // words are anybody's
  });

  /* Refused by the content security policy */

  document.addEventListener("securitypolicyviolation", (event) => {
    const address = event.blockedURI || "";
    const scheme = /^([a-z-]+):/.exec(address)?.[1] ?? "";
    let from = "elsewhere";
    if (["inline", "eval", "wasm-eval"].includes(address)) from = address;
    else if (["data", "blob"].includes(scheme || address)) from = scheme || address;
    else if (address.startsWith(location.origin)) from = "here";
    if (/extension:/.test(address) || /extension:/.test(event.sourceFile ?? "")) from = "extension";
    window.socleReports.violations.push(`${event.effectiveDirective} ${from}`);
    note({ kind: "policy", name: event.effectiveDirective, message: from, file: fileOf(event.sourceFile) });
  });

  /* Requests */

  window.addEventListener("pagehide", () => {
    leaving = true; // requests under way end now: that is nothing that broke
    if (timer) clearTimeout(timer), send();
  });
  window.addEventListener("pageshow", () => (leaving = false));

  function failed(method, address, status) {
    const target = plainPath(address);
    if (leaving || target === ADDRESS || target === "elsewhere") return;
    note({ kind: "request", name: String(method || "GET").toUpperCase(), target, status });
  }

  window.fetch = async (input, init) => {
    const address = input?.url ?? input, method = init?.method ?? input?.method;
    try {
      const answer = await nativeFetch.call(window, input, init);
      if (answer.status >= 500) failed(method, address, answer.status);
      return answer;
    } catch (error) {
      if (error?.name !== "AbortError") failed(method, address, 0);
      throw error;
    }
  };

  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      const { xhr, requestConfig, pathInfo } = event.detail;
      const status = xhr?.status ?? 0;
      if (status >= 500 || name !== "htmx:responseError") failed(requestConfig?.verb, pathInfo?.requestPath ?? "/", status);
    });
  }

  /* Which version this browser has: said once for each, and once a week */

  try {
    const version = `${socle} ${navigator.userAgent} ${Math.floor(Date.now() / 604_800_000)}`;
    if (localStorage.getItem("socle-browser") !== version) {
      window.addEventListener("load", () => post({ page: plainPath(location.href) }).then(
        (answer) => answer.ok && localStorage.setItem("socle-browser", version),
        () => {},
      ));
    }
  } catch {
    // No storage here: the browser says its version with its first fault.
  }
})();
