"""The embedded directory as the place that people move away from."""

from collections.abc import Iterator

from sqlalchemy import update
from sqlalchemy.orm import Session

from socle.identity.people.directories.embedded import EmbeddedDirectory, EmbeddedPerson
from socle.identity.people.moving import Kept


class EmbeddedOrigin(EmbeddedDirectory):
    """Hands out hashes, and takes new keys."""

    def kept(self) -> Iterator[Kept]:
        """Read page by page."""
        for row in self.rows():
            yield Kept(row.person(), row.password_hash)

    def rekey(self, session: Session, old: str, new: str) -> None:
        """Write the new key: people go on signing in here until the settings say otherwise."""
        session.execute(update(EmbeddedPerson).where(EmbeddedPerson.key == old).values(key=new))
