"""Reads and proves an agent's request; takes its JSON apart."""

import base64
from typing import TypeVar

import msgspec
from flask import request

from socle.foundation.errors import N_, SocleError
from socle.identity.sessions import signed_requests, workstations
from socle.identity.sessions.models import Workstation
from socle.web.kit import browser_place
from socle.web.kit.unit_of_work import noting

Body = TypeVar("Body")


class NotUnderstood(SocleError):
    """JSON that no agent of this version sends."""

    code = "STATION-REQUEST-WRONG"
    message = N_("The server did not understand the workstation's agent.")
    hint = N_("Install the agent's present version on this workstation.")
    kind = "invalid"


def station() -> Workstation:
    """Return the workstation that signed this request; raises what `workstations.proven` does."""
    query = f"?{request.query_string.decode(errors='replace')}" if request.query_string else ""
    headers = {name: request.headers.get(name, "") for name in _HEADERS}
    signed = signed_requests.read(request.method, request.path + query, request.get_data(), headers)
    with noting() as session:
        return workstations.proven(session, signed, browser_place.address())


_HEADERS = (signed_requests.STATION, signed_requests.TIME, signed_requests.NONCE, signed_requests.SIGNATURE)


def body(kind: type[Body]) -> Body:
    """Return what was sent, or raise NotUnderstood. Bytes travel as base64."""
    try:
        return msgspec.json.decode(request.get_data(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotUnderstood from None


def text(value: bytes) -> str:
    """Return bytes as they travel."""
    return base64.b64encode(value).decode()
