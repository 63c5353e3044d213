"""A panel over a screen that goes on beneath it."""

import pytest
from textual._compositor import Compositor

from tests.support.harness.dashboard import drive


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
