"""What can go wrong with an import as a whole; what goes wrong with one line is a remark in its report."""

from socle.foundation.errors import N_, SocleError


class FileUnreadable(SocleError):
    """The file is of no kind Socle reads, or it is damaged."""

    code = "IMPORT-FILE-UNREADABLE"
    message = N_("This file cannot be read: it is not a spreadsheet or a text table, or it is damaged.")
    hint = N_("Open it in your spreadsheet, save it again as xlsx or CSV, and send that file. Nothing was imported.")
    kind = "invalid"


class FileEmpty(SocleError):
    """There is nothing in the file."""

    code = "IMPORT-FILE-EMPTY"
    message = N_("This file is empty.")
    hint = N_("Check that you chose the right file, and that the first program finished writing it.")
    kind = "invalid"


class FileProtected(SocleError):
    """The file asks for a password."""

    code = "IMPORT-FILE-PROTECTED"
    message = N_("This file is protected by a password.")
    hint = N_("Open it in your spreadsheet, save a copy without a password, and send that copy.")
    kind = "invalid"


class FileTooLarge(SocleError):
    """The file is larger than what an import takes."""

    code = "IMPORT-FILE-TOO-LARGE"
    message = N_("This file is too large: at most %(most)s.")
    hint = N_("Split the list into several files, or save only the sheet of patients. Nothing was imported.")
    kind = "invalid"


class FileSwollen(SocleError):
    """A compressed file unfolds into far more than a list of patients."""

    code = "IMPORT-FILE-SWOLLEN"
    message = N_("This file unfolds into far more data than a list of patients: it was not opened.")
    hint = N_("Copy the list into a new spreadsheet, save it as xlsx or CSV, and send that file.")
    kind = "invalid"


class SheetTooLarge(SocleError):
    """A sheet has cells very far from the others, or too many."""

    code = "IMPORT-SHEET-TOO-LARGE"
    message = N_("The sheet reaches down to line %(line)s and across to column %(column)s: more than an import takes.")
    hint = N_("Delete the stray cells at the end of the sheet, or copy the list into a new one, and save it again.")
    kind = "invalid"


class TooManyRows(SocleError):
    """There are more rows than an import takes."""

    code = "IMPORT-TOO-MANY-ROWS"
    message = N_("This file has more than %(most)s lines.")
    hint = N_("Split the list into several files. Nothing was imported.")
    kind = "invalid"


class TooManyColumns(SocleError):
    """A row has more cells than an import takes."""

    code = "IMPORT-TOO-MANY-COLUMNS"
    message = N_("Line %(line)s has more than %(most)s columns.")
    hint = N_("Check that the file is a list with one person on each line. Nothing was imported.")
    kind = "invalid"


class SheetMissing(SocleError):
    """There is no sheet of that name."""

    code = "IMPORT-SHEET-MISSING"
    message = N_("There is no sheet named “%(sheet)s” in this file.")
    hint = N_("The sheets are: %(sheets)s.")
    kind = "invalid"


class ColumnMissing(SocleError):
    """There is no column of that name."""

    code = "IMPORT-COLUMN-MISSING"
    message = N_("There is no column “%(column)s” in this file.")
    hint = N_("The columns are: %(columns)s. A letter (A, B, C…) works too.")
    kind = "invalid"


class FieldMissing(SocleError):
    """There is no field of that name."""

    code = "IMPORT-FIELD-MISSING"
    message = N_("There is no field “%(field)s”.")
    hint = N_("The fields are: %(fields)s.")
    kind = "invalid"


class NameColumnMissing(SocleError):
    """No column holds names."""

    code = "IMPORT-NO-NAME-COLUMN"
    message = N_("No column holds the names of the people.")
    hint = N_("Say which column holds the family name, or the whole name.")
    kind = "invalid"


class RunMissing(SocleError):
    """There is no import of that number."""

    code = "IMPORT-MISSING"
    message = N_("There is no such import.")
    hint = N_("The list of imports shows those that exist.")
    kind = "missing"


class RunNotReady(SocleError):
    """The import is not in a state from which this can be done."""

    code = "IMPORT-NOT-READY"
    message = N_("This cannot be done now: the import is “%(state)s”.")
    hint = N_("Open the import again: its page shows what can be done next.")
    kind = "conflict"


class RunCancelled(SocleError):
    """Somebody cancelled the import while it ran."""

    code = "IMPORT-CANCELLED"
    message = N_("This import was cancelled. Nothing was changed.")
    hint = N_("Rehearse it again when you are ready.")
    kind = "conflict"


class TooLate(SocleError):
    """The patients are being written, in one go."""

    code = "IMPORT-TOO-LATE"
    message = N_("It is too late to cancel: the patients are being imported.")
    hint = N_("Wait for the end of the import; you can then undo it in one step.")
    kind = "conflict"


class FileGone(SocleError):
    """The file was removed a week after the import's last step."""

    code = "IMPORT-FILE-GONE"
    message = N_("The file of this import is no longer kept.")
    hint = N_("A file is removed a week after the last step of its import. Send it again.")
    kind = "conflict"


class StepTooLong(SocleError):
    """A step of an import took longer than any list of patients needs."""

    code = "IMPORT-TOO-LONG"
    message = N_("The import was stopped: it took more than %(minutes)s minutes.")
    hint = N_("Nothing was changed. Split the list into several files, or try again when the server has less to do.")
    kind = "unavailable"


class UndoRefused(SocleError):
    """Some of the people imported have been used since."""

    code = "IMPORT-UNDO-REFUSED"
    message = N_("%(count)s of the people imported have been changed or used since: nothing was undone.")
    hint = N_("Look at them in the list. You can undo the import for everybody else and keep those.")
    kind = "conflict"

    def __init__(self, patient_ids: list[int]) -> None:
        super().__init__(count=len(patient_ids))
        self.patient_ids = patient_ids
