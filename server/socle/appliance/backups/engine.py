"""The port to a backup engine, and everything that can go wrong with a repository, by name.

An engine stores named streams and folders as snapshots with tags, and gives them back. It judges each call by what the
program *said* (the snapshot's number, the bytes it took), never by an exit code alone, and raises one of these errors.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import BackupTarget

Progress = Callable[[int, int | None], None]
"""Called with the bytes done so far and, when known, the bytes in all."""


Deletion = Literal["refused", "possible", "unknown"]
"""Whether what signs in from here can delete at the target, as a harmless try showed; unknown: it cannot be tried."""


@dataclass(frozen=True)
class Access:
    """How a repository is reached and opened.

    `password_file` opens it. `username` and `secret` sign in at a rest-server, or are the two halves of an S3 key.
    `ssh_key_file` and `host_key` (the line the server must show) are for SFTP and borg over SSH. `upload_kib`: KiB/s
    at most, 0 without limit. `cache_folder`: where the engine may keep what saves it traffic.
    """

    password_file: Path
    username: str = ""
    secret: str = ""
    ssh_key_file: Path | None = None
    host_key: str = ""
    certificate_file: str = ""
    upload_kib: int = 0
    cache_folder: Path | None = None


@dataclass(frozen=True)
class Snapshot:
    """One stored stream or folder."""

    id: str
    made_at: datetime
    tags: frozenset[str]


@dataclass(frozen=True)
class Stored:
    """What the engine says it stored.

    `taken` counts the bytes it read from the source, `added` those the repository grew by, `files` the files it took
    (0: it does not say).
    """

    snapshot: str
    taken: int
    added: int = 0
    files: int = 0


@dataclass(frozen=True)
class Entry:
    """A file inside a snapshot; `path` starts with a slash."""

    path: str
    size: int


class Engine(Protocol):
    """One repository, opened with its password. Every method may raise the errors of this file.

    Locks of dead processes are the engine's own affair; RepositoryLocked means that a living one works there.
    """

    @property
    def repository(self) -> str:
        """Its address."""
        ...

    @property
    def shared(self) -> bool:
        """Whether several calls may write at the same time."""
        ...

    def version(self) -> str:
        """Return the engine's name and version, such as "restic 0.18.0"; EngineTooOld, or CommandMissing."""
        ...

    def at_pace(self, upload_kib: int) -> "Engine":
        """Return the same repository for sending this many KiB/s at most; 0 without limit."""
        ...

    def local_folder(self) -> Path | None:
        """Return the repository's folder when it lies on a disk of this machine."""
        ...

    def seems_present(self) -> bool:
        """Tell cheaply whether the repository is there; True when only a real look could tell."""
        ...

    def create(self) -> str:
        """Make the repository and return its own number; RepositoryExists if there is one."""
        ...

    def identity(self) -> str:
        """Return the repository's own number: proof that it is there and that the password opens it."""
        ...

    def store_stream(
        self, name: str, chunks: Iterable[bytes], tags: Sequence[str], progress: Progress, cancel: threading.Event
    ) -> Stored:
        """Store a stream as one file called `name` (no slash in it); nothing is left if `chunks` raises."""
        ...

    def store_folder(self, folder: Path, tags: Sequence[str], progress: Progress, cancel: threading.Event) -> Stored:
        """Store a folder, under its own last name."""
        ...

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot Socle made here, oldest first."""
        ...

    def open_stream(self, snapshot: str, name: str, cancel: threading.Event) -> Iterator[bytes]:
        """Yield a stored stream; raises at its end unless all of it came."""
        ...

    def entries(self, snapshot: str) -> Iterator[Entry]:
        """Yield the files of a snapshot, without reading their content."""
        ...

    def restore_folder(self, snapshot: str, into: Path, cancel: threading.Event) -> None:
        """Put a stored folder back inside `into`, under its own last name."""
        ...

    def check(self, part: int, parts: int, cancel: threading.Event) -> None:
        """Check the whole structure, and read the data of one of `parts` equal parts (1-based)."""
        ...

    def forget(self, snapshots: Sequence[str]) -> None:
        """Take snapshots out of the list; DeletionRefused where this machine may only add."""
        ...

    def prune(self, cancel: threading.Event) -> None:
        """Free the space of what was forgotten; DeletionRefused."""
        ...

    def add_password(self, password: bytes) -> None:
        """Let another password open the repository too; OnePasswordOnly. The first goes on opening it."""
        ...

    def deletion(self) -> Deletion:
        """Try, without harm, whether we could delete at the target."""
        ...


class Engines(Protocol):
    """Makes the engine for a target; wiring knows the kinds."""

    def open(self, target: BackupTarget, access: Access) -> Engine:
        """Return the engine; touches nothing yet."""
        ...


class EngineTooOld(SocleError):
    """The installed engine is older than the oldest one tried."""

    code = "BACKUP-ENGINE-TOO-OLD"
    message = N_("The backup program %(version)s is too old; Socle needs at least %(needed)s.")
    hint = N_("Update it with the system's packages.")
    kind = "unavailable"


class RepositoryMissing(SocleError):
    """There is no repository at the target's address."""

    code = "BACKUP-REPOSITORY-MISSING"
    message = N_("There is no backup repository at %(repository)s.")
    hint = N_("Check that the disk is plugged in and mounted; to begin a new one there, run “socle backup init”.")
    kind = "unavailable"


