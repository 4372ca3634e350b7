"""Logs are lines of JSON that cannot hold a patient's data or a secret."""

import json

import pytest

from socle.foundation import log


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    log.to_standard_error("staff")
    log.info("job_started", job="backup")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["job"], line["door"], line["level"]) == ("job_started", "backup", "staff", "info")


def test_a_field_that_is_not_on_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="patient_name"):
        log.info("patient_created", patient_name="DUPONT")


def test_of_a_failure_only_types_and_places_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    log.to_standard_error("staff")
    try:
        try:
            raise ValueError("DUPONT Anne-Marie 2 80 03 75 116 001 42")
        except ValueError as cause:
            raise RuntimeError("while saving DUPONT") from cause
    except RuntimeError as error:
        log.error("request_failed", cause=error)
    written = capsys.readouterr().err
    assert "DUPONT" not in written
    line = json.loads(written)
    assert line["error"] == "RuntimeError < ValueError"
    assert line["frames"][0].startswith("test_log.py:")
