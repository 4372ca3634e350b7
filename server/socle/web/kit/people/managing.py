"""The pages of accounts: who may sign in, adding somebody, closing an account, names, a new password, roles."""

from dataclasses import replace
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.checks import Finding
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.identity.actor import Role
from socle.identity.people import accounts, leavers, passwords
from socle.identity.people.accounts import HANDED_OUT_BY_MAINTAINERS
from socle.identity.people.directory import Capability, Directory, NameTaken
from socle.identity.people.models import Account
from socle.identity.sessions import sessions, throttling
from socle.identity.sessions.factors import remembered
from socle.identity.sessions.reasons import Why
from socle.web.kit import doorway, error_pages, toasts, viewer
from socle.web.kit.language import gettext
from socle.web.kit.people import forms
from socle.web.kit.people.room import blueprint
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool, writing

PAGE = 500
SHOWN_AFTER_USE = timedelta(days=30)
"""How long the list says that the emergency administrator was used."""


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """List everybody who has an account."""
    after = request.args.get("after", "").replace("\0", "")[: forms.LONGEST]
    with reading() as session:
        found = accounts.listed(session, after, PAGE)
        more = len(found) == PAGE and bool(accounts.listed(session, found[-1].username, 1))
        emergency = accounts.find(session, accounts.BREAK_GLASS)
        used = emergency.last_sign_in_at if emergency is not None else None
        held = len(leavers.held_back(session))
        recently = used is not None and used > now(session) - SHOWN_AFTER_USE
    finding = tool(Directory).probe()
    return render_template(
        "kit/people/list.html",
        accounts=found,
        next_page=url_for("accounts.show", after=found[-1].username) if more else "",
        first_page=url_for("accounts.show") if after else "",
        emergency_used=used if recently else None,
        held_back=held,
        unwell=None if finding.state == "green" else _told(finding),
        **surroundings(),
    )


@blueprint.get("/new")
@allow(*MAINTAINERS)
def new() -> ResponseReturnValue:
    """Show the form of a new account."""
    return _new_page(forms.NewAccount())


@blueprint.post("/new")
@allow(*MAINTAINERS)
def create() -> ResponseReturnValue:
    """Add somebody and show the password to hand over."""
    typed = forms.new_account(request.form)
    if typed.errors:
        return _new_page(typed), 400
    password = passwords.generate()
    try:
        with writing() as session:
            account = accounts.create(session, viewer.actor(), tool(Directory), typed.person(), password)
    except (NameTaken, accounts.IncompletePerson) as error:
        return _new_page(replace(typed, errors={"username": _one_line(error)})), 400
    return _password_page(account, password, is_new=True)


@blueprint.get("/<int:number>")
@allow(*MAINTAINERS)
def account(number: int) -> ResponseReturnValue:
    """Show one account and what can be done with it."""
    with reading() as session:
        found = accounts.get(session, number)
        live = len(sessions.live(session, number))
    return _account_page(found, live)


@blueprint.get("/<int:number>/rename")
@allow(*MAINTAINERS)
def names(number: int) -> ResponseReturnValue:
    """Show the names of somebody, to change them."""
    with reading() as session:
        found = accounts.get(session, number)
    person = tool(Directory).find(found.username) if is_mine_to_change(found) else None
    return _names_page(found, forms.named(person) if person is not None else forms.NewAccount(found.username))


@blueprint.post("/<int:number>/rename")
@allow(*MAINTAINERS)
def rename(number: int) -> ResponseReturnValue:
    """Give somebody another user name or other names; their sessions go on."""
    typed = forms.names(request.form)
    with reading() as session:
        found = accounts.get(session, number)
    if typed.errors:
        return _names_page(found, typed), 400
    try:
        with writing() as session:
            accounts.rename(session, viewer.actor(), tool(Directory), number, typed.person())
    except (NameTaken, accounts.IncompletePerson) as error:
        return _names_page(found, replace(typed, errors={"username": _one_line(error)})), 400
    return _back_to(number, N_("The names are changed; what this person did stays theirs."))


@blueprint.post("/<int:number>/disable")
@allow(*MAINTAINERS)
def disable(number: int) -> ResponseReturnValue:
    """Close an account and end its sessions."""
    with writing() as session:
        accounts.disable(session, viewer.actor(), tool(Directory), number)
        sessions.end_of_account(session, viewer.actor(), number, Why.ACCOUNT_DISABLED)
    done = N_("The account is disabled and its sessions are ended.")
    return _back_to(number, done, undo=url_for("accounts.enable", number=number))


