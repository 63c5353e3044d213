"""`D`: what is changed there shows at once, and is kept."""

from tests.support.harness.dashboard import drive
from wfdash.config.file import read


def titles(d):
    return d.lines[2].partition("│")[0].split()


def test_columns_are_hidden_moved_and_kept(tmp_path):
    path = tmp_path / "config.toml"

    async def script(d):
        assert titles(d)[:4] == ["STATUS", "ID", "AGE▾", "BLOCKED"]
        await d.press("display.open", *["j"] * 5, "enter")
        await d.until(lambda: "AGE▾" not in titles(d))
        await d.press("g", *["j"] * 4, "left")
        await d.until(lambda: titles(d)[:3] == ["ID", "STATUS", "BLOCKED"])
        await d.press("enter")
        assert titles(d)[0] == "ID", "the id is always there"
        await d.press("escape")
        assert d.app.screen is d.app.root

    drive(script, size=(140, 40), demo=False, config_path=path)
    assert read(path, required=True).display.columns == [
        "id",
        "status",
        "took",
        "blocked",
        "trigger",
        "version",
    ]


def test_theme_and_mouse_are_changed_and_kept(tmp_path):
    path = tmp_path / "config.toml"

    async def script(d):
        before = d.app.rendering.theme
        await d.press("display.open", "enter", "j", "enter", "j", "enter")
        assert d.app.rendering.theme != before
        assert d.app.context.settings.mouse
        assert not d.app.context.utc

    drive(script, size=(140, 40), demo=False, config_path=path)
    kept = read(path, required=True).display
    assert (kept.theme, kept.time, kept.mouse) == ("ansi-light", "local", True)


def test_demo_changes_the_display_for_itself_alone():
    async def script(d):
        await d.press("display.open", "enter")
        await d.until(lambda: "ansi-light" in d.text)

    drive(script, size=(80, 24))
