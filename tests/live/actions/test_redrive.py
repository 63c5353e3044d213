"""Redrive of many on the simulator: each from its own step, read again just before, written once."""

import asyncio
import gc
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replace_in

from tests.support.harness.parcels import on_parcels, stubborn
from wfdash.api.interface import ListQuery
from wfdash.core.model.instance import Instance
from wfdash.demo.engine import verbs
from wfdash.demo.engine.program import ALWAYS, Do, Sleep, StepFailure
from wfdash.demo.http.faults import InjectedFault
from wfdash.live.actions.ending import Course
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import Progress, Result, make_plan
from wfdash.live.actions.progress import ActionProgress
from wfdash.live.polling.read_instance import read_answer
from wfdash.live.reads.newest_version import missing_steps
from wfdash.live.records.batches import group_batches
from wfdash.live.records.journal import Journal


@pytest.mark.parametrize("many", [4, 30])
def test_two_at_the_same_moment_restart_each_once(tmp_path, many):
    async def story(desk):
        clock = desk.stage.loop.time
        journals = [Journal(tmp_path, profile="", account="", clock=clock) for _ in range(2)]
        rows = desk.rows()[:many]
        plans = [(await desk.plan(rows)).plan for _ in journals]
        operators = [
            Operator(desk.api, budget=desk.stage.budget, journal=journal, clock=clock) for journal in journals
        ]
        both = await asyncio.gather(
            *(each.carry_out(plan, desk.events.append) for each, plan in zip(operators, plans, strict=True))
        )
        assert set(desk.writes().values()) == {1}
        assert set(desk.writes()) == {target.id for target in plans[0].eligible}
        sent = [{result.id for result in results if result.sent_at is not None} for results in both]
        assert not sent[0] & sent[1]
        for journal in journals:
            journal.close()

    on_parcels(story, tmp_path, newest=False, failed=60)


@pytest.mark.parametrize("verb", ["redrive", "restart"])
def test_many_restarted_elsewhere_meanwhile_are_left_alone(tmp_path, verb):
    """A list page may be seconds old: another machine's restart shows in a read just before alone."""

    async def story(desk):
        rows, now = desk.rows()[:30], desk.stage.loop.time()
        plan = (await desk.plan(rows)).plan
        if verb == "restart":
            plan = make_plan("restart", "parcels", rows, now=now, guard=desk.operator.guard)
        first, *others = plan.eligible

        def on_event(event):
            if isinstance(event, Progress) and event.stage == "sent" and event.id == first.id:
                for target in others:
                    verbs.restart(desk.stage.world, desk.parcels.by_id[target.id])

        results = await desk.operator.carry_out(plan, on_event)
        assert set(desk.writes()) == {first.id}
        reasons = {result.error for result in results if result.id in {target.id for target in others}}
        said = r"(was errored, now|running again already: it is) (queued|running): nothing sent"
        assert all(re.fullmatch(said, each) for each in reasons)

    on_parcels(story, tmp_path, failed=60)


@pytest.mark.parametrize("many", [3, 30])
def test_a_refused_step_of_one_restarted_elsewhere_says_so(tmp_path, many):
    async def story(desk):
        plan = (await desk.plan(desk.rows()[:many])).plan

        def on_event(event):
            if isinstance(event, Progress) and event.stage == "sent":
                verbs.restart(desk.stage.world, desk.parcels.by_id[event.id])

        results = [each for each in await desk.operator.carry_out(plan, on_event) if each.sent_at is not None]
        assert len(results) == len(plan.eligible)
        for result in results:
            assert result.outcome == "refused"
            said = rf"{result.id} was restarted elsewhere meanwhile: it is (queued|running) now"
            assert re.match(said, result.error)
            assert "code 10402" in result.error
            assert "does not know this step" not in result.error

    on_parcels(story, tmp_path, failed=60)


def test_runs_that_have_ended_are_let_go(tmp_path):
    async def story(desk):
        desk.parcels.deploy(desk.stage.loop.time())
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])]
        most = 0

        def on_event(event):
            nonlocal most
            if isinstance(event, Result) and event.ended:
                tasks = [each for each in gc.get_objects() if isinstance(each, asyncio.Task)]
                done = [each for each in tasks if each.get_loop() is desk.stage.loop and each.done()]
                most = max(most, len(done))

        plan = (await desk.plan(rows)).plan
        results = await desk.operator.carry_out(plan, on_event, Course(to_end=True, parallel=2))
        assert sum(result.ended == "complete" for result in results) > 50
        assert most < 20

    on_parcels(story, tmp_path, failed=60)


