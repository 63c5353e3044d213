"""A key that has no meaning on a page says where it has one."""

import pytest

from tests.support.harness.dashboard import drive
from wfdash.config.settings import Settings
from wfdash.ui.keys.key_names import KeyNames


@pytest.mark.parametrize(
    ("key", "remapped", "said"),
    [
        ("equals_sign", {}, "= (compare) works in an open instance"),
        ("slash", {}, "/ (filter) works in the list of instances"),
        ("a", {}, "a (all workflows) works in the errors page and the page of history"),
        ("space", {}, "space (mark) works in the list of instances"),
        ("equals_sign", {"detail.compare": "M"}, ""),
        ("M", {"detail.compare": "M"}, "M (compare) works in an open instance"),
        ("left", {}, ""),
        ("j", {}, ""),
        ("q", {}, ""),
    ],
)
def test_key_is_named_with_where_it_works(key, remapped, said):
    assert KeyNames(lambda: Settings(keys=remapped)).elsewhere(key) == said


def test_key_that_does_nothing_here_says_where_it_works():
    async def script(d):
        await d.press("=")
        assert "= (compare) works in an open instance" in d.lines[-1]
        await d.press("j")
        assert "compare" not in d.lines[-1]
        await d.press("w")
        await d.passes(1)
        await d.press("/", *"params")
        assert "/ (filter) works in the list of instances" in d.lines[-1]
        await d.press("escape", "/", "=")
        assert "works in" not in d.text, "in a field it is typed"
        await d.press("escape", "enter", "=")
        await d.until(lambda: "compare" in type(d.app.screen).__name__.lower())
        assert "works in" not in d.text

    drive(script, size=(80, 24))
