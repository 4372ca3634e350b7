"""The practice's authority: its certificates are believed by a strict client, renewed in time, never in vain."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from socle.appliance.maintenance import authority, certificate_files
from socle.foundation.secrets import Keys

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
NAMES = ["localhost", "127.0.0.1", "socle.local"]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """A folder of keys with an authority and a server's certificate."""
    made = Keys(tmp_path / "keys")
    authority.prepare(made, "Cabinet des Tilleuls", NAMES, NOW)
    return made


def _certificate(keys: Keys, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(keys.read(name))


@pytest.mark.parametrize("name", ["localhost", "socle.local"])
def test_a_strict_client_believes_the_server(keys: Keys, name: str) -> None:
    store = Store([_certificate(keys, certificate_files.AUTHORITY_CERTIFICATE)])
    verifier = PolicyBuilder().store(store).time(NOW).build_server_verifier(x509.DNSName(name))
    assert verifier.verify(_certificate(keys, certificate_files.SERVER_CERTIFICATE), [])


def test_a_second_start_changes_nothing(keys: Keys) -> None:
    before = {name: keys.read(name) for name in keys.names()}
    authority.prepare(keys, "Cabinet des Tilleuls", NAMES, NOW + timedelta(days=30))
    assert {name: keys.read(name) for name in keys.names()} == before


@pytest.mark.parametrize(("days", "names"), [(260, NAMES), (1, [*NAMES, "192.0.2.7"])])
def test_it_is_renewed_near_its_end_or_for_a_new_name_by_the_same_authority(
    keys: Keys, days: int, names: list[str]
) -> None:
    before = {name: keys.read(name) for name in keys.names()}
    later = NOW + timedelta(days=days)
    assert authority.prepare(keys, "Cabinet des Tilleuls", names, later) == later + authority.SERVER_LIFE
    assert keys.read(certificate_files.SERVER_CERTIFICATE) != before[certificate_files.SERVER_CERTIFICATE]
    assert keys.read(certificate_files.AUTHORITY_CERTIFICATE) == before[certificate_files.AUTHORITY_CERTIFICATE]


def test_only_the_public_certificate_is_published(keys: Keys, tmp_path: Path) -> None:
    published = authority.publish(keys, tmp_path).read_text()
    assert "BEGIN CERTIFICATE" in published
    assert "PRIVATE" not in published
