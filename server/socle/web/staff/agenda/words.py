"""The agenda's words for its script and its lists of choices, in the reader's language."""

from functools import lru_cache

import msgspec

from socle.practice.agenda.models import AbsenceKind, Colour, Status
from socle.web.kit.language import gettext, language


def statuses() -> dict[str, str]:
    """Return each status's name."""
    return {
        Status.BOOKED.value: gettext("Booked"),
        Status.ARRIVED.value: gettext("Arrived"),
        Status.SEEN.value: gettext("Seen"),
        Status.MISSED.value: gettext("Did not come"),
        Status.CANCELLED.value: gettext("Cancelled"),
    }


def absence_kinds() -> dict[str, str]:
    """Return each kind of absence's name."""
    return {
        AbsenceKind.LEAVE.value: gettext("Leave"),
        AbsenceKind.TRAINING.value: gettext("Training"),
        AbsenceKind.HOME_VISITS.value: gettext("Home visits"),
        AbsenceKind.OTHER.value: gettext("Away"),
    }


def for_script() -> msgspec.Raw:
    """Return what the page's script says, as JSON made once for each language."""
    return _for_script(language())


@lru_cache
def _for_script(_language: str) -> msgspec.Raw:
    words = {
        "status": statuses(),
        "away": absence_kinds(),
        "noEvents": gettext("No appointment on these days."),
        "free": gettext("free"),
        "gone": gettext("no longer works here"),
        "left": gettext("%(practitioner)s no longer works here.", practitioner="%(practitioner)s"),
        "moved": gettext("%(name)s moved: %(time)s.", name="%(name)s", time="%(time)s"),
        "confirm": gettext("Confirm all the same"),
        "skipTaken": gettext("Book the free ones only"),
        "leaveIt": gettext("Leave it where it was"),
        "monthBefore": gettext("Month before"),
        "monthAfter": gettext("Month after"),
        "unreachable": gettext("The server does not answer. Nothing was changed; try again in a moment."),
        "noPatient": gettext("Nobody found. Check the spelling, or create the file."),
    }
    return msgspec.Raw(msgspec.json.encode(words))


def colours() -> dict[str, str]:
    """Return each colour's name."""
    return {
        Colour.TEAL.value: gettext("Teal"),
        Colour.BLUE.value: gettext("Blue"),
        Colour.VIOLET.value: gettext("Violet"),
        Colour.ROSE.value: gettext("Rose"),
        Colour.SAND.value: gettext("Sand"),
        Colour.SKY.value: gettext("Sky"),
        Colour.PLUM.value: gettext("Plum"),
        Colour.SLATE.value: gettext("Slate"),
    }
