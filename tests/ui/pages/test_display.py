"""`D`: what is changed there shows at once, and is kept."""

from tests.support.harness.dashboard import drive
from wfdash.config.file import read


def titles(d):
    return d.lines[2].partition("│")[0].split()


def test_columns_are_hidden_moved_and_kept(tmp_path):
    path = tmp_path / "config.toml"

    async def script(d):
        assert titles(d)[:4] == ["STATUS", "ID", "AGE▾", "BLOCKED"]
        await d.press("display.open", *["j"] * 6, "enter")
        await d.until(lambda: "AGE▾" not in titles(d))
        await d.press("g", *["j"] * 5, "left")
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


def test_column_without_room_says_so():
    """It was chosen, and nowhere to be seen."""

    async def script(d):
        await d.press("display.open")
        await d.until(lambda: "column took" in d.text)
        assert "no room" in d.line("column took")
        assert "no room" not in d.line("column age")
        assert "no room" not in d.line("column blocked")
        await d.pilot.resize_terminal(200, 60)
        await d.until(lambda: "no room" not in d.line("column took"))

    drive(script, size=(80, 30))


def test_theme_and_mouse_are_changed_and_kept(tmp_path):
    path = tmp_path / "config.toml"

    async def script(d):
        before = d.app.rendering.theme
        await d.press("display.open", "enter", *["j", "enter"] * 3)
        assert d.app.rendering.theme != before
        assert d.app.context.settings.mouse
        assert not d.app.context.utc

    drive(script, size=(140, 40), demo=False, config_path=path)
    kept = read(path, required=True).display
    assert (kept.theme, kept.time, kept.mouse, kept.scale) == ("ansi-light", "local", True, "to scale")


def test_time_scale_is_kept_for_every_timeline(tmp_path):
    path = tmp_path / "config.toml"

    async def script(d):
        await d.press("enter")
        await d.until(lambda: "idle time cut" in d.text)
        await d.press("x")
        await d.until(lambda: "to scale" in d.text)
        await d.press("escape", "j", "enter")
        await d.until(lambda: "to scale" in d.text)

    drive(script, size=(100, 30), demo=False, config_path=path)
    assert read(path, required=True).display.scale == "to scale"


def test_demo_changes_the_display_for_itself_alone():
    async def script(d):
        await d.press("display.open", "enter")
        await d.until(lambda: "ansi-light" in d.text)

    drive(script, size=(80, 24))