def test_lost_answers_and_a_limit_write_each_id_once(tmp_path):
    async def story(desk):
        desk.parcels.deploy(desk.stage.loop.time())
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])][:40]
        faults = desk.stage.app.state.faults
        faults += [
            InjectedFault.parse(text) for text in ("429:1@PATCH", "reset-after:2@PATCH", "500:1@PATCH")
        ]
        results = await desk.redrive(rows, Course(to_end=True))
        for result in results:
            restarts = desk.parcels.by_id[result.id].restarts
            assert restarts == (result.ended == "complete"), result
        assert sum(result.ended == "complete" for result in results) >= len(rows) - 8

    on_parcels(story, tmp_path, failed=120)


def test_a_restart_on_the_old_version_says_where_it_failed(tmp_path):
    async def story(desk):
        rows = [row for row in desk.rows() if not desk.parcels.by_id[row.id].story().luck("undone") < 0.04]
        results = await desk.redrive(rows[:8], Course(to_end=True))
        assert {(result.ended, result.exit_code) for result in results} == {("errored", 1)}
        assert all(re.match('failed again at ".+", same cause: ', result.error) for result in results)
        ended = [entry for entry in desk.journal.read() if entry.event == "ended"]
        assert Counter(entry.after for entry in ended) == {"errored": 8}
        sent = [entry for entry in desk.journal.read() if entry.event == "sent"]
        assert [entry.start for entry in sent] == [result.restart_from for result in results]
        assert all(entry.end and "@" in entry.who for entry in sent)

    on_parcels(story, tmp_path, newest=False, failed=30)


def test_pace_and_runs_at_a_time_are_kept_to(tmp_path):
    async def story(desk):
        desk.parcels.deploy(desk.stage.loop.time())
        rows = desk.rows()[:12]
        await desk.redrive(rows[:6], Course(pace=12))
        sent = [event.at for event in desk.events if isinstance(event, Progress) and event.stage == "sent"]
        assert len(sent) > 3
        assert all(later - earlier >= 5 for earlier, later in pairwise(sent))
        assert desk.notes("turn")[0].startswith("12 a minute: the next is sent in ")
        desk.events.clear()
        results = await desk.redrive(rows[6:], Course(parallel=2))
        going, most = set(), 0
        for event in desk.events:
            if isinstance(event, Result) and not event.followed:
                going.discard(event.id)
            elif isinstance(event, Progress) and event.stage == "sent":
                going.add(event.id)
                most = max(most, len(going))
        assert most == 2
        assert {result.ended for result in results if result.sent_at} == {"complete"}
        assert "the next is sent when one of 2 runs that go on ends" in desk.notes("turn")

    on_parcels(story, tmp_path, failed=30)


def test_a_step_that_the_newest_version_lacks_is_named(tmp_path):
    async def story(desk):
        async def read(identity):
            return read_answer("parcels", identity, await desk.api.get_instance("parcels", identity))

        async def complete():
            page = await desk.api.list_instances("parcels", ListQuery("complete"))
            return [Instance.from_item(item) for item in page.items]

        renamed, kept = await desk.first_at("print label"), await desk.first_at("weigh")
        newest = desk.parcels.current.id[:8]
        both = (await desk.plan([renamed, kept])).plan.targets
        said = f'"print label" is not in the 3 newest complete runs of version {newest}'
        assert await missing_steps(both, complete, read) == said
        assert await missing_steps(both[1:], complete, read) == ""
        asked = len(desk.stage.app.state.requests)
        same = [replace_in(target, version=desk.parcels.current.id) for target in both]
        assert await missing_steps(same, complete, read) == ""
        assert len(desk.stage.app.state.requests) == asked + 1, "no run is read where none was deployed since"

    on_parcels(story, tmp_path, failed=60)


