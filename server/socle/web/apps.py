"""The factories of the web doors: each assembles its pages on the kit."""

from importlib import metadata

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import text

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role
from socle.identity.sessions import doors
from socle.web.kit import (
    account,
    account_factors,
    assets,
    browser_check,
    browser_reports,
    components_page,
    error_pages,
    filters,
    frame,
    host_names,
    language,
    navigation,
    permissions,
    row_numbers,
    security,
    session_routes,
    station_place,
    toasts,
    unit_of_work,
    uploads,
    viewer,
)
from socle.web.kit import sign_in as sign_in_pages
from socle.web.kit import sign_in_passkey as passkey_pages
from socle.web.kit import sign_in_pro_sante_connect as psc_pages
from socle.web.kit import sign_in_second as second_pages
from socle.web.kit.navigation import Place
from socle.web.kit.people import views as people_pages
from socle.web.kit.permissions import CLINIC, MAINTAINERS, SIGNED_IN
from socle.web.kit.unit_of_work import reading
from socle.web.maintainer.audit import views as maintainer_audit
from socle.web.maintainer.backups import views as maintainer_backups
from socle.web.maintainer.browsers import views as maintainer_browsers
from socle.web.maintainer.checks import views as maintainer_checks
from socle.web.maintainer.factors import views as maintainer_factors
from socle.web.maintainer.home import views as maintainer_home
from socle.web.maintainer.recovery_kit import views as maintainer_recovery_kit
from socle.web.maintainer.sessions import views as maintainer_sessions
from socle.web.maintainer.workstations import views as maintainer_workstations
from socle.web.staff.agenda import views as agenda_pages
from socle.web.staff.home import views as home_pages
from socle.web.staff.imports import views as import_pages
from socle.web.staff.patients import views as patient_pages
from socle.web.station import views as station_routes

LARGEST_FORM = 1_000_000
"""Bytes a request may hold unless its view allows more (a file to import)."""

STAFF_ROOMS: tuple[Blueprint, ...] = (
    home_pages.blueprint,
    agenda_pages.blueprint,
    patient_pages.blueprint,
    import_pages.blueprint,
    people_pages.blueprint,
    maintainer_factors.blueprint,
)
STAFF_PLACES = (
    Place(N_("Home"), "home-2", "home.show", "h", SIGNED_IN),
    Place(N_("Agenda"), "calendar", "agenda.show", "a", CLINIC),
    Place(N_("Patients"), "users", "patients.index", "p", CLINIC),
    Place(N_("Imports"), "file-import", "imports.index", "i", CLINIC),
    Place(N_("Accounts"), "id-badge-2", "accounts.show", "u", frozenset({Role.ADMINISTRATOR})),
)
MAINTAINER_ROOMS: tuple[Blueprint, ...] = (
    maintainer_home.blueprint,
    people_pages.blueprint,
    maintainer_factors.blueprint,
    maintainer_sessions.blueprint,
    maintainer_browsers.blueprint,
    maintainer_workstations.blueprint,
    maintainer_backups.blueprint,
    maintainer_recovery_kit.blueprint,
    maintainer_checks.blueprint,
    maintainer_audit.blueprint,
)
MAINTAINER_PLACES: tuple[Place, ...] = (
    Place(N_("State"), "home", "home.show", "e", MAINTAINERS),
    Place(N_("Accounts"), "users", "accounts.show", "u", MAINTAINERS),
    Place(N_("Sessions"), "device-desktop", "sessions.show", "s", MAINTAINERS),
    Place(N_("Browsers"), "browser-check", "browsers.show", "n", MAINTAINERS),
    Place(N_("Workstations"), "id-badge-2", "workstations.show", "w", MAINTAINERS),
    Place(N_("Backups"), "database", "backups.show", "b", MAINTAINERS),
    Place(N_("Checks"), "checks", "checks.show", "c", MAINTAINERS),
    Place(N_("Trail"), "list", "audit.show", "j", MAINTAINERS),
)


def staff_app(tools: Toolbox) -> Flask:
    """Make the staff's door."""
    app = _door(tools, doors.STAFF)
    for room in STAFF_ROOMS:
        app.register_blueprint(room)
    app.register_blueprint(station_routes.blueprint)
    navigation.add(app, *STAFF_PLACES)
    return app


def maintainer_app(tools: Toolbox) -> Flask:
    """Make the maintainer's door, blind to patients."""
    app = _door(tools, doors.MAINTAINER)
    for room in MAINTAINER_ROOMS:
        app.register_blueprint(room)
    navigation.add(app, *MAINTAINER_PLACES)
    return app


def _door(tools: Toolbox, door: doors.Door) -> Flask:
    settings = tools.of(Settings)
    app = Flask("socle.web.kit", static_url_path="/static")
    app.request_class = uploads.MemoryRequest
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    row_numbers.install(app)
    language.install(app)
    unit_of_work.install(app, tools)
    security.install(app)
    error_pages.install(app)
    filters.install(app)
    assets.install(app)
    toasts.install(app)
    host_names.install(app, settings.web)
    station_place.install(app)
    app.before_request(security.check_origin)
    viewer.install(app, door)
    app.before_request(permissions.check)
    app.before_request(security.check_form)
    app.register_blueprint(sign_in_pages.blueprint)
    app.register_blueprint(second_pages.blueprint)
    app.register_blueprint(passkey_pages.blueprint)
    app.register_blueprint(psc_pages.blueprint)
    app.register_blueprint(session_routes.blueprint)
    app.register_blueprint(account.blueprint)
    app.register_blueprint(account_factors.blueprint)
    app.register_blueprint(browser_check.blueprint)
    app.register_blueprint(browser_reports.blueprint)
    app.register_blueprint(components_page.blueprint)
    app.register_blueprint(_health(door))
    navigation.install(app, door, settings)
    frame.install(app)
    return app


def _health(door: doors.Door) -> Blueprint:
    health = Blueprint("health", __name__)
    version = metadata.version("socle-clinic")

    @health.get("/healthz")
    @permissions.public
    def healthz() -> tuple[Response, int]:
        """Tell a probe whether this door and its database answer."""
        try:
            with reading() as session:
                session.execute(text("SELECT 1"))
        except SocleError as error:
            return jsonify(status="unavailable", door=door.name, code=error.code), 503
        return jsonify(status="ok", door=door.name, version=version, database="ok"), 200

    return health
