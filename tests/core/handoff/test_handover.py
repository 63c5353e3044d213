"""A handover opens on the same place; a cut one opens with what it has and says so."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.handoff.handover import Handover, HandoverError, HandoverLine, read_handover

FULL = Handover(
    1_795_262_400.0,
    account_id="a" * 32,
    profile="acme",
    workflow="orders",
    instance="*/30 * * * *-1786001400000",
    filter="status:errored since:2h",
    sort="-created",
    pins=[("orders", "order-1"), ("billing", "bill `2`")],
    marks=["order-3"],
    story=[HandoverLine(1_795_262_000.5, "note", "called the bank\x1b[31m", "orders", "order-1")],
)


def test_a_whole_file_reads_back_the_same():
    assert read_handover(FULL.lines()) == FULL
    assert FULL.loss == ""
    changed = read_handover([*FULL.lines()[:2], "{", *FULL.lines()[2:]])
    assert (changed.cut, changed.loss) == (False, "1 line of it could not be read")


@given(st.integers(0, len("\n".join(FULL.lines())) - 1))
def test_a_file_cut_anywhere_keeps_what_came_before_and_says_so(cut):
    text = "\n".join(FULL.lines())[:cut]
    first = len(FULL.lines()[0])
    if cut < first:
        with pytest.raises(HandoverError):
            read_handover(text.splitlines() or [""])
        return
    handover = read_handover(text.splitlines())
    assert handover.cut
    assert handover.loss.startswith("its end is missing")
    assert handover.lost <= 1, "no more is told to be lost than is there and cannot be read"
    assert (handover.workflow, handover.filter) == ("orders", "status:errored since:2h")
    assert handover.pins == FULL.pins[: len(handover.pins)]


@given(st.lists(st.text()), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_anything_else_is_refused_in_a_sentence_or_read(lines, value):
    with contextlib.suppress(HandoverError):
        read_handover(lines)
    assert read_handover([FULL.lines()[0], str(value).replace("\n", " ")]).workflow == "orders"


@pytest.mark.parametrize(
    "line", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000, "9" * 5000]
)
def test_a_line_nested_without_end_is_lost_alone(line):
    with pytest.raises(HandoverError, match="does not say so"):
        read_handover([line])
    handover = read_handover([FULL.lines()[0], line, *FULL.lines()[1:]])
    assert (handover.lost, handover.pins) == (1, FULL.pins)


def test_markdown_keeps_its_shape_without_control_characters():
    text = FULL.markdown()
    assert "\x1b" not in text
    assert "- 11:53:20Z note: called the bank" in text
    assert "`` bill `2` ``" in text
