"""What the checks look at: handed over by the door, so that this room knows none of its neighbours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from socle.foundation.checks import Finding
from socle.foundation.home import Home


@dataclass(frozen=True)
class Circumstances:
    """The machine at one moment. `moment` is aware; the certificate's end None when there is none."""

    session: Session
    home: Home
    moment: datetime
    certificate_ends: datetime | None


Check = Callable[[Circumstances], Finding]