@blueprint.post("/<int:number>/enable")
@allow(*MAINTAINERS)
def enable(number: int) -> ResponseReturnValue:
    """Open a closed account again."""
    with writing() as session:
        accounts.enable(session, viewer.actor(), tool(Directory), number)
    return _back_to(number, N_("The account is open again."))


@blueprint.post("/<int:number>/roles")
@allow(*MAINTAINERS)
def set_roles(number: int) -> ResponseReturnValue:
    """Give an account the roles ticked, and end its sessions when that changed anything."""
    wanted = forms.chosen_roles(request.form.getlist("roles"))
    with reading() as session:
        found = accounts.get(session, number)
        live = len(sessions.live(session, number))
    if not wanted:
        return _account_page(found, live, gettext("Choose at least one role.")), 400
    if wanted != found.role_set():
        with writing() as session:
            accounts.set_roles(session, viewer.actor(), tool(Directory), number, wanted)
            sessions.end_of_account(session, viewer.actor(), number, Why.ROLES_CHANGED)
    return _back_to(number, N_("The roles are changed; the person signs in again."))


@blueprint.post("/<int:number>/reset-password")
@allow(*MAINTAINERS)
def reset_password(number: int) -> ResponseReturnValue:
    """Make a new password, end the account's sessions, and show it once."""
    actor = viewer.actor()
    with writing() as session:
        password = accounts.reset_password(session, actor, tool(Directory), number)
        remembered.forget_all(session, number)
        sessions.end_of_account(session, actor, number, Why.PASSWORD_CHANGED, but=actor.session_id)
        found = accounts.get(session, number)
        throttling.clear(session, throttling.name_key(doorway.forms_key(), found.username))
    return _password_page(found, password, is_new=False)


def _told(finding: Finding) -> dict[str, str]:
    why_and_do = [gettext(words) % finding.details for words in (finding.why, finding.do) if words]
    return {
        "state": finding.state,
        "what": gettext(finding.what) % finding.details,
        "text": " ".join(why_and_do),
        "code": finding.code,
    }


def _back_to(number: int, done: str, undo: str = "") -> ResponseReturnValue:
    answer: ResponseReturnValue = toasts.then(
        redirect(url_for("accounts.account", number=number), 303), done, undo=undo
    )
    return answer


def _new_page(typed: forms.NewAccount) -> str:
    errors = {name: gettext(words) for name, words in typed.errors.items()}
    return render_template("kit/people/new.html", typed=typed, errors=errors, **surroundings())


def _names_page(found: Account, typed: forms.NewAccount) -> str:
    errors = {name: gettext(words) for name, words in typed.errors.items()}
    return render_template(
        "kit/people/rename.html",
        account=found,
        typed=typed,
        errors=errors,
        mine_to_change=is_mine_to_change(found),
        **surroundings(),
    )


def _one_line(error: SocleError) -> str:
    said = error_pages.words(error)
    return f"{said['message']} {said['hint']}"


def is_mine_to_change(found: Account) -> bool:
    """Tell whether the viewer may: whoever could take a clinician's place would see patients."""
    return viewer.actor().has(Role.ADMINISTRATOR) or found.role_set() <= HANDED_OUT_BY_MAINTAINERS


def _account_page(found: Account, live: int, wrong_roles: str = "") -> str:
    return render_template(
        "kit/people/account.html",
        account=found,
        live=live,
        wrong_roles=wrong_roles,
        mine_to_change=is_mine_to_change(found),
        **surroundings(),
    )


def _password_page(found: Account, password: str, *, is_new: bool) -> str:
    return render_template("kit/people/password.html", account=found, password=password, is_new=is_new)


def surroundings() -> dict[str, object]:
    """Return what every page of accounts says of the directory and of roles."""
    directory = tool(Directory)
    return {
        "directory_kind": directory.kind,
        "managed_at": tool(Settings).directory.ldap.managed_at if directory.kind == "ldap" else "",
        "may_change_people": Capability.PEOPLE in directory.capabilities,
        "may_reset": Capability.RESET in directory.capabilities,
        "role_names": {role: gettext(name) for role, name in forms.ROLE_NAMES.items()},
        "role_hints": {role: gettext(hint) for role, hint in forms.ROLE_HINTS.items()},
        "roles_open": forms.roles_open_to(viewer.actor()),
        "break_glass": accounts.BREAK_GLASS,
    }
