"""Running other programs: the only home of `subprocess`.

Every program gets an argument list (never a shell), an environment written out in full, both of its pipes drained, a
limit on silence and a limit on total time. It is stopped politely (SIGINT, so that it can release its locks), then by
SIGKILL. Secrets go through the environment or stdin, never through the arguments, which anybody may read.
"""

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from socle.foundation.errors import N_, SocleError

CHUNK_BYTES = 64 * 1024
ERROR_TAIL_BYTES = 16 * 1024
TICK_SECONDS = 0.2
GRACE_SECONDS = 15.0

Why = Literal["idle", "total", "cancelled", "abandoned"]


class CommandMissing(SocleError):
    """The program is not installed, or not in PATH."""

    code = "COMMAND-MISSING"
    message = N_("The program “%(program)s” is not installed on this machine.")
    hint = N_("Install it (Debian: sudo apt install %(program)s), then try again.")
    kind = "unavailable"


class CommandStopped(SocleError):
    """The program was stopped by us; `why`: silent too long, too long in all, or cancelled."""

    code = "COMMAND-STOPPED"
    message = N_("The program “%(program)s” was stopped before its end (%(why)s).")
    hint = N_("Try again; if it happens once more, the disk or the network behind it may be too slow or gone.")
    kind = "unavailable"

    def __init__(self, program: str, why: Why) -> None:
        super().__init__(program=program, why=why)
        self.why = why


class CommandFailed(SocleError):
    """The program ended by itself with an exit code other than 0, and the caller asked for success."""

    code = "COMMAND-FAILED"
    message = N_("The program “%(program)s” failed with exit code %(exit_code)s.")
    hint = N_("The log has what it said. Give this code to the person who maintains Socle.")
    kind = "broken"

    def __init__(self, program: str, exit_code: int, errors: str) -> None:
        super().__init__(program=program, exit_code=exit_code)
        self.exit_code = exit_code
        self.errors = errors


def plain_environment(**extra: str) -> dict[str, str]:
    """Return the few variables any program needs, plus `extra`; nothing else of ours is inherited."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME") if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **kept, **extra}


@dataclass(frozen=True)
class Command:
    """What to run. `idle_seconds` is the longest silence on every pipe, `total_seconds` the longest life.

    `stop_with` is the polite signal: borg takes a SIGINT for a wish to end some time, and a SIGTERM for one to end now.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=plain_environment, repr=False)
    folder: Path | None = None
    user: str | None = None
    idle_seconds: float = 300.0
    total_seconds: float = 3600.0
    stop_with: signal.Signals = signal.SIGINT

    @property
    def program(self) -> str:
        """The program's own name, for messages."""
        return Path(self.argv[0]).name


@dataclass(frozen=True)
class Completed:
    """How a program ended by itself. `errors` is the end of what it wrote to stderr."""

    program: str
    exit_code: int
    output: bytes
    errors: str
    seconds: float

    def succeeded(self) -> "Completed":
        """Return itself when the exit code is 0, else raise CommandFailed."""
        if self.exit_code != 0:
            raise CommandFailed(self.program, self.exit_code, self.errors)
        return self


def installed(program: str) -> str | None:
    """Return the full path of a program, or None when it is not installed."""
    return shutil.which(program)


def _spawn(
    command: Command, stdin: int | IO[bytes] | None, stdout: int | IO[bytes] | None, stderr: int | IO[bytes] | None
) -> subprocess.Popen[bytes]:
    found = shutil.which(command.argv[0], path=command.environment.get("PATH"))
    if found is None:
        raise CommandMissing(program=command.argv[0])
    groups: list[str] | None = [] if command.user else None
    return subprocess.Popen(
        [found, *command.argv[1:]],
        env=dict(command.environment),
        cwd=command.folder,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        # A session of its own: a Ctrl-C at the terminal reaches us first, and we choose how to stop the program.
        start_new_session=True,
        user=command.user,
        group=command.user,
        extra_groups=groups,
    )


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _stop(process: subprocess.Popen[bytes], number: signal.Signals, grace_seconds: float) -> None:
    """End a program and its own children: politely, then by SIGKILL after the grace."""
    if process.poll() is None:
        _signal_group(process, number)
        try:
            process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait()


