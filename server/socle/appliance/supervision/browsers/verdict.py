"""What a browser's facts mean, line by line: how it stands, in plain words, and what to do. Pure: no database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from socle.appliance.supervision.browsers.facts import Facts, Seen
from socle.foundation.errors import N_

State = Literal["green", "amber", "red", "unknown"]
MOST_SECONDS_AHEAD = 120
"""Beyond it, times on the screen and in the trail no longer agree, and one-time codes are refused."""
HOME_ZONE = "Europe/Paris"
_ORDER: dict[State, int] = {"green": 0, "unknown": 1, "amber": 2, "red": 3}


@dataclass(frozen=True)
class Line:
    """One thing looked at. `what` and `do` are English msgids whose places are filled from `details`."""

    check: str
    state: State
    what: str
    do: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


NOT_LOOKED_AT = N_("Not looked at: the page's script did not run.")


def judge(facts: Facts, seen: Seen, minimums: Mapping[str, int], paris_minutes_from_utc: int) -> list[Line]:
    """Say how a browser stands, in the order of the page; `paris_minutes_from_utc` is that of the moment."""
    lines = [
        _script(facts),
        _cookies(seen),
        _storage(facts),
        _version(seen, minimums),
        _secure(facts, seen),
        _clock(facts),
        _zone(facts, paris_minutes_from_utc),
    ]
    others: list[tuple[str, Callable[[Facts], Line]]] = [
        ("requests", _requests),
        ("policy", _policy),
        ("extensions", _extensions),
        ("printing", _printing),
    ]
    return lines + [look(facts) if facts.script else Line(check, "unknown", NOT_LOOKED_AT) for check, look in others]


def worst(lines: list[Line]) -> State:
    """Return the worst state; what could not be looked at is worse than good."""
    return max((line.state for line in lines), key=_ORDER.__getitem__, default="unknown")


def _script(facts: Facts) -> Line:
    if facts.script:
        return Line("script", "green", N_("Scripts run."))
    return Line(
        "script",
        "red",
        N_("JavaScript is switched off, or something keeps Socle's scripts from running."),
        N_("Allow JavaScript for this site, and switch off script blockers for it. Then open this page again."),
    )


def _cookies(seen: Seen) -> Line:
    if seen.cookie_came_back:
        return Line("cookies", "green", N_("Cookies are kept and sent back."))
    return Line(
        "cookies",
        "red",
        N_("This browser does not send the cookie back that the server gave it: nobody can stay signed in."),
        N_("Allow cookies for this site; take it out of what a cleaning tool or the private mode erases."),
    )


def _storage(facts: Facts) -> Line:
    if facts.local_storage is None and facts.session_storage is None:
        return Line("storage", "unknown", NOT_LOOKED_AT)
    if facts.local_storage and facts.session_storage:
        return Line("storage", "green", N_("The browser's own storage can be used."))
    return Line(
        "storage",
        "amber",
        N_("The browser refuses to keep data for this site. Socle works, but remembers nothing on this workstation."),
        N_("In the browser's settings, allow this site to keep data."),
    )


def _version(seen: Seen, minimums: Mapping[str, int]) -> Line:
    least = minimums.get(seen.family)
    details = {"browser": seen.browser, "least": least}
    if least is None or not seen.version:
        return Line(
            "version",
            "amber",
            N_("Socle has not been tried with this browser (%(browser)s)."),
            N_("If a page misbehaves, use Firefox, Chrome or Edge, up to date."),
            details,
        )
    if seen.version < least:
        return Line(
            "version",
            "red",
            N_("This browser is too old: %(browser)s. Your maintainer asks for version %(least)s or newer."),
            N_("Update the browser (its menu, “About”), then restart it."),
            details,
        )
    return Line("version", "green", N_("The browser is recent enough: %(browser)s."), details=details)


def _secure(facts: Facts, seen: Seen) -> Line:
    if facts.secure is False:
        return Line(
            "secure",
            "red",
            N_("The browser does not hold this connection for safe."),
            N_("The address must begin with https://. If it does, tell your maintainer the code of this page."),
        )
    if facts.trusted is False:
        return Line(
            "secure",
            "amber",
            N_("Encrypted (%(tls)s), but this browser does not know the practice's authority."),
            N_("Have the practice's authority installed on this workstation: the maintainer's page “Browsers” has it."),
            {"tls": seen.tls or "TLS"},
        )
    if facts.trusted is None:
        words = N_("Encrypted (%(tls)s). Whether the practice's authority is known could not be seen from the page.")
        return Line("secure", "green" if seen.tls else "unknown", words, details={"tls": seen.tls or "TLS"})
    words = N_("Encrypted (%(tls)s), by an authority this browser knows.")
    return Line("secure", "green", words, details={"tls": seen.tls or "TLS"})


def _clock(facts: Facts) -> Line:
    ahead = facts.seconds_ahead
    if ahead is None:
        return Line("clock", "unknown", NOT_LOOKED_AT)
    if abs(ahead) <= MOST_SECONDS_AHEAD:
        return Line("clock", "green", N_("The workstation's clock agrees with the server's."))
    words = (
        N_("The workstation's clock is %(minutes)s min ahead of the server's.")
        if ahead > 0
        else N_("The workstation's clock is %(minutes)s min behind the server's.")
    )
    hint = N_("Set the workstation's date and time automatically; if they were right, the server's clock is wrong.")
    return Line("clock", "red" if abs(ahead) > 900 else "amber", words, hint, {"minutes": round(abs(ahead) / 60)})


def _zone(facts: Facts, paris: int) -> Line:
    zone = facts.time_zone
    if not zone:
        return Line("zone", "unknown", NOT_LOOKED_AT)
    if zone == HOME_ZONE:
        return Line("zone", "green", N_("The time zone is that of Paris."))
    if facts.minutes_from_utc == paris:
        words = N_("The time zone is %(zone)s, which has the hour of Paris today.")
        return Line("zone", "green", words, details={"zone": zone})
    return Line(
        "zone",
        "amber",
        N_("The time zone is %(zone)s: the workstation shows another hour than the agenda, which keeps Paris time."),
        N_("Set the workstation's time zone to Paris, unless it really stands elsewhere."),
        {"zone": zone},
    )


def _requests(facts: Facts) -> Line:
    names = ", ".join([*(facts.missing or ()), *(facts.altered or ())])
    if facts.missing:
        return Line(
            "requests",
            "red",
            N_(
                "Parts of the pages do not arrive: %(names)s. Something between the browser and the server blocks them."
            ),
            N_(
                "Look at the ad blocker, the antivirus and the proxy of this workstation: this site must be left alone."
            ),
            {"names": names},
        )
    if facts.altered:
        return Line(
            "requests",
            "red",
            N_("Parts of the pages are changed on their way: %(names)s."),
            N_("An antivirus or a proxy rewrites the pages. Have this site left out of its inspection."),
            {"names": names},
        )
    return Line("requests", "green", N_("Every part of the page arrived whole."))


def _policy(facts: Facts) -> Line:
    if not facts.violations:
        return Line("policy", "green", N_("Nothing tried to go round the security rules of the pages."))
    return Line(
        "policy",
        "amber",
        N_("Something tried to run in this page and was stopped: %(names)s."),
        N_("It is most often an extension. Switch the extensions off for this site, one by one."),
        {"names": ", ".join(facts.violations)},
    )


def _extensions(facts: Facts) -> Line:
    if facts.translated:
        return Line(
            "extensions",
            "red",
            N_("The browser translates this page: it changes what is shown, and sends it to somebody else's server."),
            N_("In the translation menu, choose never to translate this site."),
        )
    found = [*(facts.replaced or ()), *(facts.foreign or ())]
    if not found:
        return Line("extensions", "green", N_("No extension was seen changing the page."))
    return Line(
        "extensions",
        "red" if facts.replaced else "amber",
        N_("Something adds itself to the page: %(names)s."),
        N_("Switch the browser's extensions off for this site: they read what is shown, and may break the pages."),
        {"names": ", ".join(found)},
    )


def _printing(facts: Facts) -> Line:
    if facts.can_print is False or facts.printed is False:
        return Line(
            "printing",
            "amber",
            N_("The browser does not open its print window."),
            N_("Printing may be forbidden by a rule of this workstation: ask your maintainer."),
        )
    if facts.printed:
        return Line("printing", "green", N_("The print window opens."))
    return Line("printing", "green", N_("The browser can print; “Print this page” tries it."))
