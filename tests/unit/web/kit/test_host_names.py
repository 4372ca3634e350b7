"""The names under which a door answers."""

import socket

import pytest

from socle.foundation.settings import WebSettings
from socle.web.kit.host_names import name_in, of_this_machine


def test_a_fresh_machine_answers_to_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Serveur.cabinet.example")
    names = of_this_machine(WebSettings(address="0.0.0.0", names=("Agenda.Cabinet.example",)))
    assert {
        "localhost",
        "socle.local",
        "serveur",
        "serveur.local",
        "serveur.lan",
        "serveur.home",
        "serveur.cabinet.example",
        "agenda.cabinet.example",
    } <= names
    assert "serveur.attacker.example" not in names


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Serveur:8443", "serveur"),
        ("serveur.", "serveur"),
        ("192.168.1.12:8443", "192.168.1.12"),
        ("[FE80::1]:8443", "fe80::1"),
        ("[::1]", "::1"),
        ("", ""),
    ],
)
def test_the_name_is_read_without_its_port(header: str, name: str) -> None:
    assert name_in(header) == name
