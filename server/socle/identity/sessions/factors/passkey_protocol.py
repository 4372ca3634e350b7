"""The words of WebAuthn, by the library that knows them. Loaded when somebody uses a passkey: 5 MB in every process."""

from collections.abc import Sequence
from dataclasses import dataclass

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, RecursionError)
"""What the library raises for an answer that does not hold, or is none at all."""


@dataclass(frozen=True)
class Made:
    """A new key, as the device says."""

    number: bytes
    public_key: bytes
    count: int


@dataclass(frozen=True)
class Used:
    """A signature that holds: the key's counter, and whether the device checked its holder."""

    count: int
    verified: bool


def question_for_new(
    host: str, practice: str, username: str, display_name: str, handle: bytes, challenge: bytes, known: Sequence[bytes]
) -> str:
    """Return the options for making a key (JSON); `handle` names the person to the device, and to nobody else."""
    options = generate_registration_options(
        rp_id=host,
        rp_name=practice,
        user_name=username,
        user_display_name=display_name,
        user_id=handle,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=number) for number in known],
    )
    return options_to_json(options)


def question(host: str, challenge: bytes, allowed: Sequence[bytes], *, verified: bool) -> str:
    """Return the options for using a key (JSON): one of `allowed`, or any when there are none."""
    need = UserVerificationRequirement.REQUIRED if verified else UserVerificationRequirement.PREFERRED
    keys = [PublicKeyCredentialDescriptor(id=number) for number in allowed]
    options = generate_authentication_options(
        rp_id=host, challenge=challenge, allow_credentials=keys, user_verification=need
    )
    return options_to_json(options)


def made(host: str, origin: str, challenge: bytes, answer: str) -> Made:
    """Check an answer that brings a new key, or raise one of MALFORMED."""
    found = verify_registration_response(
        credential=answer, expected_challenge=challenge, expected_rp_id=host, expected_origin=origin
    )
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def used(host: str, origin: str, challenge: bytes, answer: str, public_key: bytes) -> Used:
    """Check a signature, or raise one of MALFORMED; the counter is the caller's to compare, who has words for it."""
    found = verify_authentication_response(
        credential=answer,
        expected_challenge=challenge,
        expected_rp_id=host,
        expected_origin=origin,
        credential_public_key=public_key,
        credential_current_sign_count=0,
    )
    return Used(found.new_sign_count, found.user_verified)


def number_in(answer: str) -> bytes:
    """Return the number of the key in an answer, without any proof, or raise one of MALFORMED."""
    return base64url_to_bytes(parse_authentication_credential_json(answer).id)
