// Asks the server, which waits three seconds at most, whether Pro Santé Connect answers; greys the button if not.

async function ask(place) {
  const link = place.querySelector("a");
  const words = place.querySelector("[role=status]");
  const answer = await fetch(place.dataset.pscState, {
    headers: { Accept: "application/json", "X-Background": "1" },
  });
  if (!answer.ok) return;
  const state = await answer.json();
  if (state.up) {
    link.removeAttribute("aria-disabled");
    words.hidden = true;
    return;
  }
  link.setAttribute("aria-disabled", "true");
  words.textContent = state.words.message;
  words.hidden = false;
}

for (const place of document.querySelectorAll("[data-psc-state]")) {
  ask(place).catch(() => {});
  // Back from the net: the link works again without a reload.
  setInterval(() => ask(place).catch(() => {}), 20_000);
}
