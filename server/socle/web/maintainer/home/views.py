"""The maintainer's home: one sentence when all is well, else what is wrong, worst first; then tiles and charts."""

from importlib import metadata
from shutil import disk_usage

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from socle.appliance.backups import status
from socle.appliance.backups.runs import Backups
from socle.appliance.supervision import disk_measures
from socle.foundation.checks import worst
from socle.foundation.database import now
from socle.foundation.home import Home
from socle.identity.people import accounts
from socle.identity.sessions import listing
from socle.web.kit import doorway
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool
from socle.web.maintainer.checks import findings

blueprint = Blueprint("home", __name__, template_folder="templates")


@blueprint.get("/")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Say whether all is well, and show the six tiles."""
    with reading() as session:
        backups = status.read(session, tool(Backups), look=False)
        people = accounts.listed(session)
        measures = disk_measures.history(session)
        lines = listing.live(session, doorway.limits(), now(session))
    found = findings.examine(backups.checked)
    usage = disk_usage(tool(Home).folder)
    return render_template(
        "maintainer/home/home.html",
        state=worst(one.state for one in found),
        wrong=[findings.in_words(one) for one in found if one.state != "green"],
        backups=backups,
        active=sum(one.active for one in people),
        closed=sum(not one.active for one in people),
        lines=lines,
        usage=usage,
        measures=measures,
        full_in=disk_measures.days_until_full(measures),
        version=metadata.version("socle-clinic"),
    )
