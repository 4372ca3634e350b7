"""The page of checks."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from socle.appliance.backups import status
from socle.appliance.backups.runs import Backups
from socle.appliance.supervision.checks import keys_copied
from socle.foundation.checks import worst
from socle.foundation.home import Home
from socle.identity.audit import trail
from socle.web.kit import viewer
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool, writing
from socle.web.maintainer.checks import findings

blueprint = Blueprint("checks", __name__, url_prefix="/checks", template_folder="templates")


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show every check, worst first."""
    with reading() as session:
        backups = status.read(session, tool(Backups), look=False)
    found = findings.examine(backups.findings)
    return render_template(
        "maintainer/checks/checks.html",
        state=worst(one.state for one in found),
        findings=[findings.in_words(one) for one in found],
    )


@blueprint.post("/keys-copied")
@allow(*MAINTAINERS)
def confirm_keys_copied() -> ResponseReturnValue:
    """Note that these keys exist a second time, away from this machine."""
    mark = keys_copied.fingerprint(tool(Home).keys)
    with writing() as session:
        trail.record(session, viewer.actor(), keys_copied.ACTION, keys_copied.SUBJECT, reason=mark)
    return redirect(url_for("checks.show"), 303)
