"""Why one must sign in: every reason has a code and words, and the sign-in page always states one."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from socle.foundation.errors import N_


class Why(StrEnum):
    """The codes of all reasons; they are stable and appear in the log."""

    FIRST_VISIT = "first_visit"
    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    LOCKED_BY_PERSON = "locked_by_person"
    LOCKED_BY_SOMEONE = "locked_by_someone"
    ABSOLUTE_LIMIT = "absolute_limit"
    REVOKED = "revoked"
    REVOKED_BY_SELF = "revoked_by_self"
    ACCOUNT_DISABLED = "account_disabled"
    LEFT_DIRECTORY = "left_directory"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the reason's code
    FACTOR_REMOVED = "factor_removed"
    ROLES_CHANGED = "roles_changed"
    SERVER_RESTORED = "server_restored"
    REPLACED = "replaced"
    COOKIE_GONE = "cookie_gone"
    COOKIE_FOREIGN = "cookie_foreign"
    SESSION_LOST = "session_lost"
    ANOTHER_PERSON = "another_person"
    CARD_REMOVED = "card_removed"
    CARD_SILENT = "card_silent"
    WORKSTATION_REVOKED = "workstation_revoked"


@dataclass(frozen=True)
class Words:
    """English msgids: a title and a sentence, with places for `at` (a moment), `by` (a name), `minutes`, `hours`."""

    title: str
    sentence: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """One reason, with what is known of it: when it came about, who brought it about."""

    why: Why
    at: datetime | None = None
    by: str | None = None
    details: dict[str, int] = field(default_factory=dict)

    def brought_by(self, name: str | None) -> "Reason":
        """Return the reason with the name of who brought it about."""
        return replace(self, by=name)

    @property
    def words(self) -> Words:
        """The words for what is known: those without a name or a moment when these are missing."""
        full, plain = WORDS[self.why]
        known = {"at": self.at, "by": self.by} | self.details
        return full if all(known.get(place) is not None for place in full.places) else plain


def _words(title: str, sentence: str, *places: str) -> tuple[Words, Words]:
    words = Words(title, sentence, places)
    return words, words


WORDS: dict[Why, tuple[Words, Words]] = {
    Why.FIRST_VISIT: _words(
        N_("Welcome"), N_("Nobody has signed in with this browser yet, or its data has been erased since.")
    ),
    Why.SIGNED_OUT: (
        Words(N_("You signed out"), N_("The session of this browser was closed with “Sign out” on %(at)s."), ("at",)),
        Words(N_("You signed out"), N_("The session of this browser was closed with “Sign out”.")),
    ),
    Why.IDLE: (
        Words(
            N_("Session locked"),
            N_("Nobody typed or clicked here for %(minutes)s minutes: the session was locked on %(at)s."),
            ("at", "minutes"),
        ),
        Words(N_("Session locked"), N_("Nobody typed or clicked here for a while: the session was locked.")),
    ),
    Why.LOCKED_BY_PERSON: (
        Words(N_("Session locked"), N_("The session was locked with the lock button on %(at)s."), ("at",)),
        Words(N_("Session locked"), N_("The session was locked with the lock button.")),
    ),
    Why.LOCKED_BY_SOMEONE: (
        Words(N_("Session locked"), N_("The session was locked by the maintainer on %(at)s."), ("at",)),
        Words(N_("Session locked"), N_("The session was locked by the maintainer.")),
    ),
    Why.ABSOLUTE_LIMIT: (
        Words(
            N_("The day's session is over"),
            N_("A session lasts %(hours)s hours at most, even in use: this one ended on %(at)s."),
            ("at", "hours"),
        ),
        Words(N_("The day's session is over"), N_("A session has a longest duration, even in use: this one ended.")),
    ),
    Why.REVOKED: (
        Words(N_("Session ended by someone else"), N_("%(by)s ended this session on %(at)s."), ("by", "at")),
        Words(N_("Session ended by the maintainer"), N_("This session was ended from the server's command line.")),
    ),
    Why.REVOKED_BY_SELF: (
        Words(
            N_("Session ended from elsewhere"),
            N_("You ended this session yourself, from another one, on %(at)s."),
            ("at",),
        ),
        Words(N_("Session ended from elsewhere"), N_("You ended this session yourself, from another one.")),
    ),
    Why.ACCOUNT_DISABLED: _words(
        N_("Account disabled"), N_("The account that was signed in here has been disabled: its sessions are closed.")
    ),
    Why.LEFT_DIRECTORY: (
        Words(
            N_("No longer in the directory"),
            N_("On %(at)s the practice's directory no longer held this account, or had closed it: its sessions ended."),
            ("at",),
        ),
        Words(
            N_("No longer in the directory"),
            N_("The practice's directory no longer holds this account, or has closed it: its sessions ended."),
        ),
    ),
    Why.PASSWORD_CHANGED: (
        Words(
            N_("Password changed"), N_("The password of this account was changed on %(at)s: sign in again."), ("at",)
        ),
        Words(N_("Password changed"), N_("The password of this account was changed: sign in again.")),
    ),
    Why.FACTOR_REMOVED: (
        Words(
            N_("Second factor removed"),
            N_("%(by)s removed the second factor of this account on %(at)s: its sessions were closed."),
            ("by", "at"),
        ),
        Words(
            N_("Second factor removed"),
            N_("The second factor of this account was removed from the server's command line: sign in again."),
        ),
    ),
    Why.ROLES_CHANGED: _words(
        N_("Rights changed"), N_("The account that was signed in here no longer has a role this door admits.")
    ),
    Why.SERVER_RESTORED: (
        Words(
            N_("Server restored"),
            N_("The server was restored from a backup on %(at)s: all sessions were closed."),
            ("at",),
        ),
        Words(N_("Server restored"), N_("The server was restored from a backup: all sessions were closed.")),
    ),
    Why.REPLACED: (
        Words(N_("Signed in again"), N_("This person signed in anew in this browser on %(at)s."), ("at",)),
        Words(N_("Signed in again"), N_("This person signed in anew in this browser.")),
    ),
    Why.COOKIE_GONE: (
        Words(
            N_("This browser forgot its session"),
            N_(
                "A session opened here on %(at)s still exists on the server, but the browser no longer presents its "
                "cookie: it was closed, or a cleaning tool or a setting emptied its cookies."
            ),
            ("at",),
        ),
        Words(
            N_("This browser forgot its session"),
            N_("The browser no longer presents its cookie: it was closed, or something emptied its cookies."),
        ),
    ),
    Why.COOKIE_FOREIGN: _words(
        N_("Cookie from another server"),
        N_("This browser presents a session that this server did not make, or made with keys it no longer has."),
    ),
    Why.SESSION_LOST: _words(
        N_("Session unknown to the server"),
        N_("This browser presents a session that the server has no trace of: it was restarted from older data."),
    ),
    Why.ANOTHER_PERSON: _words(
        N_("Change of person"),
        N_("The session open in this browser stays locked for the one it belongs to. Someone else can sign in here."),
    ),
    Why.CARD_REMOVED: (
        Words(
            N_("Card removed"),
            N_("The card was taken out on %(at)s: the session was locked. Put it back and type its code to go on."),
            ("at",),
        ),
        Words(N_("Card removed"), N_("The card was taken out: put it back and type its code to go on.")),
    ),
    Why.CARD_SILENT: (
        Words(
            N_("No news of the card"),
            N_(
                "The workstation's agent stopped telling that the card is in: the session was locked on %(at)s. "
                "Type the card's code again, or see whether the agent runs."
            ),
            ("at",),
        ),
        Words(
            N_("No news of the card"),
            N_("The workstation's agent stopped telling that the card is in: the session was locked."),
        ),
    ),
    Why.WORKSTATION_REVOKED: (
        Words(
            N_("Workstation withdrawn"),
            N_("%(by)s withdrew this workstation on %(at)s: its sessions were closed."),
            ("by", "at"),
        ),
        Words(N_("Workstation withdrawn"), N_("This workstation was withdrawn: its sessions were closed.")),
    ),
}
