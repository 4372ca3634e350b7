"""How restic is told where its repository is and what opens it: by its environment, which other users cannot read."""

import re
from pathlib import Path
from urllib.parse import quote

from socle.appliance.backups.engine import Access
from socle.appliance.backups.engines import ssh
from socle.foundation.commands import plain_environment


def local_folder(address: str) -> Path | None:
    """Return the repository's folder when its address is a path, not a URL."""
    return None if re.match(r"^[a-z0-9]+:", address) else Path(address)


def environment(address: str, access: Access) -> dict[str, str]:
    """Return the variables for a repository; 0.14 knows the server's name and password only as a part of its URL."""
    variables = plain_environment(
        RESTIC_REPOSITORY=signed_in(address, access),
        RESTIC_PASSWORD_FILE=str(access.password_file),
        RESTIC_PROGRESS_FPS="2",
    )
    if address.startswith("s3:") and access.username:
        variables |= {"AWS_ACCESS_KEY_ID": access.username, "AWS_SECRET_ACCESS_KEY": access.secret}
    return variables


def signed_in(address: str, access: Access) -> str:
    """Return a rest-server's address with its name and password, unless it has some already."""
    found = re.match(r"^(rest:https?://)([^/@]+)(/.*)?$", address)
    if not found or not access.username:
        return address
    before, host, path = found.groups()
    return f"{before}{quote(access.username, safe='')}:{quote(access.secret, safe='')}@{host}{path or '/'}"


def options(address: str, access: Access) -> list[str]:
    """Return the arguments for a repository: nothing secret is in them. A local cache would only repeat the disk."""
    if local_folder(address) is not None:
        return ["--no-cache"]
    words = ["--cache-dir", str(access.cache_folder)] if access.cache_folder is not None else []
    if access.certificate_file:
        words += ["--cacert", access.certificate_file]
    if access.upload_kib:
        words += ["--limit-upload", str(access.upload_kib)]
    if address.startswith("sftp:"):
        command = [*ssh.command(access), *server(address), "-s", "sftp"]
        words += ["-o", f"sftp.command={ssh.joined(command)}"]
    return words


def server(address: str) -> list[str]:
    """Return ssh's words for the server of sftp://user@host:port/path or sftp:user@host:path."""
    return ssh.server(address) or [address.removeprefix("sftp:").partition(":")[0]]
