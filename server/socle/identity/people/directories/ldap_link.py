"""Talking to LDAP servers: TLS, fail-over, time-outs, connections kept open. The only home of `ldap3`.

`ldap3` had its last release in 2021, so little of it is used and its weak points are worked around here: it does not
let OpenSSL check the host name, reads the authorities again for each connection, leaves Nagle's algorithm on (44 ms
lost on each new TLS connection), rewrites passwords (SASLprep) unless they are bytes, and shares state between
threads. So each connection here belongs to one thread at a time, with a `Server` of its own; that is also why the plain
synchronous strategy is safe (the "safe" one copies every answer deeply, at a fifth of the whole cost).
"""

import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ldap3 import (
    ANONYMOUS,
    BASE,
    DEREF_NEVER,
    EXTERNAL,
    MODIFY_ADD,
    MODIFY_DELETE,
    MODIFY_REPLACE,
    NONE,
    SASL,
    SIMPLE,
    SUBTREE,
    SYNC,
    Connection,
    Server,
    Tls,
)
from ldap3.core.exceptions import LDAPException, LDAPInvalidFilterError
from ldap3.utils.conv import escape_filter_chars
from pyasn1.error import PyAsn1Error

from socle.foundation import log
from socle.foundation.settings import LdapSettings
from socle.identity.people.directories.kept_connections import KeptConnections
from socle.identity.people.directories.ldap_answers import Answer, Entry, policy_error
from socle.identity.people.directories.ldap_changes import Add, Change, Delete, GivePassword, How, Modify, Rename
from socle.identity.people.directory import CertificateRefused, DirectoryMisconfigured, DirectoryUnreachable

PAGE_SIZE = 500
POLICY_CONTROL = "1.3.6.1.4.1.42.2.27.8.5.1"
"""Password policy (draft-behera-ldap-password-policy): servers that know it tell why a bind was refused."""

# A server may answer nonsense: what ldap3's decoder makes of it is no better defined than this.
_BUSY = frozenset({3, 51, 52})
"""Results that mean: ask another server (time limit exceeded, busy, unavailable)."""
_NO_SUCH_ENTRY, _NO_ACCESS = 32, 50
_LOST = (LDAPException, PyAsn1Error, OSError, ValueError, LookupError, TypeError)


class NothingToProve(Exception):
    """A bind was asked for without a name or a password."""


def escaped(value: str) -> str:
    """Return a value that stands for itself, and nothing else, inside a search filter (RFC 4515)."""
    return str(escape_filter_chars(value))


class _CheckedTls(Tls):
    """TLS whose certificate and host name are checked by OpenSSL, with a context made once."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context
        self._host = host
        self.refusal: ssl.SSLCertVerificationError | None = None

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        """Wrap the connection's socket; ldap3 calls this for LDAPS and for StartTLS."""
        try:
            connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            self.refusal = error
            raise


