"""The files for workstations' browsers: read back as the systems read them, and nothing but this server in them."""

import base64
import json
import plistlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from socle.appliance.maintenance import authority
from socle.appliance.maintenance.browser_policies import files, rules
from socle.appliance.maintenance.browser_policies.files import PolicyFile
from socle.appliance.maintenance.browser_policies.site import Site, known_names
from socle.appliance.maintenance.certificate_files import AUTHORITY_CERTIFICATE
from socle.foundation.secrets import Keys

NAMES = ("cabinet.example", "socle.local", "192.168.1.10", "fe80::1", "localhost")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    authority.prepare(keys, 'Cabinet «Épi» & "Cie" <x>', list(NAMES), datetime.now(UTC))
    return Site('Cabinet «Épi» & "Cie" <x>', NAMES, (8443, 8444), keys.read(AUTHORITY_CERTIFICATE))


@pytest.fixture(scope="module")
def made(site: Site) -> dict[str, PolicyFile]:
    return {file.name: file for file in files.made(site)}


def read_registry(content: bytes) -> dict[str, dict[str, object]]:
    """Read a .reg file as the registry editor does: keys, strings and numbers."""
    assert content.startswith(b"\xff\xfe")  # UTF-16, little end first
    lines = content.decode("utf-16").split("\r\n")
    assert lines[0] == "Windows Registry Editor Version 5.00"
    found: dict[str, dict[str, object]] = {}
    key = ""
    for line in lines[1:]:
        if not line:
            continue
        head = re.fullmatch(r"\[(HKEY_LOCAL_MACHINE\\.+)\]", line)
        if head:
            key = head[1]
            found[key] = {}
            continue
        value = re.fullmatch(r'"([A-Za-z0-9]+)"=(?:dword:([0-9a-f]{8})|"(.*)")', line)
        assert value, line
        found[key][value[1]] = int(value[2], 16) if value[2] else re.sub(r"\\(.)", r"\1", value[3])
    return found


def test_the_registry_says_what_the_json_says(made: dict[str, PolicyFile]) -> None:
    for name in ("chrome", "edge"):
        said = json.loads(made[f"socle-{name}.json"].content)
        keys = read_registry(made[f"socle-{name}.reg"].content)
        root = min(keys, key=len)
        for policy, value in said.items():
            if isinstance(value, bool):
                assert keys[root][policy] == int(value)
            elif isinstance(value, list) and not any(isinstance(one, dict) for one in value):
                assert list(keys[f"{root}\\{policy}"].values()) == value
            else:
                assert json.loads(str(keys[root][policy])) == value
    firefox = read_registry(made["socle-firefox.reg"].content)
    root = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Mozilla\Firefox"
    assert firefox[rf"{root}\Cookies\Allow"]["1"] == "https://cabinet.example:8443"
    assert firefox[rf"{root}\SanitizeOnShutdown"]["Locked"] == 1
    assert json.loads(str(firefox[root]["ExtensionSettings"])) == {"*": {"restricted_domains": list(NAMES)}}


def test_the_profile_is_read_by_its_own_library_and_replaces_an_older_one(
    made: dict[str, PolicyFile], site: Site
) -> None:
    profile = plistlib.loads(made["socle-browsers.mobileconfig"].content)
    parts = {one["PayloadType"]: one for one in profile["PayloadContent"]}
    assert x509.load_der_x509_certificate(parts["com.apple.security.root"]["PayloadContent"])
    chrome = json.loads(made["socle-chrome.json"].content)
    assert {name: parts["com.google.Chrome"][name] for name in chrome} == chrome
    assert parts["org.mozilla.firefox"]["EnterprisePoliciesEnabled"] is True
    again = {one.name: one for one in files.made(site)}
    assert {name: one.sha256 for name, one in again.items()} == {name: one.sha256 for name, one in made.items()}


def test_the_authority_is_trusted_for_this_server_alone(site: Site) -> None:
    [trusted] = rules.chromium(site)["CACertificatesWithConstraints"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(trusted["certificate"]))
    assert certificate.subject == x509.load_pem_x509_certificate(site.authority).subject
    assert trusted["constraints"] == {
        "permitted_dns_names": ["cabinet.example", "socle.local", "localhost"],
        "permitted_cidrs": ["192.168.1.10/32", "fe80::1/128"],
    }


@pytest.mark.parametrize("names", [("cabinet.example",), ("192.168.1.10",)])
def test_no_list_of_constraints_is_ever_empty(site: Site, names: tuple[str, ...]) -> None:
    """An empty one would mean: any name."""
    one = Site(site.practice, names, (8443,), site.authority)
    [trusted] = rules.chromium(one)["CACertificatesWithConstraints"]
    assert all(trusted["constraints"].values())


def test_every_door_under_every_name(site: Site) -> None:
    wanted = {f"https://{name}:{port}" for name in (*NAMES[:3], "[fe80::1]", "localhost") for port in (8443, 8444)}
    assert set(rules.chromium(site)["CookiesAllowedForUrls"]) == wanted
    assert set(rules.firefox(site)["Cookies"]["Allow"]) == wanted


def test_names_are_told_once_those_of_the_machine_itself_last() -> None:
    asked = ["[::1]", "LOCALHOST", "Cabinet.local.", "cabinet.local", "", "127.0.0.1", "10.0.0.5"]
    assert known_names(asked) == ("cabinet.local", "10.0.0.5", "::1", "localhost", "127.0.0.1")


def test_no_file_holds_a_private_key(made: dict[str, PolicyFile]) -> None:
    for file in made.values():
        assert b"PRIVATE" not in file.content
        assert Path(file.name).name == file.name
