"""A kit as a person holds it: printed, then looked at by a camera."""

import subprocess
from pathlib import Path

from tests.builders.backups import ACTOR, Place
from tests.parts import required

from socle.appliance.backups.recovery_kit import making, proving, sheets
from socle.appliance.backups.recovery_kit.making import Draft
from socle.appliance.backups.recovery_kit.proving import Opening


def make(place: Place) -> Draft:
    """Make a kit for a place's targets, as the command and the page do (nothing printed)."""
    kit = making.draft(place.backups)
    assert not making.add_keys(place.backups, kit)
    with place.database.writing() as session:
        making.remember(session, ACTOR, kit, ["Dr Claire Moreau"])
    return kit


def prove(place: Place, kit: Draft) -> list[Opening]:
    """Open every repository with what two sheets say, and write it down."""
    with place.database.reading() as session:
        contents = proving.contents_of(proving.kit_of(session, kit.secret), kit.secret)
    openings = proving.open_all(contents, kit.secret, place.backups.engines, place.clock.now())
    with place.database.writing() as session:
        proving.remember(session, ACTOR, kit.secret, openings)
    return openings


def pictures(kit: Draft, folder: Path, only: int, language: str = "fr", dots_per_inch: int = 150) -> list[Path]:
    """Print one sheet, scan its pages: JPEG as an office scanner makes them."""
    file = folder / f"sheet-{only}.pdf"
    file.write_bytes(sheets.pdf(kit, [], language, only))
    program = required.program("pdftoppm", "poppler-utils")
    place = folder / f"scan-{only}"
    subprocess.run([program, "-gray", "-jpeg", "-r", str(dots_per_inch), str(file), str(place)], check=True)
    return sorted(folder.glob(f"scan-{only}-*.jpg"))


def scanned(kit: Draft, folder: Path, first: int, second: int, language: str = "fr") -> list[bytes]:
    """Return what somebody scans on the worst day: the front of two sheets, and the back of one of them."""
    one, other = pictures(kit, folder, first, language), pictures(kit, folder, second, language)
    return [one[0].read_bytes(), *(page.read_bytes() for page in one[1:]), other[0].read_bytes()]
