"""What usually comes next: judged on runs that were held out, and silent where there is nothing to go by."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.history.run_sample import sample_of, settled_first
from wfdash.core.history.usual_run import LEAST_SAMPLES, Forecast, UsualRun
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso, parse_time
from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.world import build
from wfdash.demo.http import render

START = 1_795_000_000.0
EXPECTED = 1.0
"""Seconds: no sentence is finer, and times have milliseconds alone."""
NAMES = ("load order", "approval", "charge card", "courier", "look")


def step(name, start, end, kind="step"):
    return {
        "name": name, "type": kind, "start": iso(START + start), "end": iso(START + end) if end else None,
        "success": True if end else None,
    }  # fmt: skip


def run(steps, took, status="complete"):
    """A detail as the API would answer it; times are seconds from the start."""
    end = iso(START + took) if status == "complete" else None
    raw = {"status": status, "start": iso(START), "end": end, "versionId": "v1", "steps": steps}
    return read_detail("orders", "order-1", raw)


def order(luck: random.Random) -> tuple[list[dict], float]:
    """Two loads at once, an approval in one of three, a card, and a loop of two to six looks."""
    steps, at = [], 0.0
    both = [luck.uniform(0.5, 3) for _ in range(2)]
    steps += [step(f"load shelf-{number + 1}", 0.0, took) for number, took in enumerate(both)]
    at = max(both)
    if luck.random() < 0.33:
        took = luck.expovariate(1 / 300)
        steps.append(step("approval-1", at, at + took, "waitForEvent"))
        at += took
    took = luck.lognormvariate(1, 0.5)
    steps.append(step("charge card-1", at, at + took))
    at += took
    for number in range(luck.randint(2, 6)):
        steps.append(step(f"between looks-{number + 1}", at, at + 60, "sleep"))
        steps.append(step(f"look-{number + 1}", at + 60, at + 60.4))
        at += 60.4
    return steps, at


def cut(steps, at):
    """The same run as it stood `at` seconds after its start."""
    begun = [each for each in steps if each["start"] <= iso(START + at)]
    return run([each if each["end"] <= iso(START + at) else opened(each) for each in begun], 0, "running")


def opened(each):
    """A step that has not ended: of a sleep the answer tells when it will."""
    if each["type"] == "sleep":
        return each | {"finished": False, "success": None}
    return each | {"end": None, "success": None}


def delivery(luck: random.Random) -> tuple[list[dict], float]:
    """A card, a sleep of 4 to 40 minutes beside a mail, a booking."""
    charged, slept, mailed = luck.uniform(0.6, 2.5), luck.uniform(240, 2400), luck.uniform(1, 30)
    steps = [
        step("charge card-1", 0.0, charged),
        step("until the courier comes-1", charged, charged + slept, "sleep"),
        step("mail-1", charged, charged + mailed),
    ]
    at = charged + slept
    took = luck.uniform(1, 6)
    return [*steps, step("book courier-1", at, at + took)], at + took


def judged(generator, samples: int, luck: random.Random, moments: int = 300) -> tuple[float, float]:
    """In what part of random moments of held-out runs something was told, and in what part that was right."""
    answer = right = 0
    runs = [generator(luck) for _ in range(200)]
    for steps, took in luck.choices(runs, weights=[took for _, took in runs], k=moments):
        learned = (
            sample_of(run(*other)) for other in luck.sample(runs, samples + 1) if other[0] is not steps
        )
        at = luck.uniform(0, took)
        found = UsualRun(filter(None, learned)).forecast(cut(steps, at), START + at)
        if found is not None:
            answer += 1
            right += found.least - EXPECTED <= took - at <= found.most + EXPECTED
    return answer / moments, right / answer


@pytest.mark.parametrize("samples", [10, 12, 20])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("generator", [order, delivery])
def test_held_out_runs_end_within_the_spread(generator, samples, seed):
    answer, right = judged(generator, samples, random.Random(seed))
    assert answer >= 0.6
    assert right >= 0.75


def test_held_out_runs_of_the_simulator_end_within_the_spread():
    now = START
    world = build("calm", clock=lambda: now, seed="held out")
    luck = random.Random(5)
    forecasts: list[tuple[SimulatedInstance, float, Forecast | None]] = []
    for _ in range(12):
        now += 300
        world.look()
        for workflow in world.workflows.values():
            every = list(workflow.walk(newest_first=True))
            by_id = {each.id: each for each in every}
            rows = Instance.from_items(render.row(each) for each in every if each.status == "complete")
            still_open = [each for each in every if each.status in ("running", "waiting")]
            for each in luck.sample(still_open, min(4, len(still_open))):
                of_version = [row for row in rows if row.version == each.version.id]
                past = [by_id[row.id] for row in settled_first(of_version, now)[:20]]
                samples = [sample_of(read_detail("", other.id, render.detail(other))) for other in past]
                if sum(sample is not None for sample in samples) >= LEAST_SAMPLES:
                    detail = read_detail("", each.id, render.detail(each))
                    forecasts.append((each, now, UsualRun(filter(None, samples)).forecast(detail, now)))
    now += 8 * 3600
    world.look()
    ended = [(each.ended - at, found) for each, at, found in forecasts if each.status == "complete"]
    right = [f.least - EXPECTED <= left <= f.most + EXPECTED for left, f in ended if f is not None]
    assert len(ended) > 100
    assert len(right) >= 0.6 * len(ended)
    assert sum(right) >= 0.75 * len(right)


def test_runs_that_have_nothing_in_common_are_not_foretold():
    def wild(luck):
        took = 10 ** luck.uniform(0, 6)
        return [step("work-1", 0, took)], took

    answer, _ = judged(wild, 20, random.Random(4))
    assert answer < 0.1


def test_too_few_samples_say_nothing():
    steps, took = order(random.Random(1))
    samples = [sample_of(run(steps, took))] * LEAST_SAMPLES
    assert UsualRun(samples).forecast(cut(steps, 1), START + 1) is not None
    assert UsualRun(samples[1:]).forecast(cut(steps, 1), START + 1) is None


def test_a_run_longer_than_all_others_says_nothing():
    steps = [step("work-1", 0, 10)]
    usual = UsualRun([sample_of(run(steps, 11))] * 9)
    assert usual.forecast(cut(steps, 3), START + 3).remaining == pytest.approx(8)
    assert usual.forecast(cut(steps, 3), START + 30) is None


def test_loops_and_parallel_steps_come_as_one_with_a_count():
    steps, at = [step(f"load shelf-{number}", 0, 2) for number in (1, 2, 3)], 2.0
    for number in (1, 2, 3, 4):
        steps.append(step(f"look-{number}", at, at + 1))
        at += 1
    usual = UsualRun([sample_of(run(steps, at))] * 7)
    found = usual.forecast(cut(steps, 0.5), START + 0.5)
    assert [(each.name, each.count, each.took) for each in found.coming] == [("look", 4, 1.0)]
    later = usual.forecast(cut(steps, 3.5), START + 3.5)
    assert [(each.name, each.count) for each in later.coming] == [("look", 2)]
    assert (later.ended, later.steps) == (4, 7)


def test_a_branch_that_this_run_left_out_does_not_come():
    def shelves(*names):
        steps = [step("load-1", 0, 1), *(step(f"reserve {name}-1", 1, 3) for name in names)]
        return [*steps, step("approval-1", 3, 90, "waitForEvent"), step("charge-1", 90, 92)]

    usual = UsualRun(sample_of(run(shelves("mug", "tee"), 92)) for _ in range(9))
    found = usual.forecast(cut(shelves("mug"), 40), START + 40)
    assert [each.name for each in found.coming] == ["charge"]


def test_only_runs_with_the_open_step_are_gone_by():
    plain = [step("load-1", 0, 1), step("charge-1", 1, 2)]
    asked = [step("load-1", 0, 1), step("approval-1", 1, 101, "waitForEvent"), step("charge-1", 101, 102)]
    usual = UsualRun([sample_of(run(plain, 2))] * 20 + [sample_of(run(asked, 102))] * 6)
    waiting = usual.forecast(cut(asked, 51), START + 51)
    assert (waiting.samples, waiting.remaining) == (6, pytest.approx(51))
    assert [each.name for each in waiting.coming] == ["charge"]


@pytest.mark.parametrize(
    "detail",
    [
        run([], 5),
        run([step("a-1", 0, 1)], 5, "running"),
        run([step("a-1", 0, None)], 5),
        run([step("a-1", -500, -499)], 5),
        run([step("a-1", 0, 1)], 0),
    ],
    ids=["no steps", "not over", "open step alone", "before a restart", "no time"],
)
def test_runs_to_learn_nothing_from(detail):
    assert sample_of(detail) is None


TIMES = st.one_of(st.none(), st.floats(-1e4, 1e6, allow_nan=False))


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), TIMES, TIMES), max_size=8),
    st.lists(st.lists(st.tuples(st.sampled_from(NAMES), TIMES, TIMES), max_size=5), max_size=8),
    st.floats(-1e5, 1e7, allow_nan=False),
)
def test_crossed_and_missing_times_never_fail(mine, others, now):
    def detail(steps, status):
        raw = [
            {
                "name": f"{name}-1", "type": "step",
                "start": None if start is None else iso(START + start),
                "end": None if end is None else iso(START + end),
            }
            for name, start, end in steps
        ]  # fmt: skip
        return run(raw, 50, status)

    samples = [found for steps in others if (found := sample_of(detail(steps, "complete")))]
    found = UsualRun(samples).forecast(detail(mine, "running"), START + now)
    if found is not None:
        assert 0 <= found.least <= found.remaining <= found.most


def sleeping(seconds):
    """A run that charges, sleeps and books, as it stood a minute into its sleep."""
    steps = [step("charge-1", 0, 2), step("courier-1", 2, 2 + seconds, "sleep")]
    return run([steps[0], opened(steps[1])], 0, "running")


def slept(seconds):
    end = 2 + seconds
    steps = [step("charge-1", 0, 2), step("courier-1", 2, end, "sleep"), step("book-1", end, end + 3)]
    return sample_of(run(steps, end + 3))


@pytest.mark.parametrize("seconds", [90, 400])
def test_a_sleep_ends_when_the_answer_says_so(seconds):
    usual = UsualRun(slept(120 + each) for each in range(9))
    found = usual.forecast(sleeping(seconds), START + 62)
    assert (found.least, found.remaining, found.most) == pytest.approx([seconds - 57] * 3)
    assert usual.forecast(sleeping(seconds), START + seconds + 60) is None


def test_a_wait_is_over_at_its_time_out():
    def waited(seconds):
        end = 2 + seconds
        return run([step("charge-1", 0, 2), step("ok-1", 2, end, "waitForEvent")], end)

    usual = UsualRun(sample_of(waited(500 + each)) for each in range(9))
    steps = [step("charge-1", 0, 2), step("ok-1", 2, 302, "waitForEvent") | {"finished": False}]
    assert usual.forecast(run(steps, 0, "waiting"), START + 62).remaining == pytest.approx(240)


def test_a_step_that_is_tried_again_ends_after_that_try():
    def tries(*spans, delay):
        each = step("charge-1", spans[0][0], spans[-1][1])
        each["attempts"] = [
            {"start": iso(START + a), "end": iso(START + b), "success": (a, b) == spans[-1]} for a, b in spans
        ]
        return each | {"config": {"retries": {"limit": 5, "delay": delay, "backoff": "constant"}}}

    usual = UsualRun(sample_of(run([tries((0, 2), delay="5 minutes")], 2)) for _ in range(9))
    failed = tries((0, 2), (2, 2), delay="5 minutes") | {"end": None, "success": None}
    failed["attempts"] = [{"start": iso(START), "end": iso(START + 2), "success": False}]
    found = usual.forecast(run([failed], 0, "running"), START + 12)
    assert found.remaining == pytest.approx(292)


def test_a_branch_beside_a_longer_one_changes_nothing():
    def both(slept, worked):
        end = max(slept, worked)
        return [
            step("load-1", 0, 1),
            step("rest-1", 1, slept, "sleep"),
            step("work-1", 1, worked),
            step("close-1", end, end + 1),
        ], end + 1

    usual = UsualRun(sample_of(run(*both(100, 500 + each))) for each in range(9))
    steps, _ = both(200, 504)
    assert usual.forecast(cut(steps, 50), START + 50).remaining == pytest.approx(455)
    # One that sleeps longer than the others work is waited for.
    steps, _ = both(900, 504)
    assert usual.forecast(cut(steps, 50), START + 50).remaining == pytest.approx(851)


def test_a_sleep_begun_anew_after_a_pause_counts_once():
    usual = UsualRun(slept(120 + each) for each in range(9))
    first = step("courier-1", 2, 302, "sleep") | {"finished": False, "success": None}
    again = step("courier-1", 202, 502, "sleep") | {"finished": False, "success": None}
    detail = run([step("charge-1", 0, 2), first, again], 0, "running")
    assert usual.forecast(detail, START + 262).remaining == pytest.approx(243)


def test_runs_created_long_enough_ago_are_learned_from_first():
    def row(number, ago, took):
        return Instance.from_item(
            {
                "id": f"run-{number}", "status": "complete", "created_on": iso(START - ago),
                "started_on": iso(START - ago), "ended_on": iso(START - ago + took),
            }
        )  # fmt: skip

    rows = [row(1, 20, 10), row(2, 700, 600), row(3, 900, 30), row(4, 100, 60), row(5, 5000, 900)]
    assert [each.id for each in settled_first(rows, START)] == ["run-3", "run-5", "run-2", "run-4", "run-1"]


def test_planned_end_of_an_open_sleep_is_no_end():
    rng = random.Random(7)
    usual = UsualRun([sample_of(run(*order(rng))) for _ in range(30)])
    steps, _ = order(rng)
    at = next(i for i, each in enumerate(steps) if each["type"] == "sleep")
    begun = steps[: at + 1]
    now = parse_time(begun[-1]["start"]) + 10
    untold = run([*begun[:-1], begun[-1] | {"end": None, "success": None}], 0, "running")
    planned = run([*begun[:-1], begun[-1] | {"finished": False, "success": None}], 0, "running")
    assert usual.forecast(untold, now) == usual.forecast(planned, now)
    assert usual.forecast(planned, now).ended == at
