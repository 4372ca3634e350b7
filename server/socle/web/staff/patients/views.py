"""All of the patients' routes, on one blueprint."""

from socle.web.staff.patients import changing, file, finding
from socle.web.staff.patients.room import blueprint

__all__ = ["blueprint", "changing", "file", "finding"]
