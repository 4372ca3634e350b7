"""A patient's file: who it is, what happened, what comes next. Opening it leaves an entry in the trail."""

from typing import cast

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.clock import PARIS
from socle.foundation.database import now
from socle.foundation.errors import N_
from socle.practice.agenda import schedule
from socle.practice.agenda.models import Status
from socle.practice.patients import checking, identifiers, registry
from socle.web.kit import toasts, viewer
from socle.web.kit.permissions import allow
from socle.web.kit.unit_of_work import noting, reading, writing
from socle.web.staff.agenda import words
from socle.web.staff.patients import forms
from socle.web.staff.patients.room import CLINIC, PATIENT, blueprint, edge

SHOWN, UNFOLDED = 60, 20
"""As many appointments as a file lists, and before its fold; the agenda has the others."""


@blueprint.get(f"/{PATIENT}")
@allow(*CLINIC)
def show(patient_id: int) -> str:
    """Show the file."""
    with reading() as session:
        opened = registry.last_opened(session, patient_id)
        appointments = schedule.of_patient(session, patient_id, SHOWN)
        present = now(session)
    with noting() as session:
        patient = registry.read(session, viewer.actor(), patient_id)
    coming = [each for each in reversed(appointments) if each.starts_at >= present and each.status == Status.BOOKED]
    past = [each for each in appointments if each not in coming]
    return render_template(
        "staff/patients/file.html",
        patient=patient,
        details=patient.details,
        edge=edge(patient_id),
        doubts=forms.by_field(checking.doubts(patient.details)),
        coming=coming,
        past=past,
        unfolded=UNFOLDED,
        paris=PARIS,
        opened=opened,
        labels=forms.labels(),
        display=forms.display,
        statuses=words.statuses(),
    )


@blueprint.post(f"/{PATIENT}/archive")
@allow(*CLINIC)
def archive(patient_id: int) -> ResponseReturnValue:
    """Put the file aside; the page it leads to offers to undo it."""
    with writing() as session:
        registry.archive(session, viewer.actor(), patient_id)
    leave = redirect(url_for("patients.show", patient_id=patient_id), 303)
    undo = url_for("patients.restore", patient_id=patient_id)
    done = toasts.then(leave, N_("The file is archived: searches show it last."), undo=undo)
    return cast("ResponseReturnValue", done)


@blueprint.post(f"/{PATIENT}/restore")
@allow(*CLINIC)
def restore(patient_id: int) -> ResponseReturnValue:
    """Take the file back among the active ones."""
    with writing() as session:
        registry.restore(session, viewer.actor(), patient_id)
    leave = redirect(url_for("patients.show", patient_id=patient_id), 303)
    undo = url_for("patients.archive", patient_id=patient_id)
    return cast("ResponseReturnValue", toasts.then(leave, N_("The file is active again."), undo=undo))


blueprint.app_template_filter("social_security")(identifiers.shown)
