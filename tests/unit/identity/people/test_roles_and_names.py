"""Names of groups in all their equal spellings, the roles they give, and names written in LDIF."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.identity.actor import Role
from socle.identity.people import ldif
from socle.identity.people.directories.ldap_answers import policy_error
from socle.identity.people.directories.ldap_link import escaped
from socle.identity.people.roles import RoleMap, same_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cn=Kinés,ou=groups", "CN = kinés , OU=Groups"),
        (r"cn=a\, b,dc=x", r"cn=a\2C b,dc=x"),
        (r"cn=a\2b b,dc=x", r"cn=A\+ B,dc=x"),
        ("cn=a+uid=b,dc=x", "uid=b+cn=a,dc=x"),
        (r"cn=kin\c3\a9s,dc=x", "cn=kinés,dc=x"),
        ("cn=two  spaces,dc=x", "cn=two spaces,dc=x"),
    ],
)
def test_equal_spellings_are_one_name(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [(r"cn=a\,dc=x,dc=y", "cn=a,dc=x,dc=y"), ("cn=a,dc=x", "cn=a"), (r"cn=a\+uid=b", "cn=a+uid=b")]
)
def test_an_escaped_sign_does_not_separate(one: str, other: str) -> None:
    assert same_name(one) != same_name(other)


@given(st.text())
def test_any_text_has_a_spelling(name: str) -> None:
    assert same_name(name) == same_name(name)


def test_groups_give_their_roles_together() -> None:
    roles = RoleMap({Role.SECRETARY: ["cn=desk,dc=x"], Role.MAINTAINER: ["cn=desk, dc=x", "cn=it,dc=x"]})
    assert roles.roles(["CN=Desk,DC=x", "cn=chess,dc=x"]) == {Role.SECRETARY, Role.MAINTAINER}
    assert roles.roles(["cn=chess,dc=x", ""]) == frozenset()


@given(st.text(), st.text(min_size=1))
def test_ldif_gives_every_value_back(name: str, value: str) -> None:
    line = ldif.entry("dc=x", [("description", value)]).split(b"\n")[1]
    _, sign, written = line.partition(b": ") if b":: " not in line[:15] else line.partition(b":: ")
    assert (base64.b64decode(written) if sign == b":: " else written).decode() == value
    assert b"\n" not in line


@given(st.text())
def test_a_filter_value_opens_no_bracket(value: str) -> None:
    assert not set(escaped(value)) & set("*()\0")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", None),
        (b"\x30\x00", None),
        (b"\x30\x03\x81\x01\x02", 2),
        (b"\x30\x03\x81\x01\x00", 0),
        (b"\x30\x08\xa0\x03\x80\x01\x05\x81\x01\x01", 1),
        (b"\x30\x05\xa0\x03\x80\x01\x05", None),
        (b"\x30\x03\x81", None),
        (b"nonsense", None),
    ],
)
def test_the_password_policys_answer_is_read(answer: bytes, error: int | None) -> None:
    assert policy_error(answer) == error
