"""Typed text held across a sign-in, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.identity.sessions import held_forms
from socle.identity.sessions.held_forms import Typed
from socle.identity.sessions.models import HeldForm

KEY = bytes(range(32))
NOTE = Typed("/patients/12?tab=notes", "/patients/12/notes", (("text", "Douleur à l'épaule droite"), ("text", "suite")))


def hold(database: Database, account_id: int, typed: Typed = NOTE) -> int:
    with database.writing() as session:
        number = held_forms.hold(session, KEY, "staff", account_id, typed)
    assert number is not None
    return number


@pytest.fixture
def author(actor: Actor) -> int:
    assert actor.account_id is not None
    return actor.account_id


def test_the_author_gets_every_character_back(database: Database, author: int) -> None:
    number = hold(database, author)
    with database.reading() as session:
        kept = held_forms.open_again(session, KEY, "staff", author, number)
        assert kept is not None
        assert kept.typed == NOTE
        assert [one.page for one in held_forms.waiting(session, KEY, "staff", author)] == [NOTE.page]


def test_nobody_else_and_no_other_door_does(database: Database, author: int, practitioner: Actor) -> None:
    number = hold(database, author)
    other = practitioner.account_id
    assert other is not None
    with database.reading() as session:
        assert held_forms.open_again(session, KEY, "staff", other, number) is None
        assert held_forms.waiting(session, KEY, "staff", other) == []
        assert held_forms.open_again(session, KEY, "maintainer", author, number) is None
        assert held_forms.open_again(session, bytes(32), "staff", author, number) is None


def test_a_row_given_to_somebody_else_stays_shut(database: Database, author: int, practitioner: Actor) -> None:
    number = hold(database, author)
    other = practitioner.account_id
    assert other is not None
    with database.writing() as session:
        session.execute(update(HeldForm).values(account_id=other))
    with database.reading() as session:
        assert held_forms.open_again(session, KEY, "staff", other, number) is None
    with database.writing() as session:
        session.execute(update(HeldForm).values(account_id=author, door="maintainer"))
    with database.reading() as session:
        assert held_forms.open_again(session, KEY, "maintainer", author, number) is None


def test_the_database_holds_no_readable_text(database: Database, author: int) -> None:
    hold(database, author, Typed("/patients?q=Quenneville", "/patients", NOTE.fields))
    with database.reading() as session:
        row = session.execute(select(*HeldForm.__table__.columns)).one()
    kept = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    for readable in ("épaule", "Quenneville", "/patients"):
        assert readable.encode() not in kept


def test_kept_for_a_day(database: Database, author: int, clock: SettableClock) -> None:
    number = hold(database, author)
    clock.advance(timedelta(hours=24))
    with database.writing() as session:
        assert held_forms.open_again(session, KEY, "staff", author, number) is None
        clock.advance(timedelta(seconds=1))
        held_forms.forget_old(session)
        assert session.scalars(select(HeldForm.id)).all() == []


def test_secrets_are_never_kept(database: Database, author: int) -> None:
    fields = (("password", "x"), ("new_password", "x"), ("_csrf", "x"), ("pin", "1"), ("note", "kept"), ("empty", ""))
    assert held_forms.keepable(fields) == (("note", "kept"), ("empty", ""))
    with database.writing() as session:
        only_secrets = Typed("/account", "/account/password", fields[:4])
        assert held_forms.hold(session, KEY, "staff", author, only_secrets) is None


def test_what_is_too_large_is_cut_at_a_field(database: Database) -> None:
    kept = held_forms.keepable([("first", "x" * 300_000), ("second", "y" * 200_000)])
    assert [name for name, _ in kept] == ["first"]
    assert len(held_forms.keepable((f"f{number}", "x") for number in range(2_000))) == 500


def test_only_the_newest_twenty_are_kept(database: Database, author: int, practitioner: Actor) -> None:
    assert practitioner.account_id is not None
    others = hold(database, practitioner.account_id)
    numbers = [hold(database, author) for _ in range(25)]
    with database.reading() as session:
        left = set(session.scalars(select(HeldForm.id)))
    assert left == {others, *numbers[5:]}
