"""The restic engine: resticpy for a local repository's short questions; our own executor for the rest.

resticpy 1.3 has no time-out, stdin, progress or cancel, its `check()` hides every failure, and it keeps repository and
password in module globals: so it does four short questions here, under one lock. Tried with restic 0.14.0 (Debian 12)
and 0.18.0 (Debian 13). What they get wrong and this file makes up for: both exit 0 when a source is missing (so the
bytes they say they took are compared), 0.14 has no exit codes of its own (so its words are read), and 0.18.0 refuses a
stdin file name with a folder in it (so names are flat).
"""

import json
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import restic
from restic import errors as resticpy_errors

from socle.appliance.backups.engine import (
    Access,
    BackupCancelled,
    Deletion,
    DeletionRefused,
    EngineFailed,
    EngineTooOld,
    Entry,
    Progress,
    RepositoryDamaged,
    RepositoryLocked,
    RepositoryUnreachable,
    Snapshot,
    SourceUnreadable,
    Stored,
)
from socle.appliance.backups.engines import rest_server, restic_access, restic_words, ssh
from socle.foundation.addresses import masked
from socle.foundation.commands import (
    Command,
    CommandFailed,
    CommandMissing,
    CommandStopped,
    Completed,
    lines,
    run,
    stream,
)
from socle.foundation.errors import SocleError

OLDEST = (0, 14, 0)
HOST = "socle"
"""Snapshots carry this name in place of the machine's, so that a new machine goes on where the old one stopped."""
MARK = "socle"
IDLE_SECONDS = 1800.0
QUESTION_SECONDS = 900.0
"""restic itself tries a silent server again for up to a quarter of an hour."""
TOTAL_SECONDS = 12 * 3600.0
_Answer = TypeVar("_Answer")
_ONE_AT_A_TIME = threading.Lock()


class _Line(msgspec.Struct):
    """One JSON line of `backup`, or of `ls`."""

    message_type: str = ""
    struct_type: str = ""
    bytes_done: int = 0
    total_bytes: int = 0
    total_bytes_processed: int = 0
    data_added: int = 0
    total_files_processed: int = 0
    snapshot_id: str = ""
    type: str = ""
    path: str = ""
    size: int = 0


class _Listed(msgspec.Struct):
    id: str
    time: datetime
    tags: list[str] = msgspec.field(default_factory=list)


