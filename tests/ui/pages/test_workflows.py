"""All workflows on one screen: the worst first, and how each has gone lately."""

from itertools import pairwise

from tests.support.harness.dashboard import drive
from wfdash.core.model.workflow import Workflow
from wfdash.demo.http.faults import InjectedFault
from wfdash.live.feeds.count_history import Trends
from wfdash.ui.pages.workflow_table import WorkflowTable, worst_first


def test_new_errors_come_before_old_ones_before_busy_rows():
    trends = Trends()
    before = [Workflow(name, counts={"errored": n}) for name, n in (("new", 1), ("old", 90), ("fine", 0))]
    trends.saw([*before, Workflow("busy", counts={"running": 5})], 0.0)
    after = [Workflow(name, counts={"errored": n}) for name, n in (("fine", 0), ("old", 90), ("new", 4))]
    after.append(Workflow("busy", counts={"running": 9}))
    trends.saw(after, 10.0)
    assert [one.name for one in worst_first(after, trends)] == ["new", "old", "busy", "fine"]
    assert trends.delta("new", "errored") == 3
    assert trends.delta("unknown", "errored") == 0


def test_samples_are_kept_half_an_hour_the_newest_last():
    trends = Trends()
    for second in range(0, 3 * 3600, 10):
        trends.saw([Workflow("orders", counts={"running": second})], float(second))
    history = trends.history("orders", "running")
    assert len(history) == 30
    assert history[-1] == 3 * 3600 - 10
    assert all(later - earlier == 60 for earlier, later in pairwise(history[1:-1]))
    assert trends.delta("orders", "running") == 3 * 3600 - 10


def test_counts_stand_beside_names_however_wide_the_screen():
    async def script(d):
        await d.until(lambda: "refunds" in d.text)
        title = d.line("WORKFLOW")
        assert title.index("ERRORED") < 40

    drive(script, workflow="", size=(200, 30))


def test_lost_connection_is_a_sentence_and_counts_fade():
    async def script(d):
        table = d.app.screen.query_one(WorkflowTable)
        await d.until(lambda: "refunds" in d.text)
        assert not table.faded
        d.server.state.faults.append(InjectedFault.parse("500:1000"))
        await d.until(lambda: "▲ stale" in d.lines[0])
        (told,) = [line for line in d.lines if line.startswith(" ▲ ")]
        assert told.endswith("; wfdash keeps trying")
        assert "refunds" in d.text
        assert table.faded
        await d.press("poll.freeze")
        await d.until(lambda: "‖ frozen" in d.lines[0], 10)
        assert not any(line.startswith(" ▲ ") for line in d.lines), "nothing is tried any more"
        d.server.state.faults.clear()
        await d.press("poll.freeze")
        await d.until(lambda: "as of" in d.lines[0], 30)
        assert not table.faded

    drive(script, workflow="")
