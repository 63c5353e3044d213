"""The bottom line: what is needed first stands first, what is off is left out."""

import pytest

from tests.support.harness.dashboard import drive


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
def test_the_verbs_stand_before_the_pages(size):
    async def script(d):
        await d.press("/", *"status:waiting", "enter")
        await d.until(lambda: "◌ waiting" in d.text)
        bar = d.lines[-1]
        found = ["enter open", "/ filter", "p pause", "t terminate", "s restart"]
        found += ["E errors", "w workflows", "q quit"] if size[0] == 140 else []
        assert [bar.find(each) for each in found] == sorted(bar.find(each) for each in found)
        assert -1 not in [bar.find(each) for each in found]
        assert bar.rstrip().endswith("? help")

    drive(script, size=size)


def test_what_is_off_is_never_offered():
    async def script(d):
        await d.press("/", *"status:complete", "enter")
        await d.until(lambda: "✓ complete" in d.text)
        assert "p pause" not in d.lines[-1]
        assert "E errors" in d.lines[-1]
        assert "? help" in d.lines[-1]
        await d.pilot.resize_terminal(140, 40)
        await d.settled()
        assert "p pause" not in d.lines[-1]
        assert "s restart" in d.lines[-1]
        await d.press("w")
        await d.until(lambda: "WORKFLOW" in d.text)
        assert "w workflows" not in d.lines[-1], "it is open"
        await d.press("F")
        assert "Nothing is watched yet" in d.text
        assert not any(each in d.lines[-1] for each in ("enter open", "f unwatch"))

    drive(script, size=(80, 24))


def test_esc_is_told_only_where_it_closes_something():
    async def script(d):
        assert d.app.pages.why_off("layer.close")
        await d.press("space")
        assert not d.app.pages.why_off("layer.close")
        await d.press("escape", "?")
        assert not d.app.pages.why_off("layer.close")
        assert d.app.pages.why_off("help.open")

    drive(script)


def test_quit_is_told_only_where_it_leaves():
    async def script(d):
        assert "q quit" in d.lines[-1]
        await d.press("B")
        assert "esc back" in d.lines[-1]
        assert "q quit" not in d.lines[-1]
        await d.press("q")
        assert "q quit" in d.lines[-1], "it went back, and left nothing"

    drive(script, size=(140, 40))


def test_in_a_field_the_keys_of_the_field_are_told():
    async def script(d):
        await d.press("/")
        assert "enter apply" in d.lines[-1]
        assert "/ filter" not in d.lines[-1]
        await d.press("escape")
        assert "/ filter" in d.lines[-1]

    drive(script, size=(80, 24))


def test_in_ascii_no_arrow_turns_into_another_key():
    async def script(d):
        await d.press("?", "end")
        assert "v ^" not in d.text
        await d.press("home")
        assert "j for" in d.text
        await d.press("escape", "history.open")
        await d.until(lambda: "left earlier  right later" in d.lines[-1])

    drive(script, ascii=True)


def test_verb_is_on_once_there_is_something_to_act_on():
    async def script(d):
        await d.press("E")
        await d.until(lambda: "for example" in d.text)
        await d.until(lambda: "s restart" in d.lines[-1])

    drive(script, size=(80, 24))


def test_a_page_tells_first_what_is_done_on_it():
    async def script(d):
        await d.press("E")
        await d.until(lambda: "for example" in d.text)
        first = " enter open  space mark  R redrive  s restart  tab next pane "
        await d.until(lambda: d.lines[-1].startswith(first))
        await d.press("escape", "B")
        assert "y copy" in d.lines[-1]
        await d.press("escape", "/", *"status:errored", "enter", "enter")
        await d.until(lambda: "enter inspect  = compare" in d.lines[-1])
        await d.press("enter")
        await d.until(lambda: "enter unfold  / search  tab raw JSON  y copy" in d.lines[-1])

    drive(script, size=(100, 30))


@pytest.mark.parametrize(
    ("filter", "expected"),
    [("step~approval status:waiting", "v send event"), ("status:errored", "S restart from step")],
)
def test_an_open_instance_tells_first_what_helps_it(filter, expected):
    async def script(d):
        await d.until(lambda: "approve, " in d.text or "charge card" in d.text)
        await d.press("row.open")
        await d.until(lambda: expected in d.lines[-1])
        before, _, after = d.lines[-1].partition(expected)
        assert before.endswith("= compare  ")
        assert " t terminate" in after or " s restart" in after
        assert "? help" in d.lines[-1]

    drive(script, size=(80, 24), filter=filter)


@pytest.mark.parametrize("lines", [10, 15, 24])
def test_the_keys_are_told_however_low_the_screen_is(lines):
    """All pages in one run of the app: an incident takes time to make."""

    async def script(d):
        await d.until(lambda: "charge card" in d.text)
        for page in ("errors.open", "budget.open", "journal.open", "watched.open", "help.open"):
            await d.press(page)
            assert d.app.screen is not d.app.root
            await d.passes(3)
            assert "esc back" in d.lines[-1] or "? help" in d.lines[-1], page
            await d.press("escape")

    drive(script, size=(60, lines), scenario="incident")
