"""A batch that was cut off: what is found of it, and what goes on."""

import asyncio

import pytest
from msgspec.structs import replace as replace_in

from tests.support.fakes.details import T0, detail
from tests.support.harness.parcels import on_parcels, stubborn
from wfdash.core.model.instance import Instance
from wfdash.live.actions.ending import Course
from wfdash.live.actions.plan import Result
from wfdash.live.actions.resume import has_arrived, plan_resumption, stopped_at
from wfdash.live.records.batches import group_batches
from wfdash.live.records.journal import UNDER_WAY, Journal
from wfdash.live.records.journal_entries import ActionResult, JournalEntry
from wfdash.live.records.unfinished import Unfinished


def test_runs_cut_off_while_followed_are_found_again(tmp_path):
    async def story(desk):
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])][:3]
        followed, all_followed = set(), asyncio.Event()

        def take(event):
            if isinstance(event, Result) and event.followed:
                followed.add(event.id)
            if len(followed) == len(rows):
                all_followed.set()

        plan = (await desk.plan(rows)).plan
        going = asyncio.ensure_future(desk.operator.carry_out(plan, take, Course(to_end=True)))
        await all_followed.wait()
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        desk.journal.close()
        again = Journal(
            desk.journal.folder, profile="", account=desk.journal.account, clock=desk.stage.loop.time
        )
        (left,) = again.unfinished()
        assert (set(left.followed), left.remaining) == ({row.id for row in rows}, len(rows))
        assert left.unsent == left.sent == left.unknown == ()
        await asyncio.sleep(600)
        resumption = await plan_resumption(left, desk.read, now=desk.stage.loop.time())
        assert again.take_over(left, resumption.findings())
        assert again.unfinished() == []
        (batch,) = group_batches(again.read())
        assert {outcome.word for outcome in batch.outcomes(over=True).values()} == {"complete"}
        again.close()

    on_parcels(story, tmp_path)


def reopened(desk):
    """The journal as the next start finds it, and the one batch in it that was cut off."""
    desk.journal.close()
    clock = desk.stage.loop.time
    again = Journal(desk.journal.folder, profile="", account=desk.journal.account, clock=clock)
    (left,) = again.unfinished()
    return again, left


def test_a_held_batch_that_was_cut_off_is_found_as_held(tmp_path):
    async def story(desk):
        asked = asyncio.Event()

        async def decide(reason):
            asked.set()
            await asyncio.Event().wait()

        rows = desk.rows(first=stubborn)[:6]
        plan = (await desk.plan(rows)).plan
        course = Course(canary=1, decide=decide)
        going = asyncio.ensure_future(desk.operator.carry_out(plan, desk.events.append, course))
        await asked.wait()
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        again, left = reopened(desk)
        assert left.held.startswith("held: 1 of the first 1 did not complete; ")
        assert len(left.unsent) == len(plan.eligible) - 1
        resumption = await plan_resumption(left, desk.read, now=desk.stage.loop.time())
        assert left.held in resumption.notes()
        sent = ActionResult(before="errored")
        more = {"plan": left.plan, "verb": left.verb, "workflow": left.workflow, "session": left.session}
        again.write("sent", id=left.unsent[0], result=sent, **more)
        assert again.unfinished()[0].held == ""
        again.close()

    on_parcels(story, tmp_path, failed=60)


def test_runs_followed_at_the_cut_are_read_by_the_resume(tmp_path):
    """What has ended is noted with its end, what goes on stays to be read, the rest is taken over once."""

    async def story(desk):
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])][:9]
        followed = asyncio.Event()

        def take(event):
            if isinstance(event, Result) and event.followed and len(desk.writes()) == 4:
                followed.set()

        plan = (await desk.plan(rows)).plan
        going = asyncio.ensure_future(desk.operator.carry_out(plan, take, Course(to_end=True, pace=600)))
        await followed.wait()
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        again, left = reopened(desk)
        assert left.unsent
        assert left.followed
        early = await plan_resumption(left, desk.read, now=desk.stage.loop.time())
        going_on = {result.id for result in early.sent_before if not result.ended}
        assert going_on
        assert not again.take_over(replace_in(left, unsent=left.unsent[1:]), early.findings())
        assert again.take_over(left, early.findings())
        assert not again.take_over(left, early.findings())
        (still,) = again.unfinished()
        assert set(still.followed) == going_on
        assert not still.unsent
        await asyncio.sleep(600)
        late = await plan_resumption(still, desk.read, now=desk.stage.loop.time())
        assert not late.plan.eligible
        assert again.take_over(still, late.findings())
        assert again.unfinished() == []
        again.close()

    on_parcels(story, tmp_path, failed=60)


