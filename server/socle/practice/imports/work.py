"""Doing the long steps of imports outside of any request: in a process of its own, or right here for a terminal."""

import os
import sys
from typing import Final, Protocol

from socle.foundation import log
from socle.foundation.commands import Child, Command, plain_environment
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.practice.imports import applying, rehearsing, runs
from socle.practice.imports.errors import RunCancelled
from socle.practice.imports.runs import Shelf, State
from socle.practice.imports.source import Sources

_PASSED_ON: Final = (
    "CREDENTIALS_DIRECTORY",
    "XDG_CONFIG_HOME",
    "VIRTUAL_ENV",
    "SOCLE_LANGUAGE",
    "SOCLE_DATABASE_PASSWORD",
)


class ImportBroken(SocleError):
    """Something nobody foresaw went wrong in an import."""

    code = "IMPORT-BROKEN"
    message = N_("The import stopped on an error of Socle's own. Nothing was changed.")
    hint = N_("Give this code to the person who maintains Socle: the log says where it happened.")
    kind = "broken"


class Workers(Protocol):
    """Starts the long steps."""

    def start(self, run_id: int) -> None:
        """Have the waiting step of an import done soon, without waiting for it."""
        ...


class ProcessWorkers:
    """Does each step in a process of its own: a request's worker stays free, and may end, meanwhile."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._children: list[Child] = []

    def start(self, run_id: int) -> None:
        """Start `socle import work`."""
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        arguments = ["--home", str(self._home.folder), "--keys", str(self._home.keys.folder)]
        command = Command(
            [sys.executable, "-m", "socle", *arguments, "import", "work", str(run_id)],
            plain_environment(**kept),
        )
        # Those that have ended are let go here, so that none stays behind as a zombie.
        self._children = [child for child in self._children if child.exit_code is None]
        self._children.append(Child(command))


def work(database: Database, shelf: Shelf, sources: Sources, run_id: int) -> None:
    """Do the step that an import waits for, if it waits for one. How it ended stands in the import itself."""
    try:
        _do(database, shelf, sources, run_id)
    except RunCancelled as error:
        _end(database, run_id, State.CANCELLED, error)
    except SocleError as error:
        log.warning("import_failed", run=run_id, code=error.code)
        _end(database, run_id, State.FAILED, error)
    except Exception as error:  # noqa: BLE001 - whatever happened, the import's page must say that it stopped
        log.error("import_broken", cause=error, run=run_id, code=ImportBroken.code)
        _end(database, run_id, State.FAILED, ImportBroken())


def _do(database: Database, shelf: Shelf, sources: Sources, run_id: int) -> None:
    with database.writing() as session:
        rehearsal = runs.claim(session, run_id, State.WAITING, State.REHEARSING)
        confirmed = None if rehearsal else runs.claim(session, run_id, State.CONFIRMED, State.APPLYING)
    if rehearsal:
        log.info("import_rehearsing", run=run_id)
        source = sources.open(runs.content_of(shelf, rehearsal))
        rehearsing.rehearse(database, run_id, runs.layout_of(rehearsal), source)
    elif confirmed:
        log.info("import_applying", run=run_id)
        with database.writing() as session:
            applying.apply(session, runs.find(session, run_id), runs.asking_actor(confirmed))


def _end(database: Database, run_id: int, state: State, error: SocleError) -> None:
    with database.writing() as session:
        runs.end(session, run_id, state, error)
