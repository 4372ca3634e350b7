"""What the trail keeps as codes - the machine's parts, and why something was done - in the reader's words."""

import re

from socle.foundation.errors import N_
from socle.identity.sessions.doors import DOORS
from socle.identity.sessions.factors.holdings import REMOVAL_REASONS
from socle.identity.sessions.reasons import Why
from socle.web.kit.language import gettext

_PARTS = {
    "command line": N_("the command line"),
    "demonstration": N_("the demonstration"),
    "directory": N_("the directory"),
    "installation": N_("the installation"),
    "recovery": N_("the recovery"),
    "scheduler": N_("the schedule"),
    "sign-in": N_("the sign-in page"),
    "workstation": N_("a workstation's agent"),
}
_CODES: dict[str, str] = {
    Why.IDLE: N_("nobody was there any more"),
    Why.LOCKED_BY_PERSON: N_("lock button"),
    Why.LOCKED_BY_SOMEONE: N_("locked by the maintainer"),
    Why.SIGNED_OUT: N_("signed out"),
    Why.ABSOLUTE_LIMIT: N_("longest duration reached"),
    Why.REVOKED: N_("ended by somebody else"),
    Why.REVOKED_BY_SELF: N_("ended by the person, from elsewhere"),
    Why.ACCOUNT_DISABLED: N_("account disabled"),
    Why.PASSWORD_CHANGED: N_("password changed"),
    Why.ROLES_CHANGED: N_("roles changed"),
    Why.FACTOR_REMOVED: N_("second factor removed"),
    Why.SERVER_RESTORED: N_("restored from a backup"),
    Why.REPLACED: N_("signed in again"),
    Why.ANOTHER_PERSON: N_("another person's card"),
    Why.CARD_REMOVED: N_("card taken out"),
    Why.CARD_SILENT: N_("no news of the card"),
    Why.WORKSTATION_REVOKED: N_("workstation withdrawn"),
    "totp": N_("code on a telephone"),
    "passkey": N_("passkey"),
    "psc": N_("Pro Santé Connect"),
    **{f"all {code}": words for code, words in REMOVAL_REASONS.items()},
    "good": N_("good"),
    "cancelled": N_("cancelled"),
}
_FACTORS = {
    "password": N_("password"),
    "password+totp": N_("password and code"),
    "password+passkey": N_("password and passkey"),
    "password+browser": N_("password, workstation remembered"),
    "recovery_code": N_("password and recovery code"),
    "passkey": N_("passkey"),
    "psc": N_("Pro Santé Connect"),
    "break_glass": N_("emergency password"),
    "card": N_("card"),
}
_PATTERNS = (
    (re.compile(r"(?P<door>staff|maintainer) (?P<factor>[a-z_+]+)"), N_("%(door)s, %(factor)s")),
    (re.compile(r"(?P<door>\w+) (?P<code>[A-Z-]+) (?P<count>\d+)"), N_("%(door)s: %(code)s, try %(count)s in a row")),
    (re.compile(r"(?P<count>\d+) patients"), N_("patients: %(count)s")),
    (
        re.compile(r"(?P<count>\d+) patients, (?P<first>\d+) to (?P<last>\d+)"),
        N_("patients: %(count)s, numbers %(first)s to %(last)s"),
    ),
    (
        re.compile(r"(?P<count>\d+) patients, (?P<more>\d+) appointments(, seed \d+)?"),
        N_("patients: %(count)s, appointments: %(more)s"),
    ),
)


def actor(name: str, account_id: int | None) -> str:
    """Return who did something: a person's name as it is, a part of the machine in words."""
    return gettext(_PARTS[name]) if account_id is None and name in _PARTS else name


def reason(text: str | None) -> str:
    """Return why something was done; a code of an error, or a set's number, stays as it is."""
    if not text or text in _CODES:
        return gettext(_CODES[text]) if text else ""
    for pattern, words in _PATTERNS:
        found = pattern.fullmatch(text)
        if found:
            return gettext(words, **{name: _word(name, value) for name, value in found.groupdict().items()})
    return text


def _word(name: str, value: str) -> str:
    if name == "door":
        return next((gettext(door.title) for door in DOORS.values() if door.name == value), value)
    return gettext(_FACTORS.get(value, value)) if name == "factor" else value
