"""Where the imports' routes hang, and what the words of a report become on a page."""

from flask import Blueprint, request

from socle.practice.imports.remarks import Remark
from socle.practice.imports.runs import State
from socle.practice.imports.source import MOST_BYTES
from socle.web.kit import uploads
from socle.web.kit.language import gettext

blueprint = Blueprint("imports", __name__, url_prefix="/imports", template_folder="templates", static_folder="static")
LARGEST_ID = 2**63 - 1
RUN = f"<int(max={LARGEST_ID}):run_id>"
_FORM_BESIDE_FILE = 64 * 1024

STATE_COLOURS = {
    State.APPLIED: "green",
    State.FAILED: "red",
    State.INTERRUPTED: "amber",
    State.CANCELLED: "amber",
    State.REHEARSED: "accent",
    State.CHOOSING: "accent",
}
STEP_OF_STATE = {
    State.CHOOSING: 2,
    State.WAITING: 3,
    State.REHEARSING: 3,
    State.REHEARSED: 3,
    State.CONFIRMED: 4,
    State.APPLYING: 4,
    State.APPLIED: 4,
    State.UNDONE: 4,
}


@blueprint.url_value_preprocessor
def allow_a_file(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let the one route that takes a file take a large one: before anything reads the request."""
    if request.endpoint == "imports.upload" and request.method == "POST":
        uploads.allow(MOST_BYTES + _FORM_BESIDE_FILE)


@blueprint.app_template_filter("remark_words")
def remark_words(remark: Remark) -> str:
    """Return a remark in the reader's language."""
    text = str(gettext(remark.text))
    return text % remark.values if remark.values else text
