"""The keys, those of the page it was opened over first, and what the signs mean."""

from tests.support.harness.dashboard import drive


def test_help_begins_with_the_keys_of_the_page_beneath():
    async def script(d):
        await d.press("enter", "enter", "help.open")
        lines = [line.strip() for line in d.lines]
        here = next(n for n, line in enumerate(lines) if line.startswith("Here"))
        assert here < 4
        shown = " ".join(lines[here : here + 6])
        assert "Unfold" in shown
        assert "Search" in shown

    drive(script, size=(80, 24))


def test_signs_before_the_rows_are_explained():
    async def script(d):
        await d.press("help.open")
        assert "changed at the last refresh" in d.text
        assert "is marked: actions are about it" in d.text

    drive(script, size=(140, 80))


def test_help_is_searched_by_key_and_by_what_it_does():
    async def script(d):
        await d.press("help.open", "/")
        await d.type("rollback")
        assert "Terminate with rollback" in d.text
        assert "Refresh now" not in d.text
        await d.press("escape")
        assert "Refresh now" in d.text
        await d.press("/")
        await d.type("ctrl+r")
        assert "Refresh now" in d.text
        assert "Terminate" not in d.text
        await d.press("enter", "escape", "escape")
        assert d.app.pages.top is d.app.root

    drive(script, size=(80, 130))


def test_help_begins_with_enter_and_is_found_by_other_names():
    """As the palette is: whoever knows other tools looks for a retry, and found a status alone."""

    async def script(d):
        await d.press("help.open")
        lines = [line.strip() for line in d.lines]
        assert lines[lines.index("Here") + 1].startswith("enter  ")
        await d.press("/")
        await d.type("retry")
        assert "Restart from the beginning" in d.text
        assert "Redrive each from the step it failed at" in d.text
        assert "Refresh now" not in d.text

    drive(script, size=(80, 60))


def test_help_finds_a_key_by_its_word_in_the_bar():
    async def script(d):
        await d.press("help.open", "/")
        await d.type("earlier")
        assert "One recorded change back" in d.text

    drive(script)


def test_help_names_each_key_once():
    async def script(d):
        await d.press("help.open")
        assert d.text.count("Terminate with rollback") == 1

    drive(script, size=(140, 90))


def test_help_over_a_page_of_no_instance_lists_no_act_on_one():
    """A search finds them all the same."""

    async def script(d):
        await d.press("H", "help.open")
        assert "Refresh now" in d.text
        for words in ("On the instance", "Terminate", "Watch this instance", "Lines that the instance"):
            assert words not in d.text
        await d.press("/")
        await d.type("terminate")
        assert "Terminate with rollback" in d.text

    drive(script, size=(140, 90))


def test_keys_of_one_page_are_not_called_those_of_a_table():
    """On the page of workflows, which is a table, neither filter nor marks are to be had."""

    async def script(d):
        await d.press("workflows.open", "help.open")
        lines = [line.strip() for line in d.lines]
        of_list, of_table = lines.index("In the list of instances"), lines.index("In a table")
        assert not any(line.startswith("/ ") for line in lines[of_table:of_list])
        assert any(line.startswith("/ ") for line in lines[of_list : of_list + 8])
        assert "On the errors page" in lines

    drive(script, size=(80, 130))
