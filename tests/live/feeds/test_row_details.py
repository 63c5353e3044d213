"""What is told of a row that changed after its steps were read."""

import asyncio
from types import SimpleNamespace

from msgspec.json import encode

from tests.support.clocks.simulated_time import EPOCH, simulate
from tests.support.fakes.details import T0, answer, attempt, detail_of, step
from tests.support.fakes.scripted import item, scripted
from tests.support.harness.stage import stage, staged
from wfdash.api.answers.instance_json import read_instance_json
from wfdash.api.interface import RestartFrom
from wfdash.core.history.count_history import Trends
from wfdash.core.model.detail import read_detail
from wfdash.core.model.status import is_final
from wfdash.core.model.times import iso
from wfdash.core.why.context import WhyContext
from wfdash.live.feeds.anomalies import Anomalies
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.read_instance import read_answer

AT = 1_795_000_000.0


def look_at_the_newest(poller):
    newest = sorted(poller.store, key=lambda row: -row.created)[:40]
    poller.want([row.id for row in newest if not is_final(row.status)])


def test_steps_changed_since_read_are_neither_slow_nor_stuck():
    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            seen = {True: set(), False: set()}

            def looked_at():
                look_at_the_newest(poller)
                odd = {each.id for each in poller.oddities() if each.kind in ("slow step", "stuck")}
                for row in poller.store:
                    fact, why = poller.row_details.fact(row.id), poller.row_details.why(row.id)
                    if fact is None or why is None or is_final(row.status) or not why.short:
                        continue
                    changed = row.modified is not None and row.modified > fact.read_at
                    assert why.short.startswith("earlier: ") is changed
                    assert not (changed and row.id in odd)
                    seen[changed].add(row.id)
                return len(seen[True]) >= 3 and len(seen[False]) >= 3

            await on.until(looked_at)

    simulate(story())


def test_the_clock_of_what_was_does_not_run_on():
    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)

            def gone_by():
                look_at_the_newest(poller)
                for row in poller.store:
                    fact, why = poller.row_details.fact(row.id), poller.row_details.why(row.id)
                    if why is not None and why.short.startswith("earlier: "):
                        assert why.short == f"earlier: {fact.why.short}"
                        return on.loop.time() - fact.read_at > 3
                return False

            await on.until(gone_by, step=0.2)

    simulate(story())


@scripted
async def test_no_clock_runs_in_what_was_not_read_for_long(api, poller, loop):
    """For a minute a step ran on in the list that had failed within the status of its row."""
    ago = EPOCH - T0
    api.pages = {"": [item("a", "running", 60), item("b", "running", 50)]}
    waits = step("charge", ago, None, None, [attempt(ago, ago + 1, False)], delay="70 seconds")
    api.details = {
        "a": answer("running", [step("charge", ago)], timeout="1 hour"),
        "b": answer("running", [waits]),
    }
    poller.show("orders")
    await asyncio.sleep(5)
    details = poller.row_details
    poller.want(["a", "b"])
    await asyncio.sleep(5)
    poller.want([])
    at, cells, dues = details.fact("b").read_at, [], []
    for past in (12, 25, 35, 55):
        await asyncio.sleep(at + past - loop.time())
        cells.append(details.why("a").short)
        dues.append(details.why("b").short)
    assert cells[1:] == [cells[1]] * 3, "as of a quarter of a minute after its read"
    assert cells[1].startswith("charge, ")
    assert len(set(dues)) > 1, "a moment that was foretold comes nearer all the while"


@staged("incident")
async def test_queued_row_reads_the_same_in_cell_and_pane(on):
    poller = on.poller
    poller.show("media-transcode")
    await on.until(lambda: any(row.status == "queued" for row in poller.store))
    queued = next(row.id for row in poller.store if row.status == "queued")
    poller.open(queued)
    await on.until(lambda: (state := poller.detail(queued)) and state.detail and poller.status_counts)
    detail = poller.detail(queued).detail
    await on.until(lambda: poller.versions.by_id.get(detail.version))
    pane = poller.why_context(detail).why(detail, row=poller.store.get(queued), now=on.loop.time())
    assert poller.row_details.why(queued).sentence == pane.sentence
    assert "of 3 running" in pane.short


