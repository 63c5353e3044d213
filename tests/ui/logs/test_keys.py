"""The keys of the lines: search, fold, copy and write, and where each is told."""

from pathlib import Path

from tests.support.harness.dashboard import drive
from tests.ui.logs.log_steps import FAILED, lines_of, opened_logs


def test_other_pane_is_offered_where_there_is_one():
    async def script(d):
        await opened_logs(d)
        assert "tab timeline" in d.lines[-1]
        await d.press("logs.open")
        assert "tab timeline" not in d.lines[-1]

    drive(script, filter=FAILED, size=(140, 40))


def test_keys_of_the_lines_are_told_where_they_are_open():
    async def script(d):
        await opened_logs(d)
        assert "l lines alone  esc close  y copy lines" in d.lines[-1]
        await d.press("pane.next")
        assert "l to the lines  esc close lines" in d.lines[-1]
        await d.press("pane.next", "logs.open")
        assert "esc timeline  y copy lines" in d.lines[-1]
        await d.press("help.open")
        assert "Copy lines" in d.text
        assert "Copy id" not in d.text
        await d.press("layer.close", "layer.close", "layer.close")
        assert "lines" not in d.lines[-1]

    drive(script, filter=FAILED, size=(100, 30))


def test_lines_are_offered_where_an_instance_is():
    async def script(d):
        for page, is_offered in (("budget.open", False), ("workflows.open", False), ("errors.open", True)):
            await d.press(page)
            if is_offered:
                await d.until(lambda: d.app.screen.printed_by()[1])
            assert bool(d.app.pages.why_off("logs.open")) is not is_offered, page
            await d.press("layer.close")

    drive(script)


def test_search_goes_from_one_to_the_next():
    async def script(d):
        await opened_logs(d)
        await d.press("filter.edit")
        await d.type("charge card failed")
        first = lines_of(d).cursor
        await d.press("enter")
        second = lines_of(d).cursor
        assert second != first or "1 of 1" in d.text
        await d.press("shift+tab")
        assert lines_of(d).cursor == first
        await d.press("escape")
        assert lines_of(d).has_focus
        await d.press("filter.edit")
        await d.type("no such words")
        assert "not found" in d.text

    drive(script, filter=FAILED)


def test_line_unfolds_and_folds():
    async def script(d):
        await opened_logs(d)
        rows = len(lines_of(d).rows)
        await d.press("row.open")
        assert len(lines_of(d).rows) > rows
        await d.press("row.fold")
        assert len(lines_of(d).rows) == rows

    drive(script, filter=FAILED)


def test_line_unfolded_at_the_foot_is_seen():
    async def script(d):
        await opened_logs(d)
        table = lines_of(d)
        table.move_to(
            next(n for n, entry in enumerate(table.rows.entries) if "progress" in entry.line.message)
        )
        table.scroll_rows(-100)
        table.first = max(0, table.cursor - table.page + 1)
        await d.press("row.open")
        assert '"took":' in d.text
        assert 0 <= table.cursor - table.first < table.page

    drive(script, filter=FAILED, size=(80, 24))


def test_copy_and_export(tmp_path, monkeypatch):
    async def script(d):
        await opened_logs(d)
        await d.press("copy.menu")
        await d.press("a")
        await d.until(lambda: " all lines, " in d.lines[-1])
        await d.press("export.menu")
        # However long the path is, the count is not cut off.
        await d.until(lambda: " lines written to " in d.text)

    monkeypatch.chdir(tmp_path)
    drive(script, filter=FAILED)
    [written] = Path(tmp_path).glob("*-log-*.txt")
    assert written.stat().st_mode & 0o777 == 0o600
    assert "charge card failed" in written.read_text()
