"""The numbers in addresses: one that no row can bear leads to no page, as an unknown one does."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map, ValidationError

LARGEST = 2**63 - 1
_DIGITS = 19


class RowNumber(IntegerConverter):
    """Reads `<int:…>`; without a bound, a longer number would reach the database, which cannot hold it."""

    def __init__(self, map: Map, **options: int) -> None:  # noqa: A002 - Werkzeug's name
        super().__init__(map, **{"max": LARGEST, **options})  # type: ignore[arg-type]

    def to_python(self, value: str) -> int:
        """Return the number; Python itself refuses thousands of digits with another error."""
        if len(value) > _DIGITS:
            raise ValidationError
        return int(super().to_python(value))


def install(app: Flask) -> None:
    """Read every number in an address so; to be called before any route is added."""
    app.url_map.converters["int"] = RowNumber
