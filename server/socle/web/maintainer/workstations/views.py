"""The page of workstations, and of whose card is whose."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.appliance.maintenance import authority
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.foundation.secrets import Keys
from socle.foundation.settings import Settings
from socle.identity.actor import Role
from socle.identity.people import accounts
from socle.identity.sessions import card_numbers, workstations
from socle.identity.sessions.card_policy import CardPolicy
from socle.identity.sessions.models import Workstation
from socle.identity.sessions.standing import SILENCE
from socle.web.kit import error_pages, toasts, viewer
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool, writing

blueprint = Blueprint("workstations", __name__, url_prefix="/workstations", template_folder="templates")


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show the workstations and the cards."""
    return _page()


@blueprint.post("")
@allow(*MAINTAINERS)
def add() -> ResponseReturnValue:
    """Name a workstation and show the code its agent enrols with."""
    try:
        with writing() as session:
            station, code = workstations.add(session, viewer.actor(), request.form.get("name", ""))
    except (workstations.NameMissing, workstations.NameInUse) as error:
        return _page(error)
    return _code_page(station, code)


@blueprint.post("/<int:number>/code")
@allow(*MAINTAINERS)
def new_code(number: int) -> ResponseReturnValue:
    """Show another code for a workstation whose agent is installed anew."""
    with writing() as session:
        station, code = workstations.new_code(session, viewer.actor(), number)
    return _code_page(station, code)


@blueprint.post("/<int:number>/revoke")
@allow(*MAINTAINERS)
def revoke(number: int) -> ResponseReturnValue:
    """Withdraw a workstation; its sessions end."""
    with writing() as session:
        workstations.revoke(session, viewer.actor(), number)
    return _done(N_("The workstation is withdrawn and its sessions are ended."))


@blueprint.post("/cards/<int:account_id>")
@allow(*MAINTAINERS)
def give_card(account_id: int) -> ResponseReturnValue:
    """Say which professional number is somebody's."""
    try:
        with writing() as session:
            account = accounts.get(session, account_id)
            card_numbers.give(session, viewer.actor(), account, request.form.get("number", "")[:40])
    except (card_numbers.CardNumberWrong, card_numbers.CardNumberTaken) as error:
        return _page(error)
    return _done(N_("The card's number is kept."))


def _page(error: SocleError | None = None) -> ResponseReturnValue:
    with reading() as session:
        found = workstations.listed(session)
        people = card_numbers.holders(session)
        moment = now(session)
    seen = {each.id: each.last_seen_at is not None and each.last_seen_at > moment - SILENCE for each in found}
    policy = tool(CardPolicy)
    page = render_template(
        "maintainer/workstations/workstations.html",
        stations=[each for each in found if each.revoked_at is None],
        withdrawn=[each for each in found if each.revoked_at is not None],
        seen=seen,
        people=people,
        names={each.id: each.display_name for each in people},
        may_give=viewer.actor().has(Role.ADMINISTRATOR),
        anchors=len(policy.anchors()),
        anchors_folder=str(policy.folder),
        allows_test=policy.allow_test,
        error=error_pages.noted(error) if error is not None else None,
        typed=request.form,
        longest=workstations.LONGEST_NAME,
    )
    return page, error_pages.STATUS[error.kind] if error is not None else 200


def _code_page(station: Workstation, code: str) -> str:
    web = tool(Settings).web
    host = request.host.rpartition(":")[0] if ":" in request.host else request.host
    return render_template(
        "maintainer/workstations/code.html",
        station=station,
        code=code,
        fingerprint=authority.shown_fingerprint(tool(Keys)),
        server=f"https://{host}:{web.staff_port}",
        minutes=int(workstations.CODE_LASTS.total_seconds() // 60),
    )


def _done(words: str) -> ResponseReturnValue:
    answer: ResponseReturnValue = toasts.then(redirect(url_for("workstations.show"), 303), words)
    return answer
