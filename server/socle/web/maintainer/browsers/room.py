"""Where the routes of browsers hang."""

from flask import Blueprint

blueprint = Blueprint("browsers", __name__, url_prefix="/browsers", template_folder="templates", static_folder="static")
