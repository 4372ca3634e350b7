"""The recovery kit against real repositories, on both databases: made, proven, out of date; the machine's key gone."""

import io
import json
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter
from sqlalchemy import select, text
from tests.builders import backups as places
from tests.builders import recovery_kits as kits
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle.appliance.backups import runs
from socle.appliance.backups.engine import WrongPassword
from socle.appliance.backups.recovery_kit import envelope, making, proving, reaching, scanning, state, words
from socle.appliance.backups.recovery_kit.models import RecoveryKit
from socle.foundation.clock import SettableClock
from socle.foundation.commands import Command, plain_environment, run
from socle.foundation.database import Database
from socle.foundation.secrets import RESTIC_PASSWORD
from socle.identity.audit.models import AuditEntry

pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    """A small practice on each database, backed up once."""
    made = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)
    runs.back_up(made.backups, made.target, ACTOR)
    return made


def finding(place: Place) -> str:
    sources = place.backups.sources
    with place.database.reading() as session:
        found = state.read(session, sources.home, sources.settings)
    assert (found.state == "green") == (found.code == "RECOVERY-KIT")
    return found.code


def test_a_kit_turns_green_when_two_sheets_open_everything(place: Place) -> None:
    assert finding(place) == "RECOVERY-KIT-DUE"
    kit = kits.make(place)
    assert finding(place) == "RECOVERY-KIT-UNPROVEN"
    [opening] = kits.prove(place, kit)
    assert opening.error is None
    assert opening.newest == place.clock.now()
    assert finding(place) == "RECOVERY-KIT"
    place.later(days=364)
    assert finding(place) == "RECOVERY-KIT"
    place.later(days=2)
    assert finding(place) == "RECOVERY-KIT-PROVE-AGAIN"
    kits.prove(place, kit)
    assert finding(place) == "RECOVERY-KIT"
    with place.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_type == "recovery_kit")).all()
    assert actions == ["kit.made", "kit.proven", "kit.proven"]


def test_losing_the_machines_own_key_loses_nothing(place: Place) -> None:
    kit = kits.make(place)
    own = place.home.keys.read(RESTIC_PASSWORD)
    listed = json.loads(_restic(place, place.home.keys.folder / RESTIC_PASSWORD, "key", "list", "--json"))
    assert len(listed) == 2
    [machine] = [key["id"] for key in listed if key["current"]]
    kit_file = place.home.folder.parent / "kit-password"
    kit_file.write_bytes(kit.secret.password)
    _restic(place, kit_file, "key", "remove", machine)
    with pytest.raises(WrongPassword):
        place.engine().identity()
    assert own != kit.secret.password
    [opening] = kits.prove(place, kit)
    assert opening.error is None
    assert opening.newest is not None


def _restic(place: Place, password: Path, *words_: str) -> bytes:
    environment = plain_environment(RESTIC_REPOSITORY=place.target.repository, RESTIC_PASSWORD_FILE=str(password))
    return run(Command(["restic", "--no-cache", *words_], environment)).succeeded().output


def test_a_target_that_was_away_gets_the_key_when_the_kit_is_proven(place: Place) -> None:
    away = place.repository.with_name("unplugged")
    place.repository.rename(away)
    kit = making.draft(place.backups)
    refused = making.add_keys(place.backups, kit)
    assert [error.code for error in refused.values()] == ["BACKUP-REPOSITORY-MISSING"]
    with place.database.writing() as session:
        making.remember(session, ACTOR, kit, [])
    [opening] = kits.prove(place, kit)
    assert opening.error is not None
    assert opening.error.code == "BACKUP-REPOSITORY-MISSING"
    assert finding(place) == "RECOVERY-KIT-UNPROVEN"
    away.rename(place.repository)
    [opening] = kits.prove(place, kit)
    assert opening.error is None
    assert finding(place) == "RECOVERY-KIT"
    with reaching.at_hand(kit.contents, kit.secret, place.backups.engines) as [reached]:
        assert reached.by_kit.identity() == place.engine().identity()