def test_what_was_sent_a_moment_ago_is_waited_for(tmp_path):
    """A request that is held up on its way is carried out after whoever sent it was killed."""

    async def story(desk):
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])][:2]
        late, clock = rows[0].id, desk.stage.loop.time
        plan, sent = (await desk.plan(rows)).plan, asyncio.Event()

        async def held_up(*given, **more):
            sent.set()
            await asyncio.Event().wait()

        arrives, desk.api.change_status = desk.api.change_status, held_up
        going = asyncio.ensure_future(desk.operator.carry_out(plan, desk.events.append))
        await sent.wait()
        desk.journal.close()
        again, left = reopened(desk)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        assert left.sent == (late,)
        await asyncio.sleep(2)
        target = next(target for target in plan.eligible if target.id == late)
        start = {"restart_from": target.restart_from}
        desk.stage.loop.call_later(
            20, lambda: asyncio.ensure_future(arrives("parcels", late, "restart", **start))
        )
        waits = []
        resumption = await plan_resumption(
            left, desk.read, now=clock(), on_wait=lambda number, seconds: waits.append((number, seconds > 50))
        )
        assert waits == [(1, True)]
        assert [each.id for each in resumption.plan.eligible] == [rows[1].id]
        assert [each.id for each in resumption.sent_before] == [late]
        assert desk.writes()[late] == 1
        again.close()

    on_parcels(story, tmp_path, failed=60)


def test_a_cut_off_batch_counts_nothing_that_was_skipped(tmp_path):
    async def story(desk):
        done = [
            Instance(each.id, "complete") for each in desk.parcels.by_id.values() if each.status == "complete"
        ]
        plan = (await desk.plan([*desk.rows()[:6], *done[:3]])).plan
        sent = asyncio.Event()

        async def held_up(*given, **more):
            sent.set()
            await asyncio.Event().wait()

        desk.api.change_status = held_up
        going = asyncio.ensure_future(desk.operator.carry_out(plan, desk.events.append))
        await sent.wait()
        again, left = reopened(desk)
        assert (len(left.left_out), left.settled, len(left.sent)) == (len(plan.skipped), (), 1)
        number = len(plan.eligible)
        assert stopped_at(left) == f"redrive of {number} in parcels stopped at 1"
        (batch,) = group_batches(again.read())
        assert batch.summary(over=True) == f"1 sent, not settled · {number - 1} not sent"
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        again.close()

    on_parcels(story, tmp_path, failed=60)


def entry(verb, before, *, end=None, at=0.0):
    ended = None if end is None else T0 + end
    return JournalEntry(
        at=T0 + at, session="s", plan="p", event="sent", verb=verb, id="a", before=before, end=ended
    )


@pytest.mark.parametrize(
    ("verb", "before", "now", "arrived"),
    [
        ("pause", ("running", None), ("paused", None), True),
        ("pause", ("running", None), ("waitingForPause", None), True),
        ("pause", ("running", None), ("running", None), False),
        # Somebody else may have acted since.
        ("pause", ("running", None), ("complete", 20), None),
        ("pause", ("paused", None), ("paused", None), None),
        ("terminate", ("running", None), ("terminated", 20), True),
        ("restart", ("running", None), ("running", None), None),
        ("restart", ("errored", 10), ("queued", None), True),
        ("restart", ("errored", 10), ("errored", 10), False),
        ("restart", ("errored", 10), ("complete", 10), None),
        # List and instance date one end a little apart.
        ("restart", ("errored", 10), ("errored", 14), None),
        ("restart", ("errored", 10), ("errored", 6), None),
        ("restart", ("errored", 10), ("errored", 16), True),
        ("restart", ("errored", None), ("errored", 16), None),
        ("redrive", ("errored", 10), ("errored", None), None),
    ],
)
def test_write_of_before_the_cut_is_judged_by_status_and_end(verb, before, now, arrived):
    status, end = now
    assert has_arrived(verb, entry(verb, before[0], end=before[1]), detail(status, end=end)) is arrived


@pytest.mark.parametrize(
    ("at", "answered", "rested", "again"),
    [
        (-20.0, (), UNDER_WAY - 20, ("a",)),
        (-UNDER_WAY - 1, (), None, ("a",)),
        # The clock was set back since.
        (7200.0, (), UNDER_WAY, ("a",)),
        # The server said yes to it: what shows no effect is not sent a second time.
        (-20.0, ("a",), None, ()),
    ],
)
async def test_unchanged_one_is_sent_again_once_nothing_is_under_way(at, answered, rested, again):
    left = Unfinished(
        "s",
        "p",
        T0,
        "restart",
        "acc",
        "orders",
        "me",
        (),
        ("a",),
        (),
        (),
        {"a": entry("restart", "errored", end=10, at=at)},
        answered=frozenset(answered),
    )
    waits = []

    async def read(identity):
        return detail("errored", end=10)

    async def sleep(seconds):
        waits.append(seconds)

    resumption = await plan_resumption(left, read, now=T0, sleep=sleep)
    assert waits == ([] if rested is None else [rested])
    assert tuple(target.id for target in resumption.plan.targets) == again
    assert [result.outcome for result in resumption.sent_before] == ["unknown"] * (not again)
