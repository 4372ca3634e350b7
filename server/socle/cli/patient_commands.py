"""Patients from the command line: finding and reading them. Reading a file leaves its entry in the trail."""

import click
import msgspec

from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.wording import say
from socle.identity.actor import machine
from socle.practice.patients import birth, checking, phones, registry, search
from socle.practice.patients.details import PatientDetails
from socle.practice.patients.registry import StoredPatient


@click.group("patients")
def patients_group() -> None:
    """The people cared for."""


@patients_group.command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", default=search.LIMIT, show_default=True, type=click.IntRange(1, 500))
@json_option
@pass_terminal
def find(terminal: Terminal, text: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find patients by name, birth date, telephone or social security number; exit 0 also when nobody is found."""
    with terminal.tools().of(Database).reading() as session:
        found = search.by_text(session, " ".join(text), limit)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    if found.approximate and found.patients:
        print_words(N_("Nobody matches exactly. These names come close."))
    if not found.patients:
        print_words(N_("Nobody was found."))
        return
    rows = [
        (
            patient.id,
            patient.family_name,
            patient.given_name,
            birth.shown(patient.birth_date),
            phones.shown(patient.phone),
            patient.city,
            say(N_("archived")) if patient.archived else "",
        )
        for patient in found.patients
    ]
    headings = (N_("number"), N_("family name"), N_("given name"), N_("born"), N_("telephone"), N_("city"), "")
    print_table(rows, headings)


@patients_group.command("show")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@json_option
@pass_terminal
def show(terminal: Terminal, number: int, as_json: bool) -> None:
    """Show one patient's file; the trail says that the command line read it."""
    with terminal.tools().of(Database).writing() as session:
        patient = registry.read(session, machine("command line"), number)
    if as_json:
        print_json(msgspec.to_builtins(patient) | {"doubts": _doubts(patient.details)})
        return
    print_table(_lines(patient), (N_("field"), N_("value")))
    for doubt in _doubts(patient.details):
        click.echo(f"! {doubt}")


def _doubts(details: PatientDetails) -> list[str]:
    return [say(doubt.text, doubt.details) for doubt in checking.doubts(details)]


def _lines(patient: StoredPatient) -> list[tuple[str, str]]:
    details = patient.details
    lines: list[tuple[str, str]] = [("id", str(patient.id)), ("version", str(patient.version))]
    for name in PatientDetails.__dataclass_fields__:
        value = getattr(details, name)
        if name == "phones":
            value = ", ".join(" ".join(filter(None, (phones.shown(each.number), each.label))) for each in value)
        elif name == "emails":
            value = ", ".join(value)
        if value:
            lines.append((name, str(value)))
    return lines
