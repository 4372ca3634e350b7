"""The page of checks."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from socle.appliance.backups import status
from socle.appliance.backups.runs import Backups
from socle.foundation.checks import worst
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool
from socle.web.maintainer.checks import findings

blueprint = Blueprint("checks", __name__, url_prefix="/checks", template_folder="templates")


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show every check, worst first."""
    with reading() as session:
        backups = status.read(session, tool(Backups), look=False)
    found = findings.examine(backups.checked)
    return render_template(
        "maintainer/checks/checks.html",
        state=worst(one.state for one in found),
        findings=[findings.in_words(one) for one in found],
    )
