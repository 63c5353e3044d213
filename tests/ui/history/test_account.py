"""History of all workflows: the same charts over every list, and each workflow's rate below."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import opened
from wfdash.api.interface import Version
from wfdash.core.history.frame import frame
from wfdash.core.model.instance import Instance
from wfdash.demo.http import render
from wfdash.live.reads.account_rows import of_workflow
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.findings import find_failures


def over_incident(script, size):
    """Runs a script with the dashboard and the world it shows."""

    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=size) as dashboard:
            await script(dashboard, world)

    simulate(main())


def test_all_workflows_count_what_the_world_holds():
    async def script(d, world):
        await d.press("history.open", "history.all")
        screen = d.app.screen
        await d.until(lambda: screen.of_all and screen.loaded.floor is not None and not screen.is_reading, 60)
        await d.until(lambda: "errors rose" in d.text)
        await d.until(lambda: "after version ccf99991" in d.text and "▲ccf99991" in d.text)
        assert "all workflows" in d.lines[0]
        now = d.app.context.clock()
        instances = {
            name: list(workflow.walk(newest_first=True)) for name, workflow in world.workflows.items()
        }
        edge = screen.loaded.edge(now).both
        assert now - edge == 3 * 3600, "inventory-sync keeps a success for 3 hours"
        assert any(edge <= bucket.start for bucket in screen.loaded.buckets(now))
        for bucket in screen.loaded.buckets(now):
            if bucket.end > now - 60 or bucket.start < edge:
                continue
            ended = [
                instance
                for group in instances.values()
                for instance in group
                if instance.ended is not None and bucket.start <= instance.ended < bucket.end
            ]
            assert bucket.errored == sum(instance.status == "errored" for instance in ended)
            assert bucket.complete == sum(instance.status == "complete" for instance in ended)
        fared = screen.loaded.history.versions()
        assert fared["orders"].errored > fared["refunds"].errored > 0
        assert d.line("  orders   ").split()[1].isdigit()
        left = screen.loaded.frame.start
        own = [i for i in instances["orders"] if i.status == "errored" and i.ended is not None]
        tally, since = screen.loaded.versions_since(now)["orders"]
        assert since == left, "orders keeps what ended for longer than inventory-sync"
        assert abs(tally.errored - sum(left <= i.ended for i in own)) <= 3
        assert "since" in d.line("  inventory-sync   ")
        d.server.state.requests.clear()
        await d.passes(70)
        lists = d.server.state.requests.of("GET", "/refunds/instances")
        assert 1 <= len(lists) <= 3, "what changed is read once a minute"
        await d.press("history.span", "history.span")
        await d.until(lambda: "by analytics" in d.text, 60)
        loaded = screen.loaded
        edge = loaded.edge(d.app.context.clock()).both
        older = [bucket for bucket in loaded.buckets(d.app.context.clock()) if bucket.end <= edge]
        assert older
        assert all(bucket.counted for bucket in older)
        await d.press("pane.next")
        assert d.app.screen is screen, "steps are of one workflow"
        await d.press("history.all")
        await d.until(lambda: "ccf99991  since" in d.text)

    over_incident(script, size=(140, 40))


def test_longer_span_counts_no_fewer():
    """Half a day wide, a bucket holds what is erased and what is not: it is counted from both."""

    async def script(d, world):
        await d.press("history.open", "history.all")
        screen = d.app.screen
        await d.until(lambda: "errors rose" in d.text and not screen.is_reading, 60)
        loaded, before = screen.loaded, 0
        for name in ("6 h", "24 h", "7 d", "31 d"):
            await d.until(lambda name=name: f"(now {name})" in d.text)
            # The counts of analytics come a moment later.
            await d.until(lambda least=before: loaded.total(d.app.context.clock()).ended >= least, 60)
            now = d.app.context.clock()
            newest = [bucket for bucket in loaded.buckets(now) if bucket.start <= now][-1]
            assert loaded.is_seen(newest, now), name
            before = loaded.total(now).ended
            tally, _ = loaded.versions_since(now)["orders"]
            assert tally.errored > 200, "whatever another workflow has erased"
            await d.press("history.span" if name != "31 d" else "history.earlier")
        assert newest.rows_from is not None
        assert "no instance that ended" not in d.text
        await d.press("history.later")
        await d.until(lambda: "by analytics" in d.line("created ·"))

    over_incident(script, size=(80, 24))


def test_enter_over_all_lists_what_failed_most_then():
    """It was refused, and the person had to look for the workflow by hand."""

    async def script(d, world):
        await d.press("history.open", "history.all")
        screen = d.app.screen
        await d.until(lambda: screen.of_all and screen.loaded.floor is not None and not screen.is_reading, 60)
        await d.until(lambda: "errors rose" in d.text)
        await d.press("history.earlier")
        buckets = screen.loaded.buckets(d.app.context.clock())
        bucket = next(bucket for bucket in buckets if bucket.start <= screen.at < bucket.end)
        ended = {
            each.id
            for each in world.workflows["orders"].walk(newest_first=True)
            if each.ended is not None and bucket.start <= each.ended < bucket.end
        }
        await d.press("row.open")
        await d.until(lambda: d.app.pages.listing.workflow == "orders" and "ended:" in d.text)
        await d.until(lambda: set(d.app.pages.listing.ids()) == ended, 60)
        await d.press("layer.close")
        assert d.app.screen.of_all, "not the history of the one"
        assert d.app.screen.at == screen.at

    over_incident(script, (140, 40))


def test_esc_from_what_all_listed_lists_the_workflow_before():
    """It was listed under it, and nobody had left it for another."""

    async def script(d, world):
        d.app.pages.show_workflow("refunds")
        await d.press("history.open", "history.all")
        screen = d.app.screen
        await d.until(lambda: screen.of_all and screen.loaded.floor is not None and not screen.is_reading, 60)
        await d.until(lambda: "errors rose" in d.text)
        await d.press("history.earlier", "row.open")
        await d.until(lambda: d.app.pages.listing.workflow == "orders" and "ended:" in d.text)
        await d.press("layer.close")
        assert d.app.screen.of_all
        await d.press("layer.close", "layer.close", "layer.close")
        assert d.app.pages.listing.workflow == "refunds"
        assert d.app.pages.listing.query.text == ""

    over_incident(script, (140, 40))


@pytest.mark.parametrize("seed", ["a", "b", "c", "d"])
def test_all_workflows_date_a_rise_as_its_own_page_does(seed):
    now = 1_795_262_400.0 + 171
    world = build("incident", clock=lambda: now, seed=seed)
    of, every, deployed = frame(1, now, 120), [], {}
    for name, workflow in world.workflows.items():
        rows = [Instance.from_item(render.row(each)) for each in workflow.walk(newest_first=True)]
        deployed |= {each.id: Version(each.id, created=each.created) for each in workflow.versions}
        every += [of_workflow(name, row) for row in rows]
        if name == "orders":
            own = rows
    own_page, all_page = (LoadedHistory(of, local=False, retention=86_400.0) for _ in range(2))
    all_page.kept_by = {name: (86_400.0, []) for name in world.workflows}
    found = []
    for page, rows in ((own_page, own), (all_page, every)):
        page.versions, page.floor = deployed, float("-inf")
        page.add(rows, walked=True)
        found.append(asyncio.run(find_failures(page, now, utc=True)))
    assert found[0].version
    assert (found[1].at, found[1].version) == (found[0].at, found[0].version)


def test_rows_of_all_that_passed_go_and_are_read_again(monkeypatch):
    """The page stays open on a wall: what left it is kept no longer, and a wider look lists it once more."""
    monkeypatch.setattr("wfdash.ui.history.counting._MOST_PASSED", 50)
    monkeypatch.setattr("wfdash.ui.history.screen._SIX_HOURS", 0)

    async def script(d, world):
        await d.press("history.open", "history.all")
        screen = d.app.screen
        await d.until(lambda: screen.of_all and screen.loaded.floor is not None and not screen.is_reading, 60)
        loaded, before = screen.loaded, len(screen.loaded)
        # As if half an hour had gone by, which would take the test ten seconds.
        later = replace(loaded.frame, start=loaded.frame.start + 1800)
        loaded.frame, loaded._reach = later, 0.0
        await screen._reader.show(replace(later, start=later.start + later.width))
        assert len(loaded) < before - 50
        assert not any(row.is_over and row.created < later.start > row.ended for row in loaded.rows.values())
        floor = loaded.floor
        assert floor == pytest.approx(later.start)
        await d.press("history.span")
        await d.until(lambda: screen.loaded.floor < floor - 3600 and not screen.is_reading, 60)
        now = d.app.context.clock()
        edge = loaded.edge(now).both
        buckets = [each for each in loaded.buckets(now) if edge <= each.start and each.end < now - 60]
        assert buckets[0].start < floor - 3600
        ended = [each for workflow in world.workflows.values() for each in workflow.walk(newest_first=True)]
        for bucket in buckets:
            of_bucket = [each for each in ended if bucket.start <= (each.ended or 0.0) < bucket.end]
            assert bucket.complete == sum(each.status == "complete" for each in of_bucket)
            assert bucket.errored == sum(each.status == "errored" for each in of_bucket)

    over_incident(script, size=(80, 24))
