"""A password in the settings file lies in the home folder, beside what it opens."""

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation import settings
from socle.foundation.addresses import has_password
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.foundation.secrets import DATABASE_PASSWORD, MAINTAINER_DATABASE_PASSWORD


def check(circumstances: Circumstances) -> Finding:
    """Amber when an address of the database holds its password."""
    home = circumstances.home
    database = settings.load(home.settings_path).database
    places = {DATABASE_PASSWORD: database.url, MAINTAINER_DATABASE_PASSWORD: database.maintainer_url}
    for name, address in places.items():
        if has_password(address):
            details = {"file": home.keys.folder / name, "variable": f"SOCLE_{name.upper()}"}
            what = N_("The database's password stands in the settings file.")
            why = N_("Whoever copies the home folder, or is shown its settings, has the password.")
            do = N_(
                "Put the password alone into %(file)s (chmod 600) or the variable %(variable)s, take it out of the "
                "address, and start Socle again."
            )
            return Finding("SETTINGS-PASSWORD", "amber", what, why, do, details)
    return Finding("SETTINGS-PASSWORD", "green", N_("Settings: no password in them."))
