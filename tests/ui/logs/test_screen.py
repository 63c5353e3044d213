"""`l`: the lines of an instance and of a step, followed, searched, unfolded, copied and written."""

from pathlib import Path

import pytest

from tests.support.harness.dashboard import drive
from wfdash.core.logs.line import LogLine
from wfdash.demo.engine import verbs
from wfdash.demo.http.faults import InjectedFault

FAILED = "status:errored"


async def opened_logs(d):
    await d.press("logs.open")
    await d.until(lambda: "following" in d.text)


def test_lines_of_the_instance_under_the_cursor():
    async def script(d):
        chosen = d.app.root.table.instance
        assert not [asked for asked in d.server.state.requests if "workers" in asked.path]
        await opened_logs(d)
        assert chosen in d.lines[0]
        assert "telemetry, read <10s ago" in d.lines[0]
        assert d.line("STEP").split() == ["0s", "AT", "STEP", "LINE"] or "AT" in d.line("STEP")
        assert any(" E  charge card" in line for line in d.lines)
        assert d.app.pages.subject == ("orders", chosen)
        await d.press("escape")
        asked = len(d.server.state.requests.of("POST", "telemetry"))
        await d.passes(60)
        assert len(d.server.state.requests.of("POST", "telemetry")) == asked

    drive(script, filter=FAILED)


def test_lines_of_the_step_and_all_of_them():
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        await opened_logs(d)
        assert 'those of "charge card"' in d.lines[1]
        assert not any("load order" in line for line in d.lines[2:-1])
        await d.press("logs.open", "move.first")
        assert any("load order" in line for line in d.lines[2:-1])

    drive(script, filter=FAILED, size=(80, 24))


def test_search_goes_from_one_to_the_next():
    async def script(d):
        await opened_logs(d)
        await d.press("filter.edit")
        await d.type("charge card failed")
        first = d.app.screen.table.cursor
        await d.press("enter")
        second = d.app.screen.table.cursor
        assert second != first or "1 of 1" in d.text
        await d.press("shift+tab")
        assert d.app.screen.table.cursor == first
        await d.press("escape")
        assert d.app.screen.table.has_focus
        await d.press("filter.edit")
        await d.type("no such words")
        assert "not found" in d.text

    drive(script, filter=FAILED)


def test_line_unfolds_and_folds():
    async def script(d):
        await opened_logs(d)
        rows = len(d.app.screen.table.rows)
        await d.press("row.open")
        assert len(d.app.screen.table.rows) > rows
        await d.press("row.fold")
        assert len(d.app.screen.table.rows) == rows

    drive(script, filter=FAILED)


def test_copy_and_export(tmp_path, monkeypatch):
    async def script(d):
        await opened_logs(d)
        await d.press("copy.menu")
        assert "all lines" in d.text
        await d.press("escape", "export.menu")
        await d.until(lambda: "wrote" in d.text)

    monkeypatch.chdir(tmp_path)
    drive(script, filter=FAILED)
    [written] = Path(tmp_path).glob("*-log-*.txt")
    assert written.stat().st_mode & 0o777 == 0o600
    assert "charge card failed" in written.read_text()


def test_following_shows_what_a_running_instance_prints():
    async def script(d):
        await opened_logs(d)
        await d.until(lambda: d.app.screen.table.row_count())
        before = d.app.screen.table.row_count()
        await d.until(lambda: d.app.screen.table.row_count() > before, 600)
        table = d.app.screen.table
        assert table.cursor == table.row_count() - 1
        assert len(d.server.state.tails.open) == 1
        await d.press("move.first")
        assert "newest last" in d.lines[1]
        await d.press("escape")
        await d.until(lambda: not d.server.state.tails.open)

    drive(script, filter="status:running")


def test_following_keeps_nothing_else_waiting():
    async def script(d):
        await opened_logs(d)
        await d.passes(90)
        poller = d.app.session.poller
        now = d.app.context.clock()
        state = poller.detail(d.app.screen.instance)
        assert now - poller.newest.freshness.answered_at < 10
        assert now - state.freshness.answered_at < 20
        assert "stale" not in d.text.lower()

    drive(script, filter="status:waiting")


