"""The page of the recovery kit: make and print it, prove it with two sheets, see until when it is good.

The secret lives in the one request that prints it, and in the one that proves it: it is never stored, logged or kept.
"""

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from socle.appliance.backups.engine import Engines
from socle.appliance.backups.recovery_kit import making, proving, scanning, sheets, state
from socle.appliance.backups.recovery_kit.proving import Opening
from socle.appliance.backups.recovery_kit.words import KNOWN, SHEETS
from socle.appliance.backups.runs import Backups
from socle.foundation.clock import Clock
from socle.foundation.database import now
from socle.foundation.errors import SocleError
from socle.foundation.home import Home
from socle.foundation.settings import Settings
from socle.identity.actor import Role
from socle.web.kit import error_pages, uploads, viewer
from socle.web.kit.language import language
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool, writing
from socle.web.maintainer.checks.findings import in_words
from socle.web.maintainer.recovery_kit import sheets_sent
from socle.web.maintainer.recovery_kit.sheets_sent import Sent

blueprint = Blueprint(
    "recovery_kit", __name__, url_prefix="/recovery-kit", template_folder="templates", static_folder="static"
)
LONGEST_HOLDER = 60
_MOST_BYTES = 3 * scanning.LARGEST + 64 * 1024


@blueprint.url_value_preprocessor
def allow_pictures(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let the one route that takes pictures take large ones: before anything reads the request."""
    if request.endpoint == "recovery_kit.prove" and request.method == "POST":
        uploads.allow(_MOST_BYTES)


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show the kit's state, and the next step."""
    return _page(Sent())


@blueprint.get("/words.json")
@allow(*MAINTAINERS)
def words() -> Response:
    """Give the 1024 words a sheet is made of: the page checks them while they are typed."""
    return jsonify(list(KNOWN))


@blueprint.post("/make")
@allow(Role.ADMINISTRATOR)
def make() -> ResponseReturnValue:
    """Make a kit and answer with its sheets. Only an administrator: two of them open the patients' data."""
    holders = [_plain(request.form.get(f"holder_{number}", "")) for number in range(1, SHEETS + 1)]
    spoken = request.form.get("language", "")
    backups = tool(Backups)
    kit = making.draft(backups)
    pdf = sheets.pdf(kit, holders, spoken if spoken in sheets.LANGUAGES else language())
    making.add_keys(backups, kit)
    with writing() as session:
        making.remember(session, viewer.actor(), kit, holders)
    headers = {"Content-Disposition": f'inline; filename="{kit.number}.pdf"'}
    return Response(pdf, mimetype="application/pdf", headers=headers)


@blueprint.post("/prove")
@allow(*MAINTAINERS)
def prove() -> ResponseReturnValue:
    """Open every repository with two sheets, as a bare machine would, and show what each said."""
    with reading() as session:
        if state.current(session) is None:
            raise proving.NoKit()
    sent = sheets_sent.read()
    secret = sent.secret()
    scanned = sent.envelope()
    if secret is None or sent.errors:
        return _page(sent), 400
    try:
        with reading() as session:
            contents = proving.contents_of(proving.kit_of(session, secret), secret, scanned)
    except SocleError as error:
        return _page(sent, refused=error_pages.noted(error)), 400
    openings = proving.open_all(contents, secret, tool(Engines), tool(Clock).now())
    with writing() as session:
        proving.remember(session, viewer.actor(), secret, openings)
    return _page(Sent(), openings=openings, on_paper=scanned is not None)


def _page(
    sent: Sent, openings: list[Opening] | None = None, refused: dict[str, str] | None = None, *, on_paper: bool = False
) -> str:
    with reading() as session:
        kit = state.current(session)
        facts = state.facts(kit)
        finding = state.read(session, tool(Home), tool(Settings))
        moment = now(session)
    return render_template(
        "maintainer/recovery_kit/kit.html",
        kit=kit,
        finding=in_words(finding),
        proven=facts.proven if facts else {},
        until=finding.details.get("until"),
        step=3 if finding.state == "green" else 2 if kit is not None and finding.code != "RECOVERY-KIT-OLD" else 1,
        sent=sent,
        refused=refused,
        openings=[(one, error_pages.words(one.error) if one.error else None) for one in openings or []],
        on_paper=on_paper,
        may_make=viewer.actor().has(Role.ADMINISTRATOR),
        languages=sheets.LANGUAGES,
        spoken=language(),
        moment=moment,
    )


def _plain(text: str) -> str:
    return " ".join(character for character in text.split() if character.isprintable())[:LONGEST_HOLDER]