@staged("incident")
async def test_what_was_opened_once_never_stands_for_a_later_read(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: len(poller.store) > 0)
    running = next(row.id for row in poller.store if row.status == "running")
    poller.open(running)
    await on.until(lambda: (state := poller.detail(running)) is not None and state.detail is not None)
    opened = poller.detail(running).detail
    poller.open(None)
    await on.until(lambda: poller.store.get(running).status != "running")
    poller.want([running])
    await on.until(
        lambda: (fact := poller.row_details.fact(running)) is not None and fact.status != "running"
    )
    assert poller.row_details.fact(running).detail is not opened
    assert poller.row_details.fact(running).detail.status == poller.row_details.fact(running).status


@staged("incident")
async def test_the_old_error_is_gone_once_it_was_restarted(on):
    poller, api = on.poller, on.api
    poller.show("orders")
    poller.error_samples.wanted = True
    await on.until(lambda: poller.error_samples.failures.groups and poller.error_samples.progress[0] > 5)
    identity = poller.error_samples.failures.groups[0].samples[0].id
    assert poller.row_details.why(identity).short
    read_at = poller.row_details.fact(identity).read_at
    poller.frozen = True  # no list sees it run
    ended = poller.store.get(identity).ended
    await api.change_status("orders", identity, "restart", restart_from=RestartFrom("charge card", 1, "do"))
    for _ in range(100):
        await asyncio.sleep(10)
        if (await api.get_instance("orders", identity)).result["status"] == "errored":
            break
    assert poller.store.get(identity).status == poller.row_details.fact(identity).status == "errored"
    poller.frozen = False
    poller.want([identity])
    poller.poll_now()
    await on.until(lambda: poller.store.get(identity).ended != ended, step=0.01)
    assert poller.row_details.why(identity) is None or poller.row_details.fact(identity).read_at > read_at
    await on.until(lambda: (fact := poller.row_details.fact(identity)) and fact.read_at > read_at)


@staged("incident")
async def test_of_runs_that_ended_only_the_newest_are_whole(on):
    """An action on thousands reads each of them: as values a detail is five times its text."""
    poller = on.poller
    poller.show("orders")
    poller.history.wanted = True
    await on.until(lambda: sum(is_final(row.status) for row in poller.store) > 120)
    rows = list(poller.store)
    ended = [row.id for row in rows if is_final(row.status)][:120]
    active = next(row.id for row in rows if not is_final(row.status))
    for identity in (active, *ended):
        answer = await on.api.get_instance("orders", identity)
        poller.sink.saw_detail(read_answer("orders", identity, answer), poller.sink.next_number())
    facts = poller.row_details
    assert facts.fact(active).detail is not None
    kept = [each for each in ended if facts.fact(each).detail is not None]
    assert kept == ended[-50:]
    assert all(facts.why(each) is not None and facts.read[each].status for each in ended)


@staged("incident")
async def test_what_nobody_looks_at_is_not_kept_whole(on):
    poller = on.poller
    poller.row_details.unseen = True
    poller.show("orders")
    await on.until(lambda: len(poller.store) > 0)
    rows = sorted(poller.store, key=lambda row: -row.created)
    wanted = [row.id for row in rows if not is_final(row.status) or row.status == "errored"][:80]
    poller.want(wanted)
    await on.until(lambda: all(poller.row_details.fact(each) for each in wanted))
    detailed = [each for each in wanted if poller.row_details.fact(each).detail is not None]
    assert 0 < len(detailed) <= 50 < len(wanted)
    assert not poller.row_details.read


def unread_rows(number, status="running"):
    """The feed of a workflow with so many rows, of which none was read."""
    context = FeedContext(SimpleNamespace(local=False), lambda: AT, lambda update: None, workflow="orders")
    rows = [{"id": f"i{n}", "status": status, "created_on": iso(AT - n)} for n in range(number)]
    context.store.apply(rows, seq=1, now=AT)
    return RowDetails(context, lambda detail: WhyContext(), missed=lambda: (), opened=lambda: None)


def with_details(feed):
    kept = [identity for identity, fact in feed.newest_first() if fact.detail is not None]
    return kept[::-1]


def test_details_are_kept_of_the_last_that_can_move():
    """On a busy account that is scrolled through thousands were, with all their steps."""
    feed = unread_rows(600)
    for n in range(600):
        feed.remember(detail_of(f"i{n}"))
    feed.remember(detail_of("i3"))
    assert with_details(feed) == [f"i{n}" for n in range(101, 600)] + ["i3"]
    assert feed.fact("i7").why.short == feed.fact("i9").why.short
    assert len(with_details(feed)) == 500


