"""Whose card a number is: the RPPS or ADELI number of an account, entered by an administrator."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor, Role
from socle.identity.audit import trail
from socle.identity.people.accounts import HANDED_OUT_BY_MAINTAINERS, NotYoursToGive
from socle.identity.people.models import Account
from socle.identity.sessions.cards import NATIONAL_NUMBER, Holder


class CardHolderUnknown(SocleError):
    """The card is good, and nobody's here."""

    code = "CARD-HOLDER-UNKNOWN"
    message = N_("The card is right, but its number %(number)s belongs to no account of this practice.")
    hint = N_("An administrator enters it on the page “Workstations”, or with “socle cards give”.")
    kind = "refused"


class CardNumberTaken(SocleError):
    """Two people cannot have one card."""

    code = "CARD-NUMBER-TAKEN"
    message = N_("The number %(number)s is already that of %(name)s.")
    hint = N_("Check the number on the card; take it from the other account first if it is wrong there.")
    kind = "conflict"


class CardNumberWrong(SocleError):
    """No RPPS or ADELI number looks like that."""

    code = "CARD-NUMBER-WRONG"
    message = N_("“%(number)s” is neither an RPPS number (11 digits) nor an ADELI number (9 digits).")
    hint = N_("The number is printed on the card.")
    kind = "invalid"


def account_of(session: Session, holder: Holder) -> Account:
    """Return the account with that number, or raise CardHolderUnknown."""
    column = Account.rpps if holder.kind == "rpps" else Account.adeli
    found = session.scalars(select(Account).where(column == holder.number)).all()
    if len(found) != 1:
        raise CardHolderUnknown(number=holder.number)
    return found[0]


def holders(session: Session) -> list[Account]:
    """Return the accounts that may have a card, by name; at most 500."""
    rows = select(Account).where(Account.active, Account.directory_key.is_not(None)).order_by(Account.display_name)
    return list(session.scalars(rows.limit(500)))


def give(session: Session, actor: Actor, account: Account, number: str) -> None:
    """Say which professional number is somebody's; an empty one takes theirs away.

    CardNumberWrong, CardNumberTaken; NotYoursToGive to a maintainer, who could have their own card open a clinician's
    session.
    """
    decides = actor.account_id is None or actor.has(Role.ADMINISTRATOR)
    if not decides and not account.role_set() <= HANDED_OUT_BY_MAINTAINERS:
        raise NotYoursToGive
    plain = "".join(number.split()).upper()
    if plain and NATIONAL_NUMBER.fullmatch(("8" if len(plain) == 11 else "0") + plain) is None:
        raise CardNumberWrong(number=plain[:20])
    rpps, adeli = (plain, "") if len(plain) == 11 else ("", plain)
    for column, value in ((Account.rpps, rpps), (Account.adeli, adeli)):
        other = select(Account).where(column == value, Account.id != account.id)
        taken = session.scalars(other).first() if value else None
        if taken is not None:
            raise CardNumberTaken(number=plain, name=taken.display_name)
    if (account.rpps, account.adeli) != (rpps, adeli):
        account.rpps, account.adeli = rpps, adeli
        trail.record(session, actor, "account.card_number", "account", account.id, ["adeli", "rpps"])
    session.flush()
