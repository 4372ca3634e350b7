"""What can go wrong in the agenda, in words a person can act on."""

from datetime import datetime

from socle.foundation.errors import N_, SocleError
from socle.practice.agenda.free_slots import Neighbours

NO_NEIGHBOURS = Neighbours(None, None)
SOMEBODY = N_("Somebody")
"""Who made a change, when it was nobody with an account."""


class SlotTaken(SocleError):
    """The time overlaps another appointment; `neighbours` are the nearest free slots of the same length."""

    code = "AGENDA-SLOT-TAKEN"
    message = N_("This time is already taken.")
    hint = N_("Choose one of the free times next to it, or another day.")
    kind = "conflict"

    def __init__(self, neighbours: Neighbours = NO_NEIGHBOURS) -> None:
        super().__init__()
        self.neighbours = neighbours


class SeriesTaken(SocleError):
    """Some appointments of a series overlap others; `taken` are their starts (UTC)."""

    code = "AGENDA-SERIES-TAKEN"
    message = N_("%(count)s of the appointments of this series fall on a time already taken.")
    hint = N_("Nothing was booked. Book the free ones only, or choose another time.")
    kind = "conflict"

    def __init__(self, taken: list[datetime]) -> None:
        super().__init__(count=len(taken))
        self.taken = taken


class NeedsConfirmation(SocleError):
    """The time is unusual: it can be booked, but only by somebody who says so. Nothing was changed."""

    kind = "conflict"


class OutsideOpeningHours(NeedsConfirmation):
    """The time is not inside the practitioner's opening hours."""

    code = "AGENDA-OUTSIDE-HOURS"
    message = N_("This time is outside the opening hours of %(practitioner)s.")
    hint = N_("Nothing was changed yet. Confirm if you mean it, or choose another time.")


class DuringAbsence(NeedsConfirmation):
    """The practitioner is away."""

    code = "AGENDA-DURING-ABSENCE"
    message = N_("%(practitioner)s is away at this time.")
    hint = N_("Nothing was changed yet. Confirm if you mean it, or choose another time.")


class ChangedMeanwhile(SocleError):
    """Somebody else changed the appointment since this person saw it."""

    code = "AGENDA-CHANGED-MEANWHILE"
    message = N_("%(who)s has just changed this appointment.")
    hint = N_("Your change was not made. The appointment is shown as it is now: look, and try again if need be.")
    kind = "conflict"


class HoursChangedMeanwhile(SocleError):
    """Somebody else set the opening hours since this person opened the page."""

    code = "AGENDA-HOURS-CHANGED-MEANWHILE"
    message = N_("%(who)s has just changed these opening hours.")
    hint = N_("Your change was not made. What is saved now stands beside each day that differs: look, and save again.")
    kind = "conflict"


class TypeChangedMeanwhile(SocleError):
    """Somebody else changed the type of appointment since this person opened the page."""

    code = "AGENDA-TYPE-CHANGED-MEANWHILE"
    message = N_("%(who)s has just changed this type of appointment.")
    hint = N_("Your change was not made. The line is shown as it is now: look, and try again if need be.")
    kind = "conflict"


class NotMovable(SocleError):
    """An appointment that was kept, missed or cancelled stays where it was."""

    code = "AGENDA-NOT-MOVABLE"
    message = N_("This appointment is over, so it cannot be moved.")
    hint = N_("Book a new one, or set it back to “booked” first.")
    kind = "conflict"


class NotCancellable(SocleError):
    """Only what has not taken place can be cancelled; only what was cancelled can be restored."""

    code = "AGENDA-NOT-CANCELLABLE"
    message = N_("This appointment cannot be cancelled or restored in its present state.")
    hint = N_("Open it again: somebody may have changed it.")
    kind = "conflict"


class ReasonMissing(SocleError):
    """A cancellation says why."""

    code = "AGENDA-REASON-MISSING"
    message = N_("A cancellation needs a reason.")
    hint = N_("Write why, in a few words.")
    kind = "invalid"


class LengthWrong(SocleError):
    """Too short, too long, or not in whole minutes."""

    code = "AGENDA-LENGTH-WRONG"
    message = N_("An appointment lasts from 5 minutes to 12 hours and ends after it starts.")
    hint = N_("Correct the start, the end or the length.")
    kind = "invalid"


class DateTooFar(SocleError):
    """A slip of the finger: a year nobody plans for."""

    code = "AGENDA-DATE-TOO-FAR"
    message = N_("This date is too far away: appointments are booked up to three years ahead.")
    hint = N_("Correct the date.")
    kind = "invalid"


class TextTooLong(SocleError):
    """A note or a reason that is a letter."""

    code = "AGENDA-TEXT-TOO-LONG"
    message = N_("This text is longer than %(most)s characters.")
    hint = N_("Shorten it; longer notes belong in the patient's file.")
    kind = "invalid"


class AppointmentMissing(SocleError):
    """No such appointment."""

    code = "AGENDA-APPOINTMENT-MISSING"
    message = N_("This appointment does not exist.")
    hint = N_("Open the agenda again and choose it there.")
    kind = "missing"


class PartyMissing(SocleError):
    """The patient, the practitioner or the type of the appointment is not there."""

    code = "AGENDA-PARTY-MISSING"
    message = N_("The patient, the practitioner or the type of appointment chosen is not there any more.")
    hint = N_("Choose again from the lists.")
    kind = "invalid"


class PractitionerLeft(SocleError):
    """The practitioner's account is closed: who is booked there can be moved away, nobody can be booked anew."""

    code = "AGENDA-PRACTITIONER-LEFT"
    message = N_("%(practitioner)s no longer works here.")
    hint = N_("Nothing was changed. Choose another practitioner.")
    kind = "conflict"


class HoursWrong(SocleError):
    """Opening hours that make no sense."""

    code = "AGENDA-HOURS-WRONG"
    message = N_("These opening hours end before they start, or overlap.")
    hint = N_("Correct the lines of that day; nothing was saved.")
    kind = "invalid"


class AbsenceWrong(SocleError):
    """An absence that ends before it starts, or lasts for years."""

    code = "AGENDA-ABSENCE-WRONG"
    message = N_("An absence ends after it starts and lasts at most a year.")
    hint = N_("Correct its dates; nothing was saved.")
    kind = "invalid"


class AbsenceMissing(SocleError):
    """No such absence."""

    code = "AGENDA-ABSENCE-MISSING"
    message = N_("This absence is not there any more.")
    hint = N_("Open the page again.")
    kind = "missing"


class TypeWrong(SocleError):
    """An appointment type without a name, or with a strange length or colour."""

    code = "AGENDA-TYPE-WRONG"
    message = N_(
        "A type of appointment has a name of its own, a colour of the list and a length of 5 minutes to 12 hours."
    )
    hint = N_("Correct the line; nothing was saved.")
    kind = "invalid"
