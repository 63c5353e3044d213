"""A page that was closed leaves nothing behind."""

from textual.widget import Widget

from tests.support.harness.dashboard import drive


def test_closed_page_lets_go_of_the_lines_it_drew():
    async def script(dash):
        await dash.press("help.open")
        page = dash.app.screen
        widgets = [page, *page.walk_children(Widget)]
        assert any(widget._styles_cache._cache for widget in widgets)
        await dash.press("layer.close")
        await dash.settled()
        assert dash.app.screen is not page
        assert not any(widget._styles_cache._cache for widget in widgets)

    drive(script)
