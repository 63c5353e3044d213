"""ctrl+p: what one means stands first."""

import pytest

from tests.support.harness.dashboard import drive
from wfdash.config.schema import SavedView
from wfdash.ui.widgets.choices import Choices


def first(d):
    lines = d.lines
    at = next(n for n, line in enumerate(lines) if "Actions" in line)
    return [line.split("  ")[-1].strip() for line in lines[at + 2 : at + 5]]


def test_what_begins_as_typed_stands_before_what_only_holds_it():
    async def script(d):
        await d.press("palette.open")
        assert "Move" not in " ".join(first(d))
        await d.type("res")
        assert first(d)[0] == "Restart from the beginning"
        await d.press("escape", "palette.open")
        await d.type("wri")
        assert first(d)[0] == "Write a note into the session's story"

    drive(script, size=(100, 30))


def test_a_key_that_is_typed_finds_what_it_does():
    async def script(d):
        await d.press("palette.open")
        await d.type("B")
        assert first(d)[0] == "The request budget and the last requests"
        await d.press("escape", "palette.open")
        await d.type("E")
        assert first(d)[0] == "Errored instances, grouped"

    drive(script, size=(100, 30))


def test_a_saved_view_is_found_by_its_name():
    async def script(d):
        await d.press("palette.open")
        await d.type("on hold")
        assert first(d)[0] == "Saved view 2: on hold"
        await d.press("enter")
        await d.until(lambda: "status:paused" in d.lines[1])

    drive(script, views=(SavedView("on hold", "2", filter="status:paused"),), size=(100, 30))


@pytest.mark.parametrize(
    ("typed", "found"),
    [("retry", "Restart"), ("cancel", "Terminate"), ("undo", "action on many"), ("rate limit", "budget")],
)
def test_words_of_other_tools_find_what_does_it(typed, found):
    async def script(d):
        await d.press("palette.open")
        await d.type(typed)
        assert any(found in line for line in first(d))

    drive(script, size=(100, 30))


def test_words_that_nothing_is_called_are_said_to_find_nothing():
    async def script(d):
        await d.press("palette.open")
        await d.type("espresso")
        assert "No action is called espresso." in d.text
        await d.press("enter")
        assert d.app.is_running

    drive(script, size=(100, 30))


def test_a_reason_that_would_be_cut_takes_a_second_line():
    async def script(d):
        await d.press("palette.open")
        await d.type("step")
        at = next(n for n, line in enumerate(d.lines) if "Restart from the step under" in line)
        assert d.lines[at + 1].strip().startswith("not here: works in ")
        assert "…" not in d.lines[at + 1]
        choices, seen = d.app.screen.query_one(Choices), []
        for _ in range(choices.row_count()):
            seen.append(choices.choice)
            await d.press("down")
        assert not [key for key in [*seen, choices.choice] if key.endswith("\n")]
        assert len(set(seen)) > 3

    drive(script, size=(80, 24))


def test_palette_reason_is_whole_where_its_line_has_room():
    """It stood under the help, and its end was cut for the indent."""

    async def script(d):
        await d.press("/", *"status:waiting", "enter")
        await d.until(lambda: "◌ waiting" in d.text)
        await d.press("palette.open")
        await d.type("redrive")
        assert "it is waiting: only what errored or was terminated is redriven" in d.text

    drive(script, size=(80, 24))
