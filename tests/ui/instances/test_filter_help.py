"""What helps while a filter is typed."""

import pytest
from rich.text import Text

from wfdash.ui.instances.filter_help import FaultHighlighter, Suggestions


@pytest.mark.parametrize(
    ("text", "faulty"),
    [("order age>x y", "x"), ("sttus:a", "sttus:a"), ("(a", "(a"), ("(status:x", "(status:x")],
)
def test_what_cannot_be_read_is_underlined(text, faulty):
    shown = Text(text)
    FaultHighlighter().highlight(shown)
    [span] = shown.spans
    assert text[span.start : span.end] == faulty


@pytest.mark.parametrize("text", ["status:errored since:2h", "order status:", "age>1", "since:2026-1"])
def test_good_or_half_typed_filter_is_left_plain(text):
    shown = Text(text)
    FaultHighlighter().highlight(shown)
    assert not shown.spans


async def test_the_first_completion_is_offered():
    offered = Suggestions()
    assert await offered.get_suggestion("order -sta") == "order -status:"
    assert await offered.get_suggestion("nothing") is None
    expected = Suggestions(lambda field: ["charge card", "charge"])
    assert await expected.get_suggestion("step~cha") is None, "quotes cannot be put in behind the cursor"
    assert await Suggestions(lambda field: ["charge"]).get_suggestion("step~cha") == "step~charge"
