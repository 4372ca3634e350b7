"""The agent's command line: `socle-station` opens its window; each verb does one thing."""

import argparse
import getpass
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from socle_station import autostart, browser, enrolment, modules
from socle_station.card import Change, Watch
from socle_station.desk import Chosen, Desk, Event, Typed, have_trusted, linked
from socle_station.signing import Signer
from socle_station.terminal import Terminal
from socle_station.wording import Fault, Language, line, preferred

_ENDING_SECONDS = 40.0
"""How long the agent may take to end: a card that is just signing, then the server that is told."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="socle-station", description=__doc__)
    parser.add_argument("--folder", type=Path, default=enrolment.default_folder(), help="where the agent keeps its key")
    parser.add_argument("--language", choices=("fr", "en"), help="else that of the system; French if it is neither")
    verbs = parser.add_subparsers(dest="verb", metavar="{enrol,run,check,trust,autostart}")
    enrol = verbs.add_parser("enrol", help="make this machine a workstation of the practice")
    enrol.add_argument("server", nargs="?", default="")
    enrol.add_argument("--code", default="")
    enrol.add_argument("--fingerprint", default="")
    enrol.add_argument("--no-trust", action="store_true", help="leave the browsers' trust as it is")
    enrol.add_argument("--no-autostart", action="store_true", help="do not start the agent when a session opens")
    run = verbs.add_parser("run", help="watch the card; done also when no verb is given")
    check = verbs.add_parser("check", help="say what works and what does not")
    for verb in (run, check):
        verb.add_argument("--module", default=modules.default(), help="the PKCS#11 module that reads the card")
        verb.add_argument("--browser", default="", help="the browser's program")
        verb.add_argument("--reader", default="", help="the only reader to watch")
    run.add_argument("--browser-argument", action="append", default=[], help="handed to the browser as it is")
    run.add_argument("--terminal", action="store_true", help="speak in this terminal, without a window")
    verbs.add_parser("trust", help="have the browsers trust the server")
    starting = verbs.add_parser("autostart", help="start the agent when a session opens on this machine, or no longer")
    starting.add_argument("switch", choices=("on", "off"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    if options.verb is None:
        options = _parser().parse_args([*words, "run"])
    language = preferred(options.language)
    try:
        verbs = {"enrol": _enrol, "run": _run, "check": _check, "trust": _trust, "autostart": _autostart}
        return verbs[options.verb](options, language)
    except Fault as fault:
        message, hint = fault.words(language)
        print(f"{message}\n  {hint}\n  [{fault.code}]", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _enrol(options: argparse.Namespace, language: Language) -> int:
    server = options.server or input(line("ask_server", language))
    code = options.code or getpass.getpass(line("ask_code", language))
    fingerprint = options.fingerprint or input(line("ask_fingerprint", language))
    enrolled = enrolment.enrol(options.folder, server, code, fingerprint, language)
    print(line("enrolled", language, name=enrolled.name, practice=enrolled.practice))
    if not options.no_autostart:
        autostart.switch_on(options.folder, Path.home())
        print(line("autostart_on", language))
    return 0 if options.no_trust else _trust(options, language)


def _autostart(options: argparse.Namespace, language: Language) -> int:
    if options.switch == "on":
        enrolment.load(options.folder)
        autostart.switch_on(options.folder, Path.home())
    else:
        autostart.switch_off(Path.home())
    print(line(f"autostart_{options.switch}", language))
    return 0


def _trust(options: argparse.Namespace, language: Language) -> int:
    enrolment.load(options.folder)
    authority = have_trusted(options.folder, Path.home())
    print(line("trusted", language, how=str(authority)))
    return 0


def _check(options: argparse.Namespace, language: Language) -> int:
    found: list[Fault] = []

    def tried(what: str, work: Callable[[], None]) -> None:
        try:
            work()
            print(line("good", language, what=what))
        except Fault as fault:
            found.append(fault)
            message, hint = fault.words(language)
            print(f"{what}: {message}\n  {hint}\n  [{fault.code}]")

    tried(options.module, partial(Signer(options.module).check))
    tried("PC/SC", partial(_see_readers, options.reader))
    tried(options.browser or browser.find() or "browser", partial(_see_browser, options.browser))
    tried("Socle", partial(_greet, options.folder, language))
    return 1 if found else 0


def _see_readers(only: str) -> None:
    changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
    watch = Watch(changes.put, only)
    watch.start()
    try:
        while True:
            change = changes.get(timeout=5)
            if change.fault is not None:
                raise change.fault
            if change.kind == "readers":
                if not change.readers:
                    raise Fault("READER-MISSING")
                return
    except queue.Empty:
        raise Fault("READER-SERVICE-DOWN") from None
    finally:
        watch.stop()


def _see_browser(program: str) -> None:
    if not (program or browser.find()):
        raise Fault("BROWSER-MISSING")


def _greet(folder: Path, language: Language) -> None:
    linked(folder, language)[1].beat()


def _run(options: argparse.Namespace, language: Language) -> int:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    arguments = tuple(options.browser_argument)
    chosen = Chosen(options.folder, language, options.module, options.reader, options.browser, arguments)
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    why = "" if options.terminal else _run_in_window(chosen, events, told)
    if isinstance(why, int):
        return why
    if why:
        print(line(why, language), file=sys.stderr, flush=True)
    side = Terminal(language, lambda typed: events.put(Typed(typed)))
    desk = Desk(chosen, side, events, told)
    side.start()
    try:
        desk.run()
    finally:
        side.stop()
    return 0


def _run_in_window(chosen: Chosen, events: "queue.SimpleQueue[Event]", told: threading.Event) -> str | int:
    """Run with a window, to the end, and return the exit code; or return which line says why there is none."""
    if sys.platform not in {"win32", "darwin"} and not os.environ.get("DISPLAY"):
        return "no_display"
    try:
        import tkinter  # noqa: PLC0415 - a part of Python that some systems package apart
        from tkinter import messagebox  # noqa: PLC0415

        from socle_station.panel import Panel  # noqa: PLC0415
    except ImportError:
        return "no_tkinter"
    try:
        panel = Panel(chosen.language, events.put)
    except tkinter.TclError:
        return "no_display"
    desk = Desk(chosen, panel, events, told)
    crashes: list[BaseException] = []
    worker = threading.Thread(target=_until_ended, args=(desk, panel.end, crashes), name="desk", daemon=True)
    worker.start()
    panel.run(told.is_set)
    was_asked = told.is_set()
    told.set()
    worker.join(_ENDING_SECONDS)
    if not crashes:
        return 0
    words = line("crashed", chosen.language, reason=type(crashes[0]).__name__)
    print(words, file=sys.stderr, flush=True)
    if not was_asked:
        messagebox.showerror(line("crashed_title", chosen.language), words)
    return 1


def _until_ended(desk: Desk, end: Callable[[], None], crashes: list[BaseException]) -> None:
    try:
        desk.run()
    except BaseException as error:
        crashes.append(error)  # the main thread says so
        raise
    finally:
        end()  # a window that nothing stands behind would be a lie


if __name__ == "__main__":
    sys.exit(main())
