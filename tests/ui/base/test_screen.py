"""A page that was closed leaves nothing behind."""

import gc
import weakref

from textual.widget import Widget

from tests.support.harness.dashboard import drive


def test_closed_pages_let_go_of_the_lines_they_drew():
    async def script(dash):
        caches = []
        for page in ("help.open", "budget.open"):
            await dash.press(page)
            screen = dash.app.screen
            widgets = [screen, *screen.walk_children(Widget)]
            assert any(widget._styles_cache._cache for widget in widgets)
            caches += [weakref.ref(widget._styles_cache) for widget in widgets]
            del screen, widgets
            await dash.press("layer.close")
            await dash.settled()
        gc.collect()
        assert not [cache for cache in caches if cache() is not None]

    drive(script)
