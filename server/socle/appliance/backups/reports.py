"""Dated reports of drills: JSON for machines, PDF for people, and a signature over both that anybody can check.

They hold counts, times and names of parts, never a patient's datum, and are kept for good: a few kilobytes each. The
JSON and the signature also go into every set, so that the proofs outlive the machine.
"""

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from socle.appliance.backups import report_pages
from socle.appliance.backups.proof import FORMAT, Report
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import REPORT_SIGNING, Keys

_LARGEST = 32 * 1024 * 1024
_GROUP = 8


class ReportMissing(SocleError):
    """There is no such report."""

    code = "BACKUP-REPORT-MISSING"
    message = N_("There is no report %(report)s with its signature beside it.")
    hint = N_("“socle backup report list” shows the reports of this home. Copy a report with its file ending in .sig.")
    kind = "missing"


class ReportChanged(SocleError):
    """A report is not what was signed."""

    code = "BACKUP-REPORT-CHANGED"
    message = N_("The report %(report)s is not the one that was signed: it proves nothing.")
    hint = N_("Take the original from the home's folder “reports” or from a backup set, or run a new drill.")
    kind = "refused"


class ReportForeign(SocleError):
    """A report was signed by another key."""

    code = "BACKUP-REPORT-FOREIGN"
    message = N_("The report %(report)s was signed by another key: %(key)s.")
    hint = N_("It comes from another home. If you know that home's key, give it with --key.")
    kind = "refused"


class _Signed(msgspec.Struct, frozen=True):
    home: str
    signed_at: str
    files: dict[str, str]
    """The SHA-256 of each file, by its name."""
    format: int = FORMAT


class _Envelope(msgspec.Struct):
    signed: msgspec.Raw
    key: str
    signature: str
    algorithm: str = "Ed25519"


class Verified(msgspec.Struct, frozen=True):
    """A report whose signature holds: when and by which key it was signed."""

    file: str
    signed_at: str
    key: str


def write(home: Home, report: Report, locale: str = "fr") -> tuple[Path, SocleError | None]:
    """Write a report as JSON and PDF with one signature; return the JSON's path, and why there is no PDF if so."""
    moment = datetime.fromisoformat(report.drilled_at)
    target = "" if report.target == report.kind else f"-{report.target}"
    file = home.reports_path / f"{report.kind}-{moment:%Y-%m-%d-%H%M%S}{target}.json"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(report), indent=2)
    private = _private(home.keys)
    refusal: SocleError | None = None
    written = {file.name: content}
    try:
        written[file.with_suffix(".pdf").name] = report_pages.pdf(
            report, locale, hashlib.sha256(content).hexdigest(), fingerprint(_public(private))
        )
    except SocleError as error:  # the proof stands without its paper
        refusal = error
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in written.items()}
    signed = msgspec.json.encode(_Signed(report.home, report.drilled_at, hashes))
    envelope = _Envelope(msgspec.Raw(signed), _public(private).hex(), private.sign(signed).hex())
    written[file.with_suffix(".sig").name] = msgspec.json.format(msgspec.json.encode(envelope), indent=2)
    for name, data in written.items():
        _write(file.parent / name, data)
    return file, refusal


def verify(file: Path, keys: Keys | None, expected: str = "") -> Verified:
    """Prove that a report (its JSON or its PDF) is what was signed, by our own key or the one of that fingerprint.

    ReportMissing, ReportChanged, ReportForeign.
    """
    content, envelope = _read(file), _read(file.with_suffix(".sig"))
    try:
        opened = msgspec.json.decode(envelope, type=_Envelope)
        key, signature = bytes.fromhex(opened.key), bytes.fromhex(opened.signature)
        # The envelope is written with spaces for the reader's eye: what was signed is the same text without them.
        signed = msgspec.json.format(bytes(opened.signed), indent=-1)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        facts = msgspec.json.decode(signed, type=_Signed)
    except (msgspec.MsgspecError, ValueError, InvalidSignature):
        raise ReportChanged(report=file.name) from None
    if facts.files.get(file.name) != hashlib.sha256(content).hexdigest():
        raise ReportChanged(report=file.name)
    known = _plain(expected) if expected else _plain(fingerprint(_public(_private(keys)))) if keys else ""
    if _plain(fingerprint(key)) != known:
        raise ReportForeign(report=file.name, key=fingerprint(key))
    return Verified(file.name, facts.signed_at, fingerprint(key))


def printed(file: Path, keys: Keys | None, locale: str, expected: str = "") -> bytes:
    """Return the PDF of a report that holds, in a language; errors as `verify`, and RenderingFailed."""
    key = verify(file, keys, expected).key
    return report_pages.pdf(read(file), locale, hashlib.sha256(_read(file)).hexdigest(), key)


def kept(home: Home) -> list[Path]:
    """Return the JSON files of this home's reports, newest first."""
    return sorted(home.reports_path.glob("*.json"), key=lambda path: path.stem.split("-", 1)[-1], reverse=True)


def file_of(home: Home, name: str, kind: str) -> Path:
    """Return where a report of ours lies, as "json", "pdf" or "sig"; ReportMissing."""
    file = home.reports_path / Path(name).with_suffix(f".{kind}").name if Path(name).name else home.reports_path
    if not file.is_file():
        raise ReportMissing(report=file.name)
    return file


def read(file: Path) -> Report:
    """Return a report; ReportMissing, ReportChanged if it cannot be read."""
    try:
        return msgspec.json.decode(_read(file), type=Report)
    except msgspec.MsgspecError:
        raise ReportChanged(report=file.name) from None


def fingerprint(public: bytes) -> str:
    """Return a public key's fingerprint as people compare it: half of its SHA-256, in groups."""
    digest = hashlib.sha256(public).hexdigest()[:32]
    return " ".join(digest[at : at + _GROUP] for at in range(0, len(digest), _GROUP))


def summary(report: Report, file: Path) -> Mapping[str, object]:
    """Return what a run's row remembers of its report."""
    return {**msgspec.to_builtins(report), "file": file.name}


def _plain(text: str) -> str:
    return "".join(text.split()).lower()


def _private(keys: Keys) -> Ed25519PrivateKey:
    if not keys.has(REPORT_SIGNING):
        with suppress(OSError):  # where keys are handed over read-only, the reading below says that it is missing
            keys.write(REPORT_SIGNING, secrets.token_bytes(32))
    return Ed25519PrivateKey.from_private_bytes(keys.read(REPORT_SIGNING))


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _read(file: Path) -> bytes:
    with suppress(FileNotFoundError, IsADirectoryError):
        with file.open("rb") as opened:
            return opened.read(_LARGEST)
    raise ReportMissing(report=file.name)


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}")
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)
