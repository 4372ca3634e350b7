"""Has the card sign in a process of its own: a module or a reader that hangs or crashes takes that process down alone.

A PKCS#11 module runs inside the program that loads it, for as long as the reader takes; the agent must go on watching.
The code travels through a pipe, is not kept, and is on no command line.
"""

import base64
import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict

from socle_station.token import Known, Signature, Token
from socle_station.wording import Fault

SECONDS = 25


class Signer:
    """Signs with the cards that one PKCS#11 module can read."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._alone = threading.Lock()

    def sign(self, reader: str, code: str, text: bytes) -> Signature:
        """Have the card in `reader` check the code and sign: the Faults of `Token.sign`, CARD-SILENT when it hangs."""
        asked = {"module": self._module, "reader": reader, "code": code, "text": _text(text)}
        said = self._ask(asked)
        others = tuple(base64.b64decode(other) for other in said["others"])
        return Signature(
            base64.b64decode(said["certificate"]), others, said["mechanism"], base64.b64decode(said["value"])
        )

    def look(self, reader: str) -> Known:
        """Return what the card in `reader` says of itself without its code."""
        said = self._ask({"module": self._module, "reader": reader, "only": "look"})
        return Known(said["holder"], said["left"])

    def check(self) -> None:
        """Load the module once, or raise CARD-MODULE-MISSING."""
        self._ask({"module": self._module})

    def _ask(self, asked: dict[str, str]) -> dict[str, str]:
        command = [sys.executable, "-m", "socle_station.signing"]
        try:
            with self._alone:  # two at one card would take it out of each other's hands
                done = subprocess.run(
                    command, input=json.dumps(asked).encode(), capture_output=True, timeout=SECONDS, check=False
                )
        except subprocess.TimeoutExpired:
            raise Fault("CARD-SILENT") from None
        said: dict[str, str] = {}
        with suppress(ValueError):
            said = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        if not said:
            raise Fault("CARD-FAULT", reason=f"PKCS#11, {done.returncode}")
        if "fault" in said:
            raise Fault(said.pop("fault"), **said)
        return said


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _answer(asked: dict[str, str]) -> dict[str, object]:
    token = Token(asked["module"])
    if "reader" not in asked:
        token.check()
        return {"good": True}
    if asked.get("only") == "look":
        return asdict(token.look(asked["reader"]))
    made = token.sign(asked["reader"], asked["code"], base64.b64decode(asked["text"]))
    others = [_text(other) for other in made.others]
    return {
        "certificate": _text(made.certificate),
        "others": others,
        "mechanism": made.mechanism,
        "value": _text(made.value),
    }


def _main() -> None:
    asked = json.loads(sys.stdin.buffer.read())
    try:
        said = _answer(asked)
    except Fault as fault:
        said = {"fault": fault.code, **{name: str(value) for name, value in fault.details.items()}}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _main()
