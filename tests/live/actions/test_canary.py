"""The first few of many: how they are chosen, what holds the rest, and which version they ran."""

import asyncio
import gc
from collections import Counter

import pytest
from msgspec.structs import replace as replace_in

from tests.support.fakes.frail_server import NoBudget
from tests.support.harness.parcels import on_parcels, stubborn
from wfdash.api.errors import Forbidden
from wfdash.api.interface import Version
from wfdash.core.verbs.outcome import STOPPED, Outcome
from wfdash.demo.http.faults import InjectedFault
from wfdash.demo.worlds.repair import MENDED, parcel
from wfdash.live.actions.canary import Canary
from wfdash.live.actions.ending import Course
from wfdash.live.actions.plan import Plan, Progress, Target, make_plan


def test_a_failed_canary_holds_the_rest_until_the_fix(tmp_path):
    async def story(desk):
        rows = desk.rows()
        # Of a version that no other has, since the first ones are chosen to differ.
        late = [replace_in(row, version="its own") for row in desk.rows(first=stubborn)[:1]]
        plain = [row for row in rows if not stubborn(desk.parcels.by_id[row.id])]
        rows = [*plain[:4], *late, *[row for row in rows if row not in plain[:4] and row.id != late[0].id]]
        results = await desk.redrive(rows, Course(canary=5), late=True)
        assert len(results) == len(rows) >= 300
        sent = [result for result in results if result.sent_at is not None]
        assert len(sent) == 5
        assert Counter(result.ended for result in sent) == {"complete": 4, "errored": 1}
        held = [result for result in results if result.held]
        assert all("1 of the first 5 did not complete" in result.error for result in held)
        assert sum(desk.writes().values()) == 5
        assert len([entry for entry in desk.journal.read() if entry.event == "held"]) == len(held)

        desk.parcels.deploy(desk.stage.loop.time())
        assert desk.parcels.current.index == MENDED
        rows = desk.rows()
        results = await desk.redrive(rows, Course(canary=5, to_end=True), late=True)
        answer = Counter((result.outcome, result.ended) for result in results)
        rolled_back = [result for result in results if "rolled back" in result.error]
        assert answer == {
            ("done", "complete"): len(rows) - len(rolled_back),
            ("skipped", ""): len(rolled_back),
        }
        assert [row.id for row in desk.rows()] == [result.id for result in rolled_back]
        assert desk.writes()[late[0].id] == 2, "once before the fix and once after it"
        assert Counter(desk.writes().values()) == {1: len(desk.writes()) - 1, 2: 1}

    on_parcels(story, tmp_path)


def test_held_ones_have_the_status_that_was_read(tmp_path):
    """What a file or a journal says of one may be hours old: it is not told as what it has."""

    async def story(desk):
        plan = (await desk.plan([*desk.rows(first=stubborn)[:2], *desk.rows()[-4:]])).plan
        for checked, before in ((True, "errored"), (False, "")):
            targets = tuple(replace_in(target, checked=checked, given=True) for target in plan.eligible)
            results = await desk.operator.carry_out(
                replace_in(plan, key=f"plan {checked}", targets=targets), desk.events.append, Course(canary=2)
            )
            held = [result for result in results if result.held]
            assert {result.before for result in held} == {before}

    on_parcels(story, tmp_path, failed=60)


def test_canary_of_hundreds_meets_as_many_causes_as_it_can(tmp_path):
    async def story(desk):
        desk.parcels.deploy(desk.stage.loop.time())
        frozen = gc.get_freeze_count()
        results = await desk.redrive(desk.rows(), Course(canary=5), late=True)
        assert gc.get_freeze_count() > frozen, "a full collection would walk all of them"
        starts = {result.id: result.restart_from for result in results}
        sent = [event.id for event in desk.events if isinstance(event, Progress) and event.stage == "sent"]
        assert len({(starts[identity].name, starts[identity].count) for identity in sent[:5]}) == 5
        assert desk.notes("choosing")[:2] == [
            "to choose the first 5: 0 of 40 read",
            "to choose the first 5: 1 of 40 read",
        ]
        [chosen] = desk.notes("chosen")
        assert chosen == "the first 5 are of 5 causes and 1 version; 40 were read to choose them"

    on_parcels(story, tmp_path)


def test_canary_that_got_no_answer_is_not_said_to_be_late(tmp_path):
    async def story(desk):
        desk.parcels.deploy(desk.stage.loop.time())
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])][:6]
        desk.stage.app.state.faults.append(InjectedFault.parse("500:1@PATCH"))
        results = await desk.redrive(rows, Course(canary=2))
        held = next(result.error for result in results if result.error.startswith("held: "))
        assert "of 1 of the first 2 it is not known whether they were restarted" in held

    on_parcels(story, tmp_path, failed=60)


def test_a_stop_while_the_first_are_chosen_sends_nothing(tmp_path):
    async def story(desk):
        plan = (await desk.plan(desk.rows(), late=True)).plan

        def on_event(event):
            desk.events.append(event)
            desk.operator.stop(plan.key)

        results = await desk.operator.carry_out(plan, on_event, Course(canary=5))
        assert not desk.writes()
        assert {result.outcome for result in results} == {"skipped"}

    on_parcels(story, tmp_path, failed=60)


