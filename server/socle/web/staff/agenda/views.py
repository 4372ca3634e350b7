"""All of the agenda's routes, on one blueprint."""

from socle.web.staff.agenda import changing, pages, printing, settings
from socle.web.staff.agenda.room import blueprint

__all__ = ["blueprint", "changing", "pages", "printing", "settings"]
