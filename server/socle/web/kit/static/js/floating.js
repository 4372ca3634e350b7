// What opens over the page: dialogs and side panels (<dialog>), menus (<details class="menu">), toasts.
// data-opens="id" opens a dialog, data-closes closes the one it stands in.
// From a script: document.dispatchEvent(new CustomEvent("socle:toast", {detail: {text, state, undo}})), where `undo` is
// an address to post to; from a fragment: the answer's header HX-Trigger: {"socle:toast": {"text": "…"}}.

const TOAST_MS = 10_000;

function open(dialog) {
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
  if (dialog.dataset.modal === "no") dialog.show();
  else dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) open(document.getElementById(opener.dataset.opens));
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target.closest("[data-back]")) history.back();
  if (event.target.closest("[data-print]")) window.print();
  if (event.target.closest("[data-dismiss]")) event.target.closest(".toast-line, .notice")?.remove();
  const modal = event.target instanceof HTMLDialogElement ? event.target : null;
  if (modal && outside(modal, event)) modal.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  const menu = document.querySelector("details.menu[open]");
  const panel = document.querySelector("dialog[open]:not(:modal)");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (panel) {
    panel.close();
  }
});

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

function toast({ text, state = "", undo = "" }) {
  const shelf = document.getElementById("toasts");
  const mould = document.getElementById("toast-mould");
  if (!shelf || !mould || !text) return;
  const line = mould.content.cloneNode(true).querySelector(".toast-line");
  line.querySelector("span").textContent = text;
  if (state === "red") line.classList.add("is-red");
  const form = line.querySelector("form");
  if (undo.startsWith("/") && !undo.startsWith("//")) form.action = undo;
  else form.remove();
  shelf.append(line);
  leaveLater(line);
}

// A toast stays while the pointer or the focus is on it; one that says something failed stays until it is dismissed.
function leaveLater(line) {
  if (line.classList.contains("is-red")) return;
  const held = () => line.matches(":hover, :focus-within");
  const timer = setInterval(() => {
    if (held()) return;
    clearInterval(timer);
    line.remove();
  }, TOAST_MS);
}

document.addEventListener("socle:toast", (event) => toast(event.detail));
for (const line of document.querySelectorAll(".toast-line")) leaveLater(line);
