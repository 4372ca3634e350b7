"""The list of live sessions, as people and scripts read it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from socle.identity.sessions import sessions
from socle.identity.sessions.doors import DOORS
from socle.identity.sessions.standing import Limits, State, standing


@dataclass(frozen=True)
class Line:
    """One live session: whose, where, since when, how it stands."""

    id: int
    account_id: int
    username: str
    display_name: str
    door: str
    factor: str
    address: str
    browser: str
    workstation: str | None
    """Its name, where an agent speaks for it."""
    signed_in_at: datetime
    last_input_at: datetime
    state: State


def live(session: Session, limits: Limits, moment: datetime, account_id: int | None = None) -> list[Line]:
    """List live sessions, newest first: everybody's, or one account's. Those past their limit are left out."""
    lines = []
    for found in sessions.live(session, account_id):
        stands = standing(found, moment, limits, next(door for door in DOORS.values() if door.name == found.door))
        if stands.state == "ended":
            continue
        lines.append(
            Line(
                id=found.id,
                account_id=found.account_id,
                username=found.username,
                display_name=found.display_name,
                door=found.door,
                factor=found.factor,
                address=found.address,
                browser=found.browser,
                workstation=found.station_name,
                signed_in_at=found.signed_in_at,
                last_input_at=found.last_input_at,
                state=stands.state,
            )
        )
    return lines
