"""Serves the page of a recovery, over HTTPS with a certificate made for the occasion, until Ctrl-C."""

import ssl
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from socle.appliance.maintenance import authority
from socle.appliance.maintenance.certificate_files import SERVER_CERTIFICATE, SERVER_KEY
from socle.foundation.addresses import database_address
from socle.foundation.engines import postgresql_engine
from socle.foundation.errors import N_
from socle.foundation.home import Home
from socle.foundation.secrets import DATABASE_PASSWORD, Keys
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import terminal_locale
from socle.web.kit.small_server import small_server
from socle.web.recovery.app import new_code, recovery_app
from socle.web.recovery.work import Work

Tell = Callable[[str, Mapping[str, object] | None], None]
"""Says an English msgid, its places filled, at the terminal."""


def serve(
    open_toolbox: Callable[[Home], Toolbox],
    into: Path,
    keys_into: Path | None,
    url: str,
    address: str,
    port: int,
    *,
    tell: Tell,
) -> None:
    """Serve the page for one recovery into `into`; its address and its code are said at the terminal."""
    database = postgresql_engine(database_address(url, Keys(into), DATABASE_PASSWORD)) if url else None
    work, code = Work(into, keys_into, database, open_toolbox, terminal_locale()), new_code()
    with tempfile.TemporaryDirectory(prefix="socle-recovery-") as folder:
        keys = Keys(Path(folder))
        names = authority.names_of_this_machine()
        authority.prepare(keys, "Socle", names, datetime.now(UTC))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(keys.folder / SERVER_CERTIFICATE, keys.folder / SERVER_KEY)
        server = small_server(address, port, recovery_app(work, code), context)
        details = {"address": f"https://{names[-1]}:{server.server_port}", "code": code}
        tell(N_("Open %(address)s (or this machine's own address) and type the code %(code)s."), details)
        tell(N_("The browser warns of an unknown certificate: this once, that is as it should be."), None)
        try:
            with suppress(KeyboardInterrupt):
                server.serve_forever()
        finally:
            work.close()
