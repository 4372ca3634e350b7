"""The page of the trail: one day at a time, by person and by action; and whether the whole of it is whole."""

from datetime import date, datetime, time, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from socle.foundation.clock import PARIS
from socle.foundation.database import Database, now
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.identity.audit import anchors, listing, verification
from socle.identity.people import accounts
from socle.web.kit.language import gettext
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool
from socle.web.maintainer.audit import reasons, words

blueprint = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")
_FIRST, _LAST = date(2000, 1, 2), date(2199, 12, 31)


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show one day of the trail."""
    with reading() as session:
        today = now(session).astimezone(PARIS).date()
        day = _day(request.args.get("day", ""), today)
        start, end = (datetime.combine(each, time(), PARIS) for each in (day, day + timedelta(days=1)))
        account_id, skip = _number("person"), _number("skip") or 0
        action = request.args.get("action", "")[:80].replace("\0", "")
        entries = listing.between(session, start, end, account_id=account_id, action=action, skip=skip)
        actions = listing.actions_between(session, start, end)
        people = accounts.listed(session)
    return render_template(
        "maintainer/audit/audit.html",
        entries=entries,
        actions=[("", gettext("All actions")), *((code, words.action(code)) for code in actions)],
        words=words,
        reasons=reasons,
        people=[("", gettext("Everybody")), *((one.id, one.display_name) for one in people)],
        day=day,
        today=today,
        before=max(_FIRST, day - timedelta(days=1)),
        after=day + timedelta(days=1) if day < today else None,
        chosen={"person": account_id, "action": action},
        skip=skip,
        more=skip + listing.PAGE if len(entries) == listing.PAGE else None,
    )


@blueprint.post("/verify")
@allow(*MAINTAINERS)
def verify() -> ResponseReturnValue:
    """Read the whole trail back and say whether it is whole."""
    kept = anchors.read(tool(Home).folder, tool(Keys))
    with tool(Database).snapshot() as session:
        verdict = verification.verify(session, kept)
    return render_template("maintainer/audit/verdict.html", verdict=verdict)


def _day(text: str, today: date) -> date:
    try:
        return min(max(date.fromisoformat(text), _FIRST), _LAST)
    except ValueError:
        return today


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
