"""The agent's window: what `shown` tells, in large type; the card's code typed unseen and forgotten at once.

Tk belongs to the main thread; the agent's rules speak from another, so they only leave a picture here, which the window
fetches several times a second.
"""

import threading
import tkinter
from collections.abc import Callable
from tkinter import font as fonts

from socle_station.desk import Enrolment, Event, Typed, Wish
from socle_station.shown import Shown, State, Story, typeset
from socle_station.token import Known
from socle_station.wording import Fault, Language, line

POLL_MS = 50
WIDTH, HEIGHT = 520, 400
LONGEST_CODE = 32
GROUND, PAGE, INK, SOFT, LINE = "#ffffff", "#f7f8f7", "#1c2421", "#55615c", "#b9c2bd"
ACCENT, ACCENT_DARK = "#0f766e", "#0b5d57"
GOOD, WARN, WARN_PALE, BAD, BAD_PALE = "#166534", "#8a4b08", "#fdf0d5", "#b42318", "#fdecea"

_FIELD_AT_FAULT = {"STATION-FINGERPRINT-WRONG": "fingerprint", "STATION-CODE-WRONG": "enrolment_code"}
"""Which field of the enrolment a fault leads back to; the first one else."""


class Panel:
    """One window. Its methods but `run` may be called from any thread."""

    wants_looks = True

    def __init__(self, language: Language, tell: Callable[[Event], None]) -> None:
        self._language, self._tell = language, tell
        self._story, self._lock = Story(language), threading.Lock()
        self._new: Shown | None = self._story.shown()
        self._ended = threading.Event()
        self._shown: Shown | None = None
        self.root = tkinter.Tk(className="socle-station")
        self._build()

    # What the agent's rules say

    def line(self, key: str, **details: object) -> None:
        """Show one of the agent's lines."""
        self._tells(lambda: self._story.line(key, **details))

    def fault(self, fault: Fault) -> None:
        """Show what went wrong."""
        self._tells(lambda: self._story.fault(fault))

    def ask_code(self, key: str, reader: str) -> None:
        """Ask for the card's code, or stop asking."""
        self._tells(lambda: self._story.ask_code(key, reader))

    def card(self, known: Known) -> None:
        """Show what the card says of itself."""
        self._tells(lambda: self._story.card(known))

    def ask_enrolment(self, fault: Fault | None) -> None:
        """Ask for what enrols this machine."""
        self._tells(lambda: self._story.ask_enrolment(fault))

    def end(self) -> None:
        """Close the window."""
        self._ended.set()

    def _tells(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()
            self._new = self._story.shown()

    # The window

    def run(self, stopped: Callable[[], bool]) -> None:
        """Show the window until somebody ends it; the main thread's own."""

        def look() -> None:
            with self._lock:
                new, self._new = self._new, None
            if new is not None:
                self._render(new)
            if self._ended.is_set() or stopped():
                self.root.quit()
                return
            self.root.after(POLL_MS, look)

        self.root.after(0, look)  # from within the loop: what ended before it began could not quit it
        self.root.mainloop()
        self.root.destroy()

    def _words(self, key: str) -> str:
        return line(key, self._language)

    def _build(self) -> None:
        root = self.root
        root.title("Socle")
        root.configure(background=GROUND)
        root.minsize(WIDTH, HEIGHT)
        root.resizable(False, False)  # it grows with what it has to say
        self._icon = icon = tkinter.PhotoImage(master=root, width=32, height=32)
        icon.put(ACCENT, to=(0, 0, 32, 32))
        icon.put(GROUND, to=(6, 10, 26, 22))
        icon.put(ACCENT, to=(9, 14, 14, 18))
        root.iconphoto(True, icon)
        root.protocol("WM_DELETE_WINDOW", root.iconify)
        root.bind_all("<Control-q>", lambda _event: self.end())
        family = fonts.nametofont("TkDefaultFont").actual("family")
        self._family = family
        self._place = self._label(root, 12, SOFT, background=PAGE)
        self._place.configure(padx=24, pady=10)
        self._place.pack(fill="x")
        self._build_foot(root)
        body = tkinter.Frame(root, background=GROUND, padx=24, pady=16)
        body.pack(fill="both", expand=True)
        self._body = body
        self._title = self._label(body, 24, INK, bold=True)
        self._title.pack(fill="x")
        self._detail = self._label(body, 14, SOFT)
        self._detail.pack(fill="x", pady=(4, 0))
        self._build_question(body)
        self._build_enrolment(body)
        self._trouble = tkinter.Frame(body, padx=14, pady=10)
        self._message = self._label(self._trouble, 14, INK, bold=True, narrower=28)
        self._hint = self._label(self._trouble, 13, INK, narrower=28)
        self._code = self._label(self._trouble, 11, SOFT, narrower=28)
        for each in (self._message, self._hint, self._code):
            each.pack(fill="x", pady=1)

    def _label(
        self,
        parent: tkinter.Misc,
        size: int,
        colour: str,
        *,
        bold: bool = False,
        background: str = GROUND,
        narrower: int = 0,
    ) -> tkinter.Label:
        return tkinter.Label(
            parent,
            font=(self._family, size, "bold" if bold else "normal"),
            foreground=colour,
            background=background,
            anchor="w",
            justify="left",
            wraplength=WIDTH - 48 - narrower,
        )

    def _entry(self, parent: tkinter.Misc, *, show: str = "") -> tkinter.Entry:
        return tkinter.Entry(
            parent,
            font=(self._family, 18 if show else 14),
            show=show,
            background=GROUND,
            foreground=INK,
            insertbackground=INK,
            relief="flat",
            borderwidth=5,
            highlightthickness=2,
            highlightbackground=LINE,
            highlightcolor=ACCENT,
            exportselection=False,
        )

    def _button(self, parent: tkinter.Misc, key: str, do: Callable[[], None], *, chief: bool = False) -> tkinter.Button:
        words = self._words(key)
        at = words.index("&")
        button = tkinter.Button(
            parent,
            text=words.replace("&", ""),
            underline=at,
            command=do,
            font=(self._family, 14, "bold" if chief else "normal"),
            background=ACCENT if chief else GROUND,
            foreground=GROUND if chief else INK,
            activebackground=ACCENT_DARK if chief else PAGE,
            activeforeground=GROUND if chief else INK,
            disabledforeground=LINE,
            relief="flat",
            borderwidth=0,
            highlightthickness=2,
            highlightbackground=ACCENT if chief else LINE,
            highlightcolor=INK,
            padx=14,
            pady=7,
        )
        button.bind("<Return>", lambda _event: button.invoke())
        self.root.bind_all(f"<Alt-{words[at + 1].lower()}>", lambda _event: self._by_key(button), add="+")
        return button

    @staticmethod
    def _by_key(button: tkinter.Button) -> None:
        if button.winfo_ismapped():
            button.invoke()

    def _build_question(self, body: tkinter.Frame) -> None:
        self._question = tkinter.Frame(body, background=GROUND)
        self._typed = self._entry(self._question, show="•")
        allowed = self.root.register(lambda text: len(text) <= LONGEST_CODE)
        self._typed.configure(validate="key", validatecommand=(allowed, "%P"))
        self._typed.bind("<Return>", lambda _event: self._give_code())
        self._typed.bind("<Escape>", lambda _event: self._forget())
        self._typed.pack(side="left", fill="x", expand=True)
        self._button(self._question, "button_code", self._give_code, chief=True).pack(side="left", padx=(10, 0))
        self._warning = self._label(body, 14, WARN, bold=True)

    def _build_enrolment(self, body: tkinter.Frame) -> None:
        self._form = tkinter.Frame(body, background=GROUND)
        self._fields = {}
        for name in ("server", "enrolment_code", "fingerprint"):
            title = self._label(self._form, 12, INK, bold=True)
            title.configure(text=self._words(f"field_{name}"))
            title.pack(fill="x", pady=(8, 2))
            field = self._entry(self._form)
            field.bind("<Return>", lambda _event: self._give_enrolment())
            field.pack(fill="x")
            self._fields[name] = field
        hint = self._label(self._form, 12, SOFT)
        hint.configure(text=typeset(self._words("hint_fingerprint")))
        hint.pack(fill="x", pady=(4, 10))
        self._enrol = self._button(self._form, "button_enrol", self._give_enrolment, chief=True)
        self._enrol.pack(anchor="w")

    def _build_foot(self, root: tkinter.Tk) -> None:
        foot = self._label(root, 11, SOFT, background=PAGE)
        foot.configure(text=self._words("footer"), padx=24, pady=8)
        foot.pack(side="bottom", fill="x")
        self._buttons = tkinter.Frame(root, background=GROUND, padx=24)
        self._open = self._button(self._buttons, "button_open", lambda: self._tell(Wish.OPEN), chief=True)
        self._locks = self._button(self._buttons, "button_lock", lambda: self._tell(Wish.LOCK))
        self._open.pack(side="left")
        self._locks.pack(side="left", padx=(10, 0))

    # What the person does

    def _give_code(self) -> None:
        code = self._typed.get()
        self._forget()
        if code and self._shown is not None and self._shown.asks_code:
            self._tell(Typed(code))

    def _forget(self) -> None:
        self._typed.delete(0, "end")

    def _give_enrolment(self) -> None:
        given = [self._fields[name].get().strip() for name in ("server", "enrolment_code", "fingerprint")]
        empty = [field for field in self._fields.values() if not field.get().strip()]
        if empty:
            empty[0].focus_set()
            return
        self._tell(Enrolment(*given))

    # How it stands

    def _render(self, new: Shown) -> None:
        before, self._shown = self._shown, new
        if before is None or before.turn != new.turn or not new.asks_code:
            self._forget()
        self.root.title(f"{new.title}{f' [{new.trouble.code}]' if new.trouble else ''} – Socle")
        self._place.configure(text=new.place or "Socle")
        self._title.configure(text=typeset(new.title), foreground=GOOD if new.is_open else INK)
        self._detail.configure(text=typeset(new.detail))
        self._warning.configure(text=new.warning)
        for part in (self._question, self._warning, self._trouble, self._form, self._buttons):
            part.pack_forget()
        if new.asks_code:
            self._question.pack(fill="x", pady=(16, 0))
        if new.warning:
            self._warning.pack(fill="x", pady=(8, 0))
        if new.trouble is not None:
            self._show_trouble(new)
        if new.state is State.NOT_ENROLLED:
            self._form.pack(fill="x")
        if new.is_open:
            self._buttons.pack(side="bottom", fill="x", pady=(0, 16), before=self._body)
        self._attend(before, new)

    def _show_trouble(self, new: Shown) -> None:
        trouble = new.trouble
        if trouble is None:
            return
        ground, ink = (PAGE, SOFT) if trouble.is_notice else (BAD_PALE, BAD)
        self._trouble.configure(background=ground)
        for label, text, colour in (
            (self._message, trouble.message, ink),
            (self._hint, trouble.hint, INK),
            (self._code, trouble.code, SOFT),
        ):
            label.configure(text=typeset(text), foreground=colour, background=ground)
        self._trouble.pack(fill="x", pady=(16, 0))

    def _attend(self, before: Shown | None, new: Shown) -> None:
        """Come to the front when something is asked, and leave it to the browser once a session is open."""
        asks = new.asks_code or new.state is State.NOT_ENROLLED
        asked = before is not None and (before.asks_code or before.state is State.NOT_ENROLLED)
        self.root.attributes("-topmost", new.asks_code)
        anew = before is None or before.turn != new.turn
        if asks and not asked:
            self.root.deiconify()
            self.root.lift()
        if new.asks_code and anew:
            self._typed.focus_force()
        elif new.state is State.NOT_ENROLLED and anew:
            field = self._fields[_FIELD_AT_FAULT.get(new.trouble.code if new.trouble else "", "server")]
            field.selection_range(0, "end")
            field.focus_force()
        elif new.is_open and not (before is not None and before.is_open):
            self._open.focus_set()
