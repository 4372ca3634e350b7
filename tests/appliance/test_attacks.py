"""Attacks that only the real server shows: broken requests, bodies too large, many at once, what the log keeps."""

import io
import re
import socket
import ssl
import statistics
import time
import urllib.parse
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.parts.server import Answer, Client, Server
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

pytestmark = [pytest.mark.slow, pytest.mark.real]
NAME = "Zqxvwald"
PERSON = {"birth_family_name": NAME, "first_given_name": "Luc", "sex": "M", "birth_date": "1/2/1980"}
MORE = b"Host: localhost\r\nConnection: close\r\n\r\n"
FORM = b"POST /sign-in HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BROKEN = {
    "method in small letters": b"get /patients?q=Zqxvwald HTTP/1.1\r\n" + MORE,
    "unknown method": b"FOO /patients?q=Zqxvwald HTTP/1.1\r\n" + MORE,
    "letters no browser sends": b"GET /patients?q=Zqxvwald\xff HTTP/1.1\r\n" + MORE,
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + MORE,
    "length below nothing": FORM + b"Content-Length: -5\r\n" + MORE,
    "two lengths": FORM + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + MORE + b"0\r\n\r\n",
    "a broken piece": FORM + b"Transfer-Encoding: chunked\r\n" + MORE + b"ZZ\r\nxx\r\n",
    "an endless address": b"GET /patients?q=" + b"Zqxvwald" * 2_000 + b" HTTP/1.1\r\n" + MORE,
    "an endless header": b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 20_000 + b"\r\n" + MORE,
    "no request": b"\x00\xff\xfe Zqxvwald\r\n\r\n",
}


def _raw(server: Server, sent: bytes) -> bytes:
    context = ssl.create_default_context(cafile=str(server.keys_folder / "authority.pem"))
    with (
        socket.create_connection(("127.0.0.1", server.ports["staff"]), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sealed,
    ):
        sealed.sendall(sent)
        return b"".join(iter(lambda: sealed.recv(65_536), b""))


def _upload(client: Client, server: Server, content: bytes, name: str = "liste.csv") -> Answer:
    boundary, body = encode_multipart({"_csrf": client.token, "file": FileStorage(io.BytesIO(content), name)})
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return client._send(urllib.request.Request(f"{server.address()}/imports", data=body, headers=kind))


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", b"<a/>")
        bomb.writestr("xl/worksheets/sheet1.xml", b"\0" * 200_000_000)
    return packed.getvalue()


def _sign_in_seconds(server: Server, username: str) -> float:
    client, start = Client(server), time.perf_counter()
    assert client.post("/sign-in", {"username": username, "password": "wrong words"}).status == 403
    return time.perf_counter() - start


def test_attacks_on_the_running_server(server: Server) -> None:
    client = Client(server)
    client.sign_in("smarchand", server.password)
    for name, sent in BROKEN.items():
        said = _raw(server, sent)
        assert re.match(rb"HTTP/1.1 4\d\d ", said), f"{name}: {said[:200]!r}"
        assert b'<html lang="fr"' in said, f"{name}: {said!r}"
        assert re.search(rb"REQUEST-(WRONG|TOO-LONG)|PAGE-MISSING", said), f"{name}: {said!r}"

    # What is far too large is read to its end, so that the browser gets to see why it was refused.
    for size in (1_100_000, 10_000_000):
        answer = client.post("/patients/new", {"birth_family_name": NAME + "x" * size})
        assert (answer.status, "REQUEST-TOO-LARGE" in answer.text) == (400, True)
    for content, code in (
        (b"a;b\n" * 14_000_000, "REQUEST-TOO-LARGE"),
        (b"," * 10_000_000, "IMPORT-TOO-MANY-COLUMNS"),
        (b"PK\x03\x04" + bytes(200), "IMPORT-FILE-UNREADABLE"),
        (_bomb(), "IMPORT-FILE-UNREADABLE"),
        (bytes(1_000), "IMPORT-FILE-EMPTY"),
    ):
        answer = _upload(client, server, content)
        assert (answer.status, code in answer.text) == (400, True), f"{code}: {answer.status}"
        assert f'"code":"{code}"' in server.log()

    # Whoever signs in several times at once gets in; two who change one file at once: one is saved, one is told.
    with ThreadPoolExecutor(3) as many:
        cookies = list(many.map(lambda _: _entered(server), range(3)))
        assert len(set(cookies)) == 3
        file = {
            "version": "1",
            "birth_family_name": NAME,
            "first_given_name": "Luc",
            "sex": "M",
            "birth_date": "1/2/1980",
        }
        saved = list(many.map(lambda city: client.post("/patients/7/edit", {**file, "city": city}), ("Lyon", "Metz")))
    assert sorted(answer.status for answer in saved) == [200, 409]

    unknown = [_sign_in_seconds(server, f"nobody{number}") for number in range(5)]
    known = [_sign_in_seconds(server, "nperrin") for _ in range(3)]
    ratio = statistics.median(unknown[2:]) / statistics.median(known)
    assert 1 / 4 < ratio < 4, f"the time of a sign-in tells who exists: {ratio:.2f}"

    written = server.log()
    assert "Traceback" not in written
    assert "SERVER-FAULT" not in written
    for secret in (NAME, client.token, "wrong words", *cookies):
        assert secret not in written
    assert server.run("audit", "verify").returncode == 0


def _entered(server: Server) -> str:
    client = Client(server)
    client.sign_in("smarchand", server.password)
    return next(str(cookie.value) for cookie in client.cookies if cookie.name == "__Host-socle-staff")


def test_an_ended_session_and_a_foreign_cookie_open_nothing(server: Server) -> None:
    client, keeper = Client(server), Client(server, "maintainer")
    client.sign_in("smarchand", server.password)
    keeper.sign_in("khaddad", server.password, "/sessions")
    token = next(str(cookie.value) for cookie in client.cookies if cookie.name == "__Host-socle-staff")
    other = Client(server, "maintainer")
    foreign = other.get("/accounts", Cookie=f"__Host-socle-maintainer={token}")
    assert urllib.parse.urlsplit(foreign.address).path == "/sign-in"
    assert keeper.post("/sessions/end-all", {}).status == 200
    answer = client.post("/patients/new", PERSON)
    assert urllib.parse.urlsplit(answer.address).path == "/sign-in"
    assert "held=" in answer.address
    assert NAME not in answer.text
    assert NAME not in server.log()
    assert server.run("audit", "verify").returncode == 0
