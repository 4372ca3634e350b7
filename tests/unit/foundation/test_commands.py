"""The executor, on real programs of the system."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from socle.foundation.commands import (
    Child,
    Command,
    CommandFailed,
    CommandMissing,
    CommandStopped,
    plain_environment,
    run,
    stream,
)

STUBBORN = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(600)\n"
)


def python(program: str, **limits: float) -> Command:
    return Command([sys.executable, "-c", program], **limits)  # type: ignore[arg-type]


def test_output_errors_and_exit_code_are_all_kept() -> None:
    done = run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"))
    assert (done.exit_code, done.output, done.errors) == (7, b"out\n", "err\n")
    with pytest.raises(CommandFailed) as failed:
        done.succeeded()
    assert failed.value.errors == "err\n"


def test_both_pipes_are_drained_while_stdin_is_fed() -> None:
    """Three full pipes at once: a program that echoes 8 MB to both outputs would hang a naive executor."""
    echo = (
        "import sys\nwhile d := sys.stdin.buffer.read(65536):\n sys.stdout.buffer.write(d); sys.stderr.buffer.write(d)"
    )
    done = run(python(echo), feed=(b"x" * 100_000 for _ in range(80)))
    assert len(done.output) == 8_000_000
    assert done.exit_code == 0


def test_lines_come_whole_whatever_the_pieces() -> None:
    lines: list[str] = []
    program = (
        "import sys, time\nfor p in ('a', 'b\\nc', '\\nd'):\n sys.stdout.write(p); sys.stdout.flush(); time.sleep(.05)"
    )
    run(python(program), on_line=lines.append)
    assert lines == ["ab", "c", "d"]


def test_error_lines_are_heard() -> None:
    heard: list[str] = []
    run(python("import sys; sys.stderr.write('one\\ntwo')"), on_error_line=heard.append)
    assert heard == ["one", "two"]


def test_only_the_given_environment_reaches_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC_REPOSITORY", "of somebody else")
    done = run(Command(["env"], environment=plain_environment(MARK="ours")))
    assert b"MARK=ours" in done.output
    assert b"RESTIC_REPOSITORY" not in done.output


def test_a_failing_source_stops_the_program_before_its_stdin_ends(tmp_path: Path) -> None:
    """Else the program would take half a dump for a whole one and say so with exit code 0."""
    mark = tmp_path / "saw-the-end"
    program = f"import sys, pathlib\nsys.stdin.buffer.read()\npathlib.Path({str(mark)!r}).touch()"

    def source() -> Iterator[bytes]:
        yield b"half of it"
        raise RuntimeError("the dump broke")

    with pytest.raises(RuntimeError, match="the dump broke"):
        run(python(program), feed=source())
    assert not mark.exists()


def test_silence_is_limited() -> None:
    with pytest.raises(CommandStopped) as stopped:
        run(python("import time; time.sleep(600)", idle_seconds=0.5))
    assert stopped.value.why == "idle"


def test_total_time_is_limited_even_for_a_talkative_program() -> None:
    talk = "import time\nwhile True: print('x', flush=True); time.sleep(0.05)"
    with pytest.raises(CommandStopped) as stopped:
        run(python(talk, total_seconds=1))
    assert stopped.value.why == "total"


def test_cancel_kills_even_a_program_that_ignores_the_polite_request() -> None:
    cancel = threading.Event()
    started = time.monotonic()
    with pytest.raises(CommandStopped) as stopped:
        run(python(STUBBORN), on_line=lambda _: cancel.set(), cancel=cancel, grace_seconds=0.3)
    assert stopped.value.why == "cancelled"
    assert time.monotonic() - started < 30


def test_a_callback_that_raises_stops_the_program() -> None:
    def fail(_: str) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        run(python("import time; print('x', flush=True); time.sleep(600)"), on_line=fail)


def test_a_stream_ends_with_the_exit_codes_judgement() -> None:
    assert b"".join(stream(python("print('whole')"))) == b"whole\n"
    with pytest.raises(CommandFailed):
        list(stream(python("print('half'); raise SystemExit(3)")))


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandMissing) as missing:
        run(Command(["socle-no-such-program"]))
    assert missing.value.details == {"program": "socle-no-such-program"}


def test_a_child_is_signalled_waited_for_and_always_ended(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        with Child(Command(["sleep", "600"]), output=log) as child:
            assert child.exit_code is None
            assert child.wait(0.05) is None
            child.send(signal.SIGTERM)
            assert child.wait(30) == -signal.SIGTERM
        with Child(Command(["sleep", "600"]), output=log) as second:
            pass
        assert second.exit_code == -signal.SIGTERM
