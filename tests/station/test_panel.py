"""The agent's window alone, on a screen: what it does with what is said to it, whatever the pace."""

import threading

import pytest
from tests.parts.virtual_screen import Screen

from socle_station.wording import Fault

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_what_a_server_refuses_at_once_is_there_to_be_typed_over(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from socle_station.panel import POLL_MS, Panel  # noqa: PLC0415 - only where Python has tkinter

    monkeypatch.setenv("DISPLAY", screen.display)
    panel, stop = Panel("fr", lambda _event: None), threading.Event()
    selected: list[bool] = []

    def typed_and_refused() -> None:
        for field in panel._fields.values():
            field.insert(0, "0000")
        panel.line("enrolling")  # the answer comes before the window looks again
        panel.ask_enrolment(Fault("STATION-FINGERPRINT-WRONG", server="https://socle.local:8443"))
        panel.root.after(20 * POLL_MS, stop.set)

    def stopped() -> bool:
        if stop.is_set():
            selected.append(panel._fields["fingerprint"].selection_present())
        return stop.is_set()

    panel.ask_enrolment(None)
    panel.root.after(5 * POLL_MS, typed_and_refused)
    panel.run(stopped)
    assert selected == [True]
