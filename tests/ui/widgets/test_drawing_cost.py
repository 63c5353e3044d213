"""What drawing costs, counted: what shows the same is not made again, and none of it is stale."""

from collections import Counter

import pytest
from textual.geometry import Region
from textual.widget import Widget

from tests.support.harness.dashboard import drive
from wfdash.ui.detail.pane import DetailPane
from wfdash.ui.instances.screen import InstancesScreen
from wfdash.ui.widgets import status_line, text_lines
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.painted import PaintKept
from wfdash.ui.widgets.text_lines import TextLines


def counting(monkeypatch, owner, name):
    """Counts the calls of what is called as before."""
    calls, real = [], getattr(owner, name)

    def counted(*given, **options):
        calls.append(given)
        return real(*given, **options)

    monkeypatch.setattr(owner, name, counted)
    return calls


def fresh(dashboard):
    """The screen with every line of it made anew."""
    for widget in dashboard.app.screen.walk_children():
        if isinstance(widget, PaintKept):
            widget._paint_kept = None
            widget._styles_cache.clear()
            assert not any(widget.styles.gutter), "its lines are counted without a border"
    return drawn(dashboard)


def drawn(dashboard):
    compositor = dashboard.app.screen._compositor
    return [[(text, style) for text, style, _ in strip.simplify()] for strip in compositor.render_strips()]


def test_key_bar_is_drawn_once_a_second():
    async def script(dashboard):
        await dashboard.press("poll.freeze")
        await dashboard.passes(10)
        bar = dashboard.app.screen.query_one(KeyBar)
        before = bar.drawings
        await dashboard.passes(5)
        assert bar.drawings - before == 5

    drive(script)


def test_news_of_others_fill_no_pane(monkeypatch):
    async def script(dashboard):
        await dashboard.passes(20)
        filled = counting(monkeypatch, DetailPane, "show")
        news = counting(monkeypatch, InstancesScreen, "live")
        await dashboard.passes(10)
        assert len(news) > 5
        assert len(filled) == 10, "one a second, for what the clock moves"

    drive(script, filter="status:complete")


def test_news_of_the_open_one_fill_its_pane(monkeypatch):
    async def script(dashboard):
        await dashboard.passes(3)
        await dashboard.press("instance.pause")
        await dashboard.passes(1)
        await dashboard.press("y")
        await dashboard.until(lambda: "paused" in dashboard.app.screen.query_one("#head").plain)

    drive(script, filter="status:waiting")


@pytest.mark.parametrize("of", [text_lines, status_line], ids=["text", "status"])
def test_lines_that_say_the_same_are_made_once(of, monkeypatch):
    async def script(dashboard):
        await dashboard.press("poll.freeze")
        await dashboard.passes(20)
        screen = dashboard.app.screen
        screen.draw()
        strips = counting(monkeypatch, of, "strip_of")
        lines = screen.query_one("#foot", TextLines)
        for _ in range(3):
            screen.draw()
            lines.show([list(line) for line in lines._lines])
        assert strips == []

    drive(script, filter="status:complete")


def test_only_lines_that_differ_are_painted(monkeypatch):
    async def script(dashboard):
        await dashboard.press("poll.freeze")
        await dashboard.passes(10)
        painted = Counter()
        real = Widget.render_lines

        def counted(widget, crop):
            painted[type(widget).__name__] += crop.height
            return real(widget, crop)

        monkeypatch.setattr(Widget, "render_lines", counted)
        dashboard.app.screen.table.move(1)
        await dashboard.settled()
        assert painted["InstanceTable"] == 2, "the row that had the cursor and the one that has it"
        assert [name for name in painted if name in ("ListKeys", "Across", "Stack", "Rule")] == []

    drive(script)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
def test_what_was_painted_is_never_stale(size):
    async def script(dashboard):
        for key in (
            "move.down",
            "pane.next",
            "mark.toggle",
            "E",
            "escape",
            "p",
            "escape",
            "w",
            "D",
            "escape",
        ):
            await dashboard.press(key)
            await dashboard.passes(3.3)
            assert drawn(dashboard) == fresh(dashboard), key
        await dashboard.press("row.open")
        await dashboard.passes(5)
        assert drawn(dashboard) == fresh(dashboard)
        await dashboard.press("time.zone")
        await dashboard.passes(1)
        assert drawn(dashboard) == fresh(dashboard)
        dashboard.app.screen.styles.background = "ansi_blue"
        await dashboard.settled()
        assert drawn(dashboard) == fresh(dashboard)
        await dashboard.pilot.resize_terminal(size[0] - 7, size[1] - 5)
        await dashboard.settled()
        assert drawn(dashboard) == fresh(dashboard)

    drive(script, size=size)


def test_part_that_is_painted_again_is_what_it_was():
    """A widget may be asked for a part of it only, as where it hangs over an edge."""

    async def script(dashboard):
        await dashboard.press("poll.freeze")
        table = dashboard.app.screen.table
        every = table.render_lines(Region(0, 0, table.size.width, table.size.height))
        part = table.render_lines(Region(2, 1, 20, 5))
        assert [strip.text for strip in part] == [strip.text[2:22] for strip in every[1:6]]
        table.refresh(Region(0, 3, 5, 1))
        assert [strip.text for strip in table.render_lines(Region(2, 1, 20, 5))] == [
            strip.text for strip in part
        ]

    drive(script)
