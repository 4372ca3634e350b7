"""The pages for people who are missing from the directory: too many at once for the machine to close them by itself."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.clock import Clock
from socle.foundation.errors import N_
from socle.identity.people import accounts, leavers
from socle.identity.people.directory import Directory
from socle.identity.people.leavers import Compared
from socle.identity.sessions import leaving
from socle.web.kit import toasts, viewer
from socle.web.kit.people import managing
from socle.web.kit.people.room import blueprint
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool, writing


@blueprint.get("/leavers")
@allow(*MAINTAINERS)
def leavers_page() -> ResponseReturnValue:
    """Show who is missing, and what can be done."""
    with reading() as session:
        waiting, last = leavers.held_back(session), leavers.last_answer(session)
    return render_template(
        "kit/people/leavers.html",
        waiting=waiting,
        last=last,
        mine_to_close=all(managing.is_mine_to_change(account) for account in waiting),
        **managing.surroundings(),
    )


@blueprint.post("/leavers/compare")
@allow(*MAINTAINERS)
def compare() -> ResponseReturnValue:
    """Ask the directory now, as happens by itself every quarter of an hour."""
    return _back(_compared([]))


@blueprint.post("/leavers/close")
@allow(*MAINTAINERS)
def close_leavers() -> ResponseReturnValue:
    """Close those of the shown accounts that are still missing."""
    sent = request.form.get("accounts", "")[:5000].split(",")
    agreed = [int(number) for number in sent if number.isdecimal() and len(number) < 19]
    with reading() as session:
        for account in leavers.held_back(session):
            if account.id in agreed:
                accounts.check_may_hand_out(viewer.actor(), account.role_set())
    return _back(_compared(agreed))


def _compared(agreed: list[int]) -> Compared:
    began = tool(Clock).now()
    people = list(tool(Directory).people())
    with writing() as session:
        return leaving.compare_and_end(session, viewer.actor(), people, began, agreed)


def _back(compared: Compared) -> ResponseReturnValue:
    if compared.held:
        return redirect(url_for("accounts.leavers_page"), 303)
    done = N_("Accounts of leavers are closed.") if compared.closed else N_("Accounts agree with the directory.")
    answer: ResponseReturnValue = toasts.then(redirect(url_for("accounts.show"), 303), done)
    return answer
