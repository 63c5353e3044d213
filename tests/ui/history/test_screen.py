"""The page of history over the simulator: what it says, and what a moment reads out."""

import asyncio
from dataclasses import replace as replaced

import pytest
from msgspec.structs import replace

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import drive, opened
from wfdash.core.model.status import is_final
from wfdash.demo.engine import verbs
from wfdash.live.polling.events import Update
from wfdash.ui.history.reading import HistoryReader


def shown(script, scenario, *, size=(80, 24), **options):
    async def main():
        world = build(scenario, clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=size, **options) as dashboard:
            await script(dashboard)

    simulate(main())


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_bad_deploy_is_named_soon_after_a_cold_start(size):
    async def main():
        loop = asyncio.get_running_loop()
        world = build("deploy-gone-wrong", clock=loop.time)
        began = loop.time()
        async with opened(world=world, size=size) as d:
            await d.press("history.open")
            await d.until(lambda: "after version ccf99991" in d.text)
            assert loop.time() - began <= 5.0
            line = d.line("errors rose from")
            bad = next(each for each in world.workflows["orders"].versions if each.id.startswith("ccf99991"))
            minute = (bad.created // 60) * 60
            named = {
                f"{(minute // 60 + n) // 60 % 24:02.0f}:{(minute // 60 + n) % 60:02.0f}" for n in range(5)
            }
            assert any(f" at {each}" in line for each in named), line
            assert d.line("ccf99991  since")
            assert d.line("9d9c63fe  since")
            assert "loaded, back to" in d.text

    simulate(main())


def test_cursor_reads_out_a_moment_and_enter_lists_it():
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "errors rose" in d.text)
        await d.press("history.earlier")
        screen = d.app.screen
        assert screen.at == screen.finding.at
        assert d.line("created ·")
        first = d.line("% failed,")
        await d.press("history.later")
        assert d.line("% failed,") != first
        buckets = screen.loaded.buckets(d.app.context.clock())
        bucket = next(bucket for bucket in buckets if bucket.start <= screen.at < bucket.end)
        assert bucket.ended > 3
        await d.press("row.open")
        assert d.app.screen is d.app.root
        await d.until(lambda: "ended:" in d.text)
        ended = {
            each.id
            for each in d.world.workflows["orders"].walk(newest_first=True)
            if each.ended is not None and bucket.start <= each.ended < bucket.end
        }
        await d.until(lambda: set(d.app.pages.listing.ids()) == ended)
        await d.press("layer.close")
        assert d.app.pages.opened_by == "history.open"
        assert d.app.screen.at == screen.at, "the moment that was chosen"

    shown(script, "incident", size=(140, 40))


def test_listing_is_offered_with_a_moment_alone():
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "errors rose" in d.text)
        assert "list what ended" not in d.text
        await d.press("history.earlier")
        await d.until(lambda: "list what ended" in d.text)
        await d.press("layer.close")
        await d.until(lambda: "list what ended" not in d.text)

    shown(script, "incident", size=(140, 40))


def test_moments_and_versions_are_so_far_while_reading_on(monkeypatch):
    """What ended in a stretch may have begun before all that is loaded yet, and took longer."""

    async def script(d):
        def rates():
            return [line for line in d.text.splitlines() if "% failed," in line]

        await d.press("history.open")
        await d.until(lambda: "as they stand now" in d.text)
        await d.press("history.earlier")
        assert len(rates()) > 1
        assert not any("so far" in line for line in rates())
        monkeypatch.setattr(d.app.screen._reader, "is_reading", True)
        d.app.screen._draw()
        await d.until(lambda: "reading on" in d.text)
        assert all("  so far " in line for line in rates())

    shown(script, "incident", size=(140, 40))


def test_escape_lets_go_of_the_cursor_then_closes():
    async def script(d):
        await d.press("history.open", "history.earlier")
        assert d.app.screen.at is not None
        await d.press("escape")
        assert d.app.screen.at is None
        await d.press("escape")
        assert d.app.screen is d.app.root

    drive(script, size=(80, 24))


