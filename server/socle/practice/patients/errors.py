"""What can go wrong with a patient's file, in words for the person at the desk."""

from collections.abc import Sequence
from datetime import datetime

from socle.foundation.errors import N_, SocleError
from socle.practice.patients.details import Remark


class PatientMissing(SocleError):
    """There is no patient with that number."""

    code = "PATIENT-MISSING"
    message = N_("There is no such patient.")
    hint = N_("Search for the patient by name; an imported file may have been taken back since.")
    kind = "missing"


class PatientInvalid(SocleError):
    """Some fields cannot be kept as they are; `remarks` says which and why."""

    code = "PATIENT-INVALID"
    message = N_("Some fields need your attention.")
    hint = N_("Nothing was saved yet. Correct the fields marked in red, then save again.")
    kind = "invalid"

    def __init__(self, remarks: Sequence[Remark]) -> None:
        super().__init__()
        self.remarks = tuple(remarks)


class PatientChanged(SocleError):
    """Somebody else saved the file after it was opened for editing."""

    code = "PATIENT-CHANGED"
    message = N_("%(by)s changed this file while you were editing it.")
    hint = N_("What you typed is kept below. Check the fields that differ, then save again.")
    kind = "conflict"

    def __init__(self, by: str, at: datetime, version: int) -> None:
        super().__init__(by=by)
        self.by = by
        self.at = at
        self.version = version
