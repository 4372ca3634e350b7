"""How a browser gets the files of the pages: under an address that changes with their content, compressed, once.

In a template, `asset("css/socle.css")` (and `asset("file.css", "<room>")`) gives `/static/~<version>/css/socle.css`.
The version stands in the path rather than behind a `?` so that a script's own `import "./other.js"` carries it too.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request, url_for

_VERSION = "socle-assets-version"
_PACKED = "socle-assets-packed"
_PACKABLE = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json"}
_SMALLEST = 1024
_YEAR = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Version, compress and let browsers keep the static files of the app and of its blueprints."""

    def with_version(endpoint: str, values: dict[str, Any]) -> None:
        if _is_static(endpoint) and "filename" in values:
            values["filename"] = f"~{version(app)}/{values['filename']}"

    def without_version(endpoint: str | None, values: dict[str, Any] | None) -> None:
        filename = values.get("filename", "") if values and _is_static(endpoint) else ""
        if values is not None and filename.startswith("~"):
            asked, _, values["filename"] = filename.partition("/")
            g.asset_is_current = asked == f"~{version(app)}"

    @cache
    def asset(filename: str, room: str = "") -> str:
        # Kept: a page names a dozen files, and making an address costs more than sending the line it stands in.
        return url_for(f"{room}.static" if room else "static", filename=filename)

    app.jinja_env.globals["asset"] = asset
    app.url_defaults(with_version)
    app.url_value_preprocessor(without_version)
    app.extensions[_PACKED] = {}
    app.after_request(_deliver)


def version(app: Flask) -> str:
    """Return a short fingerprint of every static file of the door."""
    known: str | None = app.extensions.get(_VERSION)
    if known is None:
        folders = {each.static_folder for each in (app, *app.blueprints.values()) if each.static_folder}
        digest = hashlib.sha256()
        for path in sorted(path for folder in folders for path in Path(folder).rglob("*") if path.is_file()):
            digest.update(path.name.encode() + path.read_bytes())
        known = app.extensions[_VERSION] = digest.hexdigest()[:12]
    return known


def _deliver(response: Response) -> Response:
    if _is_static(request.endpoint) and response.status_code < 400:
        response.headers["Cache-Control"] = _YEAR if g.get("asset_is_current") else "no-cache"
        return _pack_file(response)
    if response.mimetype == "text/html" and not response.is_streamed:
        return _pack(response, gzip.compress(response.get_data(), 1)) if _wanted(response) else response
    return response


def _pack_file(response: Response) -> Response:
    """Compress a file once per process, best."""
    if response.mimetype not in _PACKABLE or not _wanted(response):
        return response
    packed: dict[tuple[str, str], bytes] = current_app.extensions[_PACKED]
    key = (request.endpoint or "", (request.view_args or {}).get("filename", ""))
    if key not in packed:
        response.direct_passthrough = False
        packed[key] = gzip.compress(response.get_data(), 9)
    return _pack(response, packed[key])


def _wanted(response: Response) -> bool:
    response.vary.add("Accept-Encoding")
    large = response.content_length is None or response.content_length >= _SMALLEST
    return large and response.status_code == 200 and request.method == "GET" and request.accept_encodings["gzip"] > 0


def _pack(response: Response, packed: bytes) -> Response:
    # Compressing a page with a secret next to a visitor's words is only safe as no other site can make this browser
    # ask for it signed in: the session's cookie is SameSite (the BREACH attack needs thousands of such requests).
    response.direct_passthrough = False
    if hasattr(response.response, "close"):
        response.call_on_close(response.response.close)  # the file that is not sent after all
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    if response.headers.get("ETag", "").startswith('"'):
        response.headers["ETag"] = "W/" + response.headers["ETag"]
    return response


def _is_static(endpoint: str | None) -> bool:
    return endpoint is not None and (endpoint == "static" or endpoint.endswith(".static"))
