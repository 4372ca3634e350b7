"""All of the browsers' routes, on one blueprint."""

from socle.web.maintainer.browsers import policies, reports
from socle.web.maintainer.browsers.room import blueprint

__all__ = ["blueprint", "policies", "reports"]
