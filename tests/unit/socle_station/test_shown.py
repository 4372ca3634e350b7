"""What the agent's window shows for what the agent's rules say, without a window."""

from socle_station.shown import Shown, State, Story, typeset
from socle_station.token import Known
from socle_station.wording import Fault

SERVER = "https://socle.local:8443"


def _ready() -> Story:
    story = Story("fr")
    story.line("ready", name="Salle 2", practice="Les Tilleuls")
    return story


def _code(shown: Shown) -> str:
    return shown.trouble.code if shown.trouble else ""


def test_a_card_its_code_its_session_and_its_going() -> None:
    story = _ready()
    assert (story.shown().title, story.shown().place) == ("Insérez votre carte", "Salle 2 · Les Tilleuls")
    story.ask_code("code", "Lecteur")
    story.card(Known("Camille ESSAI", ""))
    assert story.shown().asks_code
    assert story.shown().detail == "Carte de Camille ESSAI"
    story.line("checking")
    assert not story.shown().asks_code
    story.line("opened", holder="Camille Essai")
    assert story.shown().is_open
    assert "Camille Essai" in story.shown().detail
    story.ask_code("", "")
    story.line("removed")
    assert story.shown().title == "Carte retirée"
    assert "Camille" not in story.shown().detail


def test_a_card_that_goes_closes_the_question_and_what_was_typed_is_forgotten() -> None:
    story = _ready()
    story.ask_code("code", "Lecteur")
    asked = story.shown().turn
    story.ask_code("", "")
    story.line("removed")
    assert not story.shown().asks_code
    assert story.shown().turn != asked
    story.ask_code("code", "Lecteur")
    assert story.shown().detail != "Carte de Camille ESSAI"


def test_another_card_does_not_bear_the_name_of_the_first() -> None:
    story = _ready()
    story.ask_code("code", "Lecteur")
    story.card(Known("Camille ESSAI", "last"))
    story.ask_code("", "")
    story.line("removed")
    story.card(Known("Camille ESSAI", "last"))  # read too late
    story.ask_code("code", "Lecteur")
    assert "Camille" not in story.shown().detail
    assert story.shown().warning == ""


def test_tries_are_counted_down_in_words() -> None:
    story = _ready()
    story.ask_code("code", "Lecteur")
    assert story.shown().warning == ""
    story.card(Known("", "few"))
    assert story.shown().warning == "Il reste peu d’essais."
    story.line("checking")
    story.fault(Fault("CARD-CODE-WRONG", left="last"))
    story.ask_code("code", "Lecteur")
    assert story.shown().asks_code
    assert story.shown().warning.startswith("Dernier essai")
    story.line("checking")
    story.fault(Fault("CARD-BLOCKED"))
    assert (story.shown().state, _code(story.shown())) == (State.REFUSED, "CARD-BLOCKED")


def test_a_blocked_card_says_so_before_its_code_is_given() -> None:
    story = _ready()
    story.ask_code("code", "Lecteur")
    story.card(Known("Camille ESSAI", "none"))
    assert _code(story.shown()) == "CARD-BLOCKED"


def test_troubles_stay_until_they_are_over_and_the_worst_comes_first() -> None:
    story = _ready()
    story.fault(Fault("READER-MISSING"))
    assert (story.shown().title, story.shown().detail) == ("Lecteur absent", "")
    story.fault(Fault("STATION-SERVER-UNREACHABLE", server=SERVER))
    assert story.shown().title == "Serveur injoignable"
    story.line("back")
    assert _code(story.shown()) == "READER-MISSING"
    story.line("reader_back")
    assert story.shown().trouble is None
    assert story.shown().title == "Insérez votre carte"


def test_a_session_is_not_called_locked_while_the_server_could_not_be_told() -> None:
    story = _ready()
    story.line("opened", holder="Camille Essai")
    story.fault(Fault("STATION-SERVER-UNREACHABLE", server=SERVER))
    story.line("removed")
    assert "verrouillée" not in story.shown().detail
    story.line("back")
    assert "verrouillée" in story.shown().detail


def test_a_reader_pulled_during_the_check_is_still_explained_once_the_card_is_gone() -> None:
    story = _ready()
    story.ask_code("code", "Lecteur")
    story.line("checking")
    story.fault(Fault("READER-UNPLUGGED"))
    story.ask_code("code", "Lecteur")
    story.ask_code("", "")
    story.line("removed")
    assert _code(story.shown()) == "READER-UNPLUGGED"
    story.ask_code("code", "Lecteur")
    assert story.shown().trouble is None


def test_two_readers_are_a_notice_that_steps_back() -> None:
    story = _ready()
    story.fault(Fault("READER-SEVERAL", count=2, readers="A, B"))
    shown = story.shown()
    assert shown.trouble is not None
    assert shown.trouble.is_notice
    story.ask_code("code", "A")
    assert story.shown().trouble is None


def test_enrolling_asks_again_when_it_failed_and_says_what_is_left_to_do() -> None:
    story = Story("en")
    story.ask_enrolment()
    assert story.shown().title == "Enrol this workstation"
    story.line("enrolling")
    assert story.shown().state is State.ENROLLING
    before = story.shown().turn
    story.ask_enrolment(Fault("STATION-FINGERPRINT-WRONG", server=SERVER))
    assert (story.shown().state, _code(story.shown())) == (State.NOT_ENROLLED, "STATION-FINGERPRINT-WRONG")
    assert story.shown().turn != before
    story.line("enrolled", name="Room 2", practice="Limes")
    story.fault(Fault("TRUST-TOOL-MISSING", tool="certutil", commands="certutil …"))
    story.line("ready", name="Room 2", practice="Limes")
    assert _code(story.shown()) == "TRUST-TOOL-MISSING"
    assert story.shown().state is State.NO_CARD


def test_locking_by_hand_says_who_asked() -> None:
    story = _ready()
    story.line("opened", holder="Camille Essai")
    story.line("locked")
    story.ask_code("code_again", "Lecteur")
    assert story.shown().asks_code
    assert "à votre demande" in story.shown().detail


def test_french_spaces_do_not_break_lines() -> None:
    assert typeset("page « Postes » : voir") == "page «\u00a0Postes\u00a0»\u00a0: voir"
