"""Serves the web doors: through gunicorn over HTTPS for `socle up`, or as `socle.wsgi:staff` for any WSGI server."""

import contextlib
import gc
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from socle import wiring
from socle.appliance.maintenance.certificate_files import SERVER_CERTIFICATE, SERVER_KEY
from socle.foundation import home as homes
from socle.foundation import log
from socle.foundation import settings as settings_file
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.home import Home
from socle.practice.patients import search
from socle.web import apps
from socle.web.kit import error_pages, unit_of_work, unreadable
from socle.web.kit.unreadable import HeadersTooLong

THREADS = 4
"""Threads a worker answers with: a browser's idle connection must not hold a worker."""


def open_home() -> Home:
    """Return the home named by SOCLE_HOME, with the keys of SOCLE_KEYS or their default place."""
    keys = os.environ.get("SOCLE_KEYS")
    return homes.find(Path(os.environ["SOCLE_HOME"]), Path(keys) if keys else None)


def staff() -> Flask:
    """Make the staff's door, for any WSGI server."""
    return apps.staff_app(wiring.toolbox(open_home(), "staff"))


def maintainer() -> Flask:
    """Make the maintainer's door, for any WSGI server."""
    return apps.maintainer_app(wiring.toolbox(open_home(), "maintainer"))


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings and nothing of the command line's."""

    def __init__(self, options: dict[str, Any], make: Callable[[], Flask]) -> None:
        self._options = options
        self._make = make
        super().__init__()

    def load_config(self) -> None:
        """Take the options as they are."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the door in the parent process, so that its workers share the memory."""
        app = self._make()
        app.register_error_handler(ParseException, lambda _error: error_pages.answer(error_pages.RequestWrong()))
        gc.collect()
        gc.freeze()  # what is loaded stays: collecting it again and again cost half of the agenda's slowest answers
        gc.set_threshold(20_000, 20, 20)
        return app


_UNREADABLE: dict[type[Exception], tuple[type[SocleError], HTTPStatus]] = {
    LimitRequestLine: (HeadersTooLong, HTTPStatus.REQUEST_URI_TOO_LONG),
    LimitRequestHeaders: (HeadersTooLong, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    UnsupportedTransferCoding: (error_pages.RequestWrong, HTTPStatus.NOT_IMPLEMENTED),
    ExpectationFailed: (error_pages.RequestWrong, HTTPStatus.EXPECTATION_FAILED),
    ssl.SSLError: (error_pages.RequestWrong, HTTPStatus.BAD_REQUEST),
    ParseException: (error_pages.RequestWrong, HTTPStatus.BAD_REQUEST),
}


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker; what it cannot read is answered in our words, with a code."""

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        """Answer for a request that never reached the door, or that broke below it."""
        for kind, (error, status) in _UNREADABLE.items():
            if isinstance(exc, kind):
                log.warning("request_unreadable", code=error.code, status=status.value)
                break
        else:
            error, status = error_pages.Broken, HTTPStatus.INTERNAL_SERVER_ERROR
            log.error("request_failed", cause=exc, code=error.code)
        with contextlib.suppress(OSError):
            write_nonblock(client, unreadable.answer(error, status.value, status.phrase))


class Log(Logger):  # type: ignore[misc]
    """gunicorn's own messages, but none about a request: those quote its address, which may name a patient."""

    def warning(self, msg: str, *args: object, **kwargs: object) -> None:
        """Write a warning; of an unreadable request, only that there was one."""
        if msg.startswith("Invalid request"):
            log.warning("request_unreadable", code=error_pages.RequestWrong.code)
        else:
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: object, **kwargs: object) -> None:
        """Write a failure without its text."""
        log.error("request_failed", cause=sys.exc_info()[1], code=error_pages.Broken.code)


def _modern_tls(_config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def options(door: str, home: Home) -> dict[str, Any]:
    """Return gunicorn's options for a door."""
    settings = settings_file.load(home.settings_path).web
    port = settings.staff_port if door == "staff" else settings.maintainer_port
    return {
        "bind": f"{settings.address}:{port}",
        "workers": settings.workers if door == "staff" else 1,
        "worker_class": Worker,
        "threads": THREADS,
        "preload_app": True,
        "keepalive": 15,
        "timeout": 60,
        "graceful_timeout": 5,
        "loglevel": "warning",
        "logger_class": Log,
        "keyfile": str(home.keys.folder / SERVER_KEY),
        "certfile": str(home.keys.folder / SERVER_CERTIFICATE),
        "ssl_context": _modern_tls,
        "proc_name": f"socle {door}",
        **({"post_worker_init": _warm_up} if door == "staff" else {}),
    }


def _warm_up(worker: Any) -> None:
    """Have a staff worker read what its first search needs, beside its first requests."""
    tools = worker.wsgi.extensions[unit_of_work.NAME]

    def read() -> None:
        with contextlib.suppress(SocleError), tools.of(Database).reading() as session:
            search.prepare(session)

    threading.Thread(target=read, name="warm-up", daemon=True).start()


def serve(door: str, home: Home) -> None:
    """Serve the door of that name over HTTPS until told to stop."""
    factory = {"staff": apps.staff_app, "maintainer": apps.maintainer_app}[door]
    Server(options(door, home), lambda: factory(wiring.toolbox(home, door))).run()
