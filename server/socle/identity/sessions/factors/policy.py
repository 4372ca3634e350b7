"""The practice's rules on second factors, as settings give them per role. Pure: no database needed.

A person with several roles is held to the strictest of each rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import AccessSettings, AskWhen, FactorName, RoleAccess
from socle.identity.actor import Role

_STRICTER: tuple[AskWhen, ...] = ("never", "new_browser", "always")


class FactorNotAllowed(SocleError):
    """The practice's settings do not admit this factor for one of the person's roles."""

    code = "FACTOR-NOT-ALLOWED"
    message = N_("The practice does not admit this way of signing in for your role.")
    hint = N_("Use another one; the maintainer's settings ([access]) say which are admitted.")
    kind = "refused"


class FactorRequired(SocleError):
    """The last second factor of somebody whose role needs one."""

    code = "FACTOR-REQUIRED"
    message = N_("Your role needs a second factor, and this is your last one.")
    hint = N_("Set up another one first, then remove this one. To change telephones, set the code up anew instead.")
    kind = "conflict"


class Asking(StrEnum):
    """Why a second factor is asked, or has to be set up, now."""

    ALWAYS = "always"
    NEW_BROWSER = "new_browser"
    REMEMBERED_OVER = "remembered_over"
    NOT_ENROLLED = "not_enrolled"


@dataclass(frozen=True)
class Policy:
    """What holds for one person: may anything be missing, when it is asked, which factors count."""

    required: bool
    ask: AskWhen
    factors: frozenset[FactorName]
    remember_days: int

    @property
    def may_remember(self) -> bool:
        """Whether the person may ask not to be asked again in a browser."""
        return self.ask == "new_browser" and self.remember_days > 0

    def check(self, factor: FactorName) -> None:
        """Raise FactorNotAllowed unless the factor counts for this person."""
        if factor not in self.factors:
            raise FactorNotAllowed


def for_roles(settings: AccessSettings, roles: Iterable[Role]) -> Policy:
    """Return what holds for somebody with these roles."""
    parts: list[RoleAccess] = [getattr(settings, role.value) for role in roles] or [RoleAccess()]
    return Policy(
        required=any(part.second_factor == "required" for part in parts),
        ask=max((part.ask for part in parts), key=_STRICTER.index),
        factors=frozenset.intersection(*(frozenset(part.factors) for part in parts)),
        remember_days=settings.remember_days,
    )


def asking(policy: Policy, *, enrolled: bool, remembered: bool | None) -> Asking | None:
    """Say why a second factor is needed now, after the password; None when it is not.

    `remembered`: whether this browser is remembered; None if it never was.
    """
    if not enrolled:
        return Asking.NOT_ENROLLED if policy.required else None
    if policy.ask == "never":
        return None
    if policy.ask == "always":
        return Asking.ALWAYS
    if remembered and policy.may_remember:
        return None
    return Asking.NEW_BROWSER if remembered is None or not policy.may_remember else Asking.REMEMBERED_OVER