def test_sheets_of_an_old_kit_and_of_another_practice_are_told_apart(place: Place) -> None:
    old = kits.make(place)
    place.later(days=1)
    new = kits.make(place)
    stranger = making.draft(place.backups)
    with place.database.reading() as session:
        assert proving.kit_of(session, new.secret).number == new.number
        with pytest.raises(proving.OldKit):
            proving.kit_of(session, old.secret)
        with pytest.raises(proving.ForeignKit):
            proving.kit_of(session, stranger.secret)
        kit = proving.kit_of(session, new.secret)
        with pytest.raises(envelope.EnvelopeOfAnotherKit):
            proving.contents_of(kit, new.secret, old.envelope)
    # the older sheets still open the repository, and the page says so
    [opening] = proving.open_all(old.contents, old.secret, place.backups.engines, place.clock.now())
    assert opening.error is None


def test_a_changed_target_makes_the_kit_out_of_date(place: Place) -> None:
    kits.prove(place, kits.make(place))
    place.home.keys.write(RESTIC_PASSWORD, b"another password", replace=True)
    assert finding(place) == "RECOVERY-KIT-OLD"


def test_nothing_secret_is_in_the_database(place: Place) -> None:
    kit = kits.make(place)
    kits.prove(place, kit)
    with place.database.reading() as session:
        rows = " ".join(str(tuple(row)) for row in session.execute(text("SELECT * FROM recovery_kit")))
        rows += " ".join(str(tuple(row)) for row in session.execute(text("SELECT * FROM audit_entry")))
        assert session.scalars(select(RecoveryKit.number)).one() == kit.number
    for secret in (kit.secret.password.decode(), kit.secret.raw.hex(), *kit.sheets, place.target.repository):
        assert secret not in rows
    assert place.home.keys.read(RESTIC_PASSWORD).decode() not in rows


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_printed_is_what_a_scanner_reads(language: str, place: Place, tmp_path: Path) -> None:
    kit = kits.make(place)
    paper = kits.scanned(kit, tmp_path, 1, 3, language)
    assert len(paper) == 3  # a sheet has two sides
    scanned = scanning.read(paper)
    assert [sheet.number for sheet in scanned.sheets] == [1, 3]
    assert words.combine(*scanned.sheets) == kit.secret.raw
    assert envelope.joined(list(scanned.parts)) == kit.envelope
    one = scanning.read(paper[:1])
    assert not one.parts
    with pytest.raises(words.SheetTwice):
        words.combine(one.sheets[0], one.sheets[0])
    blank = io.BytesIO()
    Image.new("L", (800, 600), 255).save(blank, "PNG")
    with pytest.raises(scanning.NoCodeFound):
        scanning.read([blank.getvalue()])
    with pytest.raises(scanning.PictureUnreadable):
        scanning.read([b"no picture at all"])


def test_a_silent_target_does_not_hold_up_the_others() -> None:
    never = threading.Event()

    def wait() -> bool:
        return never.wait(60)

    answers = reaching.within(0.3, {"silent": wait, "good": lambda: True})
    never.set()
    assert answers["good"] is True
    assert isinstance(answers["silent"], reaching.TargetSilent)


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_a_telephones_crooked_picture_is_read(place: Place, tmp_path: Path) -> None:
    """Turned, grey, unevenly lit, a little out of focus."""
    kit = kits.make(place)
    taken = [_crooked(page) for page in kits.pictures(kit, tmp_path, 2, dots_per_inch=220)]
    scanned = scanning.read(taken)
    assert [sheet.number for sheet in scanned.sheets] == [2]
    assert envelope.joined(list(scanned.parts)) == kit.envelope


def _crooked(file: Path) -> bytes:
    with Image.open(file) as opened:
        page = opened.convert("L")
    shade = Image.linear_gradient("L").resize(page.size).point(lambda value: 110 + value // 2)
    lit = ImageChops.multiply(page, shade).rotate(7, expand=True, fillcolor=90)
    taken = io.BytesIO()
    lit.filter(ImageFilter.GaussianBlur(1)).save(taken, "JPEG", quality=70)
    return taken.getvalue()
