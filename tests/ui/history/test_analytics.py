"""The charts beyond retention: counts of analytics, or one sentence why there are none."""

import asyncio

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import opened
from wfdash.demo.engine.world import World
from wfdash.demo.http.faults import InjectedFault


def shown(script, prepare=lambda server: None, workflow="inventory-sync", **options):
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, workflow=workflow, **options) as dashboard:
            prepare(dashboard.server)
            await script(dashboard)

    simulate(main())


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_erased_hours_are_counted_by_analytics(size):
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "by analytics" in d.text)
        loaded, now = d.app.screen.loaded, d.app.context.clock()
        edge = loaded.edge(now).both
        since = now - 6 * 3600
        older = [bucket for bucket in loaded.buckets(now) if bucket.start > since and bucket.end <= edge]
        assert older
        assert all(bucket.counted for bucket in older)
        erased = [(life.ended, life.status) for life in d.world.workflows["inventory-sync"].erased]
        for bucket in older:
            assert bucket.complete == sum(
                bucket.start <= ended < bucket.end and status == "complete" for ended, status in erased
            )
        shown = [bucket for bucket in loaded.buckets(now) if loaded.is_seen(bucket, now)]
        created, ended = (sum(getattr(b, name) for b in shown) for name in ("created", "ended"))
        assert f"{created} created, {ended} ended" in d.text, "what is drawn is what is counted"
        d.app.screen.at = older[-1].start
        d.app.screen._draw()
        await d.until(lambda: "which say nothing of durations" in d.text)

    shown(script, size=size)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_page_without_the_permission_names_it_once(size):
    def forbid(server):
        server.state.analytics.permitted = False

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "the permission Account Analytics Read" in " ".join(d.text.split()))
        now = d.app.context.clock()
        loaded = d.app.screen.loaded
        erased = [bucket for bucket in loaded.buckets(now) if bucket.end <= loaded.edge(now).both]
        assert not any(loaded.is_seen(bucket, now) for bucket in erased)
        kept = [bucket for bucket in loaded.buckets(now) if loaded.is_seen(bucket, now)]
        assert loaded.total(now).errored == sum(bucket.errored for bucket in kept), "failures are kept longer"
        await d.passes(60)
        assert len(d.server.state.requests.of("POST", "/graphql")) == 1

    shown(script, forbid, size=size)


@pytest.mark.parametrize("permitted", [True, False])
def test_all_erased_is_never_called_none(permitted, monkeypatch):
    def erase(server):
        server.state.analytics.permitted = permitted

    async def script(d):
        # The run of eight o'clock would begin half a minute after the start: then not all are erased.
        monkeypatch.setattr(World, "_cron_due", lambda world, due, at: None)
        workflow = d.world.workflows["inventory-sync"]
        for instance in list(workflow.walk(newest_first=True)):
            workflow.forget(instance)
        d.app.session.poller.show("orders")
        await d.settled()
        d.app.session.poller.show("inventory-sync")
        await d.settled()
        await d.press("history.open")
        await d.until(lambda: not d.app.screen.is_reading and not len(d.app.screen.loaded))
        if permitted:
            await d.until(lambda: "by analytics" in d.text)
            assert d.line(" ENDED ")
            await d.until(lambda: "that ended failed" in d.text)
        else:
            await d.until(lambda: "Account Analytics Read" in d.text)
            assert "may have been erased" in " ".join(d.text.split())
            assert "0 %" not in d.text

    shown(script, erase, size=(80, 24))


@pytest.mark.parametrize("permitted", [True, False])
def test_vanished_id_says_what_became_of_it(permitted):
    def prepare(server):
        server.state.analytics.permitted = permitted

    async def script(d):
        life = next(life for life in d.world.workflows["inventory-sync"].erased if life.status == "complete")
        d.app.context.pages.show_instance("inventory-sync", life.id)
        if permitted:
            await d.until(lambda: "analytics counted it: created" in " ".join(d.text.split()))
            assert "it was deleted, or has expired" in " ".join(d.text.split())
        else:
            await d.until(lambda: "Account Analytics Read" in " ".join(d.text.split()))
            assert "was it deleted, has it expired" in " ".join(d.text.split())

    shown(script, prepare, size=(80, 24))


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (140, 40)])
def test_bars_before_any_row_is_read_say_whose_they_are(size):
    """They stood beside "counting what is loaded" and "nothing is read yet", on an axis of a second."""

    async def script(d):
        assert not d.app.root.rows.filter_by("status:errored since:2h")
        await d.until(lambda: d.app.session.poller.filtered)
        d.server.state.faults.append(InjectedFault.parse("hang@^GET"))
        await d.press("history.open")
        screen = d.app.screen
        await d.until(lambda: screen.loaded.analytics is not None)
        await d.until(lambda: "by analytics" in " ".join(d.text.split()))
        assert screen.loaded.floor is None
        counted = [b for b in screen.loaded.buckets(d.app.context.clock()) if b.counted]
        await d.until(lambda: "counting what is loaded" not in d.text)
        created, ended, errored = (
            sum(getattr(bucket, name) for bucket in counted) for name in ("created", "ended", "errored")
        )
        assert f"{created:,} created, {ended:,} ended" in d.text
        assert f"{errored:,} of " in d.line(" FAILED ")
        assert "level" not in d.text, "of what only analytics counted no change was looked for"
        assert "nothing is read yet" not in d.text
        assert not any(line.startswith("    1s │") for line in d.lines)

    shown(script, workflow="orders", size=size)


def test_sampled_counts_say_so_where_it_is_narrow():
    def sample(server):
        server.state.analytics.sampled = 3

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "by analytics" in d.text)
        said = " ".join(d.text.split())
        assert "by analytics (sampled, about 1 of 3 events)" in said
        assert "as they stand now" in said
        took = d.lines[d.lines.index(d.line(" TOOK ")) + 1 :]
        foot = next(line for line in took if line.startswith("     0 │"))
        now = d.app.context.clock()
        counted = [b for b in d.app.screen.loaded.buckets(now) if b.counted and b.ended]
        assert counted
        assert foot.count("·") == len(counted) * d.app.screen.loaded.frame.cells, "not told is not none"

    shown(script, sample, size=(80, 24))
