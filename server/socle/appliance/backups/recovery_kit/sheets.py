"""The three printed sheets, as one PDF or one for each. They exist in memory only: what is printed is what is kept."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import date

import segno
from babel.dates import format_date
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from markupsafe import Markup

from socle.appliance.backups.recovery_kit import envelope, grouped_text
from socle.appliance.backups.recovery_kit.envelope import Reach
from socle.appliance.backups.recovery_kit.making import Draft
from socle.appliance.backups.recovery_kit.words import SHEETS
from socle.foundation.addresses import masked
from socle.foundation.printing import page, pdf_from_html
from socle.foundation.wording import LOCALES

LANGUAGES = LOCALES
_PACKAGE = "socle.appliance.backups.recovery_kit"


def pdf(kit: Draft, holders: Sequence[str], language: str, only: int | None = None) -> bytes:
    """Return the three sheets (or the one numbered `only`), two pages each, in French or English."""
    return pdf_from_html(html(kit, holders, language, only))


def html(kit: Draft, holders: Sequence[str], language: str, only: int | None = None) -> str:
    """Return the same as the page that becomes the PDF."""
    numbers = [only] if only else list(range(1, SHEETS + 1))
    made = date.fromisoformat(kit.contents.made)
    return page(
        _PACKAGE,
        "sheets.html",
        language,
        practice=kit.contents.practice,
        kit=kit.number,
        made=format_date(made, "long", locale=language),
        sheets=[
            {
                "number": number,
                "words": kit.sheets[number - 1].split(),
                "code": code(kit.sheets[number - 1].upper()),
                "holder": holders[number - 1] if number <= len(holders) else "",
            }
            for number in numbers
        ],
        targets=[_described(one, kit.engines.get(one.name, one.engine)) for one in kit.contents.targets],
        envelope_codes=[code(text) for text in envelope.codes(kit.envelope)],
        envelope_lines=grouped_text.lines(kit.envelope),
    )


def code(text: str) -> Markup:
    """Return a QR code as a drawing to stand in the page."""
    drawn = segno.make_qr(text, error="m", boost_error=False)
    return Markup(drawn.svg_inline(border=3, omitsize=True))  # noqa: S704 - segno's own drawing, no text in it


def host_fingerprint(line: str) -> str:
    """Return an SSH server's key as `ssh` shows it, such as "SHA256:…"; empty when there is none."""
    parts = line.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (IndexError, ValueError):
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def certificate_fingerprint(pem: bytes) -> str:
    """Return the SHA-256 of an authority's certificate; empty when there is none, or it cannot be read."""
    try:
        certificate = load_pem_x509_certificate(pem)
    except ValueError:
        return ""
    return certificate.fingerprint(SHA256()).hex(":").upper()


def _described(one: Reach, engine: str) -> dict[str, str | bool]:
    return {
        "name": one.name,
        "address": masked(one.repository),
        "engine": engine,
        "offsite": one.offsite,
        "host_key": host_fingerprint(one.host_key),
        "certificate": certificate_fingerprint(one.certificate) if one.certificate else "",
    }
