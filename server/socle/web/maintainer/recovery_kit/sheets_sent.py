"""What the form of two sheets sends: words, pictures, or one of each; and what is wrong with it, beside its field."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import request

from socle.appliance.backups.recovery_kit import envelope, scanning, words
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.recovery_kit.words import Sheet
from socle.foundation.errors import N_, SocleError
from socle.web.kit import error_pages

WORDS = {"first": "secret_first", "second": "secret_second"}
"""Fields with “secret” in their name are never kept across a sign-in."""
PICTURES = {"first": "picture_first", "second": "picture_second", "envelope": "picture_envelope"}


class SheetMissing(SocleError):
    """Nothing was given for one of the sheets."""

    code = "KIT-SHEET-MISSING"
    message = N_("Nothing was given for this sheet.")
    hint = N_("Type its twenty words, or give a photograph or a scan of it.")
    kind = "invalid"


@dataclass
class Sent:
    """Two sheets as they were sent; `errors` by the name of the field."""

    typed: dict[str, str] = field(default_factory=dict)
    sheets: list[Sheet] = field(default_factory=list)
    parts: list[envelope.Part] = field(default_factory=list)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)

    def secret(self) -> KitSecret | None:
        """Return what the two sheets say together; None, with the reason in `errors`."""
        if self.errors:
            return None
        first, second = self.sheets[0], self._other()
        try:
            return KitSecret(words.combine(first, second))
        except SocleError as error:
            self.refuse(self._field_of_second(), error)
            return None

    def envelope(self) -> bytes | None:
        """Return the envelope when its codes were in the pictures; None, with the reason in `errors` if they were."""
        try:
            return envelope.joined(self.parts) if self.parts else None
        except SocleError as error:
            self.refuse(PICTURES["envelope"], error)
            return None

    def refuse(self, name: str, error: SocleError) -> None:
        """Put an error beside a field."""
        self.errors[name] = error_pages.noted(error)

    def _other(self) -> Sheet:
        first = self.sheets[0]
        return next((one for one in self.sheets[1:] if one.number != first.number), self.sheets[-1])

    def _field_of_second(self) -> str:
        return WORDS["second"] if self.typed["second"] else PICTURES["second"]


def read() -> Sent:
    """Read the form of this request."""
    sent = Sent()
    for place in ("first", "second"):
        sent.typed[place] = request.form.get(WORDS[place], "")[:2000]
    for place in PICTURES:
        _read_one(sent, place)
    if not sent.errors and len(sent.sheets) < words.NEEDED:
        empty = "second" if sent.typed["first"] or request.files.get(PICTURES["first"]) else "first"
        sent.refuse(WORDS[empty], SheetMissing())
    return sent


def _read_one(sent: Sent, place: str) -> None:
    pictures = _pictures(PICTURES[place])
    name = PICTURES[place] if pictures else WORDS.get(place, "")
    try:
        if pictures:
            scanned = scanning.read(pictures)
            sent.sheets += scanned.sheets
            sent.parts += scanned.parts
        elif sent.typed.get(place, "").strip():
            sent.sheets.append(words.read(sent.typed[place]))
    except SocleError as error:
        sent.refuse(name, error)


def _pictures(name: str) -> Sequence[bytes]:
    files = [file.read(scanning.LARGEST + 1) for file in request.files.getlist(name)[: scanning.PAGES]]
    return [content for content in files if content]
