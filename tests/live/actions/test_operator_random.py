"""Thousands of runs against a server that fails at random: at most one write, and the truth or unknown."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes.frail_server import WRITE_FAULTS, FrailServer, NoBudget, VirtualTime
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import make_plan
from wfdash.live.actions.progress import ActionProgress
from wfdash.live.records.batches import group_batches
from wfdash.live.records.journal import Journal

RUNS = 3000
VERBS = ("pause", "resume", "terminate", "terminate_rollback", "restart", "send_event")
PLACES = {
    "pause": {"paused", "waitingForPause"},
    "resume": {"running"},
    "terminate": {"terminated"},
    "terminate_rollback": {"terminated", "rollingBack"},
    "restart": {"queued"},
}


async def random_run(chance, journal=None):
    clock = VirtualTime()
    server = FrailServer(clock)
    ids = [f"o-{number}" for number in range(chance.choice((1, 2, 3, 30)))]
    for subject in ids:
        busy = chance.choice((0, 0, 3, 30, 1000))
        server.add(subject, chance.choice(STATUSES), busy=busy if chance.random() < 0.5 else 0)
    verb = chance.choice(VERBS)
    operator = Operator(server, budget=NoBudget(), journal=journal, clock=clock, sleep=clock.sleep)
    chosen = chance.sample(ids, chance.randint(1, len(ids)))
    plan = make_plan(
        verb,
        "orders",
        [
            Instance(subject, server.runs[subject].status) if chance.random() < 0.9 else subject
            for subject in chosen
        ],
        now=clock(),
        guard=operator.guard,
        event_type="go",
    )
    if chance.random() < 0.2:
        plan = plan.insist()
    server.faults = [chance.choice(WRITE_FAULTS) if chance.random() < 0.5 else "" for _ in range(60)]
    server.read_faults = [chance.choice(("500", "reset")) if chance.random() < 0.1 else "" for _ in range(60)]
    for subject in chosen:
        if chance.random() < 0.15:
            server.runs[subject].status = chance.choice(STATUSES)
        elif chance.random() < 0.05:
            del server.runs[subject]
    stop_after = chance.choice((None, None, 1, 5))
    sent, panel = 0, ActionProgress(plan, clock())

    def on_event(event):
        nonlocal sent
        panel.take(event)
        sent += getattr(event, "stage", "") == "sent"
        if sent == stop_after:
            operator.stop(plan.key)

    results = await operator.carry_out(plan, on_event)
    check(server, plan, results)
    if journal is not None and len(chosen) > 1:
        batch = group_batches(journal.read())[-1]
        assert batch.summary(over=False) == " · ".join(words for _, words in panel.words())
    return results


def check(server, plan, expected):
    accepted = [identity for identity, _ in server.accepted]
    assert [each.id for each in expected] == [target.id for target in plan.targets]
    assert len(accepted) == len(set(accepted)), "accepted twice"
    assert set(accepted) <= {target.id for target in plan.eligible}, "accepted unconfirmed"
    what = {"terminate_rollback": "terminate with rollback"}.get(plan.verb, plan.verb)
    assert {verb for _, verb in server.asked} <= {what}
    for each in expected:
        run = server.runs.get(each.id)
        if each.outcome in ("skipped", "refused", "not reached"):
            assert each.id not in accepted, each
        if each.outcome == "skipped":
            assert each.sentence, each
        if each.outcome == "done":
            assert each.id in accepted, each
            assert plan.verb == "send_event" or run.status in PLACES[plan.verb], each
        if each.outcome == "under way":
            assert each.id in accepted, each
            assert each.after in ("waitingForPause", "rollingBack"), each
        if each.outcome == "no effect":
            assert each.before == each.after or each.after not in PLACES[plan.verb], each


async def test_thousands_of_random_runs():
    seed = random.randrange(2**32)
    answer: set[str] = set()
    for number in range(RUNS):
        try:
            answer |= {each.outcome for each in await random_run(random.Random(f"{seed}/{number}"))}
        except AssertionError as error:
            raise AssertionError(f"run {seed}/{number}: {error}") from error
    assert answer == {"done", "under way", "no effect", "refused", "unknown", "skipped", "not reached"}


async def test_the_journal_counts_a_batch_as_its_panel_does(tmp_path):
    seed = random.randrange(2**32)
    for number in range(60):
        journal = Journal(tmp_path / str(number), profile="", account="", clock=lambda: 1.0)
        try:
            await random_run(random.Random(f"{seed}/{number}"), journal)
        except AssertionError as error:
            raise AssertionError(f"run {seed}/{number}: {error}") from error
        finally:
            journal.close()


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
    results = await operator.carry_out(plan, lambda event: None)
    check(server, plan, results)
    first = next((fault for fault in faults if fault != "429"), "")
    limited = faults.index(first) if first in faults else len(faults)
    if limited < 4 and first.endswith(("after", "before")):
        times = 1 if verb == "send_event" else limited + 1
        assert len(server.asked) == times, "nothing is sent after what may have been applied"
