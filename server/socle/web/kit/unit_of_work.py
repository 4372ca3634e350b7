"""How a view gets its tools and its transaction. Doors commit: `with writing() as session:` is the unit of work."""

from contextlib import AbstractContextManager
from typing import TypeVar, cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox

Tool = TypeVar("Tool")
_NAME = "socle-toolbox"


def install(app: Flask, tools: Toolbox) -> None:
    """Hand the door its tools."""
    app.extensions[_NAME] = tools


def tool(kind: type[Tool]) -> Tool:
    """Return the tool this door was handed for a port."""
    return cast("Toolbox", current_app.extensions[_NAME]).of(kind)


def reading() -> AbstractContextManager[Session]:
    """Open a session for reading."""
    return tool(Database).reading()


def writing() -> AbstractContextManager[Session]:
    """Open a transaction that commits at the end of the block, or rolls back whole."""
    return tool(Database).writing()
