"""The borg engine, by borg's command line and its JSON: its authors support no other way in.

Tried with borgbackup 1.4.0 (Debian 13, and 12 by its backports) and 1.4.5. An archive is known by its name, which borg
keeps in the manifest: "socle~set:…~part:…~random". So all of them are listed by one call that reads nothing else, and
whoever has borg alone can still see what belongs together. Checkpoints ("….checkpoint") save an interrupted upload from
starting again; they never count, and go when the next archives are forgotten.

Reading never waits for a lock: somebody else may be writing, or have died doing so, on the day it matters.
"""

import re
import secrets
import shlex
import shutil
import signal
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from socle.appliance.backups.engine import (
    Access,
    BackupCancelled,
    Deletion,
    EngineFailed,
    EngineTooOld,
    Entry,
    OnePasswordOnly,
    Progress,
    RepositoryDamaged,
    RepositoryUnreachable,
    Snapshot,
    SnapshotMissing,
    SourceUnreadable,
    Stored,
)
from socle.appliance.backups.engines import borg_locks, borg_words, ssh
from socle.foundation.commands import (
    Command,
    CommandFailed,
    CommandStopped,
    Completed,
    lines,
    plain_environment,
    run,
    stream,
)
from socle.foundation.errors import SocleError

MARK = "socle"
CHECKPOINT = ".checkpoint"
ENCRYPTION = "repokey-blake2"
STREAM_CHUNKS = "buzhash,14,20,17,4095"
"""Small pieces (128 KiB on average): night 2 of a dump costs a seventh of what borg's default of 2 MiB costs."""
COMPRESSION = "auto,zstd,3"
NOTES_BYTES = 64 * 1024
LOCK_WAIT_SECONDS, READ_LOCK_WAIT_SECONDS = 5, 1
CHECKPOINT_SECONDS = 600
IDLE_SECONDS = 1800.0
TOTAL_SECONDS = 12 * 3600.0


class _Progress(msgspec.Struct):
    type: str = ""
    original_size: int = 0
    finished: bool = False


class _Archive(msgspec.Struct):
    name: str
    start: datetime


class _Repository(msgspec.Struct):
    id: str


class _Listing(msgspec.Struct):
    repository: _Repository
    archives: list[_Archive]


class _Sizes(msgspec.Struct):
    original_size: int
    deduplicated_size: int
    nfiles: int


class _Created(msgspec.Struct):
    name: str
    stats: _Sizes


class _Creation(msgspec.Struct):
    archive: _Created


class _Item(msgspec.Struct):
    type: str = ""
    path: str = ""
    size: int = 0


