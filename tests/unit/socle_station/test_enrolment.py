"""What an agent keeps of the authority it was shown."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socle.appliance.maintenance import authority
from socle.foundation.secrets import Keys
from socle_station import enrolment


def test_a_second_authority_behind_the_right_one_is_not_trusted(tmp_path: Path) -> None:
    impostor = Keys(tmp_path / "impostor")
    authority.prepare(impostor, "Impostor", ["localhost"], datetime.now(UTC))
    seen = 0
    for number in range(200):
        keys = Keys(tmp_path / str(number))
        authority.prepare(keys, "Cabinet", ["localhost"], datetime.now(UTC))
        right = keys.read("authority.pem").decode()
        if "=\n" not in right:
            continue  # behind such a certificate anything more changes the fingerprint
        kept, proven = enrolment.pinned(right + impostor.read("authority.pem").decode())
        assert proven == authority.fingerprint(keys)
        assert len(ssl.create_default_context(cadata=kept).get_ca_certs()) == 1
        seen += 1
        if seen == 2:
            break
    assert seen == 2


@pytest.mark.parametrize("sent", ["", "no certificate", "-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate_pins_nothing(sent: str) -> None:
    with pytest.raises(ValueError, match=r"PEM|padding|certificate"):
        enrolment.pinned(sent)
