"""The envelope: whole or refused, on paper as codes and as lines, and a slip is found at its line."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from socle.appliance.backups.recovery_kit import envelope, grouped_text, kit_secret
from socle.appliance.backups.recovery_kit.envelope import Contents, Reach
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret

SECRET = KitSecret(bytes(range(16)))
CONTENTS = Contents(
    practice="Cabinet des Tilleuls",
    made="2026-11-22",
    targets=(
        Reach("local", "restic", "/srv/backups/restic"),
        Reach("offsite", "restic", "rest:https://backup.example/tilleuls", "tilleuls", "s3cret-of-the-server"),
    ),
    passwords={"restic": "the machine's own"},
    ssh_key=b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + bytes(range(33, 127)) * 4,
)


def lines(sealed: bytes) -> list[str]:
    return [f"{place:02} {letters} {sum_}" for place, (letters, sum_) in enumerate(grouped_text.lines(sealed), 1)]


def test_two_sheets_open_it_and_nothing_else_does() -> None:
    sealed = envelope.seal(CONTENTS, SECRET)
    assert envelope.unseal(sealed, SECRET) == CONTENTS
    assert envelope.number(sealed) == SECRET.number
    with pytest.raises(envelope.EnvelopeOfAnotherKit):
        envelope.unseal(sealed, kit_secret.new())
    for place in (0, 3, 10, 30, len(sealed) - 1):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises((envelope.EnvelopeBroken, envelope.EnvelopeOfAnotherKit)):
            envelope.unseal(bytes(broken), SECRET)
    with pytest.raises(envelope.EnvelopeBroken):
        envelope.unseal(sealed[:10], SECRET)


def test_nothing_of_it_can_be_read_from_outside() -> None:
    sealed = envelope.seal(CONTENTS, SECRET)
    assert sealed != envelope.seal(CONTENTS, SECRET)
    for said in (b"s3cret", b"backup.example", b"Tilleuls", b"the machine's own"):
        assert said not in sealed
    assert "s3cret" not in repr(CONTENTS)


def test_codes_come_back_in_any_order_and_tell_what_is_missing() -> None:
    large = Contents(CONTENTS.practice, CONTENTS.made, CONTENTS.targets, CONTENTS.passwords, kit_secret.new().raw * 99)
    sealed = envelope.seal(large, SECRET) + b""
    texts = envelope.codes(sealed)
    parts = [part for part in map(envelope.part, texts) if part is not None]
    assert envelope.joined([*reversed(parts), parts[0]]) == sealed
    assert all(re.fullmatch(r"[0-9A-Z $%*+\-./:]+", text) for text in texts)  # what QR codes hold densely
    if len(parts) > 1:
        with pytest.raises(envelope.EnvelopeIncomplete) as refused:
            envelope.joined(parts[1:])
        assert refused.value.details == {"total": len(parts), "missing": 1}
    assert envelope.part("https://example.org/a/b/c") is None


def test_a_long_envelope_has_several_codes() -> None:
    keys = bytes(place * 7919 % 251 for place in range(3000))
    sealed = b"\x01" + SECRET.number_bytes + keys
    parts = [part for part in map(envelope.part, envelope.codes(sealed)) if part is not None]
    assert len(parts) == 7
    assert envelope.joined(parts) == sealed
    with pytest.raises(envelope.EnvelopeIncomplete):
        envelope.joined(parts[:-1])


@given(some.binary(min_size=1, max_size=300))
@settings(max_examples=40, deadline=None)
def test_lines_come_back_however_they_are_typed(data: bytes) -> None:
    typed = lines(data)
    assert grouped_text.read("\n".join(typed)) == data
    untidy = "\n\n".join(line[3:].lower().replace("o", "0").replace("i", "1").replace("b", "8") for line in typed)
    assert grouped_text.read(untidy) == data


@given(some.binary(min_size=120, max_size=300), some.data())
@settings(max_examples=60, deadline=None)
def test_a_slip_is_found_at_its_line(data: bytes, choose: some.DataObject) -> None:
    typed = lines(data)
    place = choose.draw(some.integers(0, len(typed) - 1))
    signs = [at for at, sign in enumerate(typed[place]) if at > 2 and sign != " "]
    at = choose.draw(some.sampled_from(signs))
    wrong = choose.draw(
        some.sampled_from([sign for sign in "ACDEFGHJKLMNPQRSTUVWXYZ234567" if sign != typed[place][at]])
    )
    typed[place] = typed[place][:at] + wrong + typed[place][at + 1 :]
    with pytest.raises(grouped_text.LineWrong) as refused:
        grouped_text.read("\n".join(typed))
    assert refused.value.details == {"line": place + 1}


def test_lines_left_out_or_in_anothers_place_are_found() -> None:
    typed = lines(bytes(range(200)))
    with pytest.raises(grouped_text.LineMissing) as refused:
        grouped_text.read("\n".join(typed[:3] + typed[4:]))
    assert refused.value.details == {"line": 4}
    with pytest.raises(grouped_text.LineMissing) as refused:
        grouped_text.read("\n".join(typed[:-1]))
    assert refused.value.details == {"line": len(typed)}
    bare = [line[3:] for line in typed]
    bare[1], bare[2] = bare[2], bare[1]
    with pytest.raises(grouped_text.LineWrong) as wrong:
        grouped_text.read("\n".join(bare))
    assert wrong.value.details == {"line": 2}
    with pytest.raises(grouped_text.LineMissing):
        grouped_text.read("")
