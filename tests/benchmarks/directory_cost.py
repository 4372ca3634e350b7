"""What an LDAP directory adds to a sign-in (P6): processor time of Socle and of slapd, against one argon2id check.

    .venv/bin/python -m tests.benchmarks.directory_cost

The server keeps passwords under a hash that costs nothing, so that what remains is the directory's own share. Processor
time, unlike the clock's, repeats on a busy machine; the ratios were taken in one run.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psutil
from tests.builders import people
from tests.parts import slapd
from tests.parts.certificates import Authority

from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.passwords import Hasher

ROUNDS = 300
BARE_ROUNDS = 30


def main() -> None:
    """Print a line for each way to reach the directory."""
    hasher, person = Hasher(), people.ANNE
    kept = hasher.keep(person.password)
    bare = _median(lambda: hasher.is_right(kept, person.password), BARE_ROUNDS)
    print(f"one argon2id check: {bare:.1f} ms")
    with _server() as (server, authority):
        process = psutil.Process(server.pid)
        for way, url in (("ldapi", server.socket_url), ("ldaps", server.tls_url()), ("StartTLS", server.plain_url())):
            settings = people.settings(url, certificate_file=str(authority.file))
            with closing(LdapDirectory(settings, people.SERVICE_PASSWORD.encode())) as directory:
                directory.authenticate(person.username, person.password)
                before = process.cpu_times()
                ours = _median(lambda: directory.authenticate(person.username, person.password), ROUNDS)
                after = process.cpu_times()
            theirs = (after.user + after.system - before.user - before.system) * 1000 / ROUNDS
            print(f"{way}: Socle {ours:.2f} ms + slapd {theirs:.2f} ms = {(ours + theirs) / bare:.3f} of one check")


@contextmanager
def _server() -> Iterator[tuple[slapd.Slapd, Authority]]:
    with slapd.folder() as folder:
        authority = Authority(folder, "practice")
        server = slapd.Slapd(folder / "server", authority.sign("localhost"))
        server.load(people.entries(crowd=50))
        with server:
            yield server, authority


def _median(work: Callable[[], object], rounds: int) -> float:
    """Return the median processor time of this process, in milliseconds."""
    took = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    main()
