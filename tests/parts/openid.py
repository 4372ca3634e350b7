"""Pro Santé Connect's stand-in: a real OpenID Connect provider (oidc-provider-mock) on loopback, over TLS."""

import ssl
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from tests.parts.certificates import Authority

from socle.foundation.clock import SettableClock
from socle.foundation.settings import ProSanteConnectSettings
from socle.web.kit.small_server import small_server

with warnings.catch_warnings(record=True):  # the provider's own use of what Authlib 2 drops
    import oidc_provider_mock

TOKEN_SECONDS = 120
"""Pro Santé Connect's access tokens live two minutes."""


class RunningClock(SettableClock):
    """A clock that obeys, and goes on by itself meanwhile: the provider's tokens are dated by the machine's."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        super().__init__(self._began)

    def now(self) -> datetime:
        """Return the moment it was set to, and the time passed since."""
        return super().now() + (datetime.now(UTC) - self._began)


@dataclass
class Provider:
    """A running provider and the people it knows."""

    address: str
    authority: Path

    def settings(self, **changed: Any) -> ProSanteConnectSettings:
        """Return the settings that name it."""
        places = {
            "issuer": self.address,
            "authorize_url": f"{self.address}/oauth2/authorize",
            "token_url": f"{self.address}/oauth2/token",
            "userinfo_url": f"{self.address}/userinfo",
            "keys_url": f"{self.address}/jwks",
            "end_url": f"{self.address}/oauth2/end_session",
        }
        given = {"client_id": "cabinet", "scope": "openid profile", "certificate_file": str(self.authority)}
        return ProSanteConnectSettings(**{**places, **given, **changed})

    def answer(self, question: str, sub: str) -> dict[str, str]:
        """Do what a person does there, as `sub` (nobody: refuse); return the query that comes back."""
        sent = {"sub": sub} if sub else {"action": "deny"}
        back = requests.post(question, data=sent, verify=str(self.authority), allow_redirects=False, timeout=30)
        assert back.status_code == 302, back.text
        return dict(parse_qsl(urlsplit(back.headers["Location"]).query))

    def revoke(self, sub: str) -> None:
        """Make every token of a person worthless."""
        place = f"{self.address}/users/{sub}/revoke-tokens"
        requests.post(place, verify=str(self.authority), timeout=30).raise_for_status()


@contextmanager
def running(folder: Path, people: Mapping[str, Mapping[str, Any]]) -> Iterator[Provider]:
    """Serve a provider that knows `people` (subject to claims), and stop it at the end."""
    authority = Authority(folder, "Autorite de test")
    pair = authority.sign("localhost")
    users = [oidc_provider_mock.User(sub=sub, claims=dict(claims)) for sub, claims in people.items()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = oidc_provider_mock.app(
            require_nonce=True, access_token_max_age=timedelta(seconds=TOKEN_SECONDS), user_claims=users
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = small_server("127.0.0.1", 0, app, context)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Provider(f"https://localhost:{server.server_port}", authority.file)
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()