def test_another_cause_is_said_with_the_one_before(tmp_path):
    async def story(desk):
        def elsewhere(story):
            yield Do("read order", 0.2, {})
            yield Do("weigh", 0.2, {}, ALWAYS, StepFailure("ScaleError", "no weight"), limit=0)

        desk.parcels.writer = elsewhere
        row = await desk.first_at("read order")
        (result,) = await desk.redrive([row], Course(to_end=True))
        said = 'failed again at "weigh", another cause: ScaleError: no weight; before: ConfigError'
        assert result.error.startswith(said)
        assert result.error.endswith('at "read order"')

    on_parcels(story, tmp_path, failed=30)


def test_a_run_past_its_step_is_said_to_be(tmp_path):
    async def story(desk):
        def slow(story):
            yield Do("read order", 0.2, {})
            yield Sleep("let it settle", "1 day")

        desk.parcels.writer = slow
        row = await desk.first_at("read order")
        (result,) = await desk.redrive([row], Course(to_end=True, timeout=600.0))
        assert (result.outcome, result.ended, result.passed) == ("under way", "", True)
        (past,) = [event for event in desk.events if not isinstance(event, Progress) and event.passed][:1]
        assert past.sentence == '"read order" succeeded this time, the run goes on'
        (batch,) = group_batches(desk.journal.read()[:-1])
        assert batch.outcomes(over=False)[row.id].fate == past.fate, "before it was given up on"

    on_parcels(story, tmp_path, failed=30)


KINDS = ("429", "500", "403", "html", "truncate", "reset-before", "reset-after", "slow", "nulls", "unknown")
FAULT = st.builds(
    lambda kind, times, method: f"{kind}:{times}@^{method}",
    st.sampled_from(KINDS),
    st.integers(1, 3),
    st.sampled_from(["GET", "PATCH"]),
)


@settings(max_examples=60, deadline=None)
@given(faults=st.lists(FAULT, max_size=5), canary=st.integers(0, 3), to_end=st.booleans(), many=st.booleans())
def test_no_network_restarts_an_instance_twice(faults, canary, to_end, many):
    async def story(desk):
        rows = desk.rows()[: 24 if many else 6]
        plan = (await desk.plan(rows)).plan
        desk.stage.app.state.faults += [InjectedFault.parse(text) for text in faults]
        course = Course(canary, to_end=to_end, timeout=600.0)
        panel = ActionProgress(plan, 0.0, canary=canary)
        results = await desk.operator.carry_out(plan, panel.take, course)
        assert [result.id for result in results] == [row.id for row in rows]
        (batch,) = group_batches(desk.journal.read())
        assert batch.summary(over=False) == " · ".join(words for _, words in panel.words())
        for result in results:
            restarts = desk.parcels.by_id[result.id].restarts
            assert restarts <= 1
            if result.outcome in ("done", "under way"):
                assert restarts == 1, result
            elif result.outcome != "unknown":
                assert restarts == 0, result

    with TemporaryDirectory() as folder:
        on_parcels(story, Path(folder), failed=30)


def test_many_are_looked_for_only_where_they_stand(tmp_path):
    """A restart keeps its old place in the list: what was made before or since is not walked through."""

    async def story(desk):
        rows = desk.rows()[100:125]
        await desk.redrive(rows, Course(to_end=True))
        lists = [each for each in desk.stage.app.state.requests if "/instances?" in each.path]
        assert lists
        assert all("date_start=" in each.path and "date_end=" in each.path for each in lists)

    on_parcels(story, tmp_path)


def test_writes_of_many_find_their_budget_unspent(tmp_path):
    """Of 400 requests that actions have in 5 minutes, an id takes the one that writes."""

    async def story(desk):
        rows = [row for row in desk.rows() if desk.parcels.by_id[row.id].story().luck("undone") >= 0.04]
        await desk.redrive(rows, Course(to_end=True), late=True)
        requests = desk.stage.app.state.requests
        sent = [request.at for request in requests if request.method == "PATCH"]
        assert len(sent) == len(rows)
        assert sent[-1] - sent[0] < 240
        details = [request for request in requests if re.search(r"/instances/[^/?]+($|[?])", request.path)]
        failed = sum(desk.parcels.by_id[row.id].status == "errored" for row in rows)
        assert len(details) <= len(rows) + failed + 20, "each is read before, and again only where it failed"

    on_parcels(story, tmp_path)