@contextmanager
def _in_environment(**variables: str) -> Iterator[None]:
    """Set variables of our own environment for the one program that cannot be given others."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@dataclass
class Restic:
    """One restic repository. `program` may name another binary than the one in PATH."""

    address: str
    access: Access
    program: str = "restic"
    _version: str = field(default="", init=False)

    @property
    def repository(self) -> str:
        """The address as it may be shown: without the password it may hold."""
        return masked(self.address)

    @property
    def shared(self) -> bool:
        """Restic's own locks let writers work side by side."""
        return True

    def version(self) -> str:
        """Return "restic X.Y.Z"; EngineTooOld, or CommandMissing."""
        if not self._version:
            found = str(self._ask_resticpy(("version",))["restic_version"])
            if tuple(int(number) for number in re.findall(r"\d+", found)[:3]) < OLDEST:
                raise EngineTooOld(version=f"restic {found}", needed=".".join(map(str, OLDEST)))
            self._version = f"restic {found}"
        return self._version

    def at_pace(self, upload_kib: int) -> "Restic":
        """Return itself when that is its pace, else its like with another limit."""
        if upload_kib == self.access.upload_kib:
            return self
        return replace(self, access=replace(self.access, upload_kib=upload_kib))

    def local_folder(self) -> Path | None:
        """Return the repository's folder when its address is a path, not a URL."""
        return restic_access.local_folder(self.address)

    def seems_present(self) -> bool:
        """Tell whether the repository's config is there."""
        folder = self.local_folder()
        return folder is None or (folder / "config").is_file()

    def create(self) -> str:
        """Make the repository."""
        if self.local_folder() is not None:
            self._ask("init")
        else:  # 0.14 answers in words, whatever it is asked for
            self._judge(self._run("init", idle=QUESTION_SECONDS))
        return self.identity()

    def identity(self) -> str:
        """Return the repository's id, from its encrypted config."""
        return str(self._ask("cat", "config")["id"])

    def store_stream(
        self, name: str, chunks: Iterable[bytes], tags: Sequence[str], progress: Progress, cancel: threading.Event
    ) -> Stored:
        """Store a stream through stdin. On 0.14 there is no --stdin-from-command, so we feed it ourselves."""
        fed = 0
        pieces = (chunk for chunk in chunks if chunk)
        first = next(pieces, None)
        if first is None:  # restic would refuse too, but not say why
            raise SourceUnreadable()

        def counted() -> Iterator[bytes]:
            nonlocal fed
            for chunk in chain([first], pieces):
                yield chunk
                fed += len(chunk)
                progress(fed, None)

        stored = self._back_up(["--stdin", "--stdin-filename", name], tags, feed=counted(), cancel=cancel)
        if stored.taken != fed:
            self._drop(stored.snapshot)
            raise SourceUnreadable(repository=self.repository)
        return stored

    def store_folder(self, folder: Path, tags: Sequence[str], progress: Progress, cancel: threading.Event) -> Stored:
        """Store a folder by its own name (run from its parent, so that no machine's path gets into the snapshot)."""
        if not folder.is_dir():
            raise SourceUnreadable(repository=self.repository)
        return self._back_up(["--", folder.name], tags, folder=folder.parent, progress=progress, cancel=cancel)

    def snapshots(self) -> list[Snapshot]:
        """Return Socle's snapshots, oldest first."""
        listed = msgspec.convert(self._unlocking(lambda: self._ask("snapshots")) or [], list[_Listed])
        ours = [Snapshot(one.id, one.time, frozenset(one.tags)) for one in listed if MARK in one.tags]
        return sorted(ours, key=lambda snapshot: snapshot.made_at)

    def open_stream(self, snapshot: str, name: str, cancel: threading.Event) -> Iterator[bytes]:
        """Yield a stored stream."""
        return self._reading(["dump", snapshot, f"/{name}"], cancel)

    def entries(self, snapshot: str) -> Iterator[Entry]:
        """Yield the files of a snapshot."""
        for raw in lines(self._reading(["--json", "ls", snapshot])):
            line = msgspec.json.decode(raw, type=_Line)
            if line.type == "file":
                yield Entry(line.path, line.size)

    def restore_folder(self, snapshot: str, into: Path, cancel: threading.Event) -> None:
        """Restore everything in the snapshot; the caller compares what came."""
        self._judge(self._run("restore", snapshot, "--target", str(into), cancel=cancel))

    def check(self, part: int, parts: int, cancel: threading.Event) -> None:
        """Check; besides exit code 0 restic must say that it found no errors."""
        words = ("check", f"--read-data-subset={part}/{parts}")
        done = self._unlocking(lambda: self._judge(self._run(*words, cancel=cancel)))
        if b"no errors were found" not in done.output:
            raise RepositoryDamaged(repository=self.repository)

    def forget(self, snapshots: Sequence[str]) -> None:
        """Forget by id only, and look that they are gone: 0.14 and 0.18 exit 0 when they could not."""
        if not snapshots:
            return
        self._unlocking(lambda: self._judge_deletion(self._run("forget", *snapshots)))
        if {one.id for one in self.snapshots()} & set(snapshots):
            raise EngineFailed(exit_code=0)

    def prune(self, cancel: threading.Event) -> None:
        """Free the space of what was forgotten; asked first, for a prune adds before it deletes."""
        if self.deletion() == "refused":
            raise DeletionRefused(repository=self.repository)
        self._unlocking(lambda: self._judge_deletion(self._run("prune", cancel=cancel)))

    def add_password(self, password: bytes) -> None:
        """Add a key, its password handed over in a file that only we can read."""
        with tempfile.NamedTemporaryFile(prefix="socle-key-") as file:
            file.write(password)
            file.flush()
            self._unlocking(lambda: self._judge(self._run("key", "add", "--new-password-file", file.name, idle=120)))

    def deletion(self) -> Deletion:
        """Ask a rest-server; a folder, an SFTP server or S3 cannot be asked without harm."""
        return rest_server.deletion(self._signed_in, self.access.certificate_file)

    @property
    def _signed_in(self) -> str:
        return restic_access.signed_in(self.address, self.access)

    def _unlocking(self, work: Callable[[], _Answer]) -> _Answer:
        """Work; if a lock is in the way, remove those of dead processes (plain `unlock` leaves others), and retry."""
        try:
            return work()
        except RepositoryLocked:
            self._judge(self._run("unlock", idle=120))
            return work()

    def _drop(self, snapshot: str) -> None:
        with suppress(SocleError):  # the seal is what counts: an unsealed leftover harms nobody
            self._judge(self._run("forget", snapshot))

    def _back_up(
        self,
        arguments: list[str],
        tags: Sequence[str],
        *,
        cancel: threading.Event,
        feed: Iterable[bytes] | None = None,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> Stored:
        summary = _Line()

        def hear(text: str) -> None:
            nonlocal summary
            with suppress(msgspec.MsgspecError):
                line = msgspec.json.decode(text, type=_Line)
                if line.message_type == "summary":
                    summary = line
                elif line.message_type == "status" and progress is not None:
                    progress(line.bytes_done, line.total_bytes or None)

        marks = [piece for tag in (MARK, *tags) for piece in ("--tag", tag)]
        command = ["--json", "backup", "--host", HOST, *marks, *arguments]
        done = self._run(*command, feed=feed, folder=folder, on_line=hear, cancel=cancel)
        if done.exit_code != 0:
            if summary.snapshot_id:
                self._drop(summary.snapshot_id)
            raise self._error(done.exit_code, done.errors)
        if not summary.snapshot_id:
            raise EngineFailed(exit_code=0)
        snapshot, files = self._in_full(summary.snapshot_id), summary.total_files_processed
        return Stored(snapshot, summary.total_bytes_processed, summary.data_added, files)

    def _in_full(self, snapshot: str) -> str:
        """Return the whole id, of which 0.14 tells only the beginning, where a look into the folder finds it."""
        folder = self.local_folder()
        found = [one.name for one in (folder / "snapshots").glob(f"{snapshot}*")] if folder else []
        return found[0] if len(found) == 1 else snapshot

    def _command(self, arguments: Sequence[str], folder: Path | None = None, idle: float = IDLE_SECONDS) -> Command:
        rest_server.look(self._signed_in, self.access.certificate_file, self.repository)
        argv = [self.program, *restic_access.options(self.address, self.access), *arguments]
        environment = restic_access.environment(self.address, self.access)
        return Command(argv, environment, folder=folder, idle_seconds=idle, total_seconds=TOTAL_SECONDS)

    def _reading(self, arguments: Sequence[str], cancel: threading.Event | None = None) -> Iterator[bytes]:
        try:
            yield from stream(self._command(arguments), cancel=cancel)
        except CommandFailed as failed:
            raise self._error(failed.exit_code, failed.errors) from None
        except CommandStopped as stopped:
            raise self._stopped(stopped) from None

    def _run(self, *arguments: str, folder: Path | None = None, idle: float = IDLE_SECONDS, **how: Any) -> Completed:
        retries = restic_words.Retries(self.repository, self.access.cache_folder)
        try:
            return run(self._command(arguments, folder, idle), on_error_line=retries.hear, **how)
        except CommandStopped as stopped:
            raise self._stopped(stopped) from None

    def _judge(self, done: Completed) -> Completed:
        if done.exit_code != 0:
            raise self._error(done.exit_code, done.errors)
        return done

    def _judge_deletion(self, done: Completed) -> Completed:
        if restic_words.deletion_is_refused(done.errors):
            raise DeletionRefused(repository=self.repository)
        return self._judge(done)

    def _stopped(self, stopped: CommandStopped) -> SocleError:
        return BackupCancelled() if stopped.why == "cancelled" else RepositoryUnreachable(repository=self.repository)

    def _error(self, exit_code: int, words: str) -> SocleError:
        error = restic_words.error(exit_code, words, self.repository, self.access.cache_folder)
        if not self.address.startswith("sftp:") or not isinstance(error, (RepositoryUnreachable, EngineFailed)):
            return error
        why = ssh.meaning(words) or ssh.meaning(ssh.asked_why(self.access, restic_access.server(self.address)))
        return error if why is None else why(repository=self.repository)

    def _ask(self, *question: str) -> Any:
        """Put a short question whose answer is JSON: through resticpy where the repository is a local one.

        resticpy has no time-out, and would need a server's secrets in our own environment.
        """
        if self.local_folder() is not None:
            return self._ask_resticpy(question)
        return json.loads(self._judge(self._run("--json", *question, idle=QUESTION_SECONDS)).output)

    def _ask_resticpy(self, question: tuple[str, ...]) -> Any:
        """Have resticpy, whose settings are module globals, ask."""
        with _ONE_AT_A_TIME:
            restic.binary_path = self.program
            restic.repository = None
            restic.password_file = str(self.access.password_file)
            restic.use_cache = False
            questions = {
                ("version",): restic.version,
                ("init",): restic.init,
                ("cat", "config"): restic.cat.config,
                ("snapshots",): restic.snapshots,
            }
            try:
                with _in_environment(RESTIC_REPOSITORY=self.address):
                    return questions[question]()
            except resticpy_errors.NoResticBinaryEror:
                raise CommandMissing(program="restic") from None
            except resticpy_errors.ResticFailedError as failed:
                found = re.match(r"Restic failed with exit code (-?\d+): (.*)", str(failed), re.DOTALL)
                code, words = (int(found.group(1)), found.group(2)) if found else (1, str(failed))
                raise self._error(code, words) from None