def test_a_stop_waits_for_no_read_of_the_first_ones(tmp_path):
    async def story(desk):
        plan, loop = (await desk.plan(desk.rows(), late=True)).plan, desk.stage.loop

        def on_event(event):
            if event.stage == "choosing" and not desk.events:
                desk.stage.app.state.latency = 20.0
                loop.call_later(1.0, desk.operator.stop, plan.key)
                desk.events.append(loop.time())

        results = await desk.operator.carry_out(
            plan, lambda event: isinstance(event, Progress) and on_event(event), Course(canary=5)
        )
        assert loop.time() - desk.events[0] < 5
        assert {result.error for result in results} == {STOPPED}
        assert not desk.writes()

    on_parcels(story, tmp_path, failed=60)


def test_the_version_of_the_first_ones_is_said(tmp_path):
    async def story(desk):
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])][:6]
        results = await desk.redrive(rows, Course(canary=2, to_end=True))
        newest = desk.parcels.current.id[:8]
        assert desk.notes("canary") == [f"the first 2 are complete on version {newest}"]
        assert not any(result.error.startswith("held") for result in results)

    on_parcels(story, tmp_path, failed=30)


def mended(story):
    """What `parcel` does, without what breaks it."""
    yield from parcel(replace_in(story, version=MENDED))


def test_first_ones_on_the_old_version_hold_the_rest(tmp_path):
    """They complete, for what they needed is back; the version that was deployed is in none of them."""

    async def story(desk):
        rows, parcels = desk.rows()[:6], desk.parcels
        old, newest = (version.id[:8] for version in parcels.versions[-2:])
        parcels.writer = mended
        results = await desk.redrive(rows, Course(canary=2, to_end=True))
        said = f"on version {old} as before, not on the newest, {newest}"
        assert [result.ended for result in results[:2]] == ["complete", "complete"]
        assert {result.error for result in results[2:]} == {f"held: the first 2 are complete, but {said}"}
        assert sum(desk.writes().values()) == 2

    on_parcels(story, tmp_path, newest=False, failed=30)


class Deployed:
    """Answers with versions, newest last, and fails where there are none."""

    def __init__(self, *ids, local=False):
        self.versions, self.local, self.asked = [Version(each, n) for n, each in enumerate(ids)], local, 0

    async def list_versions(self, workflow):
        self.asked += 1
        if not self.versions:
            raise Forbidden("The token may not read versions.", http=403)
        return self.versions


@pytest.mark.parametrize(
    ("ran", "before", "deployed", "held"),
    [
        (("v2", "v2"), ("v1", "v1"), Deployed("v1", "v2"), ""),
        (("v2", "v2"), ("v2", "v2"), Deployed("v1", "v2"), ""),
        (("v1", "v1"), ("v1", "v1"), Deployed("v1", "v2"), "on version v1 as before, not on the newest, v2"),
        (("v2", "v1"), ("v1", "v1"), Deployed("v2", "v1"), ""),
        (("v2", "v1"), ("v1", "v1"), Deployed("v1", "v2"), "on version v1 and v2 as before, not on the"),
        # Neither the one it had nor the newest: it goes on in none that was there before.
        (("v2", "v2"), ("v1", "v1"), Deployed("v1", "v2", "v3"), ""),
        (("", ""), ("v1", "v1"), Deployed("v1", "v2"), ""),
        (("v1", "v1"), ("v1", "v1"), Deployed(), ""),
        (("v1", "v1"), ("v1", "v1"), Deployed("v1", "v2", local=True), ""),
    ],
)
async def test_rest_is_held_where_the_first_kept_an_old_version(ran, before, deployed, held):
    targets = tuple(Target(each, "errored", version=version) for each, version in zip("ab", before))
    plan = Plan("k", 0.0, "restart", "orders", targets)
    canary = Canary(deployed, NoBudget(), plan, Course(canary=2), asyncio.Event())
    results = {}
    for each, version in zip("ab", ran):
        canary.sent(each)
        done = plan.result(each, 1.0, Outcome.DONE)
        results[each] = replace_in(done, ended="complete", version=version)
    await canary.judge((), results, lambda stage, note: None, None)
    assert (held in canary.held.reason) if held else canary.held is None
    assert deployed.asked == (any(ran) and not deployed.local)


def test_restart_of_many_sets_old_errors_beside_new_ones(tmp_path):
    async def story(desk):
        rows = desk.rows()[:6]
        plan = make_plan("restart", "parcels", rows, now=desk.stage.loop.time(), guard=desk.operator.guard)
        results = await desk.operator.carry_out(plan, desk.events.append, Course(canary=2))
        assert all(", same cause: " in result.error for result in results[:2])
        assert all(result.error.startswith("held: 2 of the first 2") for result in results[2:])

    on_parcels(story, tmp_path, newest=False, failed=30)
