"""Where the patients' routes hang, and who may use them."""

from flask import Blueprint

from socle.identity.actor import Role

blueprint = Blueprint("patients", __name__, url_prefix="/patients", template_folder="templates", static_folder="static")
CLINIC = (Role.PRACTITIONER, Role.SECRETARY)
LARGEST_ID = 2**63 - 1
PATIENT = f"<int(max={LARGEST_ID}):patient_id>"
EDGES = 12
"""How many colours mark the edge of a file, so that two files open side by side differ at a glance."""


def edge(patient_id: int) -> int:
    """Return the colour of a patient's file, always the same one."""
    # Neighbouring numbers (a family registered together) must not look alike: spread them.
    return (patient_id * 2_654_435_761 >> 7) % EDGES
