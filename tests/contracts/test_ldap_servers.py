"""What only a directory on the network can do: refuse a certificate, stop, hang, come back, be somebody else."""

import base64
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from ldap3 import MODIFY_DELETE, Connection
from tests.builders import people
from tests.builders.people import ANNE, CLAIRE, EVERYBODY, GONE, NEW, PAUL
from tests.conftest import DATABASE_KEY
from tests.parts import slapd
from tests.parts.certificates import Authority

from socle.foundation.clock import SystemClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.foundation.settings import LdapSettings
from socle.identity.people.directories import ldap_groups, ldap_link
from socle.identity.people.directories.embedded import LDIF_BASE, EmbeddedDirectory
from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.directory import (
    AccountLocked,
    CertificateRefused,
    DirectoryMisconfigured,
    DirectoryPerson,
    DirectoryUnreachable,
    PasswordTooWeak,
    WrongCredentials,
)
from socle.identity.people.passwords import Hasher

pytestmark = pytest.mark.real
Server = Callable[..., slapd.Slapd]
Connect = Callable[..., LdapDirectory]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short-named folder."""
    with slapd.folder() as made:
        yield made


@pytest.fixture
def authority(folder: Path) -> Authority:
    """The practice's own authority."""
    return Authority(folder, "practice")


