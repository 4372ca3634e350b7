"""What a server that speaks HTTP answers before restic does: whether it is there, lets us in, and would let us delete.

restic 0.17 and later ask a server that is off, or that shows a wrong certificate, again for a quarter of an hour. That
is right in the middle of an upload and wrong at its beginning: there, this file looks first.
"""

import base64
import secrets
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, unquote, urlsplit

from socle.appliance.backups.engine import Deletion, RepositoryUnreachable, ServerNotRecognised, SignInRefused

WAIT_SECONDS = 20


def look(address: str, certificate_file: str, repository: str) -> None:
    """Look that an HTTP server is there: RepositoryUnreachable, ServerNotRecognised, SignInRefused."""
    parts = _parts(address)
    if parts is None:
        return
    try:
        if address.startswith("s3:"):
            connection = _connection(parts, certificate_file)
            connection.connect()
            connection.close()
        elif _answer(parts, certificate_file, "HEAD", "config") == HTTPStatus.UNAUTHORIZED:
            raise SignInRefused(repository=repository)
    except ssl.SSLCertVerificationError:
        raise ServerNotRecognised(repository=repository) from None
    except (OSError, HTTPException):
        raise RepositoryUnreachable(repository=repository) from None


def deletion(address: str, certificate_file: str) -> Deletion:
    """Look that we may read there, then try to delete a name that nothing has.

    A rest-server that only adds answers 403 whatever the name (0.13), every other 200 or 404.
    """
    parts = _parts(address)
    if parts is None or not address.startswith("rest:"):
        return "unknown"
    try:
        if _answer(parts, certificate_file, "HEAD", "config") != HTTPStatus.OK:
            return "unknown"
        code = _answer(parts, certificate_file, "DELETE", f"data/{secrets.token_hex(32)}")
    except (OSError, HTTPException):
        return "unknown"
    if code == HTTPStatus.FORBIDDEN:
        return "refused"
    return "possible" if code in (HTTPStatus.OK, HTTPStatus.NOT_FOUND) else "unknown"


def _parts(address: str) -> SplitResult | None:
    """Take rest:https://name:password@host/path or s3:host/bucket apart; None for another kind of address."""
    kind, _, rest = address.partition(":")
    if kind not in ("rest", "s3"):
        return None
    parts = urlsplit(rest if "://" in rest else f"https://{rest}")
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _connection(parts: SplitResult, certificate_file: str) -> HTTPConnection:
    host = str(parts.hostname)
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=WAIT_SECONDS)
    context = ssl.create_default_context(cafile=certificate_file or None)
    return HTTPSConnection(host, parts.port, timeout=WAIT_SECONDS, context=context)


def _answer(parts: SplitResult, certificate_file: str, method: str, path: str) -> int:
    connection = _connection(parts, certificate_file)
    try:
        connection.request(method, f"{parts.path.rstrip('/')}/{path}", headers=_sign_in(parts))
        return connection.getresponse().status
    finally:
        connection.close()


def _sign_in(parts: SplitResult) -> Mapping[str, str]:
    if not parts.username:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
