"""What a terminal sends, made into keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, Paste

from wfdash.ui.keys.prompt_gate import bare
from wfdash.ui.terminal.decoder import AT_ONCE, InputDecoder

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


def decoded(*chunks):
    understood = InputDecoder()
    return [event for chunk in chunks for event in understood.feed(chunk)]


def keys(*chunks):
    return [event.key for event in decoded(*chunks) if isinstance(event, Key)]


def test_a_character_may_come_in_two_reads():
    assert keys(b"a\xc3", b"\xa9b") == ["a", "é", "b"]


def test_old_escape_is_the_key_though_the_next_is_read_late():
    now = [100.0]
    understood = InputDecoder(lambda: now[0])

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


def test_escape_is_decided_as_soon_as_nothing_can_follow():
    """Whoever reads the terminal must look again then, not a turn later: esc came 0.2 s late."""
    now = [100.0]
    understood = InputDecoder(lambda: now[0])
    understood.feed(b"\x1b")
    now[0] += understood.decided_in + 0.001
    assert [event.key for event in understood.feed(b"") if isinstance(event, Key)] == ["escape"]
    understood.feed(b"\x1b[")
    assert understood.decided_in > 0.2, "half a sequence is waited for"


def test_what_makes_no_sense_takes_nothing_with_it():
    assert keys(b"a\x1b[48;40;140;0;0t\x1b[<0;23;44Mb") == ["a", "b"]
    assert keys(b"a\xffb")[::2] == ["a", "b"]
    (paste,) = [event for event in decoded(b"\x1b[200~one\xff", b"two\x1b[201~") if isinstance(event, Paste)]
    assert paste.text == "one\ufffdtwo"


@given(st.lists(PIECES | st.binary(max_size=20), max_size=20))
def test_whatever_comes_a_key_is_heard_after_it(chunks):
    assert keys(*chunks, b"\x1b[201~", b"zz")[-1] == "z"


class Line:
    """A decoder on a clock that a test moves."""

    def __init__(self):
        self.now = 100.0
        self.decoder = InputDecoder(lambda: self.now)

    def __call__(self, data, after=0.0):
        """The keys and pastes of one read, so many seconds after the last one."""
        self.now += after
        found = [event for event in self.decoder.feed(data) if isinstance(event, Key | Paste)]
        return [event.key if isinstance(event, Key) else event for event in found]


@pytest.mark.parametrize(
    "key", [b"y", b"[", b"O", b"3", b"f", b"\r", b"\x7f", b"\x03", "é".encode(), b"]y", b"PY"]
)
def test_an_escape_and_a_key_is_the_escape(key):
    line = Line()
    assert line(b"\x1b" + key) + line(b"", 2) == ["escape"]
    assert line(b"j") == ["j"]


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.5])
@pytest.mark.parametrize(
    ("sequence", "key"),
    [(b"\x1b[A", "up"), (b"\x1b[1;5C", "ctrl+right"), (b"\x1bOP", "f1"), (b"\x1b[27u", "escape")],
)
def test_a_sequence_in_two_reads_is_what_it_is(sequence, key, gap):
    for cut in range(1 if gap < 0.1 else 2, len(sequence)):
        line = Line()
        assert line(sequence[:cut]) + line(sequence[cut:], gap) == [key]


@pytest.mark.parametrize("gap", [0.0, 0.5, 3.0, 60.0])
def test_the_rest_of_a_sequence_is_no_key_however_late(gap):
    line = Line()
    assert line(b"\x1b[?2026;2") + line(b"$", gap) + line(b"y", gap) == []
    assert line(b"y") == ["y"]


def test_what_textual_does_not_understand_is_no_key():
    assert (
        keys(b"\x1b[121~", b"\x1b[121A", b"\x1b[1;1;121A", b"\x1b[>0;276;0c", b"\x1b[99y", b"\x1b]11;y\x07")
        == []
    )
    assert keys(b"\x1b[25~", b"\x1b[5A", b"\x1b[3$") == ["f13", "ctrl+up", "shift+delete"]


def test_a_letter_is_a_bare_key_only_when_its_own_key_made_it():
    bare_y = [b"y", b"\x1b[121;;121u", b"\x1b[121;129;121u", b"\x1b[121;129u"]
    other = [b"\x1b[121;3;121u", b"\x1b[121;2;121u", b"\x1b[97;;121u", b"\x1b[0;;121u", b"\x1b[121;;121:121u"]
    other += [b"\x1b[121;65u", b"\x1b[121;193u"]
    assert [bare(event) for data in bare_y for event in decoded(data)] == ["y"] * 4
    assert not any(bare(event) for data in other for event in decoded(data))
    assert keys(b"\x1b[121;3;121u") == ["alt+y"]
    assert [bare(event) for event in decoded(b"\x1b[0;;33u\x1b[0;;50u\x1b[49;2;33u")] == ["", "", "!"]
    malformed = [b"\x1b[121;0u", b"\x1b[121;0;121u", b"\x1b[121;01u", b"\x1b[0121u", b"\x1b[121;;0121u"]
    malformed += [b"\x1b[121;u", b"\x1b[121;;u", b"\x1b[121;1;121:u", b"\x1b[121;257u"]
    assert not any(bare(event) for data in malformed for event in decoded(data))
    assert [event.character for event in decoded(b"\x1b[49;2;33u\x1b[1094;;1094u\x1b[97;3;229u")] == [
        "!",
        "ц",
        "å",
    ]


def test_a_paste_that_never_ends_is_over_within_a_second():
    line, decoded_at = Line(), []
    line(b"\x1b[200~half a pa")
    for tenth in range(1, 20):
        decoded_at += [(tenth, event) for event in line(b"\x03" if tenth % 3 == 0 else b"", 0.1)]
    (at, paste), *after = decoded_at
    assert at <= 9
    assert paste.text.startswith("half a pa")
    assert {key for _, key in after} == {"ctrl+c"}


@pytest.mark.parametrize("began", [b"\x1b[200~", b"\x1b[200~foo"])
@pytest.mark.parametrize("gap", [0.5, 1.6, 5.0, 20.0])
@pytest.mark.parametrize(
    ("ends", "alone"),
    [(b"", False), (b"\x1b[201~", True), (b"\x1b", True), (b"\x1b[27u", True), (b"\x1bf", False)],
)
def test_key_of_a_paste_that_stalls_came_not_alone(began, gap, ends, alone):
    line = Line()
    line(began)
    line(b"", 1)
    line(ends, gap)
    line(b"", 0.5)
    assert line(b"y", 0.5) == ["y"]
    assert line.decoder.came_alone(line.now, 0.1) == alone
    assert line(b"", 30) == []
    assert line(b"y", 1) == ["y"]
    assert line.decoder.came_alone(line.now, 0.1)


def test_a_long_paste_on_a_slow_line_stays_one():
    line = Line()
    found = line(b"\x1b[200~")
    for _ in range(100):
        found += line(b"y" * 20, 0.1)
    (paste,) = found + line(b"\x1b[201~", 0.1)
    assert paste.text == "y" * 2000


def test_the_rest_of_a_paste_that_was_given_up_makes_no_keys():
    line = Line()
    line(b"\x1b[200~first")
    assert [event.text for event in line(b"", 1)] == ["first"]
    assert line(b"j", 1) == ["j"], "typed by hand"
    (rest,) = line(b"terminate them all\ry", 2) + line(b"yes\x1b[201~", 0.1)
    assert rest.text == "terminate them all\ryyes"
    assert line(b"jjjjjjjjjjjjjjjjj") == ["j"] * 17


@given(
    st.lists(st.tuples(PIECES | st.binary(max_size=12), st.sampled_from([0.0, 0.05, 0.2, 1.5])), max_size=12)
)
def test_no_y_comes_of_bytes_that_have_none(reads):
    line = Line()
    found = [event for data, gap in reads for event in line(data.replace(b"y", b"z"), gap)]
    assert "y" not in found + line(b"", 2)