class LdapLink:
    """The servers of one directory, in order of preference. Safe to share between threads and across a fork."""

    lost: tuple[type[Exception], ...] = _LOST

    def __init__(self, settings: LdapSettings, bind_password: bytes = b"") -> None:
        self._settings = settings
        self._bind_password = bind_password
        self._context: ssl.SSLContext | None = None
        self._lines: KeptConnections[Connection] = KeptConnections(settings.urls, settings.rest_seconds, self)

    def search(self, base: str, query: str, attributes: list[str], limit: int) -> list[Entry]:
        """Return at most `limit` entries below `base`."""

        def work(connection: Connection) -> list[Entry]:
            return self._searched(connection, base, query, attributes, size_limit=limit)[0]

        return self._lines.run(work, as_service=True)

    def read(self, dn: str, attributes: list[str]) -> Entry | None:
        """Return one entry; None when it is not there, or hidden from Socle."""

        def work(connection: Connection) -> list[Entry]:
            everything = "(objectClass=*)"
            return self._searched(
                connection, dn, everything, attributes, search_scope=BASE, size_limit=1, absent_is_empty=True
            )[0]

        found = self._lines.run(work, as_service=True)
        return found[0] if found else None

    def pages(self, base: str, query: str, attributes: list[str]) -> Iterator[list[Entry]]:
        """Yield every entry below `base`, page by page (RFC 2696), from a connection of its own."""
        cookie: bytes | None = None
        with self._until_done(self._lines.open_new(as_service=True)) as connection:
            while True:
                entries, controls = self._searched(
                    connection, base, query, attributes, paged_size=PAGE_SIZE, paged_cookie=cookie
                )
                cookie = controls.get("1.2.840.113556.1.4.319", {}).get("value", {}).get("cookie")
                yield entries
                if not cookie:
                    break

    def check_password(self, dn: str, password: bytes) -> Answer:
        """Bind as `dn`; the answer's code is 0 when the password is right. Never call it without a password."""
        return self._lines.run(lambda connection: _bind_as(connection, dn, password), as_service=False)

    def change_password(self, dn: str, password: bytes, new_password: bytes) -> tuple[Answer, Answer | None]:
        """Bind as `dn`, then ask for a new password (RFC 3062); return both answers, the second None if no bind."""
        with self._until_done(self._lines.open_new(as_service=False)) as connection:
            bound = _bind_as(connection, dn, password)
            return bound, (_new_password(connection, dn, new_password, password) if bound.code == 0 else None)

    def apply(self, *changes: Change) -> Answer:
        """Make changes in order with the service account's rights, up to the first one refused; return the last answer.

        Not begun again when the connection is lost: DirectoryUnreachable, and nobody knows which were made.
        """
        answer = Answer(0)
        with self._until_done(self._lines.open_new(as_service=True)) as connection:
            for change in changes:
                answer = _asked(connection, change)
                if answer.code != 0:
                    break
        return answer

    def check_servers(self) -> dict[str, DirectoryUnreachable | None]:
        """Try each server afresh; return its error, or None when it let Socle in."""
        found: dict[str, DirectoryUnreachable | None] = {}
        for url in self._settings.urls:
            try:
                with self._until_done(self.open_line(url, as_service=True)) as connection:
                    base = self._settings.people_base
                    self._searched(connection, base, "(objectClass=*)", ["1.1"], search_scope=BASE)
                found[url] = None
            except DirectoryUnreachable as error:
                found[url] = error
        return found

    def close(self) -> None:
        """Close every idle connection."""
        self._lines.close()

    @contextlib.contextmanager
    def _until_done(self, connection: Connection) -> Iterator[Connection]:
        """Close a connection at the end of work that is not begun again when it is lost half-way."""
        try:
            yield connection
        except _LOST as error:
            raise DirectoryUnreachable from error
        finally:
            self.close_line(connection)

    def open_line(self, url: str, *, as_service: bool) -> Connection:
        """Open a connection whose certificate was checked; CertificateRefused, DirectoryMisconfigured."""
        tls = None if url.startswith("ldapi:") else _CheckedTls(self._tls_context(), urlsplit(url).hostname or "")
        connection: Connection | None = None
        try:
            server = Server(url, get_info=NONE, tls=tls, connect_timeout=self._settings.connect_seconds)
            connection = self._connection(server, as_service=as_service)
            connection.open(read_server_info=False)
            if tls is not None:
                connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if url.startswith("ldap:") and not (
                connection.start_tls(read_server_info=False) and connection.tls_started
            ):
                raise OSError("TLS was not started: no password goes over this connection")
            connection.socket.settimeout(self._settings.answer_seconds)
            answer = _bound(connection) if as_service else Answer(0)
        except _LOST as error:
            if connection is not None:
                self.close_line(connection)
            if tls is not None and tls.refusal is not None:
                raise CertificateRefused from tls.refusal
            raise DirectoryUnreachable from error
        if answer.code != 0:
            self.close_line(connection)
            log.error("directory_refuses_service_account", target=url, code=answer.code)
            raise DirectoryMisconfigured
        return connection

    def _connection(self, server: Server, *, as_service: bool) -> Connection:
        how: dict[str, Any] = {"authentication": ANONYMOUS}
        if as_service and self._settings.bind_dn:
            how = {"authentication": SIMPLE, "user": self._settings.bind_dn, "password": self._bind_password}
        elif as_service and server.ipc:
            how = {"authentication": SASL, "sasl_mechanism": EXTERNAL, "sasl_credentials": ""}
        return Connection(
            server, client_strategy=SYNC, auto_referrals=False, check_names=False, raise_exceptions=False, **how
        )

    def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:
            try:
                context = ssl.create_default_context(cafile=self._settings.certificate_file or None)
            except (OSError, ssl.SSLError) as error:
                raise CertificateRefused from error
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._context = context
        return self._context

    def _searched(
        self, connection: Connection, base: str, query: str, attributes: list[str], **how: Any
    ) -> tuple[list[Entry], Mapping[str, Any]]:
        scope, absent_is_empty = how.pop("search_scope", SUBTREE), how.pop("absent_is_empty", False)
        try:
            connection.search(
                base,
                query,
                scope,
                dereference_aliases=DEREF_NEVER,
                attributes=attributes,
                time_limit=max(1, round(self._settings.answer_seconds)),
                auto_escape=False,
                **how,
            )
        except LDAPInvalidFilterError as error:
            raise DirectoryMisconfigured from error
        result, response = connection.result, connection.response or []
        if result["result"] in _BUSY:
            raise OSError("the server has no time")
        if absent_is_empty and result["result"] in {_NO_SUCH_ENTRY, _NO_ACCESS}:
            return [], {}
        cut_short = result["result"] == 4 and not how.get("size_limit")  # by the server, not because we asked
        if cut_short or result["result"] not in {0, 4, 10}:  # 10: some entries are on another server
            log.error("directory_refuses_search", target=base, code=result["result"])
            raise DirectoryMisconfigured
        found = [
            Entry(one["dn"], {name.lower(): list(values) for name, values in one["raw_attributes"].items()})
            for one in response
            if one["type"] == "searchResEntry"
        ]
        return found, result.get("controls") or {}

    def close_line(self, line: Connection) -> None:
        """Take leave of the server, if it still listens."""
        with contextlib.suppress(*_LOST):
            line.unbind()
        if line.socket is not None:
            line.socket.close()  # ldap3 leaves it open when the server could not be reached

    def hung(self, error: Exception, line: Connection) -> bool:
        """Look for a time-out: ldap3 keeps the cause only as text, and in exceptions it makes on the spot."""
        return isinstance(error, TimeoutError) or "timed out" in f"{error} {line.last_error}"


