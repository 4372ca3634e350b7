"""The page itself: a small door of its own, for a machine that has no practice yet, hence no account to sign in with.

Whoever reads the code at the terminal may use it, over HTTPS; the code is good for ten tries, and for one browser.
"""

import hmac
import secrets
from pathlib import Path

from flask import Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from socle.appliance.backups import report_pages
from socle.appliance.backups.recovery_kit import scanning
from socle.appliance.backups.recovery_kit.recovery import Candidate
from socle.foundation.errors import SocleError
from socle.foundation.printing import page
from socle.foundation.wording import say
from socle.web.kit import security, uploads
from socle.web.recovery.work import Work

COOKIE = "__Host-socle-recovery"
TRIES = 10
PICTURES = 6
KIT_STATIC = Path(security.__file__).with_name("static")


def new_code() -> str:
    """Return a code to read aloud: eight digits in two groups."""
    return f"{secrets.randbelow(10_000):04}-{secrets.randbelow(10_000):04}"


def recovery_app(work: Work, code: str) -> Flask:
    """Make the page for one recovery."""
    app = Flask("socle.web.recovery", static_folder=KIT_STATIC, static_url_path="/static")
    app.request_class = uploads.MemoryRequest
    app.config.update(MAX_CONTENT_LENGTH=PICTURES * scanning.LARGEST, MAX_FORM_MEMORY_SIZE=100_000)
    door = _Door(work, code)
    app.before_request(door.check)
    app.after_request(security.add_headers)
    app.add_url_rule("/", view_func=door.show)
    app.add_url_rule("/code", view_func=door.enter, methods=["POST"])
    app.add_url_rule("/sheets", view_func=door.give, methods=["POST"])
    app.add_url_rule("/restore", view_func=door.restore, methods=["POST"])
    app.add_url_rule("/report.pdf", view_func=door.report)
    return app


class _Door:
    def __init__(self, work: Work, code: str) -> None:
        self._work, self._code = work, code
        self._token = secrets.token_urlsafe(24)
        self._wrong = 0
        self._taken = False

    def check(self) -> None:
        """Let nobody in without the code, and no form in from another site."""
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            abort(403)
        if request.endpoint not in {"static", "show", "enter"} and not self._inside():
            abort(403)

    def show(self) -> ResponseReturnValue:
        """Show the stage the work is at."""
        if not self._inside():
            return self._page(stage="code")
        working = self._work.stage == "working"
        return self._page(), {"Refresh": "2"} if working else {}  # a page without a script comes again by itself

    def enter(self) -> ResponseReturnValue:
        """Take the code; the first browser that has it keeps the page."""
        typed = "".join(character for character in request.form.get("code", "") if character.isdecimal())
        if self._taken or self._wrong >= TRIES:
            return self._page(stage="shut"), 403
        if not hmac.compare_digest(typed.encode(), self._code.replace("-", "").encode()):
            self._wrong += 1
            return self._page(stage="code", wrong_code=True), 403
        self._taken = True
        answer = redirect("/", 303)
        answer.set_cookie(COOKIE, self._token, secure=True, httponly=True, samesite="Strict", path="/")
        return answer

    def give(self) -> ResponseReturnValue:
        """Take two sheets and the envelope."""
        typed = [request.form.get(name, "")[:2000] for name in ("secret_first", "secret_second")]
        lines = request.form.get("secret_envelope", "")[:50_000]
        files = [file.read(scanning.LARGEST + 1) for file in request.files.getlist("pictures")[:PICTURES]]
        try:
            self._work.give(typed, lines, [content for content in files if content])
        except SocleError as error:
            return self._page(stage="sheets", error=error, typed=typed, lines=lines), 400
        return redirect("/", 303)

    def restore(self) -> ResponseReturnValue:
        """Begin; the page then follows."""
        self._work.restore()
        return redirect("/", 303)

    def report(self) -> Response:
        """Give the report."""
        finished = self._work.finished
        if finished is None or not finished.report.with_suffix(".pdf").is_file():
            abort(404)
        return Response(finished.report.with_suffix(".pdf").read_bytes(), mimetype="application/pdf")

    def _inside(self) -> bool:
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self._token.encode())

    def _page(
        self,
        stage: str = "",
        error: SocleError | None = None,
        typed: list[str] | None = None,
        lines: str = "",
        *,
        wrong_code: bool = False,
    ) -> str:
        work, locale = self._work, self._work.locale
        failed = error or work.error
        return page(
            "socle.web.recovery",
            "recovery.html",
            locale,
            stage=stage or work.stage,
            work=work,
            names=report_pages.PART_NAMES,
            error={
                "message": say(failed.message, failed.details, locale),
                "hint": say(failed.hint, failed.details, locale),
                "code": failed.code,
            }
            if failed
            else None,
            said=[(one, _said(one, locale)) for one in work.candidates],
            static="/static",
            typed=typed or ["", ""],
            lines=lines,
            wrong_code=wrong_code,
        )


def _said(one: Candidate, locale: str) -> str:
    return say(one.error.message, one.error.details, locale) if one.error else ""
