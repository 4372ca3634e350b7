"""Takes pictures of the agent's window in each of its states, to be looked at and for the guide.

python tools/picture_of_the_agent.py FOLDER [fr|en]
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.parts import virtual_screen

from socle_station.panel import Panel
from socle_station.token import Known
from socle_station.wording import Fault

SERVER = "https://socle.local:8443"
Step = Callable[[Panel], None]


def _asked(panel: Panel) -> None:
    panel.ask_code("code", "Lecteur 0")
    panel.card(Known("Camille ESSAI", ""))


def _checked(panel: Panel, fault: Fault) -> None:
    panel.line("checking")
    panel.fault(fault)


STATES: dict[str, tuple[Step, ...]] = {
    "starting": (),
    "enrol": (lambda panel: panel.ask_enrolment(None),),
    "enrol-wrong": (lambda panel: panel.ask_enrolment(Fault("STATION-FINGERPRINT-WRONG", server=SERVER)),),
    "no-card": (lambda panel: panel.line("ready", name="Salle 2", practice="Cabinet médical des Tilleuls"),),
    "several": (lambda panel: panel.fault(Fault("READER-SEVERAL", count=2, readers="Gemalto A, Gemalto B")),),
    "asked": (_asked,),
    "checking": (lambda panel: panel.line("checking"),),
    "wrong": (
        lambda panel: panel.fault(Fault("CARD-CODE-WRONG", left="last")),
        lambda panel: panel.ask_code("code", "Lecteur 0"),
    ),
    "blocked": (lambda panel: _checked(panel, Fault("CARD-BLOCKED")),),
    "open": (lambda panel: panel.line("opened", holder="Camille Essai"),),
    "unreachable-open": (lambda panel: panel.fault(Fault("STATION-SERVER-UNREACHABLE", server=SERVER)),),
    "locked": (
        lambda panel: panel.line("back"),
        lambda panel: panel.line("locked"),
        lambda panel: panel.ask_code("code_again", "Lecteur 0"),
    ),
    "removed": (lambda panel: panel.ask_code("", ""), lambda panel: panel.line("removed")),
    "reader-missing": (lambda panel: panel.fault(Fault("READER-MISSING")),),
    "unreachable": (lambda panel: panel.fault(Fault("STATION-SERVER-UNREACHABLE", server=SERVER)),),
    "not-trusted": (lambda panel: panel.fault(Fault("STATION-SERVER-NOT-TRUSTED", server=SERVER)),),
    "tool-missing": (
        lambda panel: panel.line("back"),
        lambda panel: panel.line("reader_back"),
        lambda panel: panel.fault(Fault("TRUST-TOOL-MISSING", tool="certutil", commands="certutil -d sql:~ -A")),
    ),
}


def main(folder: Path, language: str) -> None:
    """Go through the states and take a picture of each."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, virtual_screen.running(Path(place)) as screen:
        os.environ["DISPLAY"] = screen.display
        panel = Panel("en" if language == "en" else "fr", lambda _event: None)

        def walk() -> None:
            for name, steps in STATES.items():
                for step in steps:
                    step(panel)
                time.sleep(0.6)
                screen.picture(screen.wait_for("Socle")).save(folder / f"{name}.png", optimize=True)
            panel.end()

        threading.Thread(target=walk, daemon=True).start()
        panel.run(lambda: False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "fr")
