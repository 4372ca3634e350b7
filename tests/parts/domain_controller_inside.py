"""Runs inside the namespaces that `domain_controller` made, by the system's own Python: makes a domain, serves it.

    /usr/bin/python3 domain_controller_inside.py FOLDER

FOLDER/plan.json says who is in the domain. When FOLDER/relay.sock is there, what connects to it reaches LDAPS.
"""

import contextlib
import fcntl
import json
import runpy
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

LDAPS = ("127.0.0.1", 636)
START_SECONDS = 120
BYPASS_PASSWORD_RULES = "1.3.6.1.4.1.7165.4.3.12"


def loopback_up() -> None:
    """Switch the namespace's own loopback on."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))


def provision(folder: Path, password: str) -> None:
    """Make the domain; file shares and their rights are left out, for nobody needs them here."""
    import samba.provision  # noqa: PLC0415 - only the system's Python has it

    samba.provision.setsysvolacl = lambda *_, **__: None
    words = ["domain", "provision", "--realm=CABINET.TEST", "--domain=CABINET", "--server-role=dc"]
    words += ["--dns-backend=NONE", f"--adminpass={password}", f"--targetdir={folder / 'dc'}"]
    words += ["--option=interfaces=lo", "--option=bind interfaces only=yes"]
    sys.argv = ["samba-tool", *words]
    with contextlib.suppress(SystemExit):
        runpy.run_path(shutil.which("samba-tool") or "/usr/bin/samba-tool", run_name="__main__")


def populate(folder: Path, plan: dict[str, Any]) -> None:
    """Add people and groups to the domain's own files."""
    from samba.auth import system_session  # noqa: PLC0415
    from samba.param import LoadParm  # noqa: PLC0415
    from samba.samdb import SamDB  # noqa: PLC0415

    settings = LoadParm()
    settings.load(str(folder / "dc/etc/smb.conf"))
    database = SamDB(url=str(folder / "dc/private/sam.ldb"), session_info=system_session(), lp=settings)
    for unit in plan["units"]:
        database.create_ou(unit)
    for person in plan["people"]:
        names = {"givenname": person["given_name"], "surname": person["family_name"], "mailaddress": person["email"]}
        must_change = person.get("must_change", False)
        database.newuser(person["username"], person["password"], force_password_change_at_next_login_req=must_change,
                         userou=person.get("unit"), **names)  # fmt: skip
        found = f"(sAMAccountName={person['username']})"
        if not person.get("active", True):
            database.disable_account(found)
        if "password_age" in person:
            age = f"dn: CN={person['username']},{person['unit']},{database.domain_dn()}\nchangetype: modify\n"
            age += f"replace: pwdLastSet\npwdLastSet: {days_ago(person['password_age'])}\n"
            database.modify_ldif(age, controls=[f"local_oid:{BYPASS_PASSWORD_RULES}:0"])
        if "expires_in" in person:
            database.setexpiry(found, person["expires_in"])
    for group in plan["groups"]:
        database.newgroup(group["name"], groupou=group.get("unit"))
    for group in plan["groups"]:
        database.add_remove_group_members(group["name"], group["members"], add_members_operation=True)
    database.transaction_start()
    for ldif in plan["ldif"]:
        database.modify_ldif(ldif) if "changetype: modify" in ldif else database.add_ldif(ldif)
    database.transaction_commit()


def days_ago(days: int) -> int:
    """Return a moment as Active Directory counts: tenths of microseconds since 1601."""
    return int((time.time() + 11_644_473_600 - days * 86_400) * 10_000_000)


def serve(folder: Path) -> "subprocess.Popen[bytes]":
    """Start the domain controller and wait until it answers over TLS."""
    options = ["server services=ldap,cldap,kdc", f"tls certfile={folder / 'server.pem'}", "tls cafile="]
    options.append(f"tls keyfile={folder / 'server.key'}")
    options += [f"pid directory={folder}", f"ncalrpc dir={folder / 'rpc'}"]  # another may run on this machine
    words = [shutil.which("samba", path="/usr/sbin:/sbin") or "samba", "-i", "-M", "single"]
    words += ["-s", str(folder / "dc/etc/smb.conf"), *(f"--option={one}" for one in options)]
    controller = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words], stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(LDAPS, 5).close()
            return controller
        if controller.poll() is not None or time.monotonic() > deadline:
            sys.exit("the domain controller did not start")
        time.sleep(0.1)


def relay(folder: Path) -> None:
    """Hand each visitor of the unix socket on to LDAPS."""
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(folder / "relay.part"))
    door.listen(64)
    (folder / "relay.part").rename(folder / "relay.sock")
    while True:
        visitor, _ = door.accept()
        pair = (visitor, socket.create_connection(LDAPS, 30))
        for one, other in (pair, pair[::-1]):
            threading.Thread(target=pump, args=(one, other), daemon=True).start()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way until the source ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def main() -> None:
    folder = Path(sys.argv[1])
    plan = json.loads((folder / "plan.json").read_text())
    loopback_up()
    provision(folder, plan["administrator_password"])
    populate(folder, plan)
    controller = serve(folder)

    def stop(*_: object) -> None:
        controller.terminate()
        controller.wait(20)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    relay(folder)


if __name__ == "__main__":
    main()