def test_details_that_are_looked_at_stay():
    """What stands on the screen goes on by the clock, however many others are read for a search."""
    feed = unread_rows(600)
    for n in range(600):
        feed.remember(detail_of(f"i{n}"))
        feed.why("i3")
    assert "i3" in with_details(feed)
    assert len(with_details(feed)) == 500


def read_text(identity, *, params=None):
    """As `detail_of`, the way an answer of the API is read: its steps stay text until they are looked at."""
    step = {"type": "step", "name": "charge card-1", "start": iso(AT - 9), "end": None, "success": None}
    step |= {"finished": None, "attempts": [{"start": iso(AT - 9), "end": None, "success": None}]}
    result = {"status": "running", "queued": iso(AT - 10), "start": iso(AT - 10), "params": params}
    body = encode({"success": True, "result": {**result, "steps": [step], "step_count": 1}})
    return read_detail("orders", identity, read_instance_json(body)["result"])


def unpacked(feed):
    return [identity for identity, fact in feed.newest_first() if fact.unpacked is not None][::-1]


def test_details_that_nobody_looks_at_are_packed():
    """Each of hundreds was 12 kB, and a dashboard grew for an hour until it had them."""
    feed = unread_rows(600)
    for n in range(600):
        feed.remember(read_text(f"i{n}", params={"total": n}))
    assert len(with_details(feed)) == 500
    assert unpacked(feed) == [f"i{n}" for n in range(500, 600)]
    packed = [fact.packed for _, fact in feed.newest_first() if fact.packed is not None]
    assert len(packed) == 400
    assert max(len(each.text) for each in packed) < 300
    assert feed.fact("i150").detail.params == {"total": 150}
    assert feed.fact("i150").unpacked is None, "a question alone is no look"


def test_packed_detail_that_is_looked_at_is_whole_again():
    feed = unread_rows(600)
    for n in range(600):
        feed.remember(read_text(f"i{n}"))
    said = feed.why("i599")
    assert feed.why("i150") == said
    assert unpacked(feed) == ["i150", *(f"i{n}" for n in range(501, 600))]
    assert feed.fact("i500").is_kept
    feed.wanted = [f"i{n}" for n in range(200)]
    for identity in feed.wanted:
        feed.why(identity)
    assert set(feed.wanted[101:]) < set(unpacked(feed)), "none that is on screen is packed with each frame"
    assert len(unpacked(feed)) == 199


def test_judging_what_is_odd_leaves_packed_what_is_packed():
    feed = unread_rows(600)
    for n in range(600):
        feed.remember(read_text(f"i{n}"))
    anomalies = Anomalies(feed.context, feed)
    for _ in range(20):
        anomalies.found(Trends(), None)
    assert len(anomalies._judged) == 500
    assert unpacked(feed) == [f"i{n}" for n in range(500, 600)]


def test_detail_goes_once_its_row_has_ended():
    feed = unread_rows(20)
    for n in range(20):
        feed.remember(detail_of(f"i{n}"))
    ended = [{"id": f"i{n}", "status": "complete", "created_on": iso(AT - n)} for n in range(5)]
    feed.follow(feed.context.store.apply(ended, seq=2, now=AT))
    assert with_details(feed) == [f"i{n}" for n in range(5, 20)]
    assert feed.was("i9") is feed.was("i2") is None


@staged("incident")
async def test_row_of_a_record_is_read_once_beside_its_detail(on):
    """Its clock stands two minutes after the read that it holds: the row was read again for ever."""
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: any(row.status == "waiting" for row in poller.store))
    identity = next(row.id for row in poller.store if row.status == "waiting")
    facts, now = poller.row_details, on.loop.time()
    detail = read_answer("orders", identity, await on.api.get_instance("orders", identity))
    detail.read_at = now - 120
    facts.wanted, facts.next_at = [identity], None
    assert facts.due(now) <= now
    facts.remember(detail)
    facts.remember(detail, detail.read_at)  # by the detail that is open, as with each read of the row
    assert facts.due(now) > now


class NeverWalked(set):
    def __iter__(self):
        raise AssertionError("a sweep of many misses thousands")


@staged("incident")
async def test_watched_row_goes_first_whatever_else_was_missed(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: any(row.status == "waiting" for row in poller.store))
    first, second, *_ = [row.id for row in poller.store if row.status == "waiting"]
    poller.sweep.missed = NeverWalked([first, second])
    poller.want([first])
    poller.prioritise([second])
    assert poller.row_details.urgent == second
    poller.prioritise([])
    assert poller.row_details.urgent == first
