"""What helps while a filter is typed."""

import pytest
from rich.text import Text

from wfdash.ui.widgets.filter_aids import Fault, Suggestions


@pytest.mark.parametrize(
    ("text", "faulty"), [("order age>x y", "x"), ("sttus:a", "sttus:a"), ("(a", "(a"), ("status:", ":")]
)
def test_what_cannot_be_read_is_underlined(text, faulty):
    shown = Text(text)
    Fault().highlight(shown)
    [span] = shown.spans
    assert text[span.start : span.end] == faulty


def test_a_good_filter_is_left_plain():
    shown = Text("status:errored since:2h")
    Fault().highlight(shown)
    assert not shown.spans


async def test_the_first_completion_is_offered():
    offered = Suggestions()
    assert await offered.get_suggestion("order -sta") == "order -status:"
    assert await offered.get_suggestion("nothing") is None
