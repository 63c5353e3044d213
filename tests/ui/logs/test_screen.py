"""`l`: the lines beside a timeline and alone, followed, searched, unfolded, copied and written."""

import re

import pytest

from tests.support.harness.dashboard import drive
from tests.ui.logs.log_steps import FAILED, another_line, lines_of, opened_logs, timeline_of
from tests.ui.travels import travel
from wfdash.core.logs.line import LogLine, LogScope, PlacedLine
from wfdash.core.logs.on_axis import PrintedTimes
from wfdash.core.why.failure import failing_step
from wfdash.demo.http.faults import InjectedFault
from wfdash.ui.logs.axis_lines import printed_words
from wfdash.ui.logs.pane import LogPane


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_lines_stand_on_the_clock_of_their_timeline(size):
    async def script(d):
        chosen = d.app.root.table.instance
        assert not [asked for asked in d.server.state.requests if "workers" in asked.path]
        await opened_logs(d)
        wide = size[0] >= 120
        assert chosen in d.lines[1]
        under = next(y for y, line in enumerate(d.lines) if "── lines" in line)
        assert under == 1 if wide else under > 8
        assert any(re.search(r" E[ ?] \[order-", line) for line in d.lines)
        strip = d.line(" errors · ")
        bars = d.line("✗ charge card  ").replace("│", " ")
        # The mark of the cursor's line stands under the end of the step that printed it last.
        assert strip.index("▲") <= len(bars[: bars.index("✗")].rstrip())
        assert d.app.pages.subject == ("orders", chosen)
        await d.press("escape", "escape")
        assert d.app.pages.at_root
        asked = len(d.server.state.requests.of("POST", "telemetry"))
        await d.passes(60)
        assert len(d.server.state.requests.of("POST", "telemetry")) == asked

    drive(script, filter=FAILED, size=size)


def test_cursors_of_lines_and_timeline_go_together():
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        await opened_logs(d)
        lines, timeline = lines_of(d), timeline_of(d)
        failed = timeline.row.step
        assert lines.has_focus
        assert lines.entry.step == failed
        assert '23 of "charge card"' in d.text
        mark = d.line(" errors · ").index("▲")
        while lines.entry.step is None or lines.entry.step >= failed:
            await d.press("move.up")
        assert timeline.row.step == lines.entry.step
        assert d.line(" errors · ").index("▲") < mark
        await d.press("pane.next")
        assert timeline.has_focus
        before = lines.entry
        await d.press("move.down", "move.up")
        assert lines.entry.step == timeline.row.step
        await d.press("]")
        assert lines.entry.step == failed
        assert lines.entry != before
        await d.press("pane.next", "move.first")
        assert lines.has_focus
        assert d.line(" errors · ").index("▲") < mark

    drive(script, filter=FAILED, size=(80, 24))


def test_lines_alone_and_back_beside_their_timeline():
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        await opened_logs(d)
        there = lines_of(d).entry
        assert there != lines_of(d).rows.entries[-1]
        await d.press("logs.open")
        assert lines_of(d).entry == there
        assert " placed in a step by time or words alone" in d.lines[2]
        assert 'those of "charge card"' in d.lines[3]
        await d.press("escape")
        assert lines_of(d).entry == there
        await d.press("logs.open")
        assert "idle time cut" not in d.text
        assert "▲" in d.lines[5]
        assert not any("load order" in line for line in d.lines[2:-1])
        await d.press("filter.edit")
        await d.type("load order")
        assert re.search(r"not in these \d+ of \d+ lines", d.lines[-1])
        await d.press("escape", "logs.open", "move.first")
        assert any("load order" in line for line in d.lines[2:-1])
        await d.press("escape")
        assert "idle time cut" in d.text
        assert lines_of(d).has_focus
        await d.press("instance.next")
        assert d.app.screen.instance in d.lines[1]
        await d.until(lambda: "telemetry, read" in d.text)
        await d.press("escape")
        assert timeline_of(d).has_focus
        assert "── lines" not in d.text

    drive(script, filter=FAILED, size=(80, 24))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_next_instance_from_the_lines_alone_has_its_timeline(size):
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        await opened_logs(d)
        await d.press("logs.open")
        first = d.app.screen.instance
        assert "idle time cut" not in d.text
        await d.press("instance.next")
        await d.until(lambda: "telemetry, read" in d.text)
        assert d.app.screen.instance != first
        assert d.app.screen.instance in d.lines[1]
        assert "idle time cut" in d.text
        await d.press("logs.open")
        assert "idle time cut" not in d.text

    drive(script, filter=FAILED, size=size)


def test_panes_are_drawn_for_the_room_they_get():
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        chosen = d.app.screen.instance
        await opened_logs(d)
        assert f"{chosen}  errored" in d.lines[1]
        await d.press("logs.open")
        assert re.search(r"telemetry, read \d\d:\d\d:\d\d$", d.lines[1])
        assert len(d.lines[1]) > 130
        await d.press("escape")
        assert f"{chosen}  errored" in d.lines[1]
        await d.press("escape")
        assert len(d.lines[1]) > 130

    drive(script, filter=FAILED)


def test_lines_of_a_failure_are_opened_where_it_failed():
    async def script(d):
        await d.until(lambda: "reserve" in d.text or "charge" in d.text)
        await opened_logs(d)
        detail, table = d.app.screen.beside.lines.lines.detail, lines_of(d)
        columns = detail.steps.columns
        assert "rollback" in {
            columns.kinds[entry.step] for entry in table.rows.entries if entry.step is not None
        }
        assert columns.kinds[table.entry.step] == "step"
        assert table.entry.step == failing_step(detail).index
        assert table.entry.line.message in [entry.line.message for entry in table.rows.entries[:-1]]
        await d.press("escape", "escape", "errors.open")
        await d.until(lambda: "last lines, l shows all" in d.text)
        failing = failing_step(detail).name.removesuffix("-1")
        below = d.text[d.text.index("last lines, l shows all") :].splitlines()
        assert f"{failing} failed" in below[3]

    drive(script, filter=FAILED, size=(140, 40))