def test_spans_go_round_and_each_is_read_back():
    async def script(d):
        await d.press("history.open")
        for name in ("24 h", "7 d", "31 d", "1 h", "6 h"):
            await d.press("history.span")
            await d.until(lambda name=name: f"(now {name})" in d.text)
        assert "150 of 150 loaded" in d.text or "loaded" in d.text

    drive(script, size=(80, 24))


def test_chart_counts_what_the_world_holds():
    async def script(d):
        await d.press("history.open")
        screen = d.app.screen
        await d.until(lambda: not screen.is_reading and screen.loaded.floor == float("-inf"))
        now = d.app.context.clock()
        buckets = screen.loaded.buckets(now)
        instances = list(d.world.workflows["orders"].walk(newest_first=True))
        for bucket in buckets:
            if bucket.end > now - 60:
                continue  # what ended in the last minute may not have been listed yet
            ended = [
                each
                for each in instances
                if each.ended is not None and bucket.start <= each.ended < bucket.end
            ]
            assert bucket.errored == sum(each.status == "errored" for each in ended)
            assert bucket.complete == sum(each.status == "complete" for each in ended)
            assert bucket.created == sum(bucket.start <= each.created < bucket.end for each in instances)

    drive(script, size=(140, 40))


def test_errored_rows_that_others_looked_for_do_not_make_a_rate():
    """The page of causes lists errored instances from long ago; what completed beside them is not loaded."""

    async def script(d):
        await d.press("history.open")
        screen = d.app.screen
        loaded = screen.loaded
        await d.until(lambda: loaded.floor is not None)
        before = len(loaded)
        loaded.floor = d.app.context.clock() - 600
        store = d.app.session.poller.store
        old = [row for row in store if row.created is not None and row.created < loaded.floor]
        for row in old:
            loaded.rows.pop(row.id, None)
        loaded.add(old)
        assert all(row.id not in loaded.rows for row in old)
        assert len(loaded) <= before

    drive(script, size=(80, 24))


def test_workflow_without_instances_is_a_sentence():
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "refunds has no instances" in d.text)
        assert not any("%" in line for line in d.lines[1:])

    drive(script, workflow="refunds", size=(80, 24))


async def open_history_of_single(d):
    """The page of a workflow that has a single instance."""
    d.world.create(d.world.workflows["refunds"], "refund-1", own=True)
    await d.press("history.open")
    await d.until(lambda: "1 of 1 loaded" in d.text)


def test_history_that_cannot_be_read_is_a_sentence():
    """Three charts without a bar, and the reason in the last line, looked like a time without an end."""

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "loaded, back to" in d.text)
        reader = d.app.screen._reader
        reader._own.rows, reader._own.floor, reader._own.analytics = {}, None, None
        reader.failure = "This workflow may not be listed (403)."
        drawn = d.app.screen._lines(d.app.context.clock())
        lines = [text.strip() for line in drawn for text, _ in line]
        assert lines == ["This workflow may not be listed (403). It is asked again."]

    drive(script, size=(80, 24))


def test_all_workflows_are_not_called_none_before_they_are_read():
    async def script(d):
        await d.press("history.open", "history.all")
        screen = d.app.screen
        screen._reader.is_reading = False
        screen._draw()
        await d.until(lambda: "nothing is read yet" in d.text or "loaded, back to" in d.text)
        assert "has no instances" not in d.text

    shown(script, "incident", size=(80, 24))


def test_small_screen_keeps_the_moment_and_what_it_rests_on():
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "loaded, back to" in d.text)
        await d.until(lambda: "FAILED" in d.text and "%" in d.text)
        await d.press("history.earlier")
        await d.until(lambda: "created ·" in d.text)
        assert "loaded, back to" in d.text
        assert "…" not in d.line("created ·") + d.line("ccf99991  since"), "no number is cut"

    shown(script, "incident", size=(60, 15))


def test_what_is_not_read_is_not_called_nothing():
    async def script(d):
        await open_history_of_single(d)
        d.app.screen.loaded.floor = None
        d.app.screen._draw()
        await d.until(lambda: d.text.count("nothing is read yet") == 2)

    drive(script, workflow="refunds", size=(80, 24))