@dataclass(eq=False)
class Borg:
    """One borg repository: a folder, or ssh://user@host:port/path. `program` may name another binary than PATH's."""

    address: str
    access: Access
    program: str = "borg"
    _version: str = field(default="", init=False)
    _checkpoints: list[str] = field(default_factory=list, init=False)

    @property
    def repository(self) -> str:
        """The address; it holds no secret."""
        return self.address

    @property
    def shared(self) -> bool:
        """One writer at a time: borg locks the whole repository."""
        return False

    def version(self) -> str:
        """Return "borg X.Y.Z"; EngineTooOld, or CommandMissing."""
        if not self._version:
            found = run(Command([self.program, "--version"])).succeeded().output.decode().split()[-1]
            needed = tuple(int(number) for number in borg_words.OLDEST.split("."))
            if tuple(int(number) for number in re.findall(r"\d+", found)[:3]) < needed:
                raise EngineTooOld(version=f"borg {found}", needed=borg_words.OLDEST)
            self._version = f"borg {found}"
        return self._version

    def at_pace(self, upload_kib: int) -> "Borg":
        """Return itself when that is its pace, else its like with another limit."""
        if upload_kib == self.access.upload_kib:
            return self
        return replace(self, access=replace(self.access, upload_kib=upload_kib))

    def local_folder(self) -> Path | None:
        """Return the repository's folder when its address is a path."""
        return None if ":" in self.address.partition("/")[0] else Path(self.address)

    def seems_present(self) -> bool:
        """Tell whether the repository's config is there."""
        folder = self.local_folder()
        return folder is None or (folder / "config").is_file()

    def create(self) -> str:
        """Make the repository; its key lies in it, closed by the password."""
        self._judge(self._run("init", "--encryption", ENCRYPTION, "--make-parent-dirs", self._place))
        return self.identity()

    def identity(self) -> str:
        """Return the repository's id, which borg only gives once the password opened the manifest."""
        return self._listing("--last", "1").repository.id

    def store_stream(
        self, name: str, chunks: Iterable[bytes], tags: Sequence[str], progress: Progress, cancel: threading.Event
    ) -> Stored:
        """Store a stream through stdin; borg is killed before its stdin ends if the stream breaks."""
        fed = 0
        pieces = (chunk for chunk in chunks if chunk)
        first = next(pieces, None)
        if first is None:  # borg would take it for a file of no bytes
            raise SourceUnreadable()

        def counted() -> Iterator[bytes]:
            nonlocal fed
            for chunk in chain([first], pieces):
                yield chunk
                fed += len(chunk)
                progress(fed, None)

        options = ["--files-cache", "disabled", "--chunker-params", STREAM_CHUNKS, "--stdin-name", name]
        stored = self._create(options, "-", tags, feed=counted(), cancel=cancel)
        # borg 1.4.0 counts its own notes about the pieces too, 1.4.5 no more.
        if stored.files != 1 or not fed <= stored.taken <= fed + fed // 100 + NOTES_BYTES:
            self._drop(stored.snapshot)
            raise SourceUnreadable(repository=self.repository)
        return replace(stored, taken=fed)

    def store_folder(self, folder: Path, tags: Sequence[str], progress: Progress, cancel: threading.Event) -> Stored:
        """Store a folder by its own name (run from its parent, so that no machine's path gets into the archive)."""
        if not folder.is_dir():
            raise SourceUnreadable(repository=self.repository)

        def hear(text: str) -> None:
            with suppress(msgspec.MsgspecError):
                line = msgspec.json.decode(text, type=_Progress)
                if line.type == "archive_progress" and not line.finished:
                    progress(line.original_size, None)

        options = ["--progress", "--noacls", "--noxattrs", "--noflags"]
        return self._create(options, folder.name, tags, folder=folder.parent, on_error_line=hear, cancel=cancel)

    def snapshots(self) -> list[Snapshot]:
        """Return Socle's archives, oldest first; an archive's name is its id."""
        ours = [one for one in self._listing().archives if one.name.startswith(f"{MARK}~")]
        self._checkpoints = [one.name for one in ours if CHECKPOINT in one.name]
        whole = [one for one in ours if CHECKPOINT not in one.name]
        return [Snapshot(one.name, one.start.replace(tzinfo=UTC), _tags(one.name)) for one in whole]

    def open_stream(self, snapshot: str, name: str, cancel: threading.Event) -> Iterator[bytes]:
        """Yield a stored stream."""
        return self._reading(["extract", "--stdout", self._archive(snapshot), name], cancel)

    def entries(self, snapshot: str) -> Iterator[Entry]:
        """Yield the files of an archive."""
        words = ["list", "--json-lines", "--format", "{type}{path}{size}", self._archive(snapshot)]
        for raw in lines(self._reading(words)):
            item = msgspec.json.decode(raw, type=_Item)
            if item.type == "-":
                yield Entry(f"/{item.path}", item.size)

    def restore_folder(self, snapshot: str, into: Path, cancel: threading.Event) -> None:
        """Restore everything in the archive; the caller compares what came."""
        into.mkdir(parents=True, exist_ok=True)
        for _ in self._reading(["extract", self._archive(snapshot)], cancel, into):
            pass

    def check(self, part: int, parts: int, cancel: threading.Event) -> None:
        """Check every piece by its checksum, where the repository lies; on the last night read all with the key.

        borg reads all or nothing: it has no such thing as a thirtieth.
        """
        how = "--verify-data" if part == parts else "--repository-only"
        done = self._writing("check", how, self._place, cancel=cancel)
        if done.exit_code == 1:
            raise RepositoryDamaged(repository=self.repository)
        self._judge(done)

    def forget(self, snapshots: Sequence[str]) -> None:
        """Delete by name, and the checkpoints the last listing showed; look that they are gone."""
        names = [*snapshots, *self._checkpoints]
        if not names:
            return
        # Exit code 1: one of them is gone already.
        self._judge(self._writing("delete", self._place, *names), also=1)
        if {one.id for one in self.snapshots()} & set(snapshots):
            raise EngineFailed(exit_code=0)

    def prune(self, cancel: threading.Event) -> None:
        """Free the space of what was deleted; a server that only adds says yes and keeps it."""
        self._judge(self._writing("compact", self._place, cancel=cancel))

    def add_password(self, password: bytes) -> None:
        """Refuse: a borg repository has one."""
        raise OnePasswordOnly()

    def deletion(self) -> Deletion:
        """Unknown: a server that only adds takes a deletion as one more entry, and tells nobody."""
        return "unknown"

    @property
    def _place(self) -> str:
        """The address whatever the folder borg is run from."""
        folder = self.local_folder()
        return self.address if folder is None else str(folder.absolute())

    def _archive(self, snapshot: str) -> str:
        return f"{self._place}::{snapshot}"

    @cached_property
    def _base(self) -> Path:
        """Where borg keeps its cache and what it remembers of the repository."""
        if self.access.cache_folder is not None:
            self.access.cache_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self.access.cache_folder
        made = Path(tempfile.mkdtemp(prefix="socle-borg-"))
        weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        return made

    def _listing(self, *options: str) -> _Listing:
        output = b"".join(self._reading(["list", "--json", "--consider-checkpoints", *options, self._place]))
        return msgspec.json.decode(output, type=_Listing)

    def _create(self, options: Sequence[str], source: str, tags: Sequence[str], **how: Any) -> Stored:
        name = _name(tags)
        limits = ["--checkpoint-interval", str(CHECKPOINT_SECONDS), "--compression", COMPRESSION]
        command = ["create", "--json", *limits, *options, self._archive(name), source]
        try:
            done = self._writing(*command, **how)
            created = msgspec.json.decode(self._judge(done).output, type=_Creation).archive
        except RepositoryUnreachable:
            raise
        except BaseException:
            self._drop(name)
            raise
        sizes = created.stats
        return Stored(created.name, sizes.original_size, max(0, sizes.deduplicated_size), sizes.nfiles)

    def _drop(self, name: str) -> None:
        with suppress(SocleError):  # the seal is what counts: an unsealed leftover harms nobody
            self._run("delete", self._place, name, f"{name}{CHECKPOINT}", idle=120)

    def _writing(self, *words: str, **how: Any) -> Completed:
        """Run what needs the lock; a dead machine's is broken first, for a stream comes only once."""
        folder = self.local_folder()
        if folder is not None and borg_locks.is_dead(folder):
            self._judge(self._run("break-lock", self._place, idle=120))
        return self._run(*words, **how)

    def _reading(
        self, words: Sequence[str], cancel: threading.Event | None = None, folder: Path | None = None
    ) -> Iterator[bytes]:
        """Yield what borg writes; a lock, or a disk that takes none, is waited for a moment and then passed by."""
        begun = False
        try:
            for data in stream(self._command(words, folder, READ_LOCK_WAIT_SECONDS), cancel=cancel):
                begun = True
                yield data
        except CommandFailed as failed:
            error = self._error(failed.exit_code, failed.errors)
            if begun or failed.exit_code not in (70, 71, 72, 73):
                raise error from None
        except CommandStopped as stopped:
            raise self._stopped(stopped) from None
        else:
            return
        verb, *rest = words
        try:
            yield from stream(self._command([verb, "--bypass-lock", *rest], folder), cancel=cancel)
        except CommandFailed as failed:
            raise self._error(failed.exit_code, failed.errors) from None
        except CommandStopped as stopped:
            raise self._stopped(stopped) from None

    def _run(self, *words: str, folder: Path | None = None, idle: float = IDLE_SECONDS, **how: Any) -> Completed:
        try:
            return run(self._command(words, folder, idle=idle), **how)
        except CommandStopped as stopped:
            raise self._stopped(stopped) from None

    def _command(
        self,
        words: Sequence[str],
        folder: Path | None = None,
        lock_wait: int = LOCK_WAIT_SECONDS,
        idle: float = IDLE_SECONDS,
    ) -> Command:
        options = ["--log-json", "--lock-wait", str(lock_wait)]
        if self.access.upload_kib and self.local_folder() is None:
            options += ["--upload-ratelimit", str(self.access.upload_kib)]
        return Command(
            [self.program, *options, *words],
            self._environment(),
            folder=folder,
            idle_seconds=idle,
            total_seconds=TOTAL_SECONDS,
            stop_with=signal.SIGTERM,
        )

    def _environment(self) -> dict[str, str]:
        """What borg is told; the password is read by a `cat` of its own, so it stands in no environment."""
        remote = {} if self.local_folder() is not None else {"BORG_RSH": ssh.joined(ssh.command(self.access))}
        return plain_environment(
            **remote,
            BORG_BASE_DIR=str(self._base),
            BORG_EXIT_CODES="modern",
            BORG_PASSCOMMAND=shlex.join(["cat", str(self.access.password_file)]),
            BORG_RELOCATED_REPO_ACCESS_IS_OK="yes",
            BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="no",
            TZ="UTC",
        )

    def _judge(self, done: Completed, also: int = 0) -> Completed:
        if done.exit_code not in (0, also):
            raise self._error(done.exit_code, done.errors)
        return done

    def _stopped(self, stopped: CommandStopped) -> SocleError:
        return BackupCancelled() if stopped.why == "cancelled" else RepositoryUnreachable(repository=self.repository)

    def _error(self, exit_code: int, errors: str) -> SocleError:
        if exit_code == borg_words.NEVER_MATCHED:
            return SnapshotMissing(repository=self.repository)
        if exit_code in borg_words.CONNECTION_ENDED and ssh.meaning(errors) is None:
            errors = ssh.asked_why(self.access, ssh.server(self.address))
        return borg_words.error(exit_code, errors, self.repository, self._base)


def _name(tags: Sequence[str]) -> str:
    """Make an archive's name of its tags; the last word makes it the only one."""
    return "~".join([MARK, *(quote(tag, safe=":") for tag in tags), secrets.token_hex(4)])


def _tags(name: str) -> frozenset[str]:
    return frozenset(unquote(tag) for tag in name.split("~")[1:-1])
