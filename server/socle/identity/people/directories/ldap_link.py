"""Talking to LDAP servers: TLS, fail-over, time-outs, connections kept open. The only home of `ldap3`.

`ldap3` had its last release in 2021, so little of it is used and its weak points are worked around here: it does not
let OpenSSL check the host name, reads the authorities again for each connection, leaves Nagle's algorithm on (44 ms
lost on each new TLS connection), rewrites passwords (SASLprep) unless they are bytes, and shares state between
threads. So each connection here belongs to one thread at a time, with a `Server` of its own; that is also why the plain
synchronous strategy is safe (the "safe" one copies every answer deeply, at a fifth of the whole cost).
"""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ldap3 import (
    ANONYMOUS,
    BASE,
    DEREF_NEVER,
    EXTERNAL,
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
from socle.identity.people.directory import CertificateRefused, DirectoryMisconfigured, DirectoryUnreachable

PAGE_SIZE = 500
KEPT_CONNECTIONS = 4
"""Idle connections kept for each server and purpose."""
KEPT_SECONDS = 60.0
"""Firewalls forget silent connections: an older idle one is not trusted."""
POLICY_CONTROL = "1.3.6.1.4.1.42.2.27.8.5.1"
"""Password policy (draft-behera-ldap-password-policy): servers that know it tell why a bind was refused."""

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

# A server may answer nonsense: what ldap3's decoder makes of it is no better defined than this.
_LOST = (LDAPException, PyAsn1Error, OSError, ValueError, LookupError, TypeError)


@dataclass(frozen=True)
class Answer:
    """A server's answer: the LDAP result code, its free text, and the password policy's error number, if any."""

    code: int
    text: str = ""
    policy_error: int | None = None


@dataclass(frozen=True)
class Entry:
    """One entry; attribute names in lower case, values as bytes."""

    dn: str
    values: Mapping[str, list[bytes]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the first value as text, or an empty one."""
        found = self.values.get(name.lower())
        return found[0].decode(errors="replace") if found else ""


@dataclass
class _Kept:
    connection: Connection
    url: str
    since: float


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

    def __init__(self, settings: LdapSettings, bind_password: bytes = b"") -> None:
        self._settings = settings
        self._bind_password = bind_password
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, bool], list[_Kept]] = {}
        self._resting_until: dict[str, float] = {}
        self._process = os.getpid()
        self._context: ssl.SSLContext | None = None

    # What the directory asks

    def search(self, base: str, query: str, attributes: list[str], limit: int) -> list[Entry]:
        """Return at most `limit` entries below `base`."""

        def work(connection: Connection) -> list[Entry]:
            answer = self._searched(connection, base, query, attributes, size_limit=limit)
            return answer[0]

        return self._as_service(work)

    def pages(self, base: str, query: str, attributes: list[str]) -> Iterator[list[Entry]]:
        """Yield every entry below `base`, page by page (RFC 2696), from a connection of its own."""
        connection = self._take(as_service=True, fresh=True)[0]
        cookie: bytes | None = None
        try:
            while True:
                entries, controls = self._searched(
                    connection, base, query, attributes, paged_size=PAGE_SIZE, paged_cookie=cookie
                )
                cookie = controls.get("1.2.840.113556.1.4.319", {}).get("value", {}).get("cookie")
                yield entries
                if not cookie:
                    break
        except _LOST as error:
            raise DirectoryUnreachable from error
        finally:
            self._close(connection)

    def check_password(self, dn: str, password: bytes) -> Answer:
        """Bind as `dn`; the answer's code is 0 when the password is right. Never call it without a password."""
        if not dn or not password:
            # A bind without a password is "unauthenticated" (RFC 4513 5.1.2): many servers answer success.
            raise ValueError("a bind needs a name and a password")
        return self._retried(lambda connection: _bind_as(connection, dn, password), as_service=False)

    def change_password(self, dn: str, password: bytes, new_password: bytes) -> tuple[Answer, Answer | None]:
        """Bind as `dn`, then ask for a new password (RFC 3062); return both answers, the second None if no bind."""

        def work(connection: Connection) -> tuple[Answer, Answer | None]:
            bound = _bind_as(connection, dn, password)
            return bound, (_new_password(connection, dn, new_password, password) if bound.code == 0 else None)

        if not dn or not password:
            raise ValueError("a bind needs a name and a password")
        return self._retried(work, as_service=False)

    def reset_password(self, dn: str, new_password: bytes, *, must_change: bool) -> Answer:
        """Give `dn` a new password with the service account's rights."""

        def work(connection: Connection) -> Answer:
            answer = _new_password(connection, dn, new_password, None)
            if answer.code == 0 and must_change:
                # Only servers with a password policy know the attribute; elsewhere the reset stands without it.
                connection.modify(dn, {"pwdReset": [(MODIFY_REPLACE, ["TRUE"])]})  # type: ignore[no-untyped-call]
            return answer

        return self._as_service(work)

    def check_servers(self) -> dict[str, DirectoryUnreachable | None]:
        """Try each server afresh; return its error, or None when it let Socle in."""
        found: dict[str, DirectoryUnreachable | None] = {}
        for url in self._settings.urls:
            try:
                connection = self._open(url, as_service=True)
                self._searched(connection, self._settings.people_base, "(objectClass=*)", ["1.1"], search_scope=BASE)
                self._close(connection)
                found[url] = None
            except DirectoryUnreachable as error:
                found[url] = error
            except _LOST:
                found[url] = DirectoryUnreachable()
        return found

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            kept = [one.connection for line in self._idle.values() for one in line]
            self._idle.clear()
        for connection in kept:
            self._close(connection)

    # Which connection serves it

    def _as_service(self, work: Work[Result]) -> Result:
        return self._retried(work, as_service=True)

    def _retried(self, work: Work[Result], *, as_service: bool) -> Result:
        """Do the work; a kept connection that turns out dead is replaced, a server that hangs is passed over."""
        failure: Exception | None = None
        for _ in range(len(self._settings.urls) + 1):
            connection, url, was_kept = self._take(as_service=as_service)
            try:
                result = work(connection)
            except _LOST as error:
                failure = error
                self._close(connection)
                self._forget(url)
                if not was_kept or _timed_out(error, connection):
                    self._rest(url, error)
                continue
            except BaseException:
                self._close(connection)
                raise
            self._give_back(connection, url, as_service=as_service)
            return result
        raise DirectoryUnreachable from failure

    def _take(self, *, as_service: bool, fresh: bool = False) -> tuple[Connection, str, bool]:
        """Return a connection, its server, and whether it was kept from before."""
        failure = DirectoryUnreachable()
        for url in self._order():
            kept = None if fresh else self._kept(url, as_service)
            if kept is not None:
                return kept, url, True
            try:
                return self._open(url, as_service=as_service), url, False
            except DirectoryUnreachable as error:
                self._rest(url, error)
                if type(failure) is DirectoryUnreachable:
                    failure = error  # a refused certificate says more than a silent second server
        raise failure

    def _order(self) -> list[str]:
        """Return the servers to try: those resting last, for if all do, one may be back."""
        at = time.monotonic()
        return sorted(self._settings.urls, key=lambda url: self._resting_until.get(url, 0.0) > at)

    def _rest(self, url: str, error: Exception) -> None:
        self._resting_until[url] = time.monotonic() + self._settings.rest_seconds
        log.warning("directory_server_passed_over", target=url, error=type(error).__name__)

    def _kept(self, url: str, as_service: bool) -> Connection | None:
        with self._lock:
            if self._process != os.getpid():
                # After a fork the sockets are the parent's too: forget them, without a word on the wire.
                self._idle.clear()
                self._process = os.getpid()
            line = self._idle.get((url, as_service), [])
            found = line.pop() if line else None
        if found is None:
            return None
        if time.monotonic() - found.since > KEPT_SECONDS:
            self._close(found.connection)
            return self._kept(url, as_service)
        return found.connection

    def _give_back(self, connection: Connection, url: str, *, as_service: bool) -> None:
        with self._lock:
            line = self._idle.setdefault((url, as_service), [])
            if len(line) < KEPT_CONNECTIONS and not connection.closed:
                line.append(_Kept(connection, url, time.monotonic()))
                return
        self._close(connection)

    def _forget(self, url: str) -> None:
        with self._lock:
            gone = [one.connection for purpose in (True, False) for one in self._idle.pop((url, purpose), [])]
        for connection in gone:
            self._close(connection)

    # Opening one

    def _open(self, url: str, *, as_service: bool) -> Connection:
        tls = None if url.startswith("ldapi:") else _CheckedTls(self._tls_context(), urlsplit(url).hostname or "")
        connection: Connection | None = None
        try:
            server = Server(url, get_info=NONE, tls=tls, connect_timeout=self._settings.connect_seconds)
            connection = self._connection(server, as_service=as_service)
            connection.open(read_server_info=False)
            if tls is not None:
                connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if url.startswith("ldap:"):
                connection.start_tls(read_server_info=False)
            connection.socket.settimeout(self._settings.answer_seconds)
            answer = _bound(connection) if as_service else Answer(0)
        except _LOST as error:
            if connection is not None:
                self._close(connection)
            if tls is not None and tls.refusal is not None:
                raise CertificateRefused from tls.refusal
            raise DirectoryUnreachable from error
        if answer.code != 0:
            self._close(connection)
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
        scope = how.pop("search_scope", SUBTREE)
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
        if result["result"] in {3, 51, 52}:  # time limit exceeded, busy, unavailable
            raise OSError("the server gave up")
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

    @staticmethod
    def _close(connection: Connection) -> None:
        with contextlib.suppress(*_LOST):
            connection.unbind()
        if connection.socket is not None:
            connection.socket.close()  # ldap3 leaves it open when the server could not be reached


def _bind_as(connection: Connection, dn: str, password: bytes) -> Answer:
    connection.user, connection.password, connection.authentication = dn, password, SIMPLE
    try:
        return _bound(connection, [(POLICY_CONTROL, False, None)])
    finally:
        connection.password = None


def _new_password(connection: Connection, dn: str, new_password: bytes, password: bytes | None) -> Answer:
    connection.extend.standard.modify_password(user=dn, old_password=password, new_password=new_password)
    return _answer(connection)


def _bound(connection: Connection, controls: list[tuple[str, bool, None]] | None = None) -> Answer:
    connection.bind(read_server_info=False, controls=controls)
    return _answer(connection)


def _answer(connection: Connection) -> Answer:
    result = connection.result
    value = ((result.get("controls") or {}).get(POLICY_CONTROL) or {}).get("value")
    return Answer(int(result["result"]), str(result.get("message") or ""), policy_error(value or b""))


def policy_error(value: bytes) -> int | None:
    """Return the error number in a password policy answer: SEQUENCE { [0] warning OPTIONAL, [1] error OPTIONAL }."""
    rest = value[2:]
    while len(rest) > 2:
        tag, length = rest[0], rest[1]
        if tag == 0x81 and length == 1:
            return rest[2]
        rest = rest[2 + length :]
    return None


def _timed_out(error: BaseException, connection: Connection) -> bool:
    # ldap3 keeps the cause only as text, and as the name of an exception class it makes on the spot.
    return isinstance(error, TimeoutError) or "timed out" in f"{error} {connection.last_error}"