@pytest.mark.parametrize(
    ("fault", "words"),
    [("403@telemetry", "Workers Observability Read"), ("500@telemetry", "failed to read the log")],
)
def test_failure_is_one_sentence(fault, words):
    async def script(d):
        d.server.state.faults.append(InjectedFault.parse(fault))
        await d.press("logs.open")
        await d.until(lambda: words in d.text)
        asked = len(d.server.state.requests.of("POST", "telemetry"))
        await d.passes(30)
        # A permission is not asked for again and again.
        assert fault.startswith("500") or len(d.server.state.requests.of("POST", "telemetry")) == asked

    drive(script, filter=FAILED)


def test_hostile_and_many_lines_are_drawn():
    async def script(d):
        await opened_logs(d)
        screen = d.app.screen
        odd = ["\x1b[2J\x1b]0;x\x07", "[bold]@click", "\u202eevil", "\udc80", "x" * 60_000, "\x00\x9b31m", ""]
        lines = [
            LogLine(4e9 + n, odd[n % len(odd)] if n % 50 == 0 else "log", odd[n % len(odd)], "telemetry")
            for n in range(20_000)
        ]
        screen._logs.add(lines)
        await d.until(lambda: screen.table.row_count() > 5000)
        assert "\x1b" not in d.text
        assert "[bold]@click" in d.text
        assert "? others may be among these" in d.text
        await d.press("move.first", "move.last", "row.open", "move.half_up")

    drive(script, filter=FAILED)


def test_no_instance_no_logs():
    async def script(d):
        await d.press("logs.open")
        assert "no instance is under the cursor" in d.text

    drive(script, workflow="refunds")


def test_last_lines_stand_under_a_failed_step_once_asked_for():
    async def script(d):
        await d.press("row.open")
        await d.passes(5)
        assert "last lines" not in d.text
        assert not [asked for asked in d.server.state.requests if "workers" in asked.path]
        await opened_logs(d)
        await d.press("escape")
        await d.until(lambda: "last lines, l shows all" in d.text)
        at = next(n for n, line in enumerate(d.lines) if "last lines" in line)
        assert "E  [order-" in d.lines[at + 1] + d.lines[at + 2] + d.lines[at + 3]
        asked = len(d.server.state.requests.of("POST", "telemetry"))
        await d.press("instance.next")
        await d.until(lambda: len(d.server.state.requests.of("POST", "telemetry")) > asked)

    drive(script, filter=FAILED)


def test_last_lines_come_when_an_open_instance_fails():
    async def script(d):
        await opened_logs(d)
        await d.press("escape", "row.open")
        await d.until(lambda: "failed" in d.lines[2] or "errored" in d.lines[1], 1800)
        await d.until(lambda: "last lines, l shows all" in d.text, 30)

    drive(script, scenario="incident", filter="status:running")


def test_instance_restarted_under_its_lines_is_followed_again():
    async def script(d):
        await opened_logs(d)
        await d.until(lambda: d.app.screen.table.row_count())
        await d.passes(120)
        assert "newest last" in d.lines[1]
        before = d.app.screen.table.row_count()
        orders = d.world.workflows["orders"]
        verbs.restart(d.world, orders.by_id[d.app.screen.instance])
        await d.until(lambda: "following" in d.lines[1] and d.app.screen.table.row_count() > before, 600)

    drive(script, filter=FAILED)


def test_lines_of_an_attempt_and_of_a_fold():
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        await d.press("row.unfold", "move.down")
        await opened_logs(d)
        assert 'those of attempt 1 of "charge card"' in d.lines[1]
        assert len(d.app.screen.table.rows) > 0
        assert {entry.attempt for entry in d.app.screen.table.rows.entries} == {1}

    drive(script, filter=FAILED)


def test_errors_page_opens_and_shows_the_example():
    async def script(d):
        await d.press("errors.open")
        await d.until(lambda: "for example" in d.text)
        example = d.line("for example").split()[3]
        await opened_logs(d)
        assert example in d.lines[0]
        await d.press("escape")
        await d.until(lambda: "last lines, l shows all" in d.text)

    drive(script)
