"""The token in every form: for whose account and in which session the form was made, signed by this server."""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app, g, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.exceptions import RequestEntityTooLarge

from socle.web.kit import doorway, uploads

FIELD = "_csrf"
HEADER = "X-CSRF-Token"
_NAME = "socle-form-proof"


@dataclass(frozen=True)
class Owner:
    """Whose form it is."""

    account_id: int
    session_id: int


def make(account_id: int, session_id: int) -> str:
    """Return the token for a form of this account in this session."""
    return _made(_serializer(), account_id, session_id)


@lru_cache(maxsize=256)
def _made(serializer: URLSafeSerializer, account_id: int, session_id: int) -> str:
    return str(serializer.dumps([account_id, session_id]))


def sent() -> Owner | None:
    """Return whose form this request sends; None if it carries no token of ours."""
    token = request.headers.get(HEADER) or _field()
    try:
        account_id, session_id = _serializer().loads(token)
    except (BadData, ValueError, TypeError):
        return None
    if isinstance(account_id, int) and isinstance(session_id, int):
        return Owner(account_id, session_id)
    return None


def _field() -> str:
    try:
        return request.form.get(FIELD, "")
    except RequestEntityTooLarge:
        if g.get("viewer") is not None:
            raise
        uploads.read_on()
        return ""  # whoever has to sign in first is told that, not that the file is too large


def _serializer() -> URLSafeSerializer:
    made: URLSafeSerializer | None = current_app.extensions.get(_NAME)
    if made is None:
        key = hmac.digest(doorway.forms_key(), f"form owner {doorway.here().name}".encode(), "sha256")
        made = current_app.extensions[_NAME] = URLSafeSerializer(key, salt="socle.form")
    return made
