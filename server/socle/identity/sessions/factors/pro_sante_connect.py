"""Pro Santé Connect, the health professions' national sign-in (OpenID Connect): the port, and what its words mean here.

Optional: a practice may never be registered with it, and care goes on without the Internet. Its access tokens live two
minutes, so they stay on the server, sealed, and are renewed there; the browser holds Socle's own session and no more.
Sources: Agence du numérique en santé, « Référentiel Pro Santé Connect »; OpenID Connect Core 1.0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from socle.foundation.errors import N_, SocleError

_RPPS = re.compile(r"8?([0-9]{11})")
_ADELI = re.compile(r"0([0-9][0-9AB][0-9]{7})")

_LEVELS = ("eidas1", "eidas2", "eidas3")


class PscNotSetUp(SocleError):
    """The settings do not name a Pro Santé Connect client, or its secret is not among the keys."""

    code = "PSC-NOT-SET-UP"
    message = N_("Pro Santé Connect is not set up on this server.")
    hint = N_(
        "Sign in with your password, a passkey or your card. The maintainer's settings ([pro_sante_connect]) say how."
    )
    kind = "missing"


class PscUnreachable(SocleError):
    """Pro Santé Connect does not answer, or the Internet is down."""

    code = "PSC-UNREACHABLE"
    message = N_("Pro Santé Connect does not answer: it is down, or the practice has no Internet at the moment.")
    hint = N_("Sign in with your password, a passkey or your card: they need no Internet.")
    kind = "unavailable"


class PscCancelled(SocleError):
    """The person, or Pro Santé Connect, said no."""

    code = "PSC-CANCELLED"
    message = N_("The sign-in at Pro Santé Connect was refused or given up there.")
    hint = N_("Try again, or sign in with your password, a passkey or your card.")
    kind = "refused"


class PscRefused(SocleError):
    """Pro Santé Connect does not take this server's request: registration, secret or address are wrong."""

    code = "PSC-REFUSED"
    message = N_("Pro Santé Connect did not accept this server's request.")
    hint = N_(
        "Tell your maintainer: the client's number, its secret or this server's address are not as registered there."
    )
    kind = "unavailable"


class PscForged(SocleError):
    """The answer does not belong to this sign-in, or its token is not Pro Santé Connect's for this server."""

    code = "PSC-FORGED"
    message = N_("The answer that came back is not the one Pro Santé Connect gives for this sign-in.")
    hint = N_("Nothing was opened. Begin again; if it comes back, read this code to your maintainer.")
    kind = "refused"


class PscLevelTooLow(SocleError):
    """The person proved themselves there by less than the settings ask for (`acr_values`)."""

    code = "PSC-LEVEL-TOO-LOW"
    message = N_("Pro Santé Connect let you in with a weaker proof than this practice asks for.")
    hint = N_("Sign in there with your e-CPS or your card; or sign in here with your password, a passkey or your card.")
    kind = "refused"


class PscClock(SocleError):
    """The token is not valid now: a clock is off. Details: `minutes`."""

    code = "PSC-CLOCK"
    message = N_("The server's clock and Pro Santé Connect's differ by about %(minutes)s min.")
    hint = N_("Tell your maintainer to set the server's clock; meanwhile sign in with your password or a passkey.")
    kind = "unavailable"


class PscNoNumber(SocleError):
    """The answer holds no RPPS or ADELI number."""

    code = "PSC-NO-NUMBER"
    message = N_("Pro Santé Connect did not give your RPPS or ADELI number.")
    hint = N_("Sign in another way, and tell your maintainer this code.")
    kind = "refused"


class PscPersonUnknown(SocleError):
    """Nobody here has that number."""

    code = "PSC-PERSON-UNKNOWN"
    message = N_("Pro Santé Connect knows you, but no account of this practice is tied to your RPPS number yet.")
    hint = N_("Sign in with your password once, then tie it under “My account”, “Ways to sign in”.")
    kind = "refused"


class PscNumberTaken(SocleError):
    """Another account has that number, or this account has another number."""

    code = "PSC-NUMBER-TAKEN"
    message = N_("This RPPS number does not go with this account: one of the two is tied already.")
    hint = N_("Nothing was changed. An administrator can correct the number of the account that has it.")
    kind = "conflict"


class Tokens(msgspec.Struct, frozen=True):
    """What Pro Santé Connect gave for one session; `access_until` in seconds since 1970."""

    access: str
    refresh: str
    identity: str
    access_until: int


class Journey(msgspec.Struct, frozen=True):
    """What must come back as it went: kept on the server while the person is at Pro Santé Connect."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    carried: dict[str, str] = {}


@dataclass(frozen=True)
class Proved:
    """Whom Pro Santé Connect vouches for."""

    number: str
    tokens: Tokens


class ProSanteConnect(Protocol):
    """Talks to Pro Santé Connect; no call takes longer than twice the settings' `answer_seconds`, whatever is down."""

    configured: bool

    def is_up(self) -> bool:
        """Tell whether it answers (asked again every 15 s at most)."""
        ...

    def begin(self, return_to: str, carried: Mapping[str, str]) -> tuple[str, Journey]:
        """Return where to send the browser, and what must come back; PscUnreachable before any redirect."""
        ...

    def finish(self, journey: Journey, answer: Mapping[str, str]) -> Proved:
        """Turn the answer's query into the person's number; PscCancelled, PscForged, PscRefused, PscClock…"""
        ...

    def renew(self, tokens: Tokens) -> Tokens:
        """Return fresh tokens; PscUnreachable, or PscRefused when its own session is over."""
        ...

    def end(self, tokens: Tokens) -> None:
        """End its session too, as far as it can be reached."""
        ...


class NotConnected:
    """The practice has no Pro Santé Connect."""

    configured = False

    def is_up(self) -> bool:
        """Return False: there is none."""
        return False

    def begin(self, return_to: str, carried: Mapping[str, str]) -> tuple[str, Journey]:
        """Refuse."""
        raise PscNotSetUp

    def finish(self, journey: Journey, answer: Mapping[str, str]) -> Proved:
        """Refuse."""
        raise PscNotSetUp

    def renew(self, tokens: Tokens) -> Tokens:
        """Refuse."""
        raise PscNotSetUp

    def end(self, tokens: Tokens) -> None:
        """Do nothing."""


def number_in(claims: Mapping[str, Any]) -> str:
    """Return the RPPS (11 digits) or ADELI (9 digits) number in the claims, or raise PscNoNumber.

    The national number is a type digit and the number: 8 + RPPS, 0 + ADELI; also the end of `sub`.
    """
    said = (
        claims.get("SubjectNameID"),
        claims.get("preferred_username"),
        str(claims.get("sub", "")).rpartition(":")[2],
    )
    for value in said:
        if isinstance(value, str) and (found := plain_number(value)):
            return found
    raise PscNoNumber


def reaches(level: object, asked: str) -> bool:
    """Tell whether a level of authentication (`acr`) is one of those asked for, or higher; one not told counts.

    The levels of the European regulation have an order; others count by name.
    """
    wanted = asked.split()
    if level is None or not wanted or level in wanted:
        return True
    lowest = min((_LEVELS.index(one) for one in wanted if one in _LEVELS), default=len(_LEVELS))
    return isinstance(level, str) and level in _LEVELS and _LEVELS.index(level) >= lowest


def plain_number(national: str) -> str:
    """Return the RPPS or ADELI number without its type digit; nothing when it is neither."""
    found = _RPPS.fullmatch(national.strip()) or _ADELI.fullmatch(national.strip())
    return found[1] if found else ""
