"""The line filters on any line: what each takes away, and that it leaves the rest as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tests.support.harness.dashboard import drive
from wfdash.ui.terminal.filters import AsciiFilter, ColourlessFilter, PrintableFilter
from wfdash.ui.widgets.theme import ASCII

GROUND = Color(0, 0, 0)
LOOKS = st.sampled_from(
    [
        "",
        "bold",
        "dim italic",
        "red",
        "on blue",
        "bold green on black",
        "#ff8800",
        "reverse",
        "underline cyan",
    ]
)
DRAWN = st.text(st.characters(exclude_categories=["C", "Z", "M"]), max_size=20)
LINES = st.lists(st.builds(lambda text, look: Segment(text, Style.parse(look)), DRAWN, LOOKS), max_size=8)
ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")


def text_of(line):
    return "".join(segment.text for segment in line)


@given(LINES)
def test_colourless_lines_keep_text_and_weight(line):
    after = ColourlessFilter().apply(line, GROUND)
    assert [segment.text for segment in after] == [segment.text for segment in line]
    for old, new in zip(line, after, strict=True):
        assert new.style.color is None
        assert new.style.bgcolor is None
        assert [getattr(new.style, name) for name in ATTRIBUTES] == [
            getattr(old.style, name) for name in ATTRIBUTES
        ]


@given(LINES)
def test_ascii_lines_keep_width_and_style(line):
    after = AsciiFilter().apply(line, GROUND)
    assert text_of(after).isascii()
    assert [segment.style for segment in after] == [segment.style for segment in line]
    assert [cell_len(segment.text) for segment in after] == [cell_len(segment.text) for segment in line]


@given(LINES)
def test_ascii_lines_leave_ascii_as_it_is(line):
    plain = [Segment(segment.text.encode("ascii", "ignore").decode(), segment.style) for segment in line]
    assert AsciiFilter().apply(plain, GROUND) == plain


@pytest.mark.parametrize("glyph", [chr(code) for code in ASCII])
def test_ascii_has_a_stand_in_as_wide_as_each_glyph(glyph):
    [after] = AsciiFilter().apply([Segment(glyph)], GROUND)
    assert after.text.isascii()
    assert cell_len(after.text) == cell_len(glyph)


@given(st.text(max_size=30))
def test_printable_lines_hold_no_control_character(text):
    after = PrintableFilter().apply([Segment(text)], GROUND)
    assert text_of(after).isprintable()
    assert len(text_of(after)) == len(text)


@pytest.mark.parametrize(("setting", "filter"), [("ascii", AsciiFilter), ("no_color", ColourlessFilter)])
def test_each_look_draws_every_line_through_its_filter(setting, filter):
    """A screen in a look is the plain screen, filtered: so snapshots need only the plain one."""
    screens = {}

    def drawn(on):
        async def script(d):
            await d.press("enter")
            await d.passes(12.5)
            screens[on] = [list(strip) for strip in d.app.screen._compositor.render_strips()]

        drive(script, **({setting: True} if on else {}))

    drawn(False)
    drawn(True)
    assert [text_of(line) for line in screens[True]] == [
        text_of(filter().apply(line, GROUND)) for line in screens[False]
    ]
