"""Lines that come while they are looked at, until nothing more does."""

import re

from tests.support.harness.dashboard import drive
from tests.ui.logs.log_steps import FAILED, another_line, lines_of, opened_logs
from wfdash.demo.engine import verbs
from wfdash.ui.logs.pane import LogPane


def test_following_shows_what_a_running_instance_prints():
    async def script(d):
        await opened_logs(d)
        await another_line(d)
        table = lines_of(d)
        assert table.cursor == table.row_count() - 1
        assert len(d.server.state.tails.open) == 1
        await d.press("move.first")
        assert "following" not in d.text
        await d.press("escape")
        await d.until(lambda: not d.server.state.tails.open)

    drive(script, filter="status:running")


def test_lines_say_when_nothing_more_comes():
    """Not that they are followed, once the end was read; and what is sent no more is not listened for."""

    async def script(d):
        await opened_logs(d)
        await another_line(d)
        assert "following" in d.text
        await d.until(lambda: "late lines may come" in d.text, 1800)
        assert "following" not in d.text
        await d.until(lambda: "read to the end" in d.text, 60)
        await d.until(lambda: not d.server.state.tails.open, 10)
        await d.press("logs.open")
        assert re.search(r"ended \d\d:\d\d:\d\d, read to the end", d.text)
        assert re.search(r"telemetry, read \d\d:\d\d:\d\d", d.text)

    drive(script, scenario="incident", filter="status:running")


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
        assert re.search(r"E[ ?] \[order-", d.lines[at + 1] + d.lines[at + 2] + d.lines[at + 3])
        asked = len(d.server.state.requests.of("POST", "telemetry"))
        await d.press("instance.next")
        await d.until(lambda: len(d.server.state.requests.of("POST", "telemetry")) > asked)

    drive(script, filter=FAILED)


def test_last_lines_come_when_an_open_instance_fails():
    async def script(d):
        await opened_logs(d)
        await d.press("escape")
        await d.until(lambda: "failed" in d.lines[2] or "errored" in d.lines[1], 1800)
        await d.until(lambda: "last lines, l shows all" in d.text, 30)

    drive(script, scenario="incident", filter="status:running")


def test_instance_restarted_under_its_lines_is_followed_again():
    async def script(d):
        await opened_logs(d)
        await d.until(lambda: lines_of(d).row_count())
        await d.passes(120)
        assert "following" not in d.text
        before = lines_of(d).row_count()
        order = d.world.workflows["orders"].by_id[d.app.screen.instance]
        verbs.restart(d.world, order)
        await d.until(lambda: "following" in d.text and "of the run before are left out" in d.text, 600)
        await d.until(lambda: lines_of(d).row_count(), 600)
        pane = d.app.screen.query_one(LogPane)
        assert all(entry.line.at >= order.queued - 2 for entry in pane.lines.placed)
        assert (pane.lines.logs.earlier, len(pane.lines.logs.lines)) >= (before, before + 1)

    drive(script, filter=FAILED)


def test_lines_are_read_once_more_some_seconds_after_the_end():
    """What is not told by then takes back whose a line is: a page that is opened then says the same."""

    async def script(d):
        await opened_logs(d)
        await d.until(lambda: "read to the end" in d.text, 60)
        logs = d.app.screen.query_one(LogPane).lines.logs
        assert logs.settles_in(logs.last_detail) > 0, "it ended just now"
        asked = len(d.server.state.requests.of("POST", "telemetry"))
        await d.passes(45)
        assert len(d.server.state.requests.of("POST", "telemetry")) > asked
        assert logs.settles_in(logs.last_detail) <= 0

    drive(script, filter=FAILED)
