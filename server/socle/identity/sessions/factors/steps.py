"""Sign-ins that are half done: kept on the server, tied to one browser at one door, gone after ten minutes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.sessions.doors import Door
from socle.identity.sessions.models import SignInStep
from socle.identity.sessions.sessions import Factor

ALIVE = timedelta(minutes=10)
Need = Literal["second", "told", "enrol", "codes", "passkey", "psc"]


class StepOver(SocleError):
    """The half-done sign-in is over: too old, finished already, or begun in another browser."""

    code = "SIGN-IN-STEP-OVER"
    message = N_("This sign-in was begun too long ago, or in another browser.")
    hint = N_("Begin again with your password: nothing is lost.")
    kind = "conflict"


@dataclass(frozen=True)
class Step:
    """What is proved so far, for whom, what is asked next and why."""

    id: int
    account_id: int | None
    need: Need
    why: str
    proved: Factor
    kept: bytes | None


def begin(
    session: Session,
    door: Door,
    account_id: int | None,
    browser_digest: bytes,
    token_digest: bytes,
    need: Need,
    *,
    why: str = "",
    proved: Factor = "password",
    kept: bytes | None = None,
) -> None:
    """Keep a half-done sign-in under a token that only the browser holds."""
    row = SignInStep(
        token_digest=token_digest,
        door=door.name,
        account_id=account_id,
        browser_digest=browser_digest,
        need=need,
        why=why,
        proved=proved,
        kept=kept,
        made_at=now(session),
    )
    session.add(row)
    session.flush()


def find(session: Session, door: Door, token_digest: bytes, browser_digest: bytes) -> Step | None:
    """Return the half-done sign-in of this browser at this door, if it is still alive."""
    wanted = select(SignInStep).where(
        SignInStep.token_digest == token_digest,
        SignInStep.door == door.name,
        SignInStep.browser_digest == browser_digest,
        SignInStep.made_at > now(session) - ALIVE,
    )
    row = session.scalars(wanted).one_or_none()
    if row is None:
        return None
    return Step(row.id, row.account_id, cast("Need", row.need), row.why, cast("Factor", row.proved), row.kept)


def keep(session: Session, step: Step, kept: bytes) -> None:
    """Keep what has to come back from elsewhere for this step."""
    session.execute(update(SignInStep).where(SignInStep.id == step.id).values(kept=kept))


def finish(session: Session, step: Step) -> None:
    """Take a half-done sign-in away, once: StepOver if another request has."""
    gone = session.execute(delete(SignInStep).where(SignInStep.id == step.id).returning(SignInStep.id)).first()
    if gone is None:
        raise StepOver


def forget_old(session: Session) -> None:
    """Remove those that nobody finished."""
    session.execute(delete(SignInStep).where(SignInStep.made_at < now(session) - ALIVE))
