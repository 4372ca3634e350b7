"""The root of every error a person can meet: a message, a hint on what to do next, and a stable code."""

from typing import ClassVar, Literal

Kind = Literal["invalid", "refused", "missing", "conflict", "too_many", "unavailable", "broken"]


def N_(text: str) -> str:  # noqa: N802 - the name gettext's tools look for
    """Mark an English text for the catalogues without translating it yet; doors translate."""
    return text


class SocleError(Exception):
    """An error with words for the person who meets it.

    Class attributes: `code` is stable and can be read on the phone; `message` and `hint` are English msgids whose
    `%(name)s` places are filled from the keyword details; `kind` tells a door how to answer.
    """

    code: ClassVar[str] = "SOCLE-UNKNOWN"
    message: ClassVar[str] = N_("Socle could not do this.")
    hint: ClassVar[str] = N_("Try again; if it happens once more, give this code to the person who maintains Socle.")
    kind: ClassVar[Kind] = "broken"

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.code)

    def __str__(self) -> str:
        """Give the code only: details may hold patient data, and exception texts end up in logs."""
        return self.code
