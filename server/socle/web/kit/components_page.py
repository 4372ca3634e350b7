"""Every component in every state, on one page: pages are held to it, and tests look at it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from flask import Blueprint, render_template, request

from socle.foundation.clock import Clock
from socle.identity.actor import Role
from socle.web.kit.language import gettext
from socle.web.kit.permissions import allow
from socle.web.kit.unit_of_work import tool

blueprint = Blueprint("components", __name__)

# Made up, with the longest names a form takes in daily life.
_SHORT = {
    "used_family_name": "Dupont",
    "birth_family_name": "Martin",
    "used_given_name": "Anne-Marie",
    "sex": "F",
    "birth_date": "1980-03-03",
    "alerts": "",
}
_LONG = {
    "used_family_name": "de Montalembert-Larochefoucauld",
    "birth_family_name": "Vandenbroucke-Schwartzenberger",
    "used_given_name": "Marie-Emmanuelle Bérengère",
    "sex": "F",
    "birth_date": "1949-11-30",
    "alerts": "Allergie au latex ; anticoagulants, pas de mobilisation brusque",
}
_SIZES = (41.2, 41.9, 41.7, 43.0, 44.1, 44.0, 45.8, 46.1, 46.9, 47.0, 48.8, 49.3)


@blueprint.get("/components")
@allow(*Role)
def show() -> str:
    """Show the page."""
    now = tool(Clock).now()
    wrong = {"birth_date": gettext("This day does not exist: February has 28 days in 2026.")}
    return render_template(
        "kit/components_page.html",
        short=_SHORT,
        long=_LONG,
        moment=datetime(2026, 11, 23, 13, 30, tzinfo=UTC),
        earlier=now - timedelta(hours=3),
        amount=Decimal("1248.39"),
        sizes=_SIZES,
        wrong=wrong,
        rows=range(min(500, request.args.get("rows", 4, type=int))),
        window=SimpleNamespace(name="Hélène Faure", ends_at=now + timedelta(hours=1), close_action="/components"),
    )
