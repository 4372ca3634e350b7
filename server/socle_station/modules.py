"""Where each system keeps the PKCS#11 modules that read professional cards: Cryptolib CPS first, OpenSC else.

Source of the Cryptolib paths: ANS, Cryptolib CPS, and public clients of it.
"""

import sys
from pathlib import Path

_KNOWN: dict[str, tuple[str, ...]] = {
    "win32": (
        "C:/Windows/System32/cps3_pkcs11_w64.dll",
        "C:/Windows/System32/cps3_pkcs11_w32.dll",
        "C:/Program Files/OpenSC Project/OpenSC/pkcs11/opensc-pkcs11.dll",
    ),
    "darwin": (
        "/usr/local/lib/libcps3_pkcs11_osx.dylib",
        "/Library/OpenSC/lib/opensc-pkcs11.so",
        "/opt/homebrew/lib/opensc-pkcs11.so",
    ),
    "linux": (
        "/usr/lib/libcps3_pkcs11.so",
        "/usr/lib64/libcps3_pkcs11.so",
        "/usr/lib/libcps3_pkcs11_lux.so",
        "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
        "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so",
        "/usr/lib64/opensc-pkcs11.so",
        "/usr/lib/opensc-pkcs11.so",
    ),
}


def default(system: str = sys.platform) -> str:
    """Return the first module this machine has; the name of OpenSC's when it has none."""
    places = _KNOWN.get(system, _KNOWN["linux"])
    return next((place for place in places if Path(place).exists()), places[-1])
