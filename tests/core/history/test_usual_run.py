"""What usually comes next: judged on runs that were held out, and silent where there is nothing to go by."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.history.usual_run import LEAST_SAMPLES, UsualRun, sample_of
from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso, parse_time

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
    return run(
        [each if each["end"] <= iso(START + at) else each | {"end": None} for each in begun], 0, "running"
    )


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


@pytest.mark.parametrize("samples", [10, 12, 20, 40])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_held_out_runs_end_within_the_spread(samples, seed):
    answer, right = judged(order, samples, random.Random(seed))
    assert answer >= 0.6
    assert right >= 0.75


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
    assert usual.forecast(cut(steps, 3), START + 3).left == pytest.approx(8)
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


def test_only_runs_with_the_open_step_are_gone_by():
    plain = [step("load-1", 0, 1), step("charge-1", 1, 2)]
    asked = [step("load-1", 0, 1), step("approval-1", 1, 101, "waitForEvent"), step("charge-1", 101, 102)]
    usual = UsualRun([sample_of(run(plain, 2))] * 20 + [sample_of(run(asked, 102))] * 6)
    waiting = usual.forecast(cut(asked, 51), START + 51)
    assert (waiting.samples, waiting.left) == (6, pytest.approx(51))
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
        assert 0 <= found.least <= found.left <= found.most


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
