"""Places for repositories, each a real one: a folder, SFTP, rest-server, borg over SSH, S3; with both engines."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tests.parts import borg, restic, s3
from tests.parts.rest_server import NAME, RestServer
from tests.parts.sshd import Sshd

from socle.appliance.backups.engine import Access, Deletion, Engine
from socle.appliance.backups.engines.borg import Borg
from socle.appliance.backups.engines.restic import Restic


@dataclass
class Target:
    """One place that holds repositories by name.

    `folder`: where it keeps them, if it can be looked at from here. `server`: what can be switched off and on.
    """

    kind: Literal["restic", "borg"]
    program: str
    address: Callable[[str], str]
    folder: Path | None
    access: Access
    deletion: Deletion = "unknown"
    server: Sshd | RestServer | None = None

    @property
    def adds_only(self) -> bool:
        """Whether the engine itself is told that it may not delete."""
        return self.deletion == "refused"

    def open(self, name: str, password: Path, cache: Path | None = None) -> Engine:
        """Open the repository of that name."""
        access = replace(self.access, password_file=password, cache_folder=cache)
        if self.kind == "borg":
            return Borg(self.address(name), access, self.program)
        return Restic(self.address(name), access, self.program)

    def kept_in(self, name: str) -> Path:
        """Return the repository's folder."""
        assert self.folder is not None
        return self.folder / name


Maker = Callable[[Path], AbstractContextManager[Target]]
_NO_PASSWORD = Access(Path("/nonexistent"))


def restic_folder(program: str = "restic") -> Maker:
    """restic on a disk."""

    @contextmanager
    def made(folder: Path) -> Iterator[Target]:
        path = restic.program(program)
        yield Target("restic", path, lambda name: str(folder / name), folder, _NO_PASSWORD)

    return made


@contextmanager
def borg_folder(folder: Path) -> Iterator[Target]:
    """Borg on a disk."""
    path = borg.program()
    yield Target("borg", path, lambda name: str(folder / name), folder, _NO_PASSWORD)


@contextmanager
def restic_sftp(folder: Path) -> Iterator[Target]:
    """restic over SFTP, with a key of its own and the server's key written down."""
    path, kept = restic.program(), folder / "kept"
    with Sshd(folder / "sshd") as server:
        access = replace(_NO_PASSWORD, ssh_key_file=server.key, host_key=server.host_key)
        yield Target("restic", path, lambda name: server.address(kept / name, "sftp"), kept, access, server=server)


def restic_rest_server(program: str = "restic", *, append_only: bool = True) -> Maker:
    """restic over HTTPS, to a rest-server."""

    @contextmanager
    def made(folder: Path) -> Iterator[Target]:
        path = restic.program(program)
        with RestServer(folder / "rest", append_only=append_only) as server:
            access = replace(
                _NO_PASSWORD,
                username=NAME,
                secret=server.password,
                certificate_file=str(server.certificate_file),
            )
            yield Target(
                "restic",
                path,
                lambda name: f"{server.address}{name}",
                server.data,
                access,
                deletion="refused" if append_only else "possible",
                server=server,
            )

    return made


@contextmanager
def borg_ssh(folder: Path) -> Iterator[Target]:
    """Borg over SSH: the key may run one command, which only adds."""
    path, kept = borg.program(), folder / "kept"
    kept.mkdir(parents=True)
    with Sshd(folder / "sshd", f"{path} serve --append-only --restrict-to-path {kept}") as server:
        access = replace(_NO_PASSWORD, ssh_key_file=server.key, host_key=server.host_key)
        yield Target("borg", path, lambda name: server.address(kept / name), kept, access, server=server)


@contextmanager
def restic_s3(_folder: Path) -> Iterator[Target]:
    """restic on S3."""
    path = restic.program()
    with s3.running() as server:
        access = replace(_NO_PASSWORD, username=server.key, secret=server.secret)
        yield Target("restic", path, lambda name: f"{server.address}/{name}", None, access)