def test_one_instance_is_no_rate():
    async def script(d):
        await open_history_of_single(d)
        await d.until(
            lambda: "1 instance was created since " in d.text and "none ended; 1 under way" in d.text
        )
        assert not any("%" in line for line in d.lines[1:])
        assert "│" not in d.text, "no axis without a bar"

    drive(script, workflow="refunds", size=(80, 24))


def test_page_at_rest_draws_nothing():
    """An event that tells of no instance here changes no line."""

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "errors are level" in d.text or "errors rose" in d.text or "fell" in d.text)
        screen = d.app.screen
        lines = d.text
        screen.live(Update())
        screen._draw()
        await d.pilot.pause()
        assert d.text == lines

    drive(script, size=(80, 24))


def test_history_of_the_workflow_under_the_cursor():
    async def script(d):
        await d.press("workflows.open")
        await d.until(lambda: "refunds" in d.text)
        await d.press("G", "history.open")
        assert d.app.screen.target_workflow() == "refunds"
        await d.press("layer.close")
        assert d.app.pages.opened_by == "workflows.open", "where it was pressed"
        await d.until(lambda: d.app.screen.chosen_workflow() == "refunds")
        await d.press("layer.close")
        assert d.app.screen is d.app.root

    drive(script, size=(80, 24))


def test_labels_never_collide_at_any_width():
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "loaded, back to" in d.text)
        for width in (60, 80, 100, 132, 200):
            await d.pilot.resize_terminal(width, 30)
            await d.settled()
            axis = d.line("UTC  ")
            labels = axis.split()[1:]
            assert labels
            assert all(len(label) == 5 and label[2] == ":" for label in labels), axis

    drive(script, size=(80, 24))


def test_missed_cron_run_is_named_with_its_time():
    async def script(d):
        workflow = d.world.workflows["inventory-sync"]
        await d.press("history.open")
        await d.until(lambda: "none missed" in d.text)
        gone = list(workflow.walk(newest_first=True))[2]
        boundary = int(gone.id.rpartition("-")[2]) / 1000
        workflow.forget(gone)
        await d.press("escape")
        d.app.session.poller.show("orders")
        await d.settled()
        d.app.session.poller.show("inventory-sync")
        await d.until(lambda: len(d.app.session.poller.store) > 2)
        await d.press("history.open")
        missed = f"missed {int(boundary // 3600 % 24):02d}:{int(boundary // 60 % 60):02d}"
        await d.until(lambda: missed in d.text)
        assert d.line("1 missed")

    shown(script, "calm", workflow="inventory-sync", size=(140, 40))


def test_chart_without_a_bar_leaves_its_room():
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        for instance in world.workflows["orders"].walk(newest_first=True):
            if instance.final:
                instance.status = "terminated"
        async with opened(world=world, size=(80, 24)) as d:
            await d.press("history.open")
            await d.until(lambda: "that ended were terminated" in " ".join(d.text.split()))
            await d.until(lambda: not d.app.screen.is_reading)
            failed, ended = (d.lines.index(d.line(title)) for title in (" FAILED ", " ENDED "))
            assert not any("│" in line for line in d.lines[failed:ended])
            assert sum("│" in line for line in d.lines) >= 10

    simulate(main())


def test_frozen_polling_stops_reading_back_and_says_so():
    async def script(d):
        await d.press("poll.freeze", "history.open")
        await d.until(lambda: "polling is frozen: z resumes it" in d.text)
        count = len(d.app.screen.loaded)
        await d.passes(5)
        assert len(d.app.screen.loaded) == count
        await d.press("poll.freeze")
        await d.until(lambda: "as they stand now" in d.text)
        assert len(d.app.screen.loaded) > count

    shown(script, "incident", size=(80, 24))


def test_reopened_page_shows_what_it_had_with_its_age():
    """Reading back again takes a while: until then the page stands as it was read, and says when."""

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "as they stand now" in d.text)
        count = len(d.app.screen.loaded)
        await d.press("layer.close", "poll.freeze", "history.open")
        await d.until(lambda: "as read at" in d.text and "polling is frozen" in d.text)
        assert len(d.app.screen.loaded) >= count
        assert "errors rose from" in d.text
        assert "so far" not in d.text
        await d.press("poll.freeze")
        await d.until(lambda: "as they stand now" in d.text)
        assert d.app.screen._reader.before is None
        assert len(d.app.screen.loaded) >= count
        assert "as read at" not in d.text

    shown(script, "incident", size=(80, 24))