def test_lines_that_may_be_of_a_step_are_counted_apart():
    async def script(d):
        await opened_logs(d)
        pane = d.app.screen.query_one(LogPane)
        await d.passes(90)
        first = pane.lines.placed[0].line
        pane.lines.placed = [PlacedLine(first, True, among=(0, 1)), PlacedLine(first, True, among=(1, 2))]
        pane.draw()
        for scope, words in (((0,), ", 1 may be"), ((1,), ", 2 may be"), ((0, 1), "lines, 1 of")):
            pane.point_at(LogScope(scope), go=False)
            await d.until(lambda words=words: words in d.text)
        pane.point_at(LogScope((3,)), go=False)
        await d.until(lambda: "none of" in d.text and "may be" not in d.text)

    drive(script, filter=FAILED, size=(140, 40))


def test_counted_lines_that_may_be_of_others_are_marked():
    lines = [("log", True), ("warn", False), ("error", True)]
    own, others = (
        [PlacedLine(LogLine(1.0, level, "", "local"), certain or is_own) for level, certain in lines]
        for is_own in (True, False)
    )
    assert printed_words(PrintedTimes.of(own)) == "3 lines · 1 error · 1 warning"
    assert printed_words(PrintedTimes.of(others)) == "3 lines? · 1 error · 1 warning?"


def test_lines_at_a_moment_of_the_record_end_there():
    async def script(d):
        await opened_logs(d)
        await another_line(d)
        now, newest = lines_of(d).row_count(), lines_of(d).rows.entries[-1].line.at
        steps = {(entry.line.at, entry.line.message): entry.step for entry in lines_of(d).rows.entries}
        await travel(d, "<")
        while d.app.context.past >= newest:
            await travel(d, "<")
        await d.until(lambda: lines_of(d).row_count() < now)
        shown = lines_of(d).rows.entries
        assert all(entry.line.at <= d.app.context.past for entry in shown)
        # What was recorded by then does not know the attempt that ended last.
        before = [entry for entry in shown if (entry.line.at, entry.line.message) in steps]
        assert before
        for entry in before:
            assert entry.step == steps[entry.line.at, entry.line.message]
        await d.until(lambda: "telemetry, until then" in d.text)
        assert "following" not in d.text
        await d.press("layer.close")
        await d.until(lambda: lines_of(d).row_count() >= now)

    drive(script, filter="status:running", size=(140, 40))


def test_lines_over_an_inspected_step_have_a_page():
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        chosen = d.app.screen.instance
        await d.press("row.open")
        await opened_logs(d)
        assert chosen in d.lines[0]
        assert d.line("STEP").split() == ["0s", "AT", "STEP", "LINE"] or "AT" in d.line("STEP")
        await d.press("escape", "escape")
        assert "idle time cut" in d.text

    drive(script, filter=FAILED)


def test_step_is_not_called_silent_where_lines_are_left_out():
    async def script(d):
        d.server.state.telemetry.sampled = 1000
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        await opened_logs(d)
        await d.passes(90)
        assert "sampled" in d.text
        assert "none of" not in d.text
        await d.press("escape", "row.open")
        await opened_logs(d)
        assert "printed nothing" not in d.text

    drive(script, filter=FAILED, size=(80, 24))


def test_both_permissions_are_named_where_both_are_missing():
    async def script(d):
        d.server.state.faults.append(InjectedFault.parse("403@telemetry|/tails"))
        await d.press("logs.open")
        await d.until(lambda: "Workers Tail Read" in d.text)
        assert "Workers Observability Read" in d.text
        assert "lines come late" not in d.text
        await d.press("logs.open")
        assert "nothing could be read" in d.text
        assert "0 lines" not in d.text

    drive(script, filter="status:running", size=(80, 24))


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
        pane, table = d.app.screen.query_one(LogPane), lines_of(d)
        odd = ["\x1b[2J\x1b]0;x\x07", "[bold]@click", "\u202eevil", "\udc80", "x" * 60_000, "\x00\x9b31m", ""]
        lines = [
            LogLine(4e9 + n, odd[n % len(odd)] if n % 50 == 0 else "log", odd[n % len(odd)], "telemetry")
            for n in range(20_000)
        ]
        pane.lines.logs.add(lines)
        await d.until(lambda: table.row_count() > 5000)
        await d.press("move.last")
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


def test_lines_of_an_attempt_and_of_a_fold():
    async def script(d):
        await d.press("row.open")
        await d.until(lambda: "charge card" in d.text)
        await d.press("row.unfold", "move.down")
        await opened_logs(d)
        assert 'of attempt 1 of "charge card"' in d.text
        await d.press("logs.open")
        assert len(lines_of(d).rows) > 0
        assert {entry.attempt for entry in lines_of(d).rows.entries} == {1}

    drive(script, filter=FAILED)


def test_errors_page_opens_and_shows_the_example():
    async def script(d):
        await d.press("errors.open")
        await d.until(lambda: "for example" in d.text)
        example = d.line("for example").split()[3]
        await opened_logs(d)
        assert example in d.lines[1]
        await d.press("escape", "escape")
        await d.until(lambda: "last lines, l shows all" in d.text)

    drive(script)
