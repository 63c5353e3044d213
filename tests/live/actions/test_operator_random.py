"""Thousands of runs against a server that fails at random: at most one write, and the truth or unknown."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes.frail_server import WRITE_FAULTS, FrailServer, NoBudget, VirtualTime
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import make_plan

RUNS = 3000
VERBS = ("pause", "resume", "terminate", "terminate_rollback", "restart", "send_event")
PLACES = {
    "pause": {"paused", "waitingForPause"},
    "resume": {"running"},
    "terminate": {"terminated"},
    "terminate_rollback": {"terminated", "rollingBack"},
    "restart": {"queued"},
}


async def one_run(chance):
    clock = VirtualTime()
    server = FrailServer(clock)
    ids = [f"o-{number}" for number in range(chance.choice((1, 2, 3, 30)))]
    for one in ids:
        busy = chance.choice((0, 0, 3, 30, 1000))
        server.add(one, chance.choice(STATUSES), busy=busy if chance.random() < 0.5 else 0)
    verb = chance.choice(VERBS)
    operator = Operator(server, budget=NoBudget(), journal=None, clock=clock, sleep=clock.sleep)
    chosen = chance.sample(ids, chance.randint(1, len(ids)))
    plan = make_plan(
        verb,
        "orders",
        [Instance(one, server.runs[one].status) if chance.random() < 0.9 else one for one in chosen],
        now=clock(),
        guard=operator.guard,
        event_type="go",
    )
    if chance.random() < 0.2:
        plan = plan.insist()
    server.faults = [chance.choice(WRITE_FAULTS) if chance.random() < 0.5 else "" for _ in range(60)]
    server.read_faults = [chance.choice(("500", "reset")) if chance.random() < 0.1 else "" for _ in range(60)]
    for one in chosen:
        if chance.random() < 0.15:
            server.runs[one].status = chance.choice(STATUSES)
        elif chance.random() < 0.05:
            del server.runs[one]
    stop_after = chance.choice((None, None, 1, 5))
    sent = 0

    def heard(event):
        nonlocal sent
        sent += getattr(event, "stage", "") == "sent"
        if sent == stop_after:
            operator.stop(plan.key)

    told = await operator.carry_out(plan, heard)
    check(server, plan, told)
    return told


def check(server, plan, told):
    accepted = [identity for identity, _ in server.accepted]
    assert [one.id for one in told] == [target.id for target in plan.targets]
    assert len(accepted) == len(set(accepted)), "accepted twice"
    assert set(accepted) <= {target.id for target in plan.eligible}, "accepted unconfirmed"
    what = {"terminate_rollback": "terminate with rollback"}.get(plan.verb, plan.verb)
    assert {verb for _, verb in server.asked} <= {what}
    for one in told:
        run = server.runs.get(one.id)
        if one.outcome in ("skipped", "refused", "not reached"):
            assert one.id not in accepted, one
        if one.outcome == "skipped":
            assert one.sentence, one
        if one.outcome == "done":
            assert one.id in accepted, one
            assert plan.verb == "send_event" or run.status in PLACES[plan.verb], one
        if one.outcome == "under way":
            assert one.id in accepted, one
            assert one.after in ("waitingForPause", "rollingBack"), one
        if one.outcome == "no effect":
            assert one.before == one.after or one.after not in PLACES[plan.verb], one


async def test_thousands_of_random_runs():
    seed = random.randrange(2**32)
    told: set[str] = set()
    for number in range(RUNS):
        try:
            told |= {one.outcome for one in await one_run(random.Random(f"{seed}/{number}"))}
        except AssertionError as error:
            raise AssertionError(f"run {seed}/{number}: {error}") from error
    assert told == {"done", "under way", "no effect", "refused", "unknown", "skipped", "not reached"}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WRITE_FAULTS), min_size=1, max_size=6), st.sampled_from(VERBS))
async def test_any_row_of_faults_sends_at_most_once(faults, verb):
    clock = VirtualTime()
    server = FrailServer(clock)
    server.add("a", "paused" if verb == "resume" else "running")
    operator = Operator(server, budget=NoBudget(), journal=None, clock=clock, sleep=clock.sleep)
    row = Instance("a", server.runs["a"].status)
    plan = make_plan(verb, "orders", [row], now=0, guard=operator.guard, event_type="go")
    server.faults = list(faults)
    told = await operator.carry_out(plan, lambda event: None)
    check(server, plan, told)
    first = next((fault for fault in faults if fault != "429"), "")
    limited = faults.index(first) if first in faults else len(faults)
    if limited < 4 and first.endswith(("after", "before")):
        times = 1 if verb == "send_event" else limited + 1
        assert len(server.asked) == times, "nothing is sent after what may have been applied"
