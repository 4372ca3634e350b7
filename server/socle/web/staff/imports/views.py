"""All of the imports' routes, on one blueprint."""

from socle.web.staff.imports import running, starting
from socle.web.staff.imports.room import blueprint

__all__ = ["blueprint", "running", "starting"]
