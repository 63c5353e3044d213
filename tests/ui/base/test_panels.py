"""A panel over a screen that goes on beneath it."""

import pytest
from textual._compositor import Compositor
from textual.renderables.background_screen import BackgroundScreen
from textual.visual import Visual, visualize

from tests.support.harness.dashboard import drive
from wfdash.ui.base.beneath import Beneath


def cells(strip):
    return [(character, style) for text, style, _ in strip for character in text]


def drawn(d, beneath):
    panel = d.app.screen
    return Visual.to_strips(panel, visualize(panel, beneath), *d.app.size, panel.visual_style)


@pytest.mark.parametrize("panels", ["t", "ctrl+p", "? ctrl+p", "enter enter y"])
def test_beneath_a_panel_stands_what_textual_would_draw(panels):
    async def script(d):
        await d.press(*panels.split())
        await d.passes(2)
        below, tint = d.app.screen_stack[-2], d.app.screen.styles.background
        ours, textuals = drawn(d, Beneath(below)), drawn(d, BackgroundScreen(below, tint))
        assert [cells(strip) for strip in ours] == [cells(strip) for strip in textuals]
        assert len(ours) == d.app.size.height
        assert any(segment.style.meta for strip in below._compositor.render_strips() for segment in strip)
        assert not any(segment.style.meta for strip in ours for segment in strip)

    drive(script, filter="status:waiting")


def test_beneath_a_panel_lines_that_stay_are_drawn_once():
    async def script(d):
        await d.press("t")
        await d.passes(2)
        beneath = Beneath(d.app.root)
        before = drawn(d, beneath)
        d.app.root.key_bar.refresh()
        await d.passes(1)
        after = drawn(d, beneath)
        kept = [line is same for line, same in zip(before, after)]
        assert 20 < sum(kept) < len(kept), "the clocks go on"

    drive(script, filter="status:waiting")


@pytest.mark.parametrize("panel", ["instance.pause", "palette.open", "export.menu"])
def test_changes_beneath_a_panel_paint_no_full_screen(monkeypatch, panel):
    painted = []
    full = Compositor.render_full_update

    def counted(self, simplify=False):
        painted.append(self)
        return full(self, simplify)

    monkeypatch.setattr(Compositor, "render_full_update", counted)

    async def script(d):
        before = d.lines[0]
        await d.press(panel)
        await d.passes(1)
        assert painted, "opening it paints all once"
        painted.clear()
        await d.passes(5)
        assert not painted
        assert d.lines[0] != before, "the clocks go on"
        await d.press("escape")
        await d.settled()
        assert d.app.screen is d.app.root

    drive(script, filter="status:waiting")
