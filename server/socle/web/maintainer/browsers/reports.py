"""The maintainer's page of browsers: what breaks in which, the newest checks, the oldest versions admitted."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.appliance.supervision.browsers import check_reports, faults, known, minimums
from socle.appliance.supervision.browsers.check_reports import ReportMissing
from socle.appliance.supervision.browsers.minimums import VersionWrong
from socle.foundation.errors import N_, SocleError
from socle.web.kit import error_pages, toasts, viewer
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, writing
from socle.web.maintainer.browsers.room import blueprint


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show the newest checks, or lead to the one whose code was typed."""
    code = request.args.get("code", "").strip()[:20]
    if not code:
        return _page()
    try:
        with reading() as session:
            found = check_reports.by_code(session, code)
    except ReportMissing as error:
        return _page(error, code=code)
    return redirect(url_for("browsers.check", code=found.code), 303)


@blueprint.get("/checks/<code>")
@allow(*MAINTAINERS)
def check(code: str) -> ResponseReturnValue:
    """Show a full report."""
    with reading() as session:
        found = check_reports.by_code(session, code)
    return render_template("maintainer/browsers/check.html", found=found)


@blueprint.get("/<int:number>")
@allow(*MAINTAINERS)
def browser(number: int) -> ResponseReturnValue:
    """Show one browser: its versions over time, and what broke in it since when."""
    with reading() as session:
        found = known.get(session, number)
        page = render_template(
            "maintainer/browsers/browser.html",
            browser=found,
            faults=faults.of_browser(session, number),
            versions=known.versions(session, number),
            workstations=known.workstations(session, [found]),
        )
    return page


@blueprint.post("/<int:number>/settle")
@allow(*MAINTAINERS)
def settle(number: int) -> ResponseReturnValue:
    """Forget what broke in a browser, because somebody dealt with it."""
    with writing() as session:
        faults.settle(session, viewer.actor(), number)
    return _done(N_("These faults are forgotten; if one comes back, it begins anew."))


@blueprint.post("/minimums")
@allow(*MAINTAINERS)
def change_minimums() -> ResponseReturnValue:
    """Change the oldest versions admitted."""
    try:
        with writing() as session:
            minimums.change(session, viewer.actor(), request.form)
    except VersionWrong as error:
        return _page(error)
    return _done(N_("The versions are kept."))


def _done(words: str) -> ResponseReturnValue:
    answer: ResponseReturnValue = toasts.then(redirect(url_for("browsers.show"), 303), words)
    return answer


def _page(error: SocleError | None = None, code: str = "") -> ResponseReturnValue:
    with reading() as session:
        reports = check_reports.recent(session)
        broken = faults.newest(session)
        named = known.workstations(session, [one.browser for one in broken])
        least = minimums.listed(session)
    page = render_template(
        "maintainer/browsers/browsers.html",
        reports=reports,
        broken=broken,
        workstations=named,
        minimums={**least, **{name: request.form[name][:8] for name in least if name in request.form}},
        code=code,
        error=error_pages.noted(error) if error else None,
    )
    return page, error_pages.STATUS[error.kind] if error else 200
