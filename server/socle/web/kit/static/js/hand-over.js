// The browser that a workstation's agent opened: it enters with the ticket in its address, and on the sign-in page it
// waits for the next card, so that whoever puts a card in goes on where they were, with nothing to click.

const EVERY_MS = 400;
const ticket = location.hash.slice(1);

async function handOver(fields) {
  const answer = await fetch("/station/hand-over", {
    method: "POST",
    headers: { Accept: "application/json", "X-Background": "1" },
    body: new URLSearchParams(fields),
  });
  return answer.ok ? (await answer.json()).go : null;
}

async function wait() {
  const carried = document.querySelector("[data-hand-over]").dataset;
  const fields = { next: carried.next ?? "", held: carried.held ?? "" };
  for (;;) {
    const go = document.visibilityState === "visible" ? await handOver(fields).catch(() => null) : null;
    if (go) return location.replace(go);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function enter() {
  history.replaceState(null, "", location.pathname); // a ticket is of no use twice: the address forgets it
  // A page of this browser that waited may have used the ticket already: then this one is let in with it.
  const go = ticket ? await handOver({ ticket }).then((found) => found ?? handOver({})).catch(() => null) : null;
  if (go) location.replace(go);
  else document.getElementById("hand-over-failed").hidden = false;
}

if (document.querySelector("[data-enter]")) enter();
else wait();
