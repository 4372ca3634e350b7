"""The agenda from the command line: a day or a week as words or JSON."""

from datetime import date, datetime, timedelta
from typing import Any

import click

from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database, now
from socle.foundation.errors import N_
from socle.foundation.wording import say
from socle.practice.agenda import day_sheet, local_time
from socle.practice.agenda.appointment_types import appointment_types
from socle.practice.agenda.day_sheet import Sheet
from socle.practice.agenda.errors import DateTooFar

HEADINGS = (N_("Time"), N_("Until"), N_("Patient"), N_("Type"), N_("Status"))
STATUSES = {
    "booked": N_("Booked"),
    "arrived": N_("Arrived"),
    "seen": N_("Seen"),
    "missed": N_("Did not come"),
}
YEARS = range(1900, 2200)
date_argument = click.argument("day", required=False, type=click.DateTime(["%Y-%m-%d"]))


@click.group("agenda")
def agenda_group() -> None:
    """Read the agenda."""


@agenda_group.command("day")
@date_argument
@json_option
@pass_terminal
def day(terminal: Terminal, day: datetime | None, as_json: bool) -> None:
    """Print one day of every practitioner (today unless a DAY like 2026-11-23 is given)."""
    _print(terminal, day, 1, as_json)


@agenda_group.command("week")
@date_argument
@json_option
@pass_terminal
def week(terminal: Terminal, day: datetime | None, as_json: bool) -> None:
    """Print the week of a DAY, Monday to Sunday, of every practitioner."""
    _print(terminal, day, 7, as_json)


def _print(terminal: Terminal, asked: datetime | None, days: int, as_json: bool) -> None:
    if asked is not None and asked.year not in YEARS:
        raise DateTooFar()
    with terminal.tools().of(Database).reading() as session:
        first = asked.date() if asked else local_time.local_day(now(session))
        if days > 1:
            first = local_time.monday_of(first)
        types = {kind.id: kind.name for kind in appointment_types(session)}
        found = [(each, day_sheet.sheets(session, each)) for each in _days(first, days)]
    if as_json:
        print_json({"days": [_structure(each, sheets, types) for each, sheets in found]})
        return
    for each, sheets in found:
        for sheet in sheets:
            _print_sheet(each, sheet, types)


def _days(first: date, days: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(days)]


def _structure(day: date, sheets: list[Sheet], types: dict[int, str]) -> dict[str, Any]:
    return {
        "date": day,
        "practitioners": [
            {
                "id": sheet.practitioner.id,
                "name": sheet.practitioner.name,
                "appointments": [
                    {
                        "id": row.id,
                        "starts_at": row.starts_at,
                        "ends_at": row.ends_at,
                        "status": row.status,
                        "type": types[row.type_id],
                        "patient_id": row.patient_id,
                    }
                    for row in sheet.appointments
                ],
                "absences": [
                    {"starts_at": absence.span.start, "ends_at": absence.span.end, "kind": absence.kind.value}
                    for absence in sheet.absences
                ],
            }
            for sheet in sheets
        ],
    }


def _print_sheet(day: date, sheet: Sheet, types: dict[int, str]) -> None:
    click.echo(f"\n{day.isoformat()} · {sheet.practitioner.name}")
    if not sheet.appointments:
        print_words(N_("No appointment on this day."))
        return
    rows = [
        (
            local_time.wall_time(row.starts_at).strftime("%H:%M"),
            local_time.wall_time(row.ends_at).strftime("%H:%M"),
            f"{(row.used_family_name or row.birth_family_name).upper()} {row.used_given_name or row.first_given_name}",
            types[row.type_id],
            say(STATUSES[row.status]),
        )
        for row in sheet.appointments
    ]
    print_table(rows, HEADINGS)
