// What was done, in one quiet line of the page's own shelf, with an undo that does not leave the page.

const SECONDS = 12;

export class Toast {
  show(text, undo, isRefusal = false) {
    const line = document.getElementById("toast-mould").content.cloneNode(true).querySelector(".toast-line");
    line.querySelector("span").textContent = text;
    line.classList.toggle("is-red", isRefusal);
    const form = line.querySelector("form");
    if (undo) form.addEventListener("submit", (event) => this.#undo(event, line, undo));
    else form.remove();
    document.querySelectorAll("#toasts .toast-line").forEach((old) => old.remove());
    document.getElementById("toasts").append(line);
    if (!isRefusal) leaveLater(line);
  }

  async #undo(event, line, undo) {
    event.preventDefault();
    line.remove();
    try {
      await undo();
    } catch (error) {
      this.show(error.body ? `${error.body.message} ${error.body.hint ?? ""}` : error.message, null, true);
    }
  }
}

// It stays while the pointer or the focus is on it.
function leaveLater(line) {
  const timer = setInterval(() => {
    if (line.matches(":hover, :focus-within")) return;
    clearInterval(timer);
    line.remove();
  }, SECONDS * 1000);
}
