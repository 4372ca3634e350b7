"""What one person has as second factor, and its removal when they have lost it."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.errors import N_, SocleError
from socle.identity.people import accounts
from socle.identity.sessions import sign_in, throttling
from socle.identity.sessions.factors import holdings, remembered
from socle.identity.sessions.factors.holdings import REMOVAL_REASONS, RemovalReasonMissing
from socle.web.kit import doorway, error_pages, second_factor, toasts, viewer
from socle.web.kit.language import gettext
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, writing

blueprint = Blueprint(
    "account_help", __name__, template_folder="templates", url_prefix="/accounts/<int:number>/factors"
)


@blueprint.get("")
@allow(*MAINTAINERS)
def show(number: int) -> ResponseReturnValue:
    """Show what a person has set up."""
    return _page(number)


@blueprint.post("/remove")
@allow(*MAINTAINERS)
def remove(number: int) -> ResponseReturnValue:
    """Remove a person's second factor, end their sessions, and have them told at their next sign-in."""
    try:
        with writing() as session:
            account = holdings.remove_all(session, viewer.actor(), number, request.form.get("reason", ""))
            throttling.clear(session, sign_in.second_key(doorway.forms_key(), account.username))
    except RemovalReasonMissing as error:
        return _page(number, error)
    done = N_("The second factor is removed, and the person will be told by whom and why.")
    answer: ResponseReturnValue = toasts.then(redirect(url_for("account_help.show", number=number), 303), done)
    return answer


def _page(number: int, error: SocleError | None = None) -> ResponseReturnValue:
    with reading() as session:
        account = accounts.get(session, number)
        held = holdings.of(session, number)
        browsers = len(remembered.listed(session, number))
        mine = holdings.may_help(viewer.actor(), account)
        untold = holdings.untold(session, number)
    page = render_template(
        "maintainer/factors/factors.html",
        account=account,
        held=held,
        browsers=browsers,
        policy=doorway.policy_of(account),
        mine_to_help=mine,
        untold=untold,
        untold_by=second_factor.who_removed(untold) if untold else "",
        untold_reason=gettext(REMOVAL_REASONS[untold.reason]) if untold else "",
        reasons=[("", gettext("Choose…")), *((code, gettext(words)) for code, words in REMOVAL_REASONS.items())],
        error=error_pages.words(error) if error is not None else None,
    )
    return page, error_pages.STATUS[error.kind] if error is not None else 200
