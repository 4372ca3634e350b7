"""Pro Santé Connect over the net: Authlib for the conversation, joserfc for the tokens, and a bound on every wait."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import KeySet

from socle.foundation import log
from socle.foundation.clock import Clock
from socle.foundation.errors import SocleError
from socle.foundation.settings import ProSanteConnectSettings
from socle.identity.sessions.factors.pro_sante_connect import (
    Journey,
    Proved,
    PscCancelled,
    PscClock,
    PscForged,
    PscLevelTooLow,
    PscNotSetUp,
    PscRefused,
    PscUnreachable,
    Tokens,
    number_in,
    reaches,
)

KNOWN_SECONDS = 15
"""How long an answer to "is it up?" holds."""
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_LEEWAY = 60
_WAITING_AT_MOST = 4
Answer = TypeVar("Answer")


class ProSanteConnectLink:
    """Pro Santé Connect, as settings name it."""

    configured = True

    def __init__(self, settings: ProSanteConnectSettings, secret: bytes, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._secret = secret.decode().strip()
        self._keys: KeySet | None = None
        self._known: tuple[float, bool] | None = None
        self._waiting = threading.Semaphore(_WAITING_AT_MOST)

    def is_up(self) -> bool:
        """Tell whether it answers; asked again every 15 s at most."""
        if self._known is None or time.monotonic() - self._known[0] > KNOWN_SECONDS:
            try:
                self._within(self._fetch_keys)
            except SocleError:
                self._known = (time.monotonic(), False)
        return self._known is not None and self._known[1]

    def begin(self, return_to: str, carried: Mapping[str, str]) -> tuple[str, Journey]:
        """Return where to send the browser, once it is known that somebody answers there."""
        if not self._secret:
            raise PscNotSetUp
        if not self.is_up():
            raise PscUnreachable
        journey = Journey(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            return_to=return_to,
            carried=dict(carried),
        )
        with self._session(journey) as session:
            address, _state = session.create_authorization_url(
                self._settings.authorize_url,
                state=journey.state,
                code_verifier=journey.verifier,
                nonce=journey.nonce,
                acr_values=self._settings.acr_values,
                prompt="login",  # on a shared workstation the last person may still be signed in there
            )
        return str(address), journey

    def finish(self, journey: Journey, answer: Mapping[str, str]) -> Proved:
        """Turn the answer's query into the person's number."""
        if "error" in answer:  # nothing opens: whose refusal it is does not matter
            raise PscCancelled if answer["error"] == "access_denied" else PscRefused
        state = answer.get("state", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(state, journey.state.encode()):
            raise PscForged
        if not answer.get("code"):
            raise PscForged
        return self._within(lambda: self._proved(journey, answer["code"]), waits=2)

    def _proved(self, journey: Journey, code: str) -> Proved:
        tokens = self._tokens(self._exchange(journey, code), {})
        claims = self._identity(tokens.identity, journey.nonce)
        if not reaches(claims.get("acr"), self._settings.acr_values):
            raise PscLevelTooLow
        about = self._about(tokens)
        if about.get("sub") != claims.get("sub"):
            raise PscForged
        return Proved(number_in({**claims, **about}), tokens)

    def renew(self, tokens: Tokens) -> Tokens:
        """Return fresh tokens."""
        return self._tokens(self._within(lambda: self._refreshed(tokens)), {"id_token": tokens.identity})

    def end(self, tokens: Tokens) -> None:
        """End its session too: a person who leaves here should not be signed in there on a shared workstation."""
        try:
            self._within(lambda: self._ended(tokens))
        except (PscUnreachable, PscRefused):
            log.warning("pro_sante_connect_not_ended")

    def _exchange(self, journey: Journey, code: str) -> Mapping[str, Any]:
        with self._session(journey) as session:
            given: Mapping[str, Any] = session.fetch_token(
                self._settings.token_url, code=code, code_verifier=journey.verifier, **self._net
            )
        return given

    def _refreshed(self, tokens: Tokens) -> Mapping[str, Any]:
        with self._session() as session:
            given: Mapping[str, Any] = session.refresh_token(
                self._settings.token_url, refresh_token=tokens.refresh, **self._net
            )
        return given

    def _about(self, tokens: Tokens) -> Mapping[str, Any]:
        bearer = {"Authorization": f"Bearer {tokens.access}"}
        return self._got(self._settings.userinfo_url, headers=bearer)

    def _ended(self, tokens: Tokens) -> None:
        sent = {"client_id": self._settings.client_id, "client_secret": self._secret, "refresh_token": tokens.refresh}
        with requests.Session() as session:
            session.post(self._settings.end_url, data=sent, **self._net).raise_for_status()

    def _identity(self, token: str, nonce: str) -> Mapping[str, Any]:
        keys = self._keys or self._fetch_keys()
        try:
            claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError):
            self._keys = None  # they may have been changed there
            try:
                claims = jwt.decode(token, self._fetch_keys(), algorithms=_ALGORITHMS).claims
            except (JoseError, ValueError):
                raise PscForged from None
        moment = int(self._clock.now().timestamp())
        wanted = jwt.JWTClaimsRegistry(
            now=moment,
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            wanted.validate(claims)
        except ClaimError as error:
            if error.claim not in {"exp", "iat", "nbf"}:
                raise PscForged from None
            raise PscClock(minutes=max(1, round(abs(moment - int(claims.get("iat", 0))) / 60))) from None
        return claims

    def _fetch_keys(self) -> KeySet:
        try:
            found = KeySet.import_key_set(self._got(self._settings.keys_url))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError):
            raise PscUnreachable from None
        self._known = (time.monotonic(), True)
        self._keys = found
        return found

    def _tokens(self, given: Mapping[str, Any], before: Mapping[str, str]) -> Tokens:
        try:
            until = int(self._clock.now().timestamp()) + int(given.get("expires_in", 60))
            identity = str(given.get("id_token") or before["id_token"])
            return Tokens(str(given["access_token"]), str(given.get("refresh_token", "")), identity, until)
        except (KeyError, TypeError, ValueError):
            raise PscForged from None

    def _got(self, address: str, **more: Any) -> Mapping[str, Any]:
        with requests.Session() as session:
            answer = session.get(address, allow_redirects=False, **self._net, **more)
            answer.raise_for_status()
            found = answer.json()
        if not isinstance(found, dict):
            raise PscForged
        return found

    def _session(self, journey: Journey | None = None) -> OAuth2Session:
        session = OAuth2Session(
            self._settings.client_id,
            self._secret,
            scope=self._settings.scope,
            redirect_uri=journey.return_to if journey else None,
            code_challenge_method="S256",
        )
        return session

    @property
    def _net(self) -> dict[str, Any]:
        """How each request waits and whom it trusts; said each time, for requests lets its environment win over a
        session's own `verify`."""
        return {"timeout": self._settings.answer_seconds, "verify": self._settings.certificate_file or True}

    def _within(self, work: Callable[[], Answer], waits: int = 1) -> Answer:
        """Do the work in a thread, for so long: a name server that is away makes a call wait beyond every time-out."""
        if not self._waiting.acquire(blocking=False):
            raise PscUnreachable
        done: list[Answer | Exception] = []

        def run() -> None:
            try:
                done.append(work())
            except Exception as error:  # noqa: BLE001 - handed over below
                done.append(error)
            finally:
                self._waiting.release()

        thread = threading.Thread(target=run, name="pro-sante-connect", daemon=True)
        thread.start()
        thread.join(waits * self._settings.answer_seconds)
        if not done:
            raise PscUnreachable
        outcome = done[0]
        if isinstance(outcome, Exception):
            raise _explained(outcome)
        return outcome


def _explained(error: Exception) -> Exception:
    """Return what a person can act on, for what the net and the libraries raise."""
    if isinstance(error, requests.HTTPError):
        return PscRefused() if error.response.status_code < 500 else PscUnreachable()
    if isinstance(error, AuthlibBaseError):
        return PscRefused()
    return PscUnreachable() if isinstance(error, (requests.RequestException, OSError, ValueError)) else error
