"""Nothing a person typed survives in what is kept of an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.appliance.supervision.browsers import scrubbing
from socle.appliance.supervision.browsers.faults import Said, scrubbed


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("x is not a function", "… is not a function"),
        ("Cannot read properties of undefined (reading 'dataset')", "Cannot read properties of undefined (reading …)"),
        ("Unexpected token 'D', \"Dupont Marie\"... is not valid JSON", "Unexpected token … is not valid JSON"),
        ("Failed to fetch", "Failed to fetch"),
        ("patient Anne-Marie LEFÈVRE 12/03/1952 2 52 03 75 116 001 not found", "… not found"),
        ("https://localhost:8443/patients?q=dupont failed", "… failed"),
        ("«Dupont» is null", "… is null"),
        ("", ""),
        ("é" * 3000, "…"),
    ],
)
def test_messages(said: str, kept: str) -> None:
    assert scrubbing.message(said) == kept


@given(st.text(max_size=400))
def test_only_words_of_the_list_are_kept(said: str) -> None:
    found = scrubbing.message(said)
    words = "".join(sign if sign.isalpha() else " " for sign in found).split()
    assert {word.lower() for word in words} <= scrubbing.KNOWN
    assert not any(sign.isdigit() for sign in found)
    assert len(found) <= scrubbing.LONGEST


@given(
    st.builds(
        Said,
        kind=st.sampled_from(["script", "promise", "policy", "file", "request"]),
        name=st.sampled_from(["DUPONT", "Error", "GET"]) | st.text(max_size=60),
        message=st.text(max_size=100).map(lambda text: f"{text} Dupontel 1952"),
        file=st.text(max_size=60).map(lambda text: f"{text}Dupontel"),
    )
)
def test_no_part_of_a_fault_carries_a_name(said: Said) -> None:
    fault = scrubbed(said, "/patients/<int:number>", "/patients/<int:number>/edit")
    assert "dupont" not in f"{fault.what} {fault.place}".lower()
    assert "1952" not in f"{fault.what} {fault.place}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("agenda/agenda.js", "agenda/agenda.js"),
        ("js/session.js", "js/session.js"),
        ("extension", "extension"),
        ("page", "page"),
        ("", ""),
        ("/patients/12", "elsewhere"),
        ("dupont", "elsewhere"),
        ("../../etc/passwd", "elsewhere"),
        ("js/dupont 1952.js", "elsewhere"),
    ],
)
def test_files(said: str, kept: str) -> None:
    assert scrubbing.file(said) == kept


def test_what_is_kept_of_each_kind() -> None:
    script = Said("script", "TypeError", "e is undefined", "js/session.js", 12, 5, times=3)
    assert scrubbed(script, "/agenda", "").what == "TypeError: … is undefined"
    assert scrubbed(script, "/agenda", "").place == "js/session.js:12:5"
    policy = Said("policy", "script-src-elem", "extension", "extension", 1, 1)
    assert scrubbed(policy, "/", "").what == "script-src-elem: extension"
    request = Said("request", "POST", target="/patients/0/edit", status=503)
    assert scrubbed(request, "/", "/patients/<int:number>/edit").what == "POST /patients/<int:number>/edit: 503"
    lost = Said("request", "GET", target="/agenda")
    assert scrubbed(lost, "/", "/agenda").what == "GET /agenda: no answer"