def test_reopened_page_calls_the_time_between_unread():
    """The table went to another workflow and back: what came meanwhile is not there, which is not none."""

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "as they stand now" in d.text)
        await d.press("layer.close")
        poller = d.app.session.poller
        closed = HistoryReader._closed[poller]
        closed[False] = replace(closed[False], at=closed[False].at - 900, total=98_765)
        contiguous = poller._context.contiguous
        contiguous.floor = contiguous.ceiling
        await d.press("poll.freeze", "history.open")
        await d.until(lambda: "as read at" in d.text)
        assert "of 98,765 loaded" in d.text, "no number of now stands beside those of then"
        screen = d.app.screen
        now = d.app.context.clock()
        unseen = [bucket for bucket in screen.loaded.buckets(now) if not screen.loaded.is_seen(bucket, now)]
        assert unseen, "what came after it was closed is not loaded"
        assert unseen[-1].end > now

    shown(script, "incident", size=(80, 24))


def test_reopened_page_counts_what_ended_meanwhile():
    """The table goes on while the page is closed, and nothing told the page of what changed in it."""

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "as they stand now" in d.text and not d.app.screen.is_reading)
        await d.press("layer.close")
        below = list(d.world.workflows["orders"].walk(newest_first=True))[150:]
        waiting = [instance for instance in below if instance.status == "waiting"][:30]
        assert len(waiting) == 30
        for instance in waiting:
            verbs.terminate(d.world, instance)
        store = d.app.session.poller.store
        await d.until(lambda: all(store.get(each.id).is_over for each in waiting), 240)
        await d.press("poll.freeze", "history.open")
        await d.until(lambda: "polling is frozen" in d.text)
        reader = d.app.screen._reader
        await d.until(lambda: reader.before is not None and reader.before.loaded.until == float("inf"))
        assert sum(reader.loaded.rows[each.id].is_over for each in waiting) == 30

    shown(script, "calm", size=(80, 24))


def test_deploys_of_the_span_are_all_read():
    """A page of versions is 100: with more of them in what is shown, older ones were never marked."""

    async def script(d):
        workflow = d.world.workflows["orders"]
        newest = workflow.versions[-1]
        workflow.versions[:-1] = [
            replaced(
                newest,
                id=f"{number:08x}-0000-4000-8000-000000000000",
                created=newest.created - 120.0 * (301 - number),
            )
            for number in range(300)
        ]
        await d.press("history.open")
        await d.until(lambda: "as they stand now" in d.text)
        loaded = d.app.screen.loaded
        within = [v for v in workflow.versions if v.created >= loaded.frame.start]
        assert {v.id for v in within} <= set(loaded.deployed)
        assert len(within) > 100
        await d.press("history.span")
        await d.until(lambda: "(now 24 h)" in d.text and "as they stand now" in d.text)
        assert len([v for v in workflow.versions if v.created >= loaded.frame.start]) > len(within)
        assert set(loaded.deployed) == {v.id for v in workflow.versions}

    shown(script, "incident", size=(80, 24))


def test_server_without_ends_draws_no_rate():
    """A dev session lists neither start nor end: nothing is drawn as zero."""

    async def script(d):
        await d.press("history.open")
        loaded = d.app.screen.loaded
        await d.until(lambda: not d.app.screen.is_reading)
        rows = [replace(row, ended=None, started=None) for row in loaded.rows.values()]
        over = sum(is_final(row.status) for row in rows)
        first = next(number for number, row in enumerate(rows) if is_final(row.status))
        rows[first] = loaded.rows[rows[first].id]  # that one was read by itself
        loaded.add(rows, walked=True)
        d.app.screen._reframe()
        await d.until(lambda: "does not say when an instance ended" in d.text)
        assert "none ended" not in d.text
        assert f"; {over:,} have ended, this server does not say when" in d.text
        await d.press("history.earlier")
        assert "╌" not in d.text
        assert "% failed," not in d.line(" to ")

    drive(script, size=(80, 24))


