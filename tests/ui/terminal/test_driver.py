"""What a terminal sends, made into keys."""

from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, Paste

from wfdash.ui.terminal.driver import AT_ONCE, InputDecoder

PIECES = st.sampled_from(
    [
        b"\x1b",
        b"\x1b[",
        b"\x1b[48;40;140;0;0t",
        b"\x1b[<0;23;44M",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\xff",
        b"\xc3",
    ]
)


def heard(*chunks):
    understood = InputDecoder()
    return [event for chunk in chunks for event in understood.feed(chunk)]


def keys(*chunks):
    return [event.key for event in heard(*chunks) if isinstance(event, Key)]


def test_a_character_may_come_in_two_reads():
    assert keys(b"a\xc3", b"\xa9b") == ["a", "é", "b"]


def test_an_escape_of_long_ago_is_the_key_though_the_next_one_was_read_late(monkeypatch):
    understood, now = InputDecoder(), [100.0]
    monkeypatch.setattr("textual._parser.get_time", lambda: now[0])

    def typed(data):
        return [event.key for event in understood.feed(data) if isinstance(event, Key)]

    assert typed(b"\x1b") == []
    now[0] += 0.2
    assert typed(b"q") == ["escape", "q"]
    assert typed(b"\x1b") == []
    assert typed(b"[A") == ["up"]
    assert typed(b"j" * (AT_ONCE - 1) + b"\x1b")[-1] == "j"
    now[0] += 0.2
    assert typed(b"[A") == ["up"], "cut where the read was full"


def test_what_makes_no_sense_takes_nothing_with_it():
    assert keys(b"a\x1b[48;40;140;0;0t\x1b[<0;23;44Mb") == ["a", "b"]
    assert keys(b"a\xffb")[::2] == ["a", "b"]
    (paste,) = [event for event in heard(b"\x1b[200~one\xff", b"two\x1b[201~") if isinstance(event, Paste)]
    assert paste.text == "one\ufffdtwo"


@given(st.lists(PIECES | st.binary(max_size=20), max_size=20))
def test_whatever_comes_a_key_is_heard_after_it(chunks):
    assert keys(*chunks, b"\x1b[201~", b"zz")[-1] == "z"
