"""A word typed where there is no field for it: its letters are no keys, on any page."""

from tests.support.harness.dashboard import drive

PAGES = {
    "workflows": ("w",),
    "errors": ("E",),
    "errors of all": ("E", "a"),
    "history": ("H",),
    "steps": ("H", "tab"),
    "budget": ("B",),
    "watched": ("f", "F"),
    "waits": ("v",),
    "detail": ("enter",),
    "compare": ("enter", "="),
}


def test_word_behind_a_slash_without_a_filter_does_nothing():
    """It would open logs, history and prompts, and `enter` whatever the cursor is on."""

    async def script(d):
        await d.press("/", *"status:errored", "enter")
        await d.until(lambda: "✗ errored" in d.text)
        for page, keys in PAGES.items():
            for key in keys:
                await d.press(key)
                await d.passes(2)
            screen, layers = d.app.screen, len(d.app.screen_stack)
            assert screen is not d.app.root, page
            assert "slash" not in screen.active_bindings, "it has a filter of its own"
            await d.pilot.press("slash", *"tsEHBpq?", "enter")
            await d.settled()
            assert (d.app.screen, len(d.app.screen_stack)) == (screen, layers), page
            assert "/ (filter) works in the list of instances" in d.lines[-1]
            await d.passes(2)
            await d.press("?")
            assert d.app.screen is not screen
            while d.app.screen is not d.app.root:
                await d.press("escape")

    drive(script)


def test_name_typed_where_no_view_can_be_saved_does_nothing():
    async def script(d):
        await d.press("w")
        await d.pilot.press("ctrl+s", *"EBH")
        await d.settled()
        assert d.app.pages.opened_by == "workflows.open"
        assert "ctrl+s (save view) works in the list of instances" in d.lines[-1]

    drive(script)


def test_key_on_its_own_acts_soon_after_a_dead_one():
    """Only what opens a field is followed by a word."""

    async def script(d):
        await d.press("w")
        await d.pilot.press("*", "E")
        await d.until(lambda: d.app.pages.opened_by == "errors.open")

    drive(script)


def test_backspace_in_a_word_without_a_field_is_no_key():
    """Who corrects a word does not ask for the page before."""

    async def script(d):
        await d.press("w")
        screen, layers = d.app.screen, len(d.app.screen_stack)
        await d.pilot.press("/", "*", "backspace", "E", "enter")
        await d.settled()
        assert (d.app.screen, len(d.app.screen_stack)) == (screen, layers)

    drive(script)
