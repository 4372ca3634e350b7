"""The rules as the files that each system reads: JSON on Linux, .reg on Windows, one profile on macOS.

The same server always makes the same bytes, so that a SHA-256 written down today is good tomorrow.
"""

import hashlib
import json
import plistlib
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from socle.appliance.maintenance.browser_policies import rules
from socle.appliance.maintenance.browser_policies.rules import AUTHORITY_FILE, Rules
from socle.appliance.maintenance.browser_policies.site import Site

System = Literal["windows", "macos", "linux", "any"]
_AS_JSON = {"ExtensionSettings", "Preferences"}
"""What Windows keeps as one text of JSON rather than as keys."""
_SPACE = uuid.UUID("6f0a3c52-0a39-4cf4-9a4a-0c3f2a52f5d1")
"""Names of our profiles' parts are made from it, so that a newer profile replaces the older one."""


@dataclass(frozen=True)
class PolicyFile:
    """One file to give a workstation. `browser` is a name for people; `place` is where it goes, or what takes it in."""

    name: str
    system: System
    browser: str
    place: str
    content: bytes
    kind: str

    @property
    def sha256(self) -> str:
        """The digest to compare after a copy."""
        return hashlib.sha256(self.content).hexdigest()


def made(site: Site) -> list[PolicyFile]:
    """Return every file for a server."""
    chromium, edge, firefox = rules.chromium(site), rules.edge(site), rules.firefox(site)
    policies = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies"
    json_kind, reg = "application/json", "application/octet-stream"
    managed = "policies/managed/socle.json"
    return [
        PolicyFile(AUTHORITY_FILE, "any", "", "", site.authority, "application/x-pem-file"),
        PolicyFile(
            "socle-chrome.reg",
            "windows",
            "Chrome",
            "reg import",
            registry(f"{policies}\\Google\\Chrome", chromium),
            reg,
        ),
        PolicyFile(
            "socle-edge.reg", "windows", "Edge", "reg import", registry(f"{policies}\\Microsoft\\Edge", edge), reg
        ),
        PolicyFile(
            "socle-firefox.reg",
            "windows",
            "Firefox",
            "reg import",
            registry(f"{policies}\\Mozilla\\Firefox", firefox),
            reg,
        ),
        PolicyFile(
            "socle-browsers.mobileconfig",
            "macos",
            "Chrome, Edge, Firefox",
            "",
            profile(site, chromium, edge, firefox),
            "application/x-apple-aspen-config",
        ),
        PolicyFile("socle-chrome.json", "linux", "Chrome", f"/etc/opt/chrome/{managed}", as_json(chromium), json_kind),
        PolicyFile(
            "socle-chromium.json", "linux", "Chromium", f"/etc/chromium/{managed}", as_json(chromium), json_kind
        ),
        PolicyFile("socle-edge.json", "linux", "Edge", f"/etc/opt/edge/{managed}", as_json(edge), json_kind),
        PolicyFile(
            "policies.json",
            "linux",
            "Firefox",
            "/etc/firefox/policies/policies.json",
            as_json({"policies": firefox}),
            json_kind,
        ),
    ]


def as_json(values: Rules) -> bytes:
    """Write rules as JSON."""
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def registry(key: str, values: Rules) -> bytes:
    """Write rules as a file of the Windows registry editor: UTF-16 with a mark, lines ended as there."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    _add_key(lines, key, values)
    return "\r\n".join(lines).encode("utf-16")


def _add_key(lines: list[str], key: str, values: Rules) -> None:
    nested: list[tuple[str, Rules]] = []
    lines.append(f"[{key}]")
    for name, value in values.items():
        if isinstance(value, list) and not any(isinstance(one, dict) for one in value):
            nested.append((name, {str(number): one for number, one in enumerate(value, 1)}))
        elif isinstance(value, dict) and name not in _AS_JSON:
            nested.append((name, value))
        else:
            lines.append(f'"{name}"={_registry_value(value)}')
    lines.append("")
    for name, inner in nested:
        _add_key(lines, f"{key}\\{name}", inner)


def _registry_value(value: Any) -> str:
    if isinstance(value, bool | int):
        return f"dword:{int(value):08x}"
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def profile(site: Site, chromium: Rules, edge: Rules, firefox: Rules) -> bytes:
    """Write a macOS configuration profile: the authority, and each browser's rules."""
    parts = [
        _payload(
            site, "com.apple.security.root", {"PayloadContent": site.der, "PayloadCertificateFileName": "socle.cer"}
        ),
        _payload(site, "com.google.Chrome", chromium),
        _payload(site, "com.microsoft.Edge", edge),
        _payload(site, "org.mozilla.firefox", {"EnterprisePoliciesEnabled": True, **firefox}),
    ]
    whole = _payload(site, "Configuration", {"PayloadContent": parts, "PayloadScope": "System"})
    return plistlib.dumps(whole, sort_keys=True)


def _payload(site: Site, kind: str, values: Rules) -> Rules:
    name = kind.rpartition(".")[2]
    return {
        **values,
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"fr.socle.browsers.{name.lower()}",
        "PayloadUUID": str(uuid.uuid5(_SPACE, f"{site.fingerprint} {kind}")).upper(),
        "PayloadDisplayName": f"Socle · {site.practice} · {name}",
    }
