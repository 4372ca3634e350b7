"""Whether what signs in at a rest-server could delete there: asked with an object that does not exist."""

import base64
import secrets
import ssl
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import unquote, urlsplit

from socle.appliance.backups.engine import Deletion

WAIT_SECONDS = 20


def deletion(address: str, certificate_file: str) -> Deletion:
    """Look that we may read there, then try to delete a name that nothing has.

    A server that only adds answers 403 whatever the name (rest-server 0.13), every other 200 or 404.
    """
    parts = urlsplit(address.removeprefix("rest:"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "unknown"
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    sign_in = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    headers = {"Authorization": sign_in} if name else {}

    def answer(method: str, path: str) -> int:
        if parts.scheme == "http":
            connection = HTTPConnection(str(parts.hostname), parts.port, timeout=WAIT_SECONDS)
        else:
            context = ssl.create_default_context(cafile=certificate_file or None)
            connection = HTTPSConnection(str(parts.hostname), parts.port, timeout=WAIT_SECONDS, context=context)
        try:
            connection.request(method, f"{parts.path.rstrip('/')}/{path}", headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    try:
        if answer("HEAD", "config") != HTTPStatus.OK:
            return "unknown"
        code = answer("DELETE", f"data/{secrets.token_hex(32)}")
    except (OSError, HTTPException, ValueError):
        return "unknown"
    if code == HTTPStatus.FORBIDDEN:
        return "refused"
    return "possible" if code in (HTTPStatus.OK, HTTPStatus.NOT_FOUND) else "unknown"