def test_incident_stays_after_its_instances_were_restarted():
    """The list tells a restarted instance's last run alone; the record saw the one before."""

    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "after version ccf99991" in d.text)
        await d.until(lambda: not d.app.screen.is_reading)
        before = d.app.screen.loaded.total(d.app.context.clock()).errored
        said = d.app.screen.finding
        failed = [
            each for each in d.world.workflows["orders"].walk(newest_first=True) if each.status == "errored"
        ]
        assert len(failed) > 30
        for instance in failed:
            verbs.restart(d.world, instance)
        await d.press("layer.close", "poll.now")
        await d.passes(150)
        await d.press("history.open")
        await d.until(lambda: not d.app.screen.is_reading and d.app.screen.loaded.earlier)
        await d.until(lambda: "after version ccf99991" in d.text)
        assert d.app.screen.loaded.total(d.app.context.clock()).errored >= before
        assert abs(d.app.screen.finding.at - said.at) <= 120
        assert "earlier run" in d.text
        assert len(d.app.screen.loaded.earlier) < len(failed), "some failed before what is shown"
        await d.press("history.span")
        await d.until(lambda: len(d.app.screen.loaded.earlier) >= len(failed))

    shown(script, "deploy-gone-wrong", size=(140, 40))


def test_open_page_meets_older_runs_that_others_restarted():
    """Below the newest page nobody lists what has ended again; the counts tell that some of it went."""

    async def script(d):
        await d.press("history.open")
        screen = d.app.screen
        await d.until(lambda: "as they stand now" in d.text and not screen.is_reading)
        await d.passes(60)
        instances = list(d.world.workflows["parcels"].walk(newest_first=True))
        left = screen.loaded.frame.start
        old = [each for each in instances[200:] if each.status == "errored" and each.ended > left + 600]
        assert len(old) > 10
        d.server.state.requests.clear()
        for instance in old:
            verbs.restart(d.world, instance)
        await d.until(lambda: len(screen.loaded.earlier) >= len(old), 60)
        await d.until(lambda: "earlier run" in d.text)
        assert len(d.server.state.requests.of("GET", "/instances?")) < 60, "once, and not at each look"

    shown(script, "fixed-deploy", workflow="parcels", size=(140, 40))


def test_mark_of_a_rate_of_few_is_explained_in_80_columns():
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "errors rose" in d.text)
        assert "╎" in d.text
        assert "╎ of fewer than 10" in d.text

    shown(script, "incident", size=(80, 24))


def test_rows_let_go_are_read_again_where_the_list_is_whole(monkeypatch):
    """The table had come to the end of the list, and nothing was asked: those hours stood as empty."""
    monkeypatch.setattr("wfdash.ui.history.counting._MOST_PASSED", 20)
    monkeypatch.setattr("wfdash.ui.history.screen._SIX_HOURS", 0)

    async def script(d):
        await d.press("G")
        await d.until(lambda: d.app.session.poller.history.complete)
        await d.press("history.open")
        screen = d.app.screen
        await d.until(lambda: screen.loaded.floor is not None and not screen.is_reading)
        loaded, before = screen.loaded, len(screen.loaded)
        # As if half an hour had gone by.
        later = replace(loaded.frame, start=loaded.frame.start + 1800)
        loaded.frame, loaded._reach = later, 0.0
        await screen._reader.show(replace(later, start=later.start + later.width))
        assert len(loaded) < before - 20
        floor = loaded.floor
        assert floor > later.start - 1.0
        await d.press("history.span")
        await d.until(lambda: loaded.floor < floor - 1800 and not screen.is_reading, 60)
        now, rows = d.app.context.clock(), list(d.world.workflows["orders"].walk(newest_first=True))
        edge = loaded.edge(now).both
        buckets = [each for each in loaded.buckets(now) if edge <= each.start and each.end < now - 60]
        assert buckets[0].start < floor - 1800
        for bucket in buckets:
            of_bucket = [each for each in rows if bucket.start <= (each.ended or 0.0) < bucket.end]
            assert bucket.complete == sum(each.status == "complete" for each in of_bucket)

    drive(script)
