"""When an instance was at work: gaps between steps, inside long ones, and while something still runs."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes.details import T0, attempt, detail, done, gave_up, sleep, step
from wfdash.core.timeline.idle_gaps import LEAST_QUIET
from wfdash.core.timeline.outline import build_outline
from wfdash.core.why.current_steps import current_steps


def quiet(steps, *, status="complete", edge=100.0):
    outline = build_outline(detail(status, steps))
    return [(left - T0, right - T0) for left, right in outline.work.quiet(T0, T0 + edge)]


def test_sleeps_and_gaps_are_quiet_and_parallel_work_is_not():
    steps = [done("a-1", 0, 10), done("b-1", 5, 30), sleep("nap-1", 30, 60, True), done("c-1", 60, 99.8)]
    assert quiet(steps) == [(30, 60)]


def test_before_and_after_all_work_is_quiet():
    assert quiet([done("a-1", 20, 30)]) == [(0, 20), (30, 100)]
    assert quiet([]) == [(0, 100)]


def test_long_back_offs_are_quiet_and_short_ones_are_work():
    long = gave_up("charge-1", 0, [1, 40, 100])
    assert quiet([long]) == [(1, 39), (40, 99)]
    short = [done(f"s-{n}", n, n + 1, attempts=[attempt(n, n + 0.1, False), attempt(n + 0.9, n + 1, True)])
             for n in range(100)]  # fmt: skip
    assert quiet(short) == []


def test_what_still_runs_takes_in_all_that_comes_later():
    steps = [done("a-1", 0, 10), step("b-1", 20), done("c-1", 30, 40)]
    assert quiet(steps, status="running") == [(10, 20)]
    assert build_outline(detail("running", steps)).work.last == inf
    assert quiet([step("a-1", 0, attempts=[attempt(0, 1, False)])], status="running") == [(1, 100)]


@pytest.mark.parametrize("status", ["running", "complete"])
def test_only_what_is_current_is_open(status):
    subject = detail(status, [step("a-1", 20)])
    assert bool(current_steps(subject)) == (build_outline(subject).work.last == inf)


spans = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 60)), min_size=1, max_size=20)


@given(spans)
def test_gaps_are_where_no_step_was(several):
    steps = [done(f"s {n} x-1", at / 10, (at + length) / 10) for n, (at, length) in enumerate(several)]
    answer = quiet(steps, edge=100)
    for tenth in range(1000):
        middle = tenth / 10 + 0.05
        at_work = any(at / 10 <= middle <= (at + length) / 10 for at, length in several)
        assert not (at_work and any(left < middle < right for left, right in answer))
    covered = sum(right - left for left, right in answer)
    worked = sum(
        any(at / 10 <= tenth / 10 + 0.05 <= (at + length) / 10 for at, length in several)
        for tenth in range(1000)
    )
    assert 100 - covered - worked / 10 <= LEAST_QUIET * len(several) + 1
