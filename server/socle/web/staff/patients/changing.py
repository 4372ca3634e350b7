"""Creating and editing: nothing typed is lost, whatever goes wrong."""

from typing import cast

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.errors import N_
from socle.practice.patients import checking, matching, registry
from socle.practice.patients.details import LIMITS, PatientDetails
from socle.practice.patients.errors import PatientChanged, PatientInvalid
from socle.practice.patients.matching import Match
from socle.web.kit import toasts, viewer
from socle.web.kit.permissions import allow
from socle.web.kit.unit_of_work import reading, writing
from socle.web.staff.patients import forms
from socle.web.staff.patients.forms import FilledForm
from socle.web.staff.patients.room import CLINIC, PATIENT, blueprint, edge

INVALID, CONFLICT = 422, 409


@blueprint.get("/new")
@allow(*CLINIC)
def new() -> str:
    """Show an empty form; what was typed in a search may start it."""
    name = request.args.get("name", "")[: LIMITS["birth_family_name"]].strip()
    return _new_page(FilledForm(PatientDetails(birth_family_name=name)))


@blueprint.post("/new")
@allow(*CLINIC)
def create() -> ResponseReturnValue:
    """Add the patient, unless a field is wrong or somebody much alike is known and nobody said to go on."""
    typed = forms.typed(request.form)
    with writing() as session:
        clean, problems = checking.examine(typed, registry.today(session))
        if problems:
            return _new_page(FilledForm(typed, problems=forms.by_field(problems))), INVALID
        alike = matching.likely_duplicates(session, clean)
        seen = set(request.form.get("seen", "").split(","))
        if not {str(match.patient.id) for match in alike} <= seen:
            return _new_page(FilledForm(typed), alike), CONFLICT
        number = registry.create(session, viewer.actor(), clean)
    leave = redirect(url_for("patients.show", patient_id=number), 303)
    return cast("ResponseReturnValue", toasts.then(leave, N_("The file is created.")))


def _new_page(form: FilledForm, alike: list[Match] | None = None) -> str:
    return render_template(
        "staff/patients/new.html", form=form, alike=alike or [], choices=forms.choices(), labels=forms.labels()
    )


@blueprint.get(f"/{PATIENT}/edit")
@allow(*CLINIC)
def edit(patient_id: int) -> str:
    """Show the form filled with what is known."""
    with writing() as session:
        patient = registry.read(session, viewer.actor(), patient_id)
    form = FilledForm(
        forms.readable(patient.details),
        doubts=forms.by_field(checking.doubts(patient.details)),
        version=patient.version,
        base=forms.as_base(patient.details),
    )
    return _edit_page(patient, form)


@blueprint.post(f"/{PATIENT}/edit")
@allow(*CLINIC)
def save(patient_id: int) -> ResponseReturnValue:
    """Save the changes; if somebody saved first, show what they changed beside what was typed."""
    typed = forms.typed(request.form)
    version = _version()
    with writing() as session:
        patient = registry.find(session, patient_id)
        try:
            registry.edit(session, viewer.actor(), patient_id, version, typed)
        except PatientInvalid as error:
            problems = forms.by_field(error.remarks)
            form = FilledForm(typed, problems=problems, version=version, base=request.form.get("base", ""))
            return _edit_page(patient, form), INVALID
        except PatientChanged as error:
            # This page shows the file as it is now: that is a reading, and the trail says so.
            return _changed_page(typed, error, registry.read(session, viewer.actor(), patient_id)), CONFLICT
    leave = redirect(url_for("patients.show", patient_id=patient_id), 303)
    return cast("ResponseReturnValue", toasts.then(leave, N_("The changes are saved.")))


def _changed_page(typed: PatientDetails, error: PatientChanged, patient: registry.StoredPatient) -> str:
    with reading() as session:
        mine, _none = checking.examine(typed, registry.today(session))
    base = forms.from_base(request.form.get("base", "")) or patient.details
    details, differences = forms.merged(base, patient.details, mine)
    form = FilledForm(forms.readable(details), version=error.version, base=forms.as_base(patient.details))
    return _edit_page(patient, form, changed=error, differences=differences)


def _edit_page(
    patient: registry.StoredPatient,
    form: FilledForm,
    changed: PatientChanged | None = None,
    differences: list[forms.Difference] | None = None,
) -> str:
    return render_template(
        "staff/patients/edit.html",
        patient=patient,
        details=patient.details,
        edge=edge(patient.id),
        form=form,
        changed=changed,
        differences=differences or [],
        choices=forms.choices(),
        labels=forms.labels(),
    )


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@blueprint.post("/look-alikes")
@allow(*CLINIC)
def look_alikes() -> str:
    """Give the patients who resemble the person being typed, and what looks wrong in their number."""
    with reading() as session:
        clean, problems = checking.examine(forms.typed(request.form), registry.today(session))
        named = clean.family_name and clean.first_given_name and not problems
        alike = matching.likely_duplicates(session, clean) if named else []
    doubts = forms.by_field(checking.doubts(clean)) if not problems else {}
    return render_template("staff/patients/look_alikes.html", alike=alike, doubts=doubts, labels=forms.labels())
