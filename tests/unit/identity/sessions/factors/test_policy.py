"""Who needs a second factor, and when it is asked."""

import msgspec
import pytest

from socle.foundation.settings import AccessSettings, RoleAccess, Settings
from socle.identity.actor import Role
from socle.identity.sessions.factors.policy import Asking, FactorNotAllowed, Policy, asking, for_roles


def policy(**changed: object) -> Policy:
    given: dict[str, object] = {
        "required": False,
        "ask": "new_browser",
        "factors": frozenset({"totp"}),
        "remember_days": 30,
    }
    return Policy(**{**given, **changed})  # type: ignore[arg-type]


def test_the_defaults_require_nothing_and_admit_everything() -> None:
    found = for_roles(AccessSettings(), {Role.PRACTITIONER})
    assert found == Policy(False, "new_browser", frozenset({"totp", "passkey", "card", "pro_sante_connect"}), 30)
    assert for_roles(AccessSettings(), ()) == found


def test_somebody_with_two_roles_is_held_to_the_strictest_of_each_rule() -> None:
    settings = AccessSettings(
        practitioner=RoleAccess(ask="always", factors=("totp", "card")),
        administrator=RoleAccess(second_factor="required", factors=("totp", "passkey")),
    )
    found = for_roles(settings, {Role.PRACTITIONER, Role.ADMINISTRATOR})
    assert (found.required, found.ask, found.factors) == (True, "always", frozenset({"totp"}))
    found.check("totp")
    with pytest.raises(FactorNotAllowed):
        found.check("passkey")


@pytest.mark.parametrize(
    ("rules", "enrolled", "remembered", "expected"),
    [
        (policy(), False, None, None),
        (policy(required=True), False, None, Asking.NOT_ENROLLED),
        (policy(required=True), False, True, Asking.NOT_ENROLLED),
        (policy(ask="never"), True, None, None),
        (policy(ask="always"), True, True, Asking.ALWAYS),
        (policy(), True, None, Asking.NEW_BROWSER),
        (policy(), True, False, Asking.REMEMBERED_OVER),
        (policy(), True, True, None),
        (policy(remember_days=0), True, True, Asking.NEW_BROWSER),
    ],
)
def test_when_it_is_asked(rules: Policy, enrolled: bool, remembered: bool | None, expected: Asking | None) -> None:
    assert asking(rules, enrolled=enrolled, remembered=remembered) is expected


@pytest.mark.parametrize(
    "wrong",
    [
        "[access.secretary]\nsecond_factor = 'required'\nask = 'never'",
        "[access.secretary]\nfactors = ['card']",
        "[access.secretary]\nfactors = ['totp']\n[access.maintainer]\nfactors = ['passkey']",
        "[access.secretary]\nfactors = ['sms']",
        "[access]\nremember_days = 366",
    ],
)
def test_rules_that_would_shut_somebody_out_are_no_settings(wrong: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(wrong, type=Settings)
