"""Rules of the house that no linter knows, checked on every file that git tracks."""

import ast
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REGISTRY_OR_MACHINE = re.compile(
    r"""
    "resolved":\s*"http | index-url\s*= | registry\s*=\s*"?http
    | https?://(deb|security|ftp|mirror)\. | https?://[a-z.]*(registry|pyth[o]nhosted|/simple/)
    | (?<![\w.])/(work|farm|root)/(?!\*)
    """,
    re.VERBOSE,
)
PRINTED = {"day_sheet.html"}
"""Templates that become PDF on the server and never reach a browser."""
VAGUE_NAMES = {"utils", "helpers", "common", "manager", "services", "misc"}


def tracked(*patterns: str) -> list[Path]:
    """Return the files git knows under these patterns."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_a_package_root_holds_a_docstring_only() -> None:
    talkative = []
    for path in tracked("*__init__.py"):
        body = ast.parse(path.read_text()).body
        if len(body) != 1 or ast.get_docstring(ast.Module(body, [])) is None:
            talkative.append(str(path.relative_to(ROOT)))
    assert not talkative, f"more or less than a docstring in {talkative}"


def test_no_registry_and_no_path_of_a_machine_is_written_down() -> None:
    found = []
    for path in tracked():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if _is_local(line)]
    assert not found, "\n".join(found)


def _is_local(line: str) -> bool:
    return REGISTRY_OR_MACHINE.search(line) is not None


@pytest.mark.parametrize(
    ("line", "local"),
    [
        ('"resolved": ' + '"https://packages.example/a.tgz"', True),
        ("--index-url" + "=https://packages.example", True),
        ("deb http" + "://deb." + "packages.example/debian trixie main", True),
        ("cd /" + "work/main", True),
        ("open('/" + "root/.cache')", True),
        ("href=/patients/work/", False),
        ("https://localhost:8443", False),
    ],
)
def test_the_rule_knows_what_is_local(line: str, local: bool) -> None:
    assert _is_local(line) is local


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [str(path.relative_to(ROOT)) for path in tracked("server/*.py") if path.stem in VAGUE_NAMES]
    assert not vague


def test_pages_hold_no_script_and_no_style_of_their_own() -> None:
    """The content security policy would block them: they belong in static files."""
    data_or_file = r"<script(?![^>]*(?:\bsrc=|type=\"application/json\"))"
    inline = re.compile(rf"{data_or_file}|<style|\sstyle=|\son[a-z]+=\"|javascript:", re.IGNORECASE)
    pages = [path for path in tracked("server/socle/web/*.html") if path.name not in PRINTED]
    web = [str(path.relative_to(ROOT)) for path in pages if inline.search(path.read_text())]
    assert not web


class _Fields(HTMLParser):
    """Collects the fields for typed text that leave it to the browser whether to keep what is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.form: dict[str, str | None] = {}
        self.kept: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.form = found
        typed = tag == "input" and found.get("type", "text") in {"text", "search", "tel", "email", "date", "number"}
        if typed and "hidden" not in found and "autocomplete" not in found | self.form:
            self.kept.append(found.get("name") or "?")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = {}


def test_no_browser_keeps_what_is_typed_for_the_next_person() -> None:
    """Each field for text, or its form, says what a browser may fill in there: "off", mostly."""
    found = {}
    for path in tracked("server/socle/web/*.html"):
        fields = _Fields()
        fields.feed(re.sub(r"\{[{%#].*?[}%#]\}", "", path.read_text(), flags=re.DOTALL))
        if fields.kept and path.name != "components.html":
            found[path.name] = fields.kept
    assert not found
