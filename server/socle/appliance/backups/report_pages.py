"""A drill's report on paper: one A4 page that a doctor understands and a maintainer can check."""

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from babel.numbers import format_decimal

from socle.appliance.backups.proof import RECOVERY, SELF_TEST, Check, Report
from socle.foundation.clock import PARIS
from socle.foundation.errors import N_
from socle.foundation.printing import page, pdf_from_html
from socle.foundation.wording import say

PART_NAMES = {
    "keys": N_("Secret keys"),
    "settings": N_("Settings"),
    "directory": N_("Directory of accounts"),
    "documents": N_("Documents"),
    "database": N_("Database"),
    "audit": N_("Trail of actions"),
    "upgrade": N_("Upgrade to this version"),
    "application": N_("Application"),
    "sessions": N_("Sessions of before"),
    "intact": N_("An intact copy"),
    "flipped-byte": N_("A byte changed in a document"),
    "missing-document": N_("A document missing"),
    "changed-row": N_("A row changed in the database"),
    "cut-stream": N_("A database copy cut short"),
    "cut-trail": N_("An entry taken out of the trail"),
    "wrong-key": N_("The key of another practice's documents"),
    "changed-seal": N_("A seal written over"),
    "unreadable-pack": N_("A damaged disk under the repository"),
}
MEANING = {
    "keys": N_("each key compared with the seal"),
    "settings": N_("each file compared with the seal"),
    "directory": N_("entries counted and compared"),
    "documents": N_("each file read to its end and compared"),
    "database": N_("every row of every table read again and compared"),
    "audit": N_("the chain walked from end to end"),
    "upgrade": N_("brought to today's version"),
    "application": N_("started read-only: a record, the agenda and documents opened"),
    "sessions": N_("everybody signs in again"),
    "intact": N_("restored without a remark, as it must"),
}
REFUSED = N_("planted on purpose, and refused by the drill")
NOT_REFUSED = N_("planted on purpose, and NOT noticed")


@dataclass(frozen=True)
class _Words:
    locale: str

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.locale))

    def moment(self, text: str) -> str:
        local = datetime.fromisoformat(text).astimezone(PARIS)
        day = format_date(local, "EEEE d MMMM y", locale=self.locale)
        clock = f"{local.hour} h {local.minute:02}" if self.locale == "fr" else f"{local:%H:%M}"
        return f"{day}, {clock}".replace(" h ", "\u00a0h\u00a0")

    def lasted(self, seconds: float) -> str:
        if seconds < 60:
            return f"{format_decimal(round(seconds, 1), locale=self.locale)}\u00a0s"
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        parts = [f"{hours}\u00a0h"] if hours else []
        return " ".join([*parts, f"{minutes}\u00a0min", *([] if hours else [f"{rest:02}\u00a0s"])])

    def age(self, report: Report) -> str:
        hours = _hours(report)
        if hours == 0:
            return "<\u00a01\u00a0h"
        return f"{hours}\u00a0h" if hours < 72 else self.days(hours // 24)

    def days(self, days: int) -> str:
        return say(N_("%(days)s days"), {"days": days}, self.locale).replace(" ", "\u00a0")


def _hours(report: Report) -> int:
    lasted = datetime.fromisoformat(report.drilled_at) - datetime.fromisoformat(report.sealed_at)
    return max(0, round(lasted.total_seconds() / 3600))


def meaning(check: Check, kind: str) -> str:
    """Return in a few words what a check did (an English msgid)."""
    if kind == SELF_TEST and check.name not in MEANING:
        return REFUSED if check.passed else NOT_REFUSED
    return MEANING.get(check.name, "")


def html(report: Report, locale: str, digest: str, key: str) -> str:
    """Return the page; `digest` is the SHA-256 of the report's JSON, `key` the signing key's fingerprint."""
    return page(
        "socle.appliance.backups",
        "report.html",
        locale,
        report=report,
        self_test=report.kind == SELF_TEST,
        recovery=report.kind == RECOVERY,
        words=_Words(locale),
        names=PART_NAMES,
        meaning=meaning,
        digest=digest,
        key=key,
        failed=[check for check in report.checks if not check.passed],
    )


def pdf(report: Report, locale: str, digest: str, key: str) -> bytes:
    """Return the PDF; RenderingFailed."""
    return pdf_from_html(html(report, locale, digest, key))