def _bind_as(connection: Connection, dn: str, password: bytes) -> Answer:
    if not dn or not password:
        # A bind without a password is "unauthenticated" (RFC 4513 5.1.2): many servers answer success.
        raise NothingToProve("a bind needs a name and a password")
    connection.user, connection.password, connection.authentication = dn, password, SIMPLE
    try:
        return _bound(connection, [(POLICY_CONTROL, False, None)])
    finally:
        connection.password = None


def _new_password(connection: Connection, dn: str, new_password: bytes, password: bytes | None) -> Answer:
    connection.extend.standard.modify_password(user=dn, old_password=password, new_password=new_password)
    return _answer(connection)


_HOW: dict[How, str] = {"add": MODIFY_ADD, "delete": MODIFY_DELETE, "replace": MODIFY_REPLACE}


def _asked(connection: Connection, change: Change) -> Answer:
    match change:
        case Add(dn, attributes):
            given = {name: list(values) for name, values in attributes.items()}
            connection.add(dn, attributes=given)  # type: ignore[no-untyped-call]
        case Modify(dn, changes):
            asked = {name: [(_HOW[how], list(values)) for how, values in each] for name, each in changes.items()}
            connection.modify(dn, asked)  # type: ignore[no-untyped-call]
        case Rename(dn, rdn):
            connection.modify_dn(dn, rdn, delete_old_dn=True)
        case Delete(dn):
            connection.delete(dn)  # type: ignore[no-untyped-call]
        case GivePassword(dn, password):
            return _new_password(connection, dn, password, None)
    return _answer(connection)


def _bound(connection: Connection, controls: list[tuple[str, bool, None]] | None = None) -> Answer:
    connection.bind(read_server_info=False, controls=controls)
    return _answer(connection)


def _answer(connection: Connection) -> Answer:
    result = connection.result
    if result["result"] in _BUSY:
        raise OSError("the server has no time")
    value = ((result.get("controls") or {}).get(POLICY_CONTROL) or {}).get("value")
    return Answer(int(result["result"]), str(result.get("message") or ""), policy_error(value or b""))
