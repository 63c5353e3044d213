"""Each step of recent runs beside the same of earlier ones: what got slower, what fails more."""

from random import Random

import pytest
from msgspec.structs import replace

from tests.support.fakes.details import answer, done, gave_up
from wfdash.core.history.step_change import choose_runs, compare_steps, steps_sentence
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance


def runs(seed, middle, *, count=20, failing=0.0):
    """Runs of two steps, the second of which takes about so long or gives up."""
    chance, found = Random(seed), []
    for number in range(count):
        took = max(0.01, chance.gauss(middle, middle / 4))
        steps = [done("load", 0, chance.uniform(0.2, 0.4))]
        failed = chance.random() < failing
        steps.append(gave_up("charge", 1, [1 + took]) if failed else done("charge", 1, 1 + took))
        status = "errored" if failed else "complete"
        found.append(read_detail("orders", f"{seed}-{number}", answer(status, steps, end=2 + took)))
    return found


def test_step_that_fails_more_is_named_first():
    steps = compare_steps(runs(1, 2.0, failing=0.6), runs(2, 2.0))
    assert steps[0].step == "charge"
    assert steps[0].fails_more
    assert steps_sentence(steps).startswith('"charge" fails more: ')


def test_step_that_got_slower_leads_to_its_slowest_run():
    steps = compare_steps(now := runs(1, 6.0), runs(2, 2.0))
    assert steps[0].step == "charge"
    assert steps[0].slower
    slowest = max(now, key=lambda detail: detail.steps[1].end - detail.steps[1].start)
    assert steps[0].example == slowest.id
    assert '"charge" is slower' in steps_sentence(steps)


@pytest.mark.parametrize(("count", "slower"), [(8, False), (9, False), (10, True)])
def test_few_runs_are_slower_only_where_chance_is_none(count, slower):
    """All of eight that took twice as long: that of thirty steps one does is no surprise."""
    sides = []
    for took in (4.0, 2.0):
        steps = [[done("charge", 0, took + n / 10)] for n in range(count)]
        sides.append(
            [read_detail("orders", f"{n}", answer("complete", each, end=9)) for n, each in enumerate(steps)]
        )
    (step,) = compare_steps(*sides)
    assert step.slower is slower


def test_runs_after_the_time_that_is_told_are_not_read():
    rows = [Instance(f"{v}{n}", "complete", ended=float(n), version=v) for v in "ab" for n in range(10)]
    now, before = choose_runs(rows, 2.0, 100, until=8.0, version="b")
    assert {(row.version, row.ended) for row in now} == {("b", float(n)) for n in range(2, 8)}
    assert {(row.version, row.ended) for row in before} == {("a", float(n)) for n in range(8)}


def test_like_runs_are_no_change():
    alarms = 0
    for seed in range(40):
        steps = compare_steps(runs(seed, 2.0, failing=0.1), runs(seed + 1000, 2.0, failing=0.1))
        alarms += any(step.slower or step.fails_more for step in steps)
    assert alarms <= 1


@pytest.mark.parametrize(("now", "before"), [([], []), (runs(1, 2.0), []), ([], runs(1, 2.0))])
def test_one_side_alone_is_no_comparison(now, before):
    steps = compare_steps(now, before)
    assert not any(step.slower or step.fails_more for step in steps)
    assert steps_sentence(steps) == "there is nothing to compare with yet"


def test_that_no_step_is_worse_is_told_of_enough_runs_alone():
    few = compare_steps(runs(1, 2.0, count=3), runs(2, 2.0, count=3))
    assert steps_sentence(few) == "too few runs to tell: a step needs 8 now and 8 before"
    enough = compare_steps(runs(1, 2.0), runs(2, 2.0))
    assert steps_sentence(enough, so_far=True) == "no step stands out so far: more runs are read"
    assert steps_sentence(enough) == "no step fails more than before, nor takes longer for half of its runs"


def test_step_that_may_fail_more_is_not_said_to_fail_no_more():
    """7 of 20 beside 0 of 20 stood in the table below `no step fails more`."""
    steps = compare_steps([*runs(1, 2.0, failing=1.0, count=5), *runs(2, 2.0, count=15)], runs(3, 2.0))
    assert not steps[0].fails_more
    assert steps_sentence(steps) == '"charge" failed in 5 of 20 runs, 0 of 20 before: too few to be sure'


def test_step_that_failed_more_does_not_fail_more_now():
    steps = compare_steps(runs(1, 2.0, failing=0.6), runs(2, 2.0))
    assert steps_sentence(steps, is_over=True).startswith('"charge" failed more: ')
    slower = compare_steps(runs(1, 6.0), runs(2, 2.0))
    assert '"charge" was slower: half took ' in steps_sentence(slower, is_over=True)


def rows(count):
    return [Instance(f"i-{n}", "complete", n, n + 1, n, n + 1) for n in range(count)]


def test_runs_are_chosen_from_both_sides_of_a_change():
    now, before = choose_runs(rows(1000), 600.0, 20, until=800.0)
    assert [row.ended for row in now] == [799.0 - 10 * n for n in range(20)], "as the rate is told of all"
    assert len(before) == 20
    assert max(row.ended for row in before) < 600
    assert min(row.ended for row in before) < 60, "spread over all of the time before"


def test_runs_of_a_blamed_version_are_those_of_its_bad_time():
    """It was mended without a deploy: its newest runs are well."""
    runs_of_both = [replace(row, version="v1" if row.ended < 600 else "v2") for row in rows(1000)]
    now, before = choose_runs(runs_of_both, 600.0, 20, until=700.0, version="v2")
    assert len(now) == len(before) == 20
    assert all(600 <= row.ended < 700 for row in now)
    assert {row.version for row in before} == {"v1"}


def test_newest_runs_are_now_where_nothing_changed():
    now, before = choose_runs(rows(30), None, 20)
    assert len(now) == 20
    assert len(before) == 10
    assert {row.id for row in now}.isdisjoint(row.id for row in before)


def test_what_has_not_ended_is_not_chosen():
    assert choose_runs([Instance("a", "running", 1.0), Instance("b", "errored", 1.0)], None, 20) == ([], [])
