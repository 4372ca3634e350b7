"""People who left the directory: their accounts close and their sessions end, in one transaction."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from socle.foundation import log
from socle.identity.actor import Actor
from socle.identity.people import leavers
from socle.identity.people.directory import DirectoryPerson
from socle.identity.people.leavers import Compared
from socle.identity.sessions import sessions
from socle.identity.sessions.reasons import Why


def compare_and_end(
    session: Session,
    actor: Actor,
    people: Collection[DirectoryPerson],
    began: datetime,
    confirmed: Collection[int] = (),
) -> Compared:
    """Bring accounts up to date with the directory's `people`, read since `began`; end the sessions of leavers.

    `confirmed`: numbers of accounts that a person agreed to close, however many they are.
    """
    compared = leavers.apply(session, actor, people, began, confirmed)
    for account in compared.closed:
        sessions.end_of_account(session, actor, account.id, Why.LEFT_DIRECTORY)
    outcome = "held" if compared.held else "done"
    log.info("directory_compared", count=compared.listed, outcome=outcome)
    return compared
