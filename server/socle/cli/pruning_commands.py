"""What is kept, from the command line: `socle backup prune`, here or offsite with another credential."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from msgspec import structs

from socle.appliance.backups import access, plan
from socle.appliance.backups.engine import Engine, Engines
from socle.appliance.backups.pruning import Pruned, offered, prune
from socle.appliance.backups.runs import Backups
from socle.cli.backup_commands import ACTOR, hide_passwords
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_words
from socle.foundation.errors import N_
from socle.foundation.settings import BackupTarget
from socle.foundation.toolbox import Toolbox

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("prune")
@click.option("--target", required=True, help="The target by its name.")
@click.option("--yes", is_flag=True, help="Remove them; without it they are only shown.")
@click.option(
    "--repository", envvar="SOCLE_PRUNE_REPOSITORY", default=None, help="Where the other credential opens it."
)
@click.option("--username", default=None, help="The name of the credential that may delete.")
@click.option("--secret-file", type=_FILE, help="Its password.")
@click.option("--ssh-key", type=_FILE, help="Its private SSH key.")
@json_option
@pass_terminal
def prune_sets(
    terminal: Terminal,
    target: str,
    yes: bool,
    repository: str | None,
    username: str | None,
    secret_file: Path | None,
    ssh_key: Path | None,
    as_json: bool,
) -> None:
    """Remove whole sealed sets that the keeping rule lets go.

    Offsite this takes a credential that this machine never keeps: give it here, for this once.
    """
    hide_passwords(repository=repository)
    tools = terminal.tools()
    backups = tools.of(Backups)
    where = plan.target_named(backups.sources.settings, backups.sources.home, target)
    there = structs.replace(where, repository=repository or where.repository, username=username or where.username)
    engine = _opened(tools, backups, there, secret_file, ssh_key)
    work = partial(prune, backups, where, ACTOR, engine=engine) if yes else partial(offered, backups, where, engine)
    _tell(work(), where, yes, as_json)


def _opened(
    tools: Toolbox, backups: Backups, there: BackupTarget, secret_file: Path | None, ssh_key: Path | None
) -> Engine:
    known = access.with_keys(there, backups.sources.home.keys)
    given = replace(
        known,
        secret=secret_file.read_text().strip() if secret_file else known.secret,
        ssh_key_file=ssh_key.absolute() if ssh_key else known.ssh_key_file,
    )
    return tools.of(Engines).open(there, given)


def _tell(done: Pruned, where: BackupTarget, removed: bool, as_json: bool) -> None:
    if as_json:
        found = [{"set_id": one.set_id, "made_at": one.made_at} for one in done.gone]
        print_json({"target": where.name, "removed": removed, "kept": done.kept, "sets": found})
        return
    for one in done.gone:
        click.echo(f"  {one.set_id}  {one.made_at:%Y-%m-%d %H:%M}")
    went, would = N_("%(gone)s sets removed, %(kept)s kept."), N_("%(gone)s sets would go, %(kept)s stay. Add --yes.")
    print_words(went if removed else would, {"gone": len(done.gone), "kept": done.kept})
