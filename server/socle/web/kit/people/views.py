"""All pages of people and their accounts, put together."""

from socle.web.kit.people import managing, missing
from socle.web.kit.people.room import blueprint

__all__ = ["blueprint", "managing", "missing"]
