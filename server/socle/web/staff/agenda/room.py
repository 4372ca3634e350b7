"""Where the agenda's routes hang."""

from flask import Blueprint

blueprint = Blueprint("agenda", __name__, url_prefix="/agenda", template_folder="templates", static_folder="static")
