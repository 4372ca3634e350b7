"""Numbers that Pro Santé Connect gives, names that passkeys are tied to, and seals."""

from typing import Any

import pytest

from socle.identity.sessions.factors import sealing
from socle.identity.sessions.factors.passkeys import PasskeyNeedsName, Site
from socle.identity.sessions.factors.pro_sante_connect import PscNoNumber, number_in, plain_number, reaches


@pytest.mark.parametrize(
    ("national", "plain"),
    [
        ("899700218896", "99700218896"),
        ("99700218896", "99700218896"),
        ("0123456789", "123456789"),
        ("02A9300012", "2A9300012"),
        (" 899700218896 ", "99700218896"),
        ("99700", ""),
        ("8997002188961", ""),
        ("٩٩٧٠٠٢١٨٨٩٦", ""),
        ("", ""),
    ],
)
def test_a_national_number_loses_its_type_digit(national: str, plain: str) -> None:
    assert plain_number(national) == plain


@pytest.mark.parametrize(
    "claims",
    [
        {"SubjectNameID": "899700218896"},
        {"SubjectNameID": 5, "preferred_username": "899700218896"},
        {"sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896"},
    ],
)
def test_the_number_is_where_it_may_be(claims: dict[str, Any]) -> None:
    assert number_in(claims) == "99700218896"


def test_claims_without_a_number_say_so() -> None:
    with pytest.raises(PscNoNumber):
        number_in({"sub": "f:x:anne", "SubjectNameID": None})


@pytest.mark.parametrize(
    ("level", "asked", "enough"),
    [
        ("eidas1", "eidas1", True),
        ("eidas2", "eidas1", True),
        ("eidas1", "eidas2", False),
        ("eidas2", "eidas3 eidas2", True),
        ("eidas0", "eidas1", False),
        (None, "eidas2", True),
        ("anything", "", True),
        ("eidas3", "urn:own", False),
        (["eidas1"], "eidas1", False),
    ],
)
def test_a_level_counts_that_was_asked_for_or_is_higher(level: object, asked: str, enough: bool) -> None:
    assert reaches(level, asked) is enough


@pytest.mark.parametrize(
    ("shown", "host", "origin"),
    [
        ("socle.local:8443", "socle.local", "https://socle.local:8443"),
        ("localhost", "localhost", "https://localhost"),
        ("Socle.Local", "socle.local", "https://Socle.Local"),
    ],
)
def test_a_passkey_is_tied_to_a_name(shown: str, host: str, origin: str) -> None:
    assert Site.of(shown) == Site(host, origin)


@pytest.mark.parametrize("shown", ["192.168.1.10:8443", "127.0.0.1", "[::1]:8443", "[::1]"])
def test_a_number_is_no_name(shown: str) -> None:
    with pytest.raises(PasskeyNeedsName):
        Site.of(shown)


def test_a_seal_opens_for_its_own_account_purpose_and_key_only() -> None:
    key, sealed = bytes(32), sealing.seal(bytes(32), "totp", 7, b"a secret")
    assert sealing.open_sealed(key, "totp", 7, sealed) == b"a secret"
    assert sealing.seal(key, "totp", 7, b"a secret") != sealed
    for other_key, purpose, account, kept in (
        (bytes([1]) * 32, "totp", 7, sealed),
        (key, "other", 7, sealed),
        (key, "totp", 8, sealed),
        (key, "totp", 7, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (key, "totp", 7, b""),
    ):
        with pytest.raises(sealing.FactorUnreadable):
            sealing.open_sealed(other_key, purpose, account, kept)
