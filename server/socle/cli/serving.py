"""Runs the doors and the scheduler as processes of their own, and ends them together.

They are forked, not started anew: what was loaded once serves them all, in half the time and memory.
"""

import ctypes
import gc
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from http.client import HTTPSConnection
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from time import monotonic

from socle.appliance.maintenance import authority, certificate_files
from socle.cli.terminal import print_words
from socle.cli.watching import Watch
from socle.foundation import log
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import Settings, WebSettings
from socle.foundation.toolbox import Toolbox

READY_SECONDS = 60
STOP_SECONDS = 15


class PortTaken(SocleError):
    """Another program listens where a door should."""

    code = "PORT-TAKEN"
    message = N_("Another program already listens on %(address)s, port %(port)s.")
    hint = N_("Stop it (perhaps Socle runs already), or choose other ports under [web] in %(file)s.")
    kind = "conflict"


class DoorStopped(SocleError):
    """A door's process ended by itself."""

    code = "DOOR-STOPPED"
    message = N_("The process “%(door)s” stopped by itself, so everything was stopped.")
    hint = N_("The log lines above say why. Nothing that was saved is lost.")
    kind = "broken"


Part = Callable[[], None]
"""One process of the server: returns when it is told to stop."""


def serve(home: Home, tools: Toolbox, parts: Mapping[str, Part], tell_more: Callable[[], None]) -> None:
    """Start all parts, say so once the doors answer, and wait for SIGINT or SIGTERM: PortTaken, DoorStopped."""
    web = tools.of(Settings).web
    for port in (web.staff_port, web.maintainer_port):
        _check_free(web.address, port, home)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    tools.of(Database).engine.dispose()  # an open connection must not be shared with a child
    gc.collect()
    gc.freeze()
    fork = get_context("fork")
    children = {name: fork.Process(target=_be, args=(name, part), name=name) for name, part in parts.items()}
    for child in children.values():
        child.start()
    watch = Watch(tools)
    try:
        if _wait_ready(home, web, children, stopped):
            _announce(home, web)
            tell_more()
        watch.start()
        while not stopped.wait(0.5):
            _check_alive(children)
        print_words(N_("Stopping…"))
        watch.stop()
    finally:
        _end(children)


def _be(name: str, part: Part) -> None:
    # A session of its own: Ctrl-C at the terminal reaches it through us, after the requests under way. Its parent's
    # death, however sudden, ends it too (prctl PR_SET_PDEATHSIG).
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    log.to_standard_error(name)
    try:
        part()
    except Exception as error:  # noqa: BLE001 - its text may quote a patient: only its kind and place are written
        log.error("process_failed", cause=error, code=error.code if isinstance(error, SocleError) else None)
        sys.exit(1)


def _end(children: Mapping[str, ForkProcess]) -> None:
    for child in children.values():
        child.terminate()
    deadline = monotonic() + STOP_SECONDS
    for child in children.values():
        child.join(max(0.1, deadline - monotonic()))
        if child.is_alive():
            child.kill()
            child.join()


def _check_free(address: str, port: int, home: Home) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            raise PortTaken(address=address, port=port, file=home.settings_path) from None


def _check_alive(children: Mapping[str, ForkProcess]) -> None:
    for name, child in children.items():
        if child.exitcode is not None:
            raise DoorStopped(door=name)


def _wait_ready(home: Home, web: WebSettings, children: Mapping[str, ForkProcess], stopped: threading.Event) -> bool:
    context = ssl.create_default_context(cadata=home.keys.read(certificate_files.AUTHORITY_CERTIFICATE).decode())
    deadline = monotonic() + READY_SECONDS
    waiting = [web.staff_port, web.maintainer_port]
    while waiting and monotonic() < deadline and not stopped.wait(0.1):
        _check_alive(children)
        waiting = [port for port in waiting if not _answers(web.address, port, context)]
    return not waiting


def _answers(address: str, port: int, context: ssl.SSLContext) -> bool:
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - compared, not bound
    context.check_hostname = False  # any address it was told to bind; the authority is checked all the same
    connection = HTTPSConnection(local, port, timeout=5, context=context)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _announce(home: Home, web: WebSettings) -> None:
    host = "localhost" if web.address in {"127.0.0.1", "::1", "0.0.0.0", "::"} else web.address  # noqa: S104
    print_words(N_("Socle is ready. Ctrl-C stops it."))
    print_words(N_("  Practice:    https://%(host)s:%(port)s"), {"host": host, "port": web.staff_port})
    print_words(N_("  Maintenance: https://%(host)s:%(port)s"), {"host": host, "port": web.maintainer_port})
    trusted = authority.publish(home.keys, home.folder)
    print_words(N_("  So that browsers trust these addresses, install the authority %(path)s"), {"path": trusted})
