"""`socle directory init` on a real, empty OpenLDAP: what it says first, and what it lays out."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ldap3 import ANONYMOUS, SASL, Connection, Server
from tests.builders import people
from tests.builders.people import ANNE, CLAIRE
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import door, slapd

from socle.__main__ import socle
from socle.foundation.clock import SystemClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.foundation.settings import LdapSettings
from socle.identity.actor import Role
from socle.identity.people.directory import (
    AccountLocked,
    DirectoryPerson,
    PasswordMustChange,
    PasswordTooWeak,
    WrongCredentials,
)
from socle.identity.sessions.models import Workstation
from socle.jobs import directory_sync

pytestmark = pytest.mark.real
Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[slapd.Slapd]:
    with slapd.folder() as folder, slapd.Slapd(folder / "server", empty=True) as one:
        yield one


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on one home, in English."""
    monkeypatch.setenv("SOCLE_LANGUAGE", "en")

    def one(*words: str) -> Result:
        places = ["--home", str(tmp_path / "home"), "--keys", str(tmp_path / "keys")]
        return CliRunner().invoke(socle, [*places, *words], catch_exceptions=False)

    assert one("init").exit_code == 0
    return one


@pytest.fixture
def any_database(sqlcipher_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An embedded database: the kind does not matter here."""
    shutil.copyfile(sqlcipher_template, tmp_path / "practice.db")
    engine = embedded_engine(tmp_path / "practice.db", DATABASE_KEY)
    yield Database(engine, SystemClock(), {"audit_key": AUDIT_KEY})
    engine.dispose()


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def lay_out(run: Run, server: slapd.Slapd, *words: str) -> Any:
    return told(run("directory", "init", "--suffix", slapd.SUFFIX, "--url", server.socket_url, *words, "--json"))


@contextmanager
def bound(server: slapd.Slapd, **how: Any) -> Iterator[Connection]:
    connection = Connection(Server(server.socket_url), auto_bind=True, **how)
    try:
        yield connection
    finally:
        connection.unbind()


ROOT: dict[str, Any] = {"authentication": SASL, "sasl_mechanism": "EXTERNAL", "sasl_credentials": ""}


def entries(server: slapd.Slapd) -> set[str]:
    with bound(server, **ROOT) as connection:
        connection.search(slapd.SUFFIX, "(objectClass=*)")
        return {entry.entry_dn for entry in connection.entries}


def test_it_says_what_it_would_do_then_does_it_once(run: Run, server: slapd.Slapd, tmp_path: Path) -> None:
    plan = lay_out(run, server)
    assert plan["to_do"] == len(plan["steps"]) == 10
    assert entries(server) == set()
    assert not (tmp_path / "keys" / "directory_bind_password").exists()
    assert lay_out(run, server, "--yes")["to_do"] == 0
    made = entries(server)
    assert f"cn=practitioner,{slapd.GROUPS}" in made
    assert f"cn=enrolled,ou=workstations,{slapd.SUFFIX}" in made
    assert lay_out(run, server)["to_do"] == 0
    assert lay_out(run, server, "--yes")["to_do"] == 0
    assert entries(server) == made


def test_what_is_lost_is_laid_out_again(run: Run, server: slapd.Slapd) -> None:
    lay_out(run, server, "--yes")
    with bound(server, **ROOT) as connection:
        assert connection.delete(f"cn=secretary,{slapd.GROUPS}")  # type: ignore[no-untyped-call]
        another = {"userPassword": [("MODIFY_REPLACE", ["another"])]}
        assert connection.modify(f"cn=socle,{slapd.SUFFIX}", another)  # type: ignore[no-untyped-call]
    assert lay_out(run, server)["to_do"] == 2
    assert lay_out(run, server, "--yes")["to_do"] == 0
    assert f"cn=secretary,{slapd.GROUPS}" in entries(server)


def test_the_lines_it_prints_are_settings_that_work(run: Run, server: slapd.Slapd, tmp_path: Path) -> None:
    lay_out(run, server, "--yes")
    printed = run("directory", "init", "--suffix", slapd.SUFFIX, "--url", server.socket_url).stdout
    settings = tmp_path / "home" / "socle.toml"
    settings.write_text(settings.read_text() + printed[printed.index("\n[directory]") :])
    made = told(
        run("accounts", "create", "anne.martin", "--given-name", "Anne", "--family-name", "Martin",
            "--role", "administrator", "--role", "practitioner", "--json")
    )  # fmt: skip
    answer = told(run("directory", "check", "--people", "--json"))
    assert (answer["state"], answer["kind"]) == ("green", "ldap")
    assert answer["people"] == {"practitioner": 1, "secretary": 0, "administrator": 1, "maintainer": 0, "none": 0}
    assert told(run("accounts", "rename", "anne.martin", "--username", "anne.durand", "--family-name", "Durand",
                    "--json"))["id"] == made["id"]  # fmt: skip
    listed = told(run("accounts", "list", "--json"))
    assert [(one["username"], one["display_name"]) for one in listed if not one["emergency"]] == [
        ("anne.durand", "Anne Durand")
    ]
    assert told(run("directory", "check", "--people", "--json"))["people"]["practitioner"] == 1


def test_a_practice_moves_from_the_first_account_to_the_changed_settings(
    run: Run, server: slapd.Slapd, tmp_path: Path
) -> None:
    names = ("--given-name", "Anne", "--family-name", "Martin")
    anne = told(run("accounts", "create", "anne.martin", *names, "--role", "administrator", "--json"))
    refused = run("directory", "move")
    assert (refused.exit_code, "DIRECTORY-MOVE-IMPOSSIBLE" in refused.stderr) == (2, True)
    lay_out(run, server, "--yes")
    printed = run("directory", "init", "--suffix", slapd.SUFFIX, "--url", server.socket_url).stdout
    assert "Then “socle directory move” takes the people there" in printed
    settings = tmp_path / "home" / "socle.toml"
    own = settings.read_text()
    block = printed[printed.index("\n[directory]") : printed.index("Then “socle")]
    settings.write_text(own + block)
    assert "Nothing was changed. Add --yes" in run("directory", "move").stdout
    assert 'write kind = "ldap" under [directory]' in run("directory", "move", "--yes").stdout
    assert told(run("directory", "move", "--undo", "--json")) == {"undone": 1}
    moved = told(run("directory", "move", "--yes", "--json"))
    assert moved["people"] == [{"username": "anne.martin", "outcome": "create", "roles_differ": False}]
    assert told(run("accounts", "reset-password", "anne.martin", "--json"))["id"] == anne["id"]
    settings.write_text(own + block.replace('"embedded"', '"ldap"'))
    assert run("directory", "move", "--undo").exit_code == 2
    assert told(run("directory", "sync", "--json")) == {
        "listed": 1,
        "rehearsed": False,
        "closed": [],
        "held": [],
        "returned": [],
        "changed": [],
    }
    assert told(run("accounts", "reset-password", "anne.martin", "--json"))["id"] == anne["id"]
    assert run("audit", "verify").exit_code == 0


def test_the_server_itself_enforces_the_policy(server: slapd.Slapd, any_database: Database) -> None:
    with closing(people.laid_out(server)) as directory:
        guest = DirectoryPerson("", "anne.martin", "Anne Martin", "Anne", "Martin", roles=frozenset({Role.SECRETARY}))
        with any_database.writing() as session:
            anne = directory.create(session, guest, ANNE.password)
        with pytest.raises(PasswordTooWeak), any_database.writing() as session:
            directory.change_own_password(session, "anne.martin", ANNE.password, "short")
        with pytest.raises(PasswordTooWeak), any_database.writing() as session:
            directory.change_own_password(session, "anne.martin", ANNE.password, ANNE.password)
        for _ in range(25):
            with pytest.raises(WrongCredentials):
                directory.authenticate("anne.martin", "wrong")
        with pytest.raises(AccountLocked):
            directory.authenticate("anne.martin", ANNE.password)
        with any_database.writing() as session:  # an administrator's reset opens the way at once
            directory.set_password(session, anne.key, CLAIRE.password, must_change=True)
        with pytest.raises(PasswordMustChange):
            directory.authenticate("anne.martin", CLAIRE.password)
        with bound(server, **ROOT) as connection:
            connection.search(slapd.PEOPLE, "(uid=anne.martin)", attributes=["userPassword"])
            assert connection.entries[0].userPassword.value.startswith(b"{ARGON2}$argon2i")
        for _ in range(30):  # guesses at Socle's own account do not keep the practice out
            assert directory.link.check_password(f"cn=socle,{slapd.SUFFIX}", b"wrong").code == 49
        assert directory.find("anne.martin") == replace(anne, must_change_password=True)


def test_two_namesakes_are_refused_by_the_server(server: slapd.Slapd, any_database: Database) -> None:
    with closing(people.laid_out(server)) as directory, bound(server, **ROOT) as connection:
        person = {"objectClass": "inetOrgPerson", "cn": "Anne", "sn": "Martin", "uid": "anne"}
        assert connection.add(f"cn=one,{slapd.PEOPLE}", attributes={**person, "cn": "one"})  # type: ignore[no-untyped-call]
        assert not connection.add(f"cn=two,{slapd.PEOPLE}", attributes={**person, "cn": "two"})  # type: ignore[no-untyped-call]
        # Somebody made by hand, named by another attribute, is renamed too.
        found = directory.find("anne")
        assert found is not None
        with any_database.writing() as session:
            directory.rename(session, found.key, replace(found, username="anna", display_name="Anna Martin"))
        assert directory.find("anna") == replace(found, username="anna", display_name="Anna Martin")


def test_workstations_come_and_go_and_nobody_elses_machines_are_touched(server: slapd.Slapd) -> None:
    base = f"ou=workstations,{slapd.SUFFIX}"

    def members(connection: Connection) -> list[str]:
        connection.search(base, "(cn=enrolled)", attributes=["member"])
        return [str(one) for one in connection.entries[0].member.values]

    with closing(people.laid_out(server)) as directory, bound(server, **ROOT) as connection:
        printer = {"objectClass": "device", "cn": "Imprimante"}
        assert connection.add(f"cn=Imprimante,{base}", attributes=printer)  # type: ignore[no-untyped-call]
        assert directory.keep_workstations(["Accueil", "Salle 1, étage"]) == 3
        assert directory.keep_workstations(["Salle 1, étage", "Accueil"]) == 0
        assert len(members(connection)) == 2
        assert directory.keep_workstations(["Accueil", "Bureau"]) == 3
        assert sorted(members(connection)) == [f"cn=Accueil,{base}", f"cn=Bureau,{base}"]
        assert directory.keep_workstations([]) == 3
        assert members(connection) == [f"cn=nobody,{slapd.GROUPS}"]
        connection.search(base, "(objectClass=device)")
        assert [entry.entry_dn for entry in connection.entries] == [f"cn=Imprimante,{base}"]


def test_the_comparison_brings_the_workstations_along(
    server: slapd.Slapd, any_database: Database, tmp_path: Path
) -> None:
    moment = SystemClock().now()
    rows = (("Accueil", moment, None), ("Ancien", moment, moment), ("Pas encore", None, None))
    with any_database.writing() as session:
        for name, enrolled, revoked in rows:
            session.add(Workstation(name=name, named_at=moment, enrolled_at=enrolled, revoked_at=revoked))
    with closing(people.laid_out(server)) as directory:
        tools = door.tools(any_database, SystemClock(), tmp_path / "door", directory)
        assert directory_sync.JOB.run(tools).endswith("2 changes of workstations")
        assert directory_sync.JOB.run(tools).endswith("0 changes of workstations")


def test_strangers_and_colleagues_read_nothing(run: Run, server: slapd.Slapd) -> None:
    lay_out(run, server, "--yes")
    with bound(server, authentication=ANONYMOUS) as connection:
        connection.search(slapd.SUFFIX, "(objectClass=*)")
        assert not connection.entries


def test_a_suffix_of_somebody_else_is_left_alone(run: Run, server: slapd.Slapd) -> None:
    top = {"objectClass": ["dcObject", "organization"], "dc": "cabinet", "o": "Autre"}
    with bound(server, user=f"cn=admin,{slapd.SUFFIX}", password=server.root_password) as one:
        assert one.add(slapd.SUFFIX, attributes=top)  # type: ignore[no-untyped-call]
        assert one.add(f"ou=autre,{slapd.SUFFIX}", "organizationalUnit")  # type: ignore[no-untyped-call]
    refused = run("directory", "init", "--suffix", slapd.SUFFIX, "--url", server.socket_url, "--yes")
    assert refused.exit_code == 2
    assert "DIRECTORY-SUFFIX-IN-USE" in refused.stderr
    refused = run("directory", "init", "--suffix", "dc=nowhere", "--url", server.socket_url)
    assert "DIRECTORY-SUFFIX-UNKNOWN" in refused.stderr


def test_the_first_entry_that_debian_makes_is_no_obstacle(run: Run, server: slapd.Slapd) -> None:
    top = {"objectClass": ["top", "dcObject", "organization"], "dc": "cabinet", "o": "nodomain"}
    admin = {"objectClass": ["simpleSecurityObject", "organizationalRole"], "cn": "admin", "userPassword": "x"}
    with bound(server, user=f"cn=admin,{slapd.SUFFIX}", password=server.root_password) as one:
        assert one.add(slapd.SUFFIX, attributes=top)  # type: ignore[no-untyped-call]
        assert one.add(f"cn=admin,{slapd.SUFFIX}", attributes=admin)  # type: ignore[no-untyped-call]
    assert lay_out(run, server)["to_do"] == 9
    assert lay_out(run, server, "--yes")["to_do"] == 0


def test_without_rights_on_the_configuration_the_tree_is_laid_out_and_the_rest_is_told(
    run: Run, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCLE_DIRECTORY_ADMIN_PASSWORD", server.root_password)
    administrator = ("--admin-dn", f"cn=admin,{slapd.SUFFIX}")
    plan = lay_out(run, server, *administrator)
    assert plan["steps"][0]["state"] == "not from here"
    refused = run("directory", "init", "--suffix", slapd.SUFFIX, "--url", server.socket_url, *administrator, "--yes")
    assert refused.exit_code == 2
    assert "DIRECTORY-REFUSES-CHANGE" in refused.stderr  # no password policy, so no such kind of entry
    assert re.search(r"\[directory\.ldap\]", run("directory", "init", "--help").stdout) is None
    assert LdapSettings().manage_people is False
