"""A real OpenLDAP server: Debian's slapd as our own child, with configuration and data in a temporary folder.

It listens on a unix socket and on 127.0.0.1 only. Under AppArmor (Ubuntu) slapd may not read outside its own folders:
there, `aa-complain /usr/sbin/slapd` is needed first; Debian ships no profile for it.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.parts import ports, required
from tests.parts.certificates import Pair

SUFFIX = "dc=cabinet,dc=test"
PEOPLE = f"ou=people,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
SERVICE = f"cn=socle,{SUFFIX}"
START_SECONDS = 30
SCHEMAS = Path("/etc/ldap/schema")
MODULES = Path("/usr/lib/ldap")
# The service account reads everything but passwords; without the paging control nobody gets more than 500 entries.
# A bind with a name and no password is let in, as many servers do: Socle must not be fooled by it.
CONFIGURATION = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
moduleload ppolicy
moduleload argon2
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited
allow bind_anon_cred bind_anon_dn
authz-regexp "gidNumber=[0-9]+[+]uidNumber={user},cn=peercred,cn=external,cn=auth" "{service}"
{tls}
database mdb
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw {root_password}
directory {folder}/data
maxsize 134217728
dbnosync
index objectClass,uid,member,entryUUID eq
access to attrs=userPassword,pwdReset by dn.exact="{service}" write by self write by anonymous auth by * none
access to * by dn.exact="{service}" read by self read by * none
overlay ppolicy
ppolicy_default "cn=policy,{suffix}"
ppolicy_hash_cleartext
"""


# As Debian's package leaves it: the configuration is root's over the unix socket, here the test's own user's.
EMPTY = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/nis.schema
include {schemas}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
{tls}
database config
access to * by dn.exact="gidNumber={group}+uidNumber={user},cn=peercred,cn=external,cn=auth" manage by * break
database mdb
suffix "{suffix}"
rootdn "cn=admin,{suffix}"
rootpw {root_password}
directory {folder}/data
maxsize 134217728
dbnosync
index objectClass eq
index cn,uid eq
index member,memberUid eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by * read
"""


class Slapd:
    """One server. `empty`: without any entry, and configured over LDAP (slapd.d).

    `load` before the first `start`; it may be stopped, started again, frozen and thawed.
    """

    def __init__(self, folder: Path, tls: Pair | None = None, *, empty: bool = False) -> None:
        self.folder = folder
        self.root_password = secrets.token_hex(8)
        self._process: subprocess.Popen[bytes] | None = None
        self._program = required.program("slapd", "slapd")
        self._tls = tls
        (folder / "data").mkdir(parents=True)
        self.plain_port, self.tls_port = ports.free(2)
        lines = f"TLSCertificateFile {tls.certificate}\nTLSCertificateKeyFile {tls.key}\n" if tls else ""
        (folder / "slapd.conf").write_text(
            (EMPTY if empty else CONFIGURATION).format(
                schemas=SCHEMAS,
                modules=MODULES,
                folder=folder,
                user=os.geteuid(),
                group=os.getegid(),
                service=SERVICE,
                tls=lines,
                suffix=SUFFIX,
                root_password=self.root_password,
            )
        )
        self._configuration = ["-f", str(folder / "slapd.conf")]
        if empty:
            (folder / "slapd.d").mkdir()
            words = [required.program("slaptest", "slapd"), *self._configuration]
            words += ["-F", str(folder / "slapd.d"), "-n", "0"]
            subprocess.run(words, check=True, capture_output=True)
            self._configuration = ["-F", str(folder / "slapd.d")]

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._running().pid

    @property
    def socket_url(self) -> str:
        """The address of the unix socket."""
        return f"ldapi://{quote(str(self.folder / 'ldapi'), safe='')}"

    def tls_url(self, host: str = "localhost") -> str:
        """The LDAPS address."""
        return f"ldaps://{host}:{self.tls_port}"

    def plain_url(self, host: str = "localhost") -> str:
        """The address for StartTLS."""
        return f"ldap://{host}:{self.plain_port}"

    def load(self, ldif: bytes) -> None:
        """Add entries offline."""
        subprocess.run(
            [required.program("slapadd", "slapd"), "-q", *self._configuration],
            input=ldif,
            check=True,
            capture_output=True,
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        urls = [self.socket_url, f"ldap://127.0.0.1:{self.plain_port}"]
        if self._tls:
            urls.append(f"ldaps://127.0.0.1:{self.tls_port}")
        with (self.folder / "log").open("ab") as log:
            words = ["setpriv", "--pdeathsig", "TERM", self._program, "-d", "0"]
            words += [*self._configuration, "-h", " ".join(urls)]
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.plain_port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"slapd did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(START_SECONDS)

    def __enter__(self) -> "Slapd":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def freeze(self) -> None:
        """Leave its sockets open but answer nothing any more."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Answer again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        self._running().send_signal(number)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("slapd was not started")
        return self._process


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder with a name short enough for unix sockets, removed at the end."""
    made = Path(tempfile.mkdtemp(prefix="socle-ldap-", dir="/tmp"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
