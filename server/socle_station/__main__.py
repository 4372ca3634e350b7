"""The agent's command line: `socle-station enrol`, `run`, `check`, `trust`."""

import argparse
import contextlib
import getpass
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from socle_station import browser, enrolment, modules, trust
from socle_station.card import Change, Watch
from socle_station.link import Https, Link
from socle_station.signing import Signer
from socle_station.station import Station
from socle_station.terminal import Terminal
from socle_station.wording import Fault, Language, line, preferred

TURN_SECONDS = 0.2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="socle-station", description=__doc__)
    parser.add_argument("--folder", type=Path, default=enrolment.default_folder(), help="where the agent keeps its key")
    parser.add_argument("--language", choices=("fr", "en"), help="else that of the system; French if it is neither")
    verbs = parser.add_subparsers(dest="verb", required=True)
    enrol = verbs.add_parser("enrol", help="make this machine a workstation of the practice")
    enrol.add_argument("server", nargs="?", default="")
    enrol.add_argument("--code", default="")
    enrol.add_argument("--fingerprint", default="")
    enrol.add_argument("--no-trust", action="store_true", help="leave the browsers' trust as it is")
    run = verbs.add_parser("run", help="watch the card")
    check = verbs.add_parser("check", help="say what works and what does not")
    for verb in (run, check):
        verb.add_argument("--module", default=modules.default(), help="the PKCS#11 module that reads the card")
        verb.add_argument("--browser", default="", help="the browser's program")
        verb.add_argument("--reader", default="", help="the only reader to watch")
    run.add_argument("--browser-argument", action="append", default=[], help="handed to the browser as it is")
    verbs.add_parser("trust", help="have the browsers trust the server")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    options = _parser().parse_args(arguments)
    language = preferred(options.language)
    try:
        verbs = {"enrol": _enrol, "run": _run, "check": _check, "trust": _trust}
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
    return 0 if options.no_trust else _trust(options, language)


def _trust(options: argparse.Namespace, language: Language) -> int:
    enrolment.load(options.folder)
    authority = enrolment.authority_path(options.folder).absolute()
    by_hand = trust.install(authority, Path.home(), (options.folder / "browser").absolute())
    print(line("trusted", language, how=str(authority)) if by_hand is None else by_hand)
    return 0 if by_hand is None else 1


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
    _linked(folder, language)[1].beat()


def _linked(folder: Path, language: Language) -> tuple[enrolment.Enrolled, Link]:
    enrolled, key, authority = enrolment.load(folder)
    wire = Https(enrolled.server, authority)
    return enrolled, Link(wire, enrolled.server, enrolled.number, key, enrolled.fingerprint, language)


def _run(options: argparse.Namespace, language: Language) -> int:
    enrolled, link = _linked(options.folder, language)
    events: queue.SimpleQueue[Change | str] = queue.SimpleQueue()
    face = Terminal(language, events.put)
    window = browser.Window(options.folder, enrolled.server, language, options.browser, tuple(options.browser_argument))
    station = Station(link, Signer(options.module), window, face, time.monotonic)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    face.line("ready", name=enrolled.name, practice=enrolled.practice)
    station.turn()
    watch = Watch(events.put, options.reader)
    watch.start()
    face.start()
    try:
        while not stopped.is_set():
            with contextlib.suppress(queue.Empty):
                take(station, face, events.get(timeout=TURN_SECONDS))
            station.turn()
    finally:
        watch.stop()
        face.stop()
        station.stop()
        window.forget_ticket()
        window.close()
    return 0


def take(station: Station, face: Terminal, event: Change | str) -> None:
    """Hand one event to the workstation's rules: a line typed, a card, the readers."""
    if isinstance(event, str):
        if event:
            station.code_typed(event)
        else:  # nothing typed is no code: it would cost the card a try
            station.show_again()
    elif event.kind == "in":
        station.inserted(event.reader)
    elif event.kind == "out":
        station.removed(event.reader)
    elif event.fault is not None:
        face.fault(event.fault)
    elif not event.readers:
        face.fault(Fault("READER-MISSING"))
    elif len(event.readers) > 1:
        face.fault(Fault("READER-SEVERAL", count=len(event.readers), readers=", ".join(event.readers)))


if __name__ == "__main__":
    sys.exit(main())
