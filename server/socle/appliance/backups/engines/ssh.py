"""How a backup server is reached over SSH: with the practice's own key, and only if it shows the key written down."""

import shlex
from itertools import pairwise
from urllib.parse import urlsplit

from socle.appliance.backups.engine import Access, RepositoryUnreachable, ServerNotRecognised, SignInRefused
from socle.foundation.commands import Command, CommandMissing, CommandStopped, installed, run
from socle.foundation.errors import SocleError

NAME = "socle-target"
"""The name the server's key is looked up under, so that a moved server keeps its key whatever its address."""

WORDS: tuple[tuple[str, type[SocleError]], ...] = (
    ("host key verification failed", ServerNotRecognised),
    ("no matching host key type found", ServerNotRecognised),
    ("permission denied (", SignInRefused),
    ("too many authentication failures", SignInRefused),
    ("connection refused", RepositoryUnreachable),
    ("connection timed out", RepositoryUnreachable),
    ("connection reset", RepositoryUnreachable),
    ("could not resolve hostname", RepositoryUnreachable),
    ("no route to host", RepositoryUnreachable),
    ("network is unreachable", RepositoryUnreachable),
    ("kex_exchange_identification", RepositoryUnreachable),
    ("not responding", RepositoryUnreachable),
)
"""What ssh says, in small letters, and what it means."""


def command(access: Access) -> list[str]:
    """Return ssh with its options, without a server: it never asks anything, and never trusts a server it meets first.

    Without a key written down, the server must stand in this user's own list of known ones. CommandMissing.
    """
    if installed("ssh") is None:
        raise CommandMissing(program="ssh")
    options = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "ConnectTimeout": "20",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "4",
    }
    key = host_key(access.host_key)
    if key:
        options |= {
            "HostKeyAlias": NAME,
            "HostKeyAlgorithms": _algorithms(key),
            "KnownHostsCommand": f"/bin/echo {NAME} {key}",
            "UserKnownHostsFile": "none",
            "GlobalKnownHostsFile": "none",
        }
    words = ["ssh"]
    if access.ssh_key_file is not None:
        words += ["-i", str(access.ssh_key_file), "-o", "IdentitiesOnly=yes"]
    return words + [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def server(address: str) -> list[str]:
    """Return ssh's words for the server of scheme://user@host:port/path; none for another address."""
    parts = urlsplit(address)
    if not parts.hostname:
        return []
    host = f"{parts.username}@{parts.hostname}" if parts.username else str(parts.hostname)
    return ["-p", str(parts.port), host] if parts.port else [host]


def meaning(said: str) -> type[SocleError] | None:
    """Return what ssh's words mean, if they are known ones."""
    lower = said.lower()
    return next((kind for part, kind in WORDS if part in lower), None)


def asked_why(access: Access, words: list[str]) -> str:
    """Sign in once more at the server of `words`, for what ssh says: an engine often ends before it has heard it.

    Nothing is run there but an `exit`.
    """
    try:
        return run(Command([*command(access), *words, "exit"], idle_seconds=30, total_seconds=60)).errors
    except CommandStopped:
        return ""


def joined(words: list[str]) -> str:
    """Return a command as one text that borg and restic both split again as a shell would."""
    return shlex.join(words)


def host_key(line: str) -> str:
    """Return "type key" of a line as ssh-keyscan or a .pub file has it; empty for an empty line."""
    words = line.split()
    for kind, key in pairwise(words):
        if kind.startswith(("ssh-", "ecdsa-", "sk-")):
            return f"{kind} {key}"
    return ""


def _algorithms(key: str) -> str:
    kind = key.split(maxsplit=1)[0]
    return "rsa-sha2-512,rsa-sha2-256" if kind == "ssh-rsa" else kind
