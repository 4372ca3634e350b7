"""Words outside a web request."""

from socle.foundation.wording import say


def test_a_fraction_is_written_as_the_language_does() -> None:
    text, details = "Free space on the disk: %(free)s GB of %(total)s GB.", {"free": 80.3, "total": 100}
    assert say(text, details, "fr") == "Espace libre sur le disque\N{NO-BREAK SPACE}: 80,3 Go sur 100 Go."
    assert say(text, details, "en") == "Free space on the disk: 80.3 GB of 100 GB."
