"""The trail's verbs and subjects in words; one that has none yet is shown as it is written."""

from socle.foundation.errors import N_
from socle.web.kit.language import gettext

_ACTIONS = {
    "account.create": N_("account created"),
    "account.disable": N_("account disabled"),
    "account.enable": N_("account opened again"),
    "account.link": N_("account tied to the directory"),
    "account.password_change": N_("own password changed"),
    "account.password_reset": N_("password reset"),
    "account.roles": N_("roles changed"),
    "account.update": N_("account updated"),
    "agenda.absence.added": N_("absence added"),
    "agenda.absence.removed": N_("absence removed"),
    "agenda.hours.set": N_("opening hours changed"),
    "agenda.opened": N_("agenda opened for a practitioner"),
    "agenda.type.added": N_("appointment type added"),
    "agenda.type.changed": N_("appointment type changed"),
    "appointment.booked": N_("appointment booked"),
    "appointment.cancelled": N_("appointment cancelled"),
    "appointment.described": N_("appointment described"),
    "appointment.marked": N_("appointment marked"),
    "appointment.moved": N_("appointment moved"),
    "appointment.restored": N_("appointment restored"),
    "appointment.series.booked": N_("repeating appointments booked"),
    "backup.ask_backup": N_("backup asked for"),
    "backup.ask_drill": N_("drill asked for"),
    "backup.ask_verify": N_("verification asked for"),
    "backup.cancel": N_("backup stopped"),
    "backup.restored": N_("restored from a backup"),
    "break_glass.password": N_("emergency password made"),
    "browser.forget": N_("remembered workstation forgotten"),
    "browser.remember": N_("workstation remembered"),
    "browser.minimums": N_("oldest browsers admitted changed"),
    "browser.settle": N_("faults of a browser dealt with"),
    "demonstration.loaded": N_("demonstration loaded"),
    "factor.add": N_("second factor set up"),
    "factor.remove": N_("second factor removed"),
    "import.apply": N_("import applied"),
    "import.cancel": N_("import cancelled"),
    "import.change_columns": N_("import: columns chosen"),
    "import.change_sheet": N_("import: sheet chosen"),
    "import.create": N_("import: file received"),
    "import.rehearse": N_("import rehearsed"),
    "import.remove": N_("import that nobody confirmed removed"),
    "import.remove_file": N_("file of an import removed"),
    "import.undo": N_("import undone"),
    "kit.made": N_("recovery kit made"),
    "kit.not_proven": N_("recovery kit not proven"),
    "kit.proven": N_("recovery kit proven"),
    "keys.copied": N_("copy of the keys confirmed"),
    "patient.archive": N_("patient archived"),
    "patient.create": N_("patient created"),
    "patient.create_many": N_("patients created by an import"),
    "patient.edit": N_("patient's file changed"),
    "patient.read": N_("patient's file read"),
    "patient.remove_many": N_("patients of an import removed"),
    "patient.restore": N_("patient brought back"),
    "recovery_code.use": N_("recovery code used"),
    "recovery_codes.make": N_("recovery codes made"),
    "session.end": N_("session ended"),
    "session.lock": N_("session locked"),
    "session.open": N_("signed in"),
    "session.refused": N_("sign-in refused"),
    "session.unlock": N_("session unlocked"),
}
_SUBJECTS = {
    "absence": N_("absence"),
    "account": N_("account"),
    "appointment": N_("appointment"),
    "appointment_series": N_("series"),
    "appointment_type": N_("appointment type"),
    "backup_run": N_("backup run"),
    "browser": N_("browser"),
    "import": N_("import"),
    "import_run": N_("import"),
    "keys": N_("keys"),
    "patient": N_("patient"),
    "recovery_kit": N_("recovery kit"),
    "session": N_("session"),
}


def action(code: str) -> str:
    """Return an action's words."""
    return str(gettext(_ACTIONS[code])) if code in _ACTIONS else code


def subject(code: str) -> str:
    """Return a subject's word."""
    return str(gettext(_SUBJECTS[code])) if code in _SUBJECTS else code
