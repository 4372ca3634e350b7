"""The command line: `socle …`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from socle import wiring, wsgi
from socle.cli import (
    account_commands,
    agenda_commands,
    audit_commands,
    backup_commands,
    bench_commands,
    check_commands,
    directory_commands,
    factor_commands,
    import_commands,
    kit_commands,
    move_commands,
    past_commands,
    patient_commands,
    pruning_commands,
    recover_commands,
    report_commands,
    server_commands,
    session_commands,
    terminal,
    workstation_commands,
)
from socle.foundation import log
from socle.foundation.errors import SocleError
from socle.foundation.home import Home
from socle.foundation.wording import say
from socle.jobs import scheduler
from socle.jobs.all_jobs import JOBS
from socle.web.recovery import recovery_server

backup_commands.backup.add_command(pruning_commands.prune_sets)
backup_commands.backup.add_command(report_commands.report_group)
backup_commands.backup.add_command(past_commands.past_group)
_COMMANDS: tuple[click.Command, ...] = (
    *server_commands.COMMANDS,
    account_commands.account_group,
    directory_commands.directory_group,
    agenda_commands.agenda_group,
    audit_commands.audit,
    backup_commands.backup,
    bench_commands.bench,
    check_commands.check,
    factor_commands.factor_group,
    import_commands.import_group,
    patient_commands.patients_group,
    recover_commands.recover,
    session_commands.session_group,
    workstation_commands.card_group,
    workstation_commands.workstation_group,
)


backup_commands.backup.add_command(kit_commands.kit_group)
directory_commands.directory_group.add_command(move_commands.move)
_PARTS: dict[str, Callable[[Home], None]] = {
    "staff": partial(wsgi.serve, "staff"),
    "maintainer": partial(wsgi.serve, "maintainer"),
    "scheduler": lambda home: scheduler.run_until_stopped(wiring.toolbox(home, "scheduler"), JOBS),
}


def _recover_by_page(place: terminal.RecoveryPlace) -> None:
    where = (place.into, place.keys_into, place.url, place.address, place.port)
    recovery_server.serve(wiring.toolbox, *where, tell=terminal.print_words)


class _Socle(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SocleError as error:
            terminal.fail(error)


@click.group(cls=_Socle, commands=list(_COMMANDS), help=say("Socle: one small server that runs a practice."))
@click.option("--home", type=click.Path(path_type=Path), envvar="SOCLE_HOME", default=Path("var"), show_default=True)
@click.option("--keys", type=click.Path(path_type=Path), envvar="SOCLE_KEYS", default=None)
@click.version_option(package_name="socle-clinic")
@click.pass_context
def socle(ctx: click.Context, home: Path, keys: Path | None) -> None:
    """Open the terminal's door on one home folder."""
    log.to_standard_error("command line")
    keys_folder = keys.absolute() if keys else None
    ctx.obj = terminal.Terminal(home.absolute(), keys_folder, wiring.toolbox, _PARTS, _recover_by_page)
    ctx.call_on_close(ctx.obj.close)


def main() -> None:
    """Run the command line."""
    socle()


if __name__ == "__main__":
    main()
