"""Why somebody stands before the sign-in page, as far as their cookies and the server's sessions tell."""

from dataclasses import dataclass

from flask import request

from socle.identity.sessions import sessions, tokens
from socle.identity.sessions.reasons import Reason, Why
from socle.identity.sessions.standing import Found
from socle.web.kit import browser_place, doorway, viewer
from socle.web.kit.unit_of_work import reading

_NAMELESS = frozenset({Why.SIGNED_OUT, Why.ANOTHER_PERSON, Why.REPLACED})
"""Reasons after which the last person's name is not offered again: somebody else is as likely."""


@dataclass(frozen=True)
class Met:
    """The reason, and whose session it is about, if that is known and may be shown."""

    reason: Reason
    account_id: int | None = None
    username: str = ""
    display_name: str = ""
    state: str = "none"


def find() -> Met:
    """Say why this browser has to sign in."""
    shown = viewer.presented()
    if request.values.get("switch"):
        return Met(Reason(Why.ANOTHER_PERSON), shown.found.account_id if shown else None)
    if shown is not None and shown.stands.reason is not None:
        return _of(shown.found, shown.stands.reason, shown.stands.state)
    token = request.cookies.get(doorway.here().cookie)
    if token and shown is None:
        ours = tokens.made_here(doorway.forms_key(), token)
        return Met(Reason(Why.SESSION_LOST if ours else Why.COOKIE_FOREIGN))
    return _without_cookie()


def _of(found: Found, reason: Reason, state: str) -> Met:
    if reason.why in {Why.REVOKED, Why.FACTOR_REMOVED, Why.WORKSTATION_REVOKED}:
        with reading() as session:
            reason = reason.brought_by(sessions.who_ended(session, found.id))
    if reason.why in _NAMELESS:
        return Met(reason, found.account_id)
    return Met(reason, found.account_id, found.username, found.display_name, state)


def _without_cookie() -> Met:
    door, browser = doorway.here(), browser_place.known()
    with reading() as session:
        if browser is not None:
            last = sessions.last_in_browser(session, door.name, browser)
        else:
            last = sessions.last_live_at(session, door.name, browser_place.place(b""))
    if last is None:
        return Met(Reason(Why.FIRST_VISIT))
    if last.ended_at is not None and last.end_reason:
        return Met(Reason(Why(last.end_reason), last.ended_at), last.account_id)
    return Met(Reason(Why.COOKIE_GONE, last.signed_in_at), last.account_id)
