"""Which half minute a code belongs to, and what is said of one that belongs to none near."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.identity.sessions.factors.totp import SECONDS, CodeOfAnotherTime, CodeWrong, _step_of, address

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MOMENTS = st.integers(1_600_000_000, 2_900_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def code(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(moment)


@given(MOMENTS, st.integers(-SECONDS, SECONDS))
def test_a_code_at_most_half_a_minute_off_is_taken_as_what_it_is(moment: datetime, off: int) -> None:
    shown = moment + timedelta(seconds=off)
    step = _step_of(SECRET, code(shown), moment)
    assert abs(step - int(moment.timestamp()) // SECONDS) <= 1
    assert code(datetime.fromtimestamp(step * SECONDS, UTC)) == code(shown)


@given(MOMENTS, st.integers(3, 19), st.sampled_from([-1, 1]))
def test_a_code_up_to_ten_minutes_off_is_refused_with_how_far(moment: datetime, half_minutes: int, way: int) -> None:
    shown = code(moment + way * half_minutes * timedelta(seconds=SECONDS))
    if shown in {code(moment + near * timedelta(seconds=SECONDS)) for near in range(-2, 3)}:
        return  # one in 200,000: the same six digits nearer by
    with pytest.raises(CodeOfAnotherTime) as refused:
        _step_of(SECRET, shown, moment)
    assert isinstance(refused.value.details["minutes"], int)
    assert 1 <= refused.value.details["minutes"] <= 10


@given(MOMENTS, st.text(max_size=12))
def test_anything_else_is_wrong(moment: datetime, typed: str) -> None:
    if len("".join(typed.split())) == 6 and "".join(typed.split()).isdecimal():
        return
    with pytest.raises(CodeWrong):
        _step_of(SECRET, typed, moment)


def test_spaces_as_applications_show_them_do_not_count() -> None:
    moment = datetime(2026, 11, 23, 8, tzinfo=UTC)
    shown = code(moment)
    assert _step_of(SECRET, f" {shown[:3]} {shown[3:]} ", moment) == int(moment.timestamp()) // SECONDS


def test_the_picture_names_the_practice_and_the_person() -> None:
    said = address(SECRET, "anne.martin", "Cabinet des Tilleuls: été")
    assert said.startswith("otpauth://totp/")
    assert f"secret={SECRET}" in said
    assert "anne.martin" in said
