// Answers as one types: an input with data-suggest="address" asks it for a fragment of links, and arrows walk in them.

const WAIT_MS = 120;

for (const input of document.querySelectorAll("input[data-suggest]")) {
  const shelf = document.getElementById(input.getAttribute("aria-controls"));
  let timer;
  let asked = null;

  const show = (html) => {
    shelf.innerHTML = html;
    input.setAttribute("aria-expanded", String(shelf.querySelector("a") !== null));
  };

  const ask = async () => {
    asked?.abort();
    const words = input.value.trim();
    if (!words) return show("");
    asked = new AbortController();
    try {
      const address = `${input.dataset.suggest}?${new URLSearchParams({ [input.name]: words })}`;
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asked.signal });
      if (answer.status === 401) {
        const detail = { sign_in: answer.headers.get("HX-Redirect") };
        return document.dispatchEvent(new CustomEvent("socle:session-lost", { detail }));
      }
      if (answer.ok) show(await answer.text());
    } catch (error) {
      if (error.name !== "AbortError") show("");
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.form.addEventListener("keydown", (event) => {
    const links = [...shelf.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (links[at + 1] ?? links[0])?.focus();
    else if (event.key === "ArrowUp") (links[at - 1] ?? input).focus();
    else if (event.key === "Escape") show(""), input.focus();
    else return;
    event.preventDefault();
  });
  input.form.addEventListener("focusout", (event) => {
    if (!input.form.contains(event.relatedTarget)) show("");
  });
}
