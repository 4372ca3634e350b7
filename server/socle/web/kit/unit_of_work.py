"""How a view gets its tools and its transaction. Doors commit: `with writing() as session:` is the unit of work."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar, cast

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from socle.foundation.database import Database, translated_errors
from socle.foundation.toolbox import Toolbox

Tool = TypeVar("Tool")
NAME = "socle-toolbox"


def install(app: Flask, tools: Toolbox) -> None:
    """Hand the door its tools."""
    app.extensions[NAME] = tools
    app.teardown_request(let_go)


def tool(kind: type[Tool]) -> Tool:
    """Return the tool this door was handed for a port."""
    return cast("Toolbox", current_app.extensions[NAME]).of(kind)


@contextmanager
def reading() -> Iterator[Session]:
    """Open a session for reading. All of a request's read through one connection, each sees the database afresh."""
    session: Session | None = g.pop("reading_session", None)  # popped: one inside another's block gets its own
    if session is None:
        session = tool(Database).held_for_reading()
    try:
        with translated_errors():
            yield session
    except BaseException:
        session.close()
        raise
    session.expunge_all()
    spare: Session | None = g.pop("reading_session", None)
    if spare is not None:
        spare.close()
    g.reading_session = session


def noting() -> AbstractContextManager[Session]:
    """Open a transaction for notes of who read and who came in, which does not wait for the disk."""
    let_go()
    return tool(Database).noting()


def let_go(_error: BaseException | None = None) -> None:
    """Give the connection for reading back (at the end of a request, and for the writer: it knows what was read)."""
    session: Session | None = g.pop("reading_session", None)
    if session is not None:
        session.close()


def writing() -> AbstractContextManager[Session]:
    """Open a transaction that commits at the end of the block, or rolls back whole."""
    let_go()
    return tool(Database).writing()
