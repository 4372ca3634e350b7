"""Keys that others can read, or that lie beside what they open, protect nothing."""

import stat

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.foundation.secrets import RAW_KEYS


def check(circumstances: Circumstances) -> Finding:
    """Red when a key is missing, readable by others, or inside the home folder."""
    keys, home = circumstances.home.keys, circumstances.home.folder
    details: dict[str, object] = {"folder": keys.folder}
    missing = [name for name in RAW_KEYS if not keys.has(name)]
    if missing:
        what = N_("Keys are missing from %(folder)s: %(names)s.")
        why = N_("What they encrypt cannot be read, and the next start may fail.")
        do = N_("Put the folder of keys back from its copy; never make new keys over old data.")
        return Finding("KEYS-MISSING", "red", what, why, do, details | {"names": ", ".join(missing)})
    if keys.folder.resolve().is_relative_to(home.resolve()):
        what = N_("The keys lie inside the home folder.")
        why = N_("Whoever copies the home folder copies the keys with it: the encryption protects nothing.")
        do = N_("Stop Socle, move %(folder)s elsewhere, and start it again with --keys.")
        return Finding("KEYS-INSIDE-HOME", "red", what, why, do, details)
    exposed = [name for name in keys.names() if (keys.folder / name).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    if exposed:
        what = N_("Other users of this machine can read keys in %(folder)s: %(names)s.")
        why = N_("With them, a copy of the home folder or of a backup can be read.")
        do = N_("Run: chmod 600 on these files.")
        return Finding("KEYS-EXPOSED", "red", what, why, do, details | {"names": ", ".join(exposed)})
    return Finding("KEYS", "green", N_("Keys: complete, and readable by Socle only."))
