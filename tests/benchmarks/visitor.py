"""A signed-in secretary: the cookie and the form token that every measured request carries."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPResponse, HTTPSConnection
from urllib.parse import urlencode

USERNAME = "mesure"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Visitor:
    """What the browser would send."""

    cookie: str
    token: str

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of a reading request."""
        return {"Cookie": self.cookie}

    @property
    def writing_headers(self) -> Mapping[str, str]:
        """The headers of a request that changes something."""
        return {"Cookie": self.cookie, "X-CSRF-Token": self.token, **FORM}


def sign_in(port: int, password: str) -> Visitor:
    """Sign in as a browser does, and read the form token from a page."""
    answer = post(port, "/sign-in", sign_in_form(password), FORM)
    if answer.status != 303:
        raise RuntimeError(f"signing in was answered {answer.status}")
    cookies = [value.split(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
    cookie = "; ".join(cookies)
    page = _send(port, "GET", "/", "", {"Cookie": cookie}).read().decode()
    found = re.search(r'name="(?:_csrf|csrf-token)"\s+(?:value|content)="([^"]+)"', page)
    if found is None:
        raise RuntimeError("the home page carries no form token")
    return Visitor(cookie, found[1])


def sign_in_form(password: str) -> str:
    """Return the body of the sign-in form."""
    return urlencode({"username": USERNAME, "password": password, "next": "/"})


def post(port: int, path: str, body: str, headers: Mapping[str, str]) -> HTTPResponse:
    """Send a form."""
    return _send(port, "POST", path, body, headers)


def _send(port: int, method: str, path: str, body: str, headers: Mapping[str, str]) -> HTTPResponse:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own server, on loopback
    connection = HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    connection.request(method, path, body=body, headers=dict(headers))
    return connection.getresponse()
