"""What the maintainer's door may touch on PostgreSQL: a role of its own, without any right on patients' tables."""

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ProgrammingError

from socle.foundation.errors import N_, SocleError

MAINTAINER_READS_AND_WRITES = (
    "account",
    "audit_lane",
    "backup_run",
    "browser",
    "browser_check",
    "browser_fault",
    "browser_minimum",
    "browser_version",
    "card_challenge",
    "directory_move",
    "directory_person",
    "directory_sync",
    "disk_measure",
    "factor_removal",
    "held_form",  # sealed with a key that each door has for itself
    "job_run",
    "one_time_code",  # sealed, and of use at both doors
    "passkey",
    "pro_sante_tokens",  # sealed
    "recovery_code",
    "recovery_kit",
    "remembered_browser",
    "session",
    "sign_in_attempt",
    "sign_in_step",
    "sign_in_ticket",
    "workstation",
    "workstation_nonce",
)
MAINTAINER_APPENDS = ("audit_entry",)
MAINTAINER_READS = ("alembic_version",)
KEPT_FROM_MAINTAINER = (
    "absence",
    "agenda_revision",
    "appointment",
    "appointment_series",
    "appointment_type",
    "import_line",
    "import_run",
    "name_token",
    "opening_hours",
    "patient",
    "patient_key",
    "patient_name_token",
    "practitioner_agenda",
)
"""A table in none of these lists is refused to the maintainer's door and fails a test: somebody must decide."""


class RoleRefused(SocleError):
    """The login of `database.url` may not make the maintainer's role."""

    code = "DATABASE-ROLE-REFUSED"
    message = N_("Socle may not create the database role “%(role)s” for the maintainer's door.")
    hint = N_("As its administrator, run: CREATE ROLE %(role)s; GRANT %(role)s TO the login of database.url.")
    kind = "refused"


def maintainer_role(url: str) -> str:
    """Return the name of the maintainer's role in the database at `url` (a cluster's databases share its roles)."""
    return f"{make_url(url).database}_maintainer"


def grant_doors(connection: Connection) -> str:
    """Make the maintainer's role where missing and give it exactly its rights; return its name. PostgreSQL only."""
    name: str = connection.execute(text("SELECT current_database()")).scalar_one()
    role = f"{name}_maintainer"
    quoted = connection.dialect.identifier_preparer.quote(role)
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first() is None:
        try:
            with connection.begin_nested():
                connection.execute(text(f"CREATE ROLE {quoted} NOLOGIN"))
                connection.execute(text(f"GRANT {quoted} TO current_user"))
        except ProgrammingError:
            raise RoleRefused(role=role) from None
    connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}"))
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    present = set(
        connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")).scalars()
    )
    rights = {
        **dict.fromkeys(MAINTAINER_READS_AND_WRITES, "SELECT, INSERT, UPDATE, DELETE"),
        **dict.fromkeys(MAINTAINER_APPENDS, "SELECT, INSERT"),
        **dict.fromkeys(MAINTAINER_READS, "SELECT"),
    }
    for table in sorted(rights.keys() & present):
        connection.execute(text(f"GRANT {rights[table]} ON {table} TO {quoted}"))
        sequence = connection.execute(
            text(
                "SELECT pg_get_serial_sequence(:name, 'id') WHERE :name IN (SELECT table_name FROM "
                "information_schema.columns WHERE column_name = 'id' AND table_schema = current_schema())"
            ),
            {"name": table},
        ).scalar()
        if sequence:
            connection.execute(text(f"GRANT USAGE ON SEQUENCE {sequence} TO {quoted}"))
    return role
