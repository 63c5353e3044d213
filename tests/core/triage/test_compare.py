"""This run against another: alignment, verdicts, params."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes.details import T0, detail, done, gave_up, sleep, step, termination
from wfdash.core.model.instance import Instance
from wfdash.core.model.step import ABSENT
from wfdash.core.triage.compare import best_candidates, compare, differences

LAST = detail("complete", [done("load-1", 0, 1), done("charge-1", 1, 2), done("mail-1", 2, 3)], end=3)


def verdicts(mine, theirs=LAST):
    return [(pair.name, pair.verdict) for pair in compare(mine, theirs).pairs]


def test_the_first_divergence_is_the_step_that_failed():
    mine = detail("errored", [done("load-1", 0, 1), gave_up("charge-1", 1, [2, 13], limit=1)], end=13)
    found = compare(mine, LAST)
    assert [pair.verdict for pair in found.pairs] == ["same", "failed", "not reached"]
    assert found.first == 1
    assert found.sentence() == '"charge" failed here and succeeded there; 1 later step not reached'


def test_extra_and_slower_and_open_steps():
    steps = [done("load-1", 0, 4), sleep("nap-1", 4, 9, True), done("charge-1", 9, 10), step("mail-1", 10)]
    assert verdicts(detail("running", steps)) == [
        ("load", "slower"),
        ("nap", "extra"),
        ("charge", "same"),
        ("mail", "open"),
    ]


def test_missing_steps_stand_where_they_would_have_been():
    mine = detail("complete", [done("load-1", 0, 1), done("mail-1", 1, 2)], end=2)
    assert verdicts(mine) == [("load", "same"), ("charge", "missing"), ("mail", "same")]

    assert compare(mine, LAST).sentence() == (
        'first differs at "charge", which this run does not have; 1 missing'
    )


def test_failed_step_is_named_although_runs_differed_before_it():
    mine = detail("errored", [done("other-1", 0, 1), gave_up("charge-1", 1, [2, 13], limit=1)], end=13)
    assert compare(mine, LAST).sentence() == (
        '"charge" failed here and succeeded there; 1 later step not reached; 1 missing; 1 extra'
    )


def test_rollbacks_come_of_the_failure_and_are_no_extra_steps():
    undone = {**done("charge-1", 13, 14), "type": "rollback"}
    mine = detail("errored", [done("load-1", 0, 1), gave_up("charge-1", 1, [2, 13], limit=1), undone], end=14)
    found = compare(mine, LAST)
    assert [pair.verdict for pair in found.pairs] == ["same", "failed", "rollback", "not reached"]
    assert found.sentence() == (
        '"charge" failed here and succeeded there; 1 later step not reached; 1 rollback'
    )


def test_steps_of_one_template_are_paired_whatever_they_are_for():
    theirs = detail(
        "complete", [done("reserve mug-1", 0, 1), done("reserve pen-1", 1, 2), done("mail-1", 2, 3)]
    )
    mine = detail(
        "complete", [done("reserve tee-1", 0, 1), done("reserve pen-1", 1, 2), done("mail-1", 2, 3)]
    )
    found = compare(mine, theirs)
    assert [(pair.name, pair.other_name) for pair in found.pairs][:2] == [
        ("reserve tee", "reserve mug"),
        ("reserve pen", ""),
    ]
    assert found.sentence() == "the same steps, none of them slower or failed"


def test_a_run_under_way_lacks_nothing_that_is_still_to_come():
    mine = detail("running", [done("load-1", 0, 1), step("charge-1", 1)])
    found = compare(mine, LAST, now=T0 + 3)
    assert [pair.verdict for pair in found.pairs] == ["same", "open", "to come"]
    assert found.sentence() == "so far the same steps, none of them slower or failed; 1 open; 1 to come"
    assert compare(LAST, mine, now=T0 + 3).now is None, "this one is over"


def test_step_open_three_times_as_long_is_already_slower():
    mine = detail("running", [done("load-1", 0, 1), step("charge-1", 1)])
    found = compare(mine, LAST, now=T0 + 5)
    assert [pair.verdict for pair in found.pairs] == ["same", "slower", "to come"]
    assert found.sentence() == (
        'first differs at "charge", which has been open over 3 times as long; 1 slower; 1 to come'
    )


def test_equal_runs_say_so():
    assert compare(LAST, LAST).sentence() == "the same steps, none of them slower or failed"


def test_more_places_than_are_looked_for_are_not_counted():
    mine = detail("complete", LAST.raw["steps"], end=3, params={str(n): n for n in range(300)})
    assert compare(mine, LAST).sentence().endswith("params differ in at least 200 places")


def test_params_differ_by_path():
    found = differences({"a": [1, {"b": 2}], "c": None}, {"a": [1, {"b": 3}, 4], "d": None})
    assert [(each.path, each.mine, each.theirs) for each in found] == [
        (("a", 1, "b"), 2, 3),
        (("a", 2), ABSENT, 4),
        (("c",), None, ABSENT),
        (("d",), ABSENT, None),
    ]
    assert not differences(1, 1.0)
    assert differences(True, 1)


def test_the_same_version_is_preferred_then_the_newest():
    rows = [
        Instance("old", "complete", 1.0, version="v2"),
        Instance("new", "complete", 9.0, version="v1"),
        Instance("newer", "complete", 5.0, version="v2"),
        Instance("bad", "errored", 10.0, version="v2"),
        Instance("me", "complete", 11.0, version="v2"),
    ]
    found = best_candidates(rows, mine="me", version="v2")
    assert [row.id for row in found] == ["newer", "old", "new"]


def test_of_other_versions_one_before_this_run_is_preferred():
    rows = [
        Instance("before", "complete", 1.0, version="v1"),
        Instance("after", "complete", 9.0, version="v3"),
        Instance("before", "complete", 1.0, version="v1"),
    ]
    found = best_candidates(rows, mine="me", version="v2", created=5.0)
    assert [row.id for row in found] == ["before", "after"]


names = st.sampled_from(["a-1", "b-1", "c-1", "d-1", "a-2"])
runs = st.lists(
    st.one_of(st.builds(done, names, st.just(0), st.integers(0, 9)), st.builds(termination)), max_size=12
)


@settings(max_examples=100, deadline=None)
@given(runs, runs)
def test_every_step_of_both_runs_is_in_one_pair(mine, theirs):
    first, other = detail("complete", mine, end=9), detail("complete", theirs, end=9)
    pairs = compare(first, other).pairs
    assert [pair.mine.index for pair in pairs if pair.mine] == list(range(len(mine)))
    assert sorted(pair.theirs.index for pair in pairs if pair.theirs) == list(range(len(theirs)))