class RepositoryExists(SocleError):
    """A repository would be made over another."""

    code = "BACKUP-REPOSITORY-EXISTS"
    message = N_("There is a backup repository at %(repository)s already.")
    hint = N_("Nothing was changed. Use it as it is, or give another place.")
    kind = "conflict"


class WrongPassword(SocleError):
    """The repository does not open with our password."""

    code = "BACKUP-WRONG-PASSWORD"
    message = N_("The backup repository at %(repository)s does not open with this practice's key.")
    hint = N_("It may belong to another practice or an older home: give the keys folder it was made with (--keys).")
    kind = "refused"


class RepositoryLocked(SocleError):
    """Another living process works in the repository."""

    code = "BACKUP-REPOSITORY-LOCKED"
    message = N_("Another process is working in the backup repository at %(repository)s.")
    hint = N_("Wait for it to end and try again; the lock of a dead process goes away by itself.")
    kind = "conflict"


class NoSpaceLeft(SocleError):
    """The target's disk is full."""

    code = "BACKUP-NO-SPACE"
    message = N_("The disk of the backup repository at %(repository)s is full.")
    hint = N_("Earlier backups there are still good. Free space on that disk, then run the backup again.")
    kind = "unavailable"


class RepositoryUnreachable(SocleError):
    """The machine that holds the repository does not answer."""

    code = "BACKUP-UNREACHABLE"
    message = N_("The backup repository at %(repository)s cannot be reached.")
    hint = N_("Check the network and the machine that holds it; the next run tries again.")
    kind = "unavailable"


class ServerNotRecognised(SocleError):
    """The server does not show the key that was written down: it is another, or somebody stands between."""

    code = "BACKUP-SERVER-NOT-RECOGNISED"
    message = N_("The server of %(repository)s does not show the key that was recorded for it.")
    hint = N_("Nothing was sent. Ask who runs that server whether its key changed; if so, record the new one.")
    kind = "refused"


class SignInRefused(SocleError):
    """The server does not let this machine in."""

    code = "BACKUP-SIGN-IN-REFUSED"
    message = N_("The server of %(repository)s refuses this machine's sign-in.")
    hint = N_("Check the name, the password or the key that this practice has there.")
    kind = "refused"


class NoSpaceHere(SocleError):
    """The disk of this machine, not the target's, is full."""

    code = "BACKUP-NO-SPACE-HERE"
    message = N_("The disk of this machine is full: the backup program has no room to work.")
    hint = N_("Free space on it, then run the backup again. What is at the target is still good.")
    kind = "unavailable"


class RepositoryRolledBack(SocleError):
    """The repository is older than it was: an old copy stands in its place."""

    code = "BACKUP-REPOSITORY-ROLLED-BACK"
    message = N_("The backup repository at %(repository)s is older than it was when it was last used.")
    hint = N_("If you put an old copy there yourself, delete %(cache)s and try again. If not, somebody else did.")
    kind = "broken"


class RepositoryDamaged(SocleError):
    """What is stored is not what was written."""

    code = "BACKUP-REPOSITORY-DAMAGED"
    message = N_("The backup repository at %(repository)s is damaged.")
    hint = N_("Do not rely on it: begin a new repository on a good disk today, and keep this one for an expert.")
    kind = "broken"


class SnapshotMissing(SocleError):
    """A snapshot, or a file in it, is not there."""

    code = "BACKUP-SNAPSHOT-MISSING"
    message = N_("A part of this backup is missing from the repository at %(repository)s.")
    hint = N_("Use another set (“socle backup list”), and run a new backup today.")
    kind = "broken"


class SourceUnreadable(SocleError):
    """The engine could not read all of a source."""

    code = "BACKUP-SOURCE-UNREADABLE"
    message = N_("A part of the practice's data could not be read, so this backup was not sealed.")
    hint = N_("Check the rights and the disk of the home folder, then run the backup again.")
    kind = "broken"


class DeletionRefused(SocleError):
    """The target lets this machine add only: as it should be."""

    code = "BACKUP-DELETION-REFUSED"
    message = N_("The backup repository at %(repository)s lets this machine add, not delete.")
    hint = N_("That is its protection. What is kept is decided with the offsite credential: “socle backup prune”.")
    kind = "refused"


class OnePasswordOnly(SocleError):
    """The engine knows one password for each repository."""

    code = "BACKUP-ONE-PASSWORD-ONLY"
    message = N_("A repository of this kind opens with one password only.")
    hint = N_("The recovery kit carries that password itself.")
    kind = "invalid"


class BackupCancelled(SocleError):
    """Somebody asked to stop."""

    code = "BACKUP-CANCELLED"
    message = N_("The work was cancelled before its end.")
    hint = N_("Nothing was sealed; the next run starts again and re-uses what was already stored.")
    kind = "conflict"


class EngineFailed(SocleError):
    """The engine failed in a way that has no name yet."""

    code = "BACKUP-ENGINE-FAILED"
    message = N_("The backup program failed (exit code %(exit_code)s).")
    hint = N_("The run's log has what it said. Run the backup again; if it fails again, use another target meanwhile.")
    kind = "broken"