class Running:
    """A started program whose stdout is read as a stream, while stdin is fed and stderr is drained in the same loop.

    An exception in the feed or in a callback stops the program *before* its stdin is closed, so that a source that
    fails half-way is never taken for a complete one.
    """

    def __init__(
        self,
        command: Command,
        *,
        feed: Iterable[bytes] | None = None,
        on_error_line: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self.command = command
        self.exit_code: int | None = None
        self._feed = iter(feed) if feed is not None else None
        self._pending = memoryview(b"")
        self._on_error_line = on_error_line
        self._cancel = cancel
        self._grace = grace_seconds
        self._errors = bytearray()
        self._error_line = bytearray()
        self._started = self._active = time.monotonic()
        stdin = subprocess.PIPE if feed is not None else subprocess.DEVNULL
        self._process = _spawn(command, stdin, subprocess.PIPE, subprocess.PIPE)

    @property
    def errors(self) -> str:
        """The end of what the program wrote to stderr so far."""
        return self._errors.decode(errors="replace")

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def stop(self) -> None:
        """Stop the program now: politely, then by SIGKILL."""
        _stop(self._process, self.command.stop_with, self._grace)

    def chunks(self) -> Iterator[bytes]:
        """Yield what the program writes to stdout until it ends, then set `exit_code`.

        Raises CommandStopped on silence, total time or cancel. Leaving the loop early stops the program.
        """
        pipes = [self._process.stdin, self._process.stdout, self._process.stderr]
        try:
            with selectors.DefaultSelector() as selector:
                for pipe in pipes:
                    if pipe is not None:
                        os.set_blocking(pipe.fileno(), False)
                        event = selectors.EVENT_WRITE if pipe is self._process.stdin else selectors.EVENT_READ
                        selector.register(pipe, event)
                while selector.get_map():
                    self._watch()
                    for key, _ in selector.select(TICK_SECONDS):
                        yield from self._serve(selector, key)
            while self._process.poll() is None:
                self._watch()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(TICK_SECONDS)
            self._flush_error_line()
            self.exit_code = self._process.returncode
        finally:
            self.stop()
            for pipe in pipes:
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _watch(self) -> None:
        clock = time.monotonic()
        why: Why | None = None
        if self._cancel is not None and self._cancel.is_set():
            why = "cancelled"
        elif clock - self._active > self.command.idle_seconds:
            why = "idle"
        elif clock - self._started > self.command.total_seconds:
            why = "total"
        if why is not None:
            raise CommandStopped(self.command.program, why)

    def _serve(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> Iterator[bytes]:
        pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]
        if pipe is self._process.stdin:
            if not self._write(pipe):
                selector.unregister(pipe)
                with contextlib.suppress(OSError):
                    pipe.close()
            return
        try:
            data = os.read(pipe.fileno(), CHUNK_BYTES)
        except BlockingIOError:
            return
        self._active = time.monotonic()
        if not data:
            selector.unregister(pipe)
        elif pipe is self._process.stderr:
            self._take_errors(data)
        else:
            yield data

    def _write(self, pipe: IO[bytes]) -> bool:
        """Write the next piece of the feed; return False when there is nothing more to write."""
        if not self._pending:
            piece = next(self._feed, None) if self._feed is not None else None
            self._active = time.monotonic()  # the time the feed took is not the program's silence
            if piece is None:
                return False
            self._pending = memoryview(piece)
        if self._pending:
            try:
                written = os.write(pipe.fileno(), self._pending[:CHUNK_BYTES])
            except BlockingIOError:
                return True
            except BrokenPipeError:
                return False  # the program stopped reading; its exit code will say why
            self._pending = self._pending[written:]
            self._active = time.monotonic()
        return True

    def _take_errors(self, data: bytes) -> None:
        self._errors += data
        del self._errors[:-ERROR_TAIL_BYTES]
        if self._on_error_line is not None:
            self._error_line += data
            *lines, rest = self._error_line.split(b"\n")
            self._error_line = bytearray(rest[-ERROR_TAIL_BYTES:])
            for line in lines:
                self._on_error_line(line.decode(errors="replace"))

    def _flush_error_line(self) -> None:
        if self._on_error_line is not None and self._error_line:
            self._on_error_line(self._error_line.decode(errors="replace"))


def run(
    command: Command,
    *,
    feed: Iterable[bytes] | None = None,
    on_line: Callable[[str], None] | None = None,
    on_error_line: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    keep_bytes: int = 64 * 1024 * 1024,
    grace_seconds: float = GRACE_SECONDS,
) -> Completed:
    """Run a program to its end and return how it ended; the exit code is the caller's to judge.

    `feed` is written to stdin piece by piece; `on_line` gets each line of stdout as it comes. The first `keep_bytes` of
    stdout are kept. Raises CommandMissing, CommandStopped, and whatever the feed or a callback raises (the
    program is then stopped first).
    """
    running = Running(command, feed=feed, on_error_line=on_error_line, cancel=cancel, grace_seconds=grace_seconds)
    output, line = bytearray(), bytearray()
    for data in (chunks := running.chunks()):
        try:
            output += data[: max(0, keep_bytes - len(output))]
            if on_line is not None:
                line += data
                *lines, rest = line.split(b"\n")
                line = bytearray(rest)
                for one in lines:
                    on_line(one.decode(errors="replace"))
        except BaseException:
            chunks.close()  # type: ignore[attr-defined]
            raise
    if on_line is not None and line:
        on_line(line.decode(errors="replace"))
    if running.exit_code is None:
        raise CommandStopped(command.program, "abandoned")
    return Completed(command.program, running.exit_code, bytes(output), running.errors, running.seconds)


def stream(command: Command, *, cancel: threading.Event | None = None) -> Iterator[bytes]:
    """Yield a program's stdout; at its end raise CommandFailed unless the exit code is 0.

    Closing the generator early stops the program.
    """
    running = Running(command, cancel=cancel)
    yield from running.chunks()
    if running.exit_code:
        raise CommandFailed(command.program, running.exit_code, running.errors)


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the whole lines of a stream, without their ends, however long the stream is."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


class Child:
    """A long-lived program that we started: a server of our own. Used as a context manager it is always stopped.

    Its output goes where ours goes, or to `output` (a file object or file descriptor). It lives in its own session, so
    a Ctrl-C at the terminal reaches it only through us.
    """

    def __init__(self, command: Command, *, output: int | IO[bytes] | None = None) -> None:
        self.command = command
        stderr = None if output is None else subprocess.STDOUT
        self._process = _spawn(command, subprocess.DEVNULL, output, stderr)

    @property
    def pid(self) -> int:
        """The program's process id, which is also its group's."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code (negative: ended by that signal), or None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for the end, at most `seconds`; return the exit code, or None when it still runs."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program itself (not to its children)."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, grace_seconds: float = GRACE_SECONDS) -> int:
        """Ask the program to end with `number`; after the grace, end its whole group. Return the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
            if self.wait(grace_seconds) is None:
                _signal_group(self._process, signal.SIGKILL)
        return self._process.wait()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