@pytest.fixture
def server(folder: Path, authority: Authority) -> Iterator[Server]:
    """Start servers, each with its own copy of the test directory."""
    started: list[slapd.Slapd] = []

    def start(*names: str, crowd: int = 0, signed_by: Authority = authority, **how: timedelta) -> slapd.Slapd:
        pair = signed_by.sign(*(names or ("localhost",)), **how)
        one = slapd.Slapd(folder / f"server{len(started)}", pair)
        one.load(people.entries(crowd))
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def connect(authority: Authority) -> Iterator[Connect]:
    """Make directories on server addresses, with the practice's authority."""
    made: list[LdapDirectory] = []

    def make(*urls: str, password: str = people.SERVICE_PASSWORD, **changed: object) -> LdapDirectory:
        settings = people.settings(*urls, **{"certificate_file": str(authority.file), **changed})  # type: ignore[arg-type]
        made.append(LdapDirectory(settings, password.encode()))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def any_database(sqlcipher_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An embedded database: the kind does not matter here."""
    shutil.copyfile(sqlcipher_template, tmp_path / "practice.db")
    engine = embedded_engine(tmp_path / "practice.db", DATABASE_KEY)
    yield Database(engine, SystemClock())
    engine.dispose()


class Listener:
    """A port on loopback that counts who comes, and says `words` to each, or nothing at all."""

    def __init__(self, words: bytes | None = None) -> None:
        self.came = 0
        self._words = words
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.came += 1
            self._held.append(visitor)
            if self._words is not None:
                visitor.sendall(self._words)

    def close(self) -> None:
        self._socket.close()
        for one in self._held:
            one.close()


@contextmanager
def black_hole() -> Iterator[Listener]:
    """A server that takes every call and never answers."""
    with closing(Listener()) as one:
        yield one


# Certificates


@pytest.mark.parametrize("way", ["tls_url", "plain_url"])
def test_a_certificate_of_another_authority_is_refused(
    server: Server, connect: Connect, folder: Path, way: str
) -> None:
    one = server(signed_by=Authority(folder, "impostor"))
    with pytest.raises(CertificateRefused):
        connect(getattr(one, way)()).authenticate(ANNE.username, ANNE.password)


@pytest.mark.parametrize("way", ["tls_url", "plain_url"])
def test_a_certificate_of_another_host_is_refused(server: Server, connect: Connect, way: str) -> None:
    one = server("other.cabinet.test")
    with pytest.raises(CertificateRefused):
        connect(getattr(one, way)()).authenticate(ANNE.username, ANNE.password)


def test_a_certificate_that_has_ended_is_refused(server: Server, connect: Connect) -> None:
    one = server(ends_in=timedelta(days=-1))
    with pytest.raises(CertificateRefused):
        connect(one.tls_url()).authenticate(ANNE.username, ANNE.password)


def test_the_machines_own_list_does_not_know_the_practices_authority(server: Server, connect: Connect) -> None:
    with pytest.raises(CertificateRefused):
        connect(server().tls_url(), certificate_file="").authenticate(ANNE.username, ANNE.password)


def test_a_server_without_tls_is_never_told_a_password(folder: Path, connect: Connect) -> None:
    one = slapd.Slapd(folder / "plain")
    one.load(people.entries())
    with one, pytest.raises(DirectoryUnreachable):
        connect(one.plain_url()).authenticate(ANNE.username, ANNE.password)


def test_an_address_is_checked_like_a_name(server: Server, connect: Connect) -> None:
    one = server("localhost", "127.0.0.1")
    assert connect(one.tls_url("127.0.0.1")).authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
    with pytest.raises(CertificateRefused):
        connect(server("localhost").tls_url("127.0.0.1")).authenticate(ANNE.username, ANNE.password)


def test_a_missing_certificate_file_lets_nothing_through(server: Server, connect: Connect, folder: Path) -> None:
    with pytest.raises(CertificateRefused):
        connect(server().tls_url(), certificate_file=str(folder / "absent.pem")).find(ANNE.username)


# Servers that stop, hang, and come back


def test_the_second_server_takes_over_when_the_first_stops(server: Server, connect: Connect) -> None:
    first, second = server(), server()
    directory = connect(first.tls_url(), second.tls_url())
    assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
    first.stop()
    for _ in range(3):
        assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
    assert directory.probe().state == "amber"
    second.stop()
    with pytest.raises(DirectoryUnreachable):
        directory.authenticate(ANNE.username, ANNE.password)
    assert directory.probe().state == "red"


def test_a_silent_server_is_passed_over_and_remembered(server: Server, connect: Connect) -> None:
    second = server()
    with black_hole() as silent:
        directory = connect(f"ldaps://localhost:{silent.port}", second.tls_url(), connect_seconds=0.5)
        for _ in range(5):
            assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
        assert silent.came == 1


def test_a_silent_server_is_tried_again_after_its_rest(server: Server, connect: Connect) -> None:
    second = server()
    with black_hole() as silent:
        url = f"ldaps://localhost:{silent.port}"
        directory = connect(url, second.tls_url(), connect_seconds=0.3, rest_seconds=0.0)
        for _ in range(2):
            directory.find(ANNE.username)
        assert silent.came >= 2


def test_a_server_that_hangs_in_the_middle_gives_way_to_the_second(server: Server, connect: Connect) -> None:
    first, second = server(), server()
    directory = connect(first.tls_url(), second.tls_url(), connect_seconds=1.0, answer_seconds=1.0)
    assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
    first.freeze()
    try:
        assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
    finally:
        first.thaw()


def test_a_lone_server_that_hangs_is_unreachable(server: Server, connect: Connect) -> None:
    one = server()
    directory = connect(one.socket_url, connect_seconds=1.0, answer_seconds=1.0)
    assert directory.find(ANNE.username) is not None
    one.freeze()
    try:
        with pytest.raises(DirectoryUnreachable):
            directory.authenticate(ANNE.username, ANNE.password)
    finally:
        one.thaw()
    assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles


@pytest.mark.parametrize("way", ["tls_url", "plain_url", "socket_url"])
def test_a_restarted_server_is_found_again_at_once(server: Server, connect: Connect, way: str) -> None:
    one = server()
    url = one.socket_url if way == "socket_url" else getattr(one, way)()
    directory = connect(url)
    assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
    one.stop()
    one.start()
    assert directory.authenticate(CLAIRE.username, CLAIRE.password).roles == CLAIRE.roles


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("a connection was opened")


def test_kept_connections_are_used_again(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = connect(server().tls_url())
    directory.authenticate(ANNE.username, ANNE.password)
    monkeypatch.setattr(ldap_link.LdapLink, "open_line", _refuse)
    for _ in range(5):
        directory.authenticate(ANNE.username, ANNE.password)
        with pytest.raises(WrongCredentials):
            directory.authenticate(ANNE.username, CLAIRE.password)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_worker_never_speaks_on_its_parents_connections(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = connect(server().tls_url())
    directory.authenticate(ANNE.username, ANNE.password)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            person = directory.authenticate(CLAIRE.username, CLAIRE.password)
            os.write(write, person.username.encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as answers:
        assert answers.read().decode() == CLAIRE.username
    # Had the child spoken on them, TLS would have broken off, and new ones would be opened.
    monkeypatch.setattr(ldap_link.LdapLink, "open_line", _refuse)
    assert directory.authenticate(PAUL.username, PAUL.password).roles == PAUL.roles


@pytest.mark.parametrize(
    "words", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x02\x01\x01"]
)
def test_something_else_on_the_port_is_unreachable(connect: Connect, folder: Path, words: bytes) -> None:
    with closing(Listener(words)) as other:
        directory = connect(f"ldap://localhost:{other.port}", connect_seconds=0.5, answer_seconds=0.5)
        with pytest.raises(DirectoryUnreachable):
            directory.authenticate(ANNE.username, ANNE.password)


@pytest.mark.parametrize(
    "url", ["ldaps://does-not-exist.invalid", "ldapi://%2Fnowhere%2Fldapi", "ldaps://localhost:1", "gopher://x"]
)
def test_nobody_there_is_unreachable(connect: Connect, url: str) -> None:
    with pytest.raises(DirectoryUnreachable):
        connect(url).authenticate(ANNE.username, ANNE.password)


def test_no_address_at_all_is_unreachable(connect: Connect) -> None:
    with pytest.raises(DirectoryUnreachable):
        connect().authenticate(ANNE.username, ANNE.password)


# Being let in


def test_a_wrong_service_password_is_said_to_be_a_wrong_setting(server: Server, connect: Connect) -> None:
    directory = connect(server().socket_url, password="wrong")
    with pytest.raises(DirectoryMisconfigured):
        directory.authenticate(ANNE.username, ANNE.password)
    assert directory.probe().code == DirectoryMisconfigured.code


@pytest.mark.parametrize(
    "changed",
    [{"people_base": "ou=nowhere,dc=cabinet,dc=test"}, {"person_filter": "(objectClass=("}, {"people_base": "x"}],
)
def test_a_wrong_base_or_filter_is_said_to_be_a_wrong_setting(
    server: Server, connect: Connect, changed: dict[str, object]
) -> None:
    with pytest.raises(DirectoryMisconfigured):
        connect(server().socket_url, **changed).find(ANNE.username)


def test_the_unix_user_is_proof_enough_over_the_socket(server: Server, connect: Connect) -> None:
    directory = connect(server().socket_url, password="", bind_dn="")
    assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles


def test_a_stranger_may_read_nothing(server: Server, connect: Connect) -> None:
    with pytest.raises((DirectoryMisconfigured, WrongCredentials)):
        connect(server().tls_url(), password="", bind_dn="").authenticate(ANNE.username, ANNE.password)


def test_a_bind_without_a_password_is_never_sent(server: Server) -> None:
    link = ldap_link.LdapLink(people.settings(server().socket_url), people.SERVICE_PASSWORD.encode())
    with pytest.raises(ldap_link.NothingToProve, match="needs a name and a password"):
        link.check_password(people.dn(ANNE), b"")
    with pytest.raises(ldap_link.NothingToProve, match="needs a name and a password"):
        link.check_password("", b"password")


# People and groups


def test_more_people_than_the_server_gives_at_once(server: Server, connect: Connect) -> None:
    directory = connect(server(crowd=1200).socket_url)
    listed = list(directory.people())
    assert len(listed) == len({person.key for person in listed}) == 1200 + len(EVERYBODY)
    assert {person.username: person.roles for person in listed}[ANNE.username] == ANNE.roles


def _as_root(server: slapd.Slapd, name: str, member: str) -> None:
    """Take a member out of a group, as the directory's own administrator."""
    with Connection(f"ldap://127.0.0.1:{server.plain_port}", f"cn=root,{slapd.SUFFIX}", server.root_password) as root:
        assert root.modify(people.group(name), {"member": [(MODIFY_DELETE, [member])]}), root.result  # type: ignore[no-untyped-call]


def test_a_person_taken_out_of_a_group_loses_its_role_at_once(server: Server, connect: Connect) -> None:
    one = server()
    directory = connect(one.socket_url)
    assert directory.authenticate(CLAIRE.username, CLAIRE.password).roles == CLAIRE.roles
    _as_root(one, "secretaries", people.dn(CLAIRE))
    assert directory.authenticate(CLAIRE.username, CLAIRE.password).roles == frozenset()


def test_a_group_taken_out_of_a_group_is_noticed_after_a_while(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = server()
    directory = connect(one.socket_url)
    assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles
    _as_root(one, "tous les kinés", people.group("kinés, étage 1"))
    monkeypatch.setattr(ldap_groups, "NESTING_KEPT_SECONDS", 0.0)
    assert directory.authenticate(ANNE.username, ANNE.password).roles == frozenset()


def test_leaving_the_list_half_way_leaves_nothing_open(server: Server, connect: Connect) -> None:
    directory = connect(server(crowd=1200).socket_url)
    listed = directory.people()
    assert next(listed).key
    listed.close()  # type: ignore[attr-defined]
    assert directory.authenticate(ANNE.username, ANNE.password).roles == ANNE.roles


def test_two_people_of_one_name_sign_nobody_in(server: Server, connect: Connect) -> None:
    directory = connect(server().socket_url, username_attribute="objectClass")
    with pytest.raises(DirectoryMisconfigured):
        directory.authenticate("inetOrgPerson", ANNE.password)


def test_a_directory_without_the_key_attribute_is_a_wrong_setting(server: Server, connect: Connect) -> None:
    with pytest.raises(DirectoryMisconfigured):
        connect(server().socket_url, key_attribute="objectGUID").find(ANNE.username)


def test_the_servers_own_policy_is_told(server: Server, connect: Connect, any_database: Database) -> None:
    one = server()
    directory = connect(one.socket_url)
    with pytest.raises(PasswordTooWeak), any_database.writing() as session:
        directory.change_own_password(session, ANNE.username, ANNE.password, "short")
    with pytest.raises((AccountLocked, WrongCredentials)):
        directory.authenticate(GONE.username, GONE.password)
    with any_database.writing() as session:
        directory.change_own_password(session, NEW.username, NEW.password, "Wm5#dpV8xJt3")


def test_the_embedded_directory_moves_to_openldap_with_passwords_and_keys(
    folder: Path, authority: Authority, any_database: Database
) -> None:
    embedded = EmbeddedDirectory(any_database, Hasher(time_cost=1, memory_kib=64))
    with any_database.writing() as session:
        for person in EVERYBODY:
            roles, name = person.roles, person.display_name
            given = DirectoryPerson("", person.username, name, person.given_name, person.family_name, roles=roles)
            embedded.create(session, given, person.password)
    suffix, moved = slapd.SUFFIX, b"".join(embedded.export_ldif())
    one = slapd.Slapd(folder / "moved", authority.sign("localhost"))
    one.load(_renamed(moved, suffix))
    groups = {
        role: (f"cn={role},{slapd.GROUPS}",) for role in ("practitioner", "secretary", "administrator", "maintainer")
    }
    settings = LdapSettings(
        urls=(one.socket_url,),
        people_base=slapd.PEOPLE,
        groups_base=slapd.GROUPS,
        role_groups=type(people.settings().role_groups)(**groups),
    )
    with one, closing(LdapDirectory(settings)) as directory:
        for person in EVERYBODY:
            assert directory.authenticate(person.username, person.password) == embedded.find(person.username)


def _renamed(text: bytes, suffix: str) -> bytes:
    """Move LDIF to the test server's suffix, base 64 lines included."""
    lines = []
    for line in text.split(b"\n"):
        name, sign, value = line.partition(b":: ")
        if sign:
            value = base64.b64encode(base64.b64decode(value).replace(LDIF_BASE.encode(), suffix.encode()))
            lines.append(name + sign + value)
        else:
            lines.append(line.replace(LDIF_BASE.encode(), suffix.encode()))
    return b"\n".join(lines)
