"""The agent's requests: enrolling, a challenge for the card, its proof, the card taken out, a sign of life.

All but the first two are signed with the workstation's key. JSON both ways; bytes travel as base64; a refusal is the
error's code, message and hint in the language asked for.
"""

import msgspec
from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from socle.appliance.maintenance import authority as authority_files
from socle.appliance.maintenance.certificate_files import AUTHORITY_CERTIFICATE
from socle.foundation import log
from socle.foundation.clock import Clock
from socle.foundation.errors import SocleError
from socle.foundation.secrets import Keys
from socle.foundation.settings import Settings
from socle.identity.sessions import card_numbers, throttling, tickets, workstations
from socle.identity.sessions.card_policy import CardPolicy, Signed
from socle.identity.sessions.doors import STAFF
from socle.identity.sessions.models import Workstation
from socle.identity.sessions.reasons import Why
from socle.web.kit import browser_place, doorway, entering
from socle.web.kit.permissions import public
from socle.web.kit.unit_of_work import noting, reading, tool, writing
from socle.web.station import signed

blueprint = Blueprint("station", __name__, url_prefix="/station", template_folder="templates", static_folder="static")


class Enrolment(msgspec.Struct, forbid_unknown_fields=True):
    """A code, the key made for it, the proof that the agent holds that key's other half, and what it runs on."""

    code: str
    public_key: bytes
    proof: bytes
    system: str = ""


class Proof(msgspec.Struct, forbid_unknown_fields=True):
    """A challenge, and what the card made of it."""

    challenge: bytes
    certificate: bytes
    mechanism: str
    signature: bytes
    others: tuple[bytes, ...] = ()


class Removal(msgspec.Struct, forbid_unknown_fields=True):
    """Why the session locks: the card went, or its holder asked the agent for it."""

    asked: bool = False


@blueprint.get("/authority")
@public
def authority() -> Response:
    """Hand out the certificate of the server's authority: the agent compares its fingerprint with the one typed."""
    return Response(tool(Keys).read(AUTHORITY_CERTIFICATE), mimetype="application/x-pem-file")


@blueprint.post("/enrol")
@public
def enrol() -> ResponseReturnValue:
    """Give a named workstation the key its agent made, for the code shown to the maintainer."""
    sent = signed.body(Enrolment)
    address = browser_place.address()
    name = throttling.name_key(doorway.forms_key(), f"workstation code {address}")
    with noting() as session:
        attempt = throttling.begin(session, STAFF.name, name, address, None)
    with writing() as session:
        station = workstations.enrol(session, sent.code, sent.public_key, sent.proof, sent.system, address)
        throttling.succeed(session, attempt)
    log.info("workstation_enrolled", workstation=station.id, address=address)
    return jsonify(number=station.id, name=station.name, practice=tool(Settings).practice.name)


@blueprint.post("/beat")
@public
def beat() -> ResponseReturnValue:
    """Take note that the agent is there; tell how things stand at its workstation."""
    station = signed.station()
    with reading() as session:
        stands = tickets.presence(session, workstations.get(session, station.id), doorway.limits())
        waiting = tickets.has_waiting(session, station)
    return jsonify(holder=stands.holder, session=stands.session, reopen=stands.reopen, ticket_waits=waiting)


@blueprint.post("/challenge")
@public
def challenge() -> ResponseReturnValue:
    """Give the card at this workstation something to sign."""
    station = signed.station()
    with noting() as session:
        value = tickets.challenge(session, station)
    return jsonify(challenge=signed.text(value))


@blueprint.post("/proof")
@public
def proof() -> ResponseReturnValue:
    """Judge what the card signed; a ticket if it opens a session."""
    station = signed.station()
    sent = signed.body(Proof)
    with noting() as session:
        tickets.take_challenge(session, station, sent.challenge)
    try:
        text = tickets.text_to_sign(sent.challenge, station.id, authority_files.fingerprint(tool(Keys)))
        given = Signed(sent.certificate, sent.others, sent.mechanism, sent.signature)
        holder = tool(CardPolicy).prove(given, text, tool(Clock).now())
        with reading() as session:
            known = card_numbers.account_of(session, holder)
        entering.check_directory(known)
        with writing() as session:
            ticket, account = tickets.accept(session, station, holder, tool(Settings).access)
    except SocleError as error:
        _note_refusal(station, error)
        raise
    return jsonify(ticket=ticket, seconds=int(tickets.TICKET_LASTS.total_seconds()), holder=account.display_name)


@blueprint.post("/card-out")
@public
def card_out() -> ResponseReturnValue:
    """Lock the session of whose card was in: it was taken out, its holder asked, or the agent starts, not knowing."""
    station = signed.station()
    why = Why.LOCKED_BY_PERSON if signed.body(Removal).asked else Why.CARD_REMOVED
    with writing() as session:
        locked = tickets.take_out(session, station, why)
    return jsonify(locked=locked)


@blueprint.post("/ticket")
@public
def another_ticket() -> ResponseReturnValue:
    """Give a ticket without the code while the card is in and its session open: its browser lost its cookies."""
    station = signed.station()
    with writing() as session:
        ticket = tickets.again(session, station, doorway.limits())
    return jsonify(ticket=ticket, seconds=int(tickets.TICKET_LASTS.total_seconds()))


def _note_refusal(station: Workstation, error: SocleError) -> None:
    with writing() as session:
        tickets.refuse(session, station, error)
