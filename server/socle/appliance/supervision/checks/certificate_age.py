"""A certificate that ends frightens every browser of the practice at once."""

from datetime import timedelta

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_

AMBER_WITHIN, RED_WITHIN = timedelta(days=28), timedelta(days=7)


def check(circumstances: Circumstances) -> Finding:
    """Amber in the last 28 days, red in the last 7 (it is renewed at a start 60 days before its end)."""
    ends = circumstances.certificate_ends
    if ends is None:
        what = N_("There is no certificate for HTTPS.")
        do = N_("Start Socle with “socle up”: it makes one.")
        return Finding("CERTIFICATE-MISSING", "red", what, do=do)
    left = ends - circumstances.moment
    details = {"days": max(0, left.days)}
    if left > AMBER_WITHIN:
        return Finding("CERTIFICATE", "green", N_("HTTPS certificate: good for %(days)s more days."), details=details)
    return Finding(
        "CERTIFICATE-ENDS",
        "red" if left <= RED_WITHIN else "amber",
        N_("The HTTPS certificate ends in %(days)s days."),
        N_("After that, every browser of the practice shows a warning instead of Socle."),
        N_("Restart Socle outside opening hours: it renews the certificate by itself."),
        details,
    )
