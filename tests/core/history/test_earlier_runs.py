"""Which run of an instance an older row tells."""

import pytest

from wfdash.core.history.earlier_runs import earlier_run, earlier_runs
from wfdash.core.history.history import History
from wfdash.core.model.instance import Instance

FAILED = Instance("a", "errored", 10.0, 40.0, 12.0, 40.0, "v1")


@pytest.mark.parametrize(
    ("now", "restarted"),
    [
        (Instance("a", "running", 10.0, 60.0, 60.0), True),
        (Instance("a", "queued", 10.0, 60.0), True),
        (Instance("a", "complete", 10.0, 90.0, 60.0, 90.0), True),
        (Instance("a", "errored", 10.0, 90.0, 60.0, 90.0), True),
        (FAILED, False),
        (Instance("a", "running", 10.0, 40.0, 12.0), False),
        (Instance("a", "errored", 10.0, 41.0, 12.0, 40.4), False),
        (Instance("a", "errored", 10.0, 41.0, 12.0), False),
        (Instance("a", "errored", 10.0, 41.0, 5.0, 20.0), False),
    ],
)
def test_older_row_is_another_run_where_it_began_again(now, restarted):
    assert (earlier_run(FAILED, now) is not None) == restarted


def test_what_had_not_ended_is_no_run():
    assert earlier_run(Instance("a", "running", 1.0), Instance("a", "complete", 1.0, 2.0, 1.0, 2.0)) is None


def test_earlier_run_counts_as_ended_and_not_as_created():
    now = Instance("a", "complete", 10.0, 90.0, 60.0, 90.0, "v2")
    history = History(100.0)
    history.add([now])
    history.add(earlier_runs([FAILED, FAILED], {"a": now}).values())
    (bucket,) = history.buckets(0.0, 100.0)
    assert (bucket.created, bucket.complete, bucket.errored) == (1, 1, 1)
    assert bucket.failure_rate == 0.5
    assert set(history.versions()) == {"v1", "v2"}


def test_instances_that_are_not_listed_any_more_are_left_out():
    assert earlier_runs([FAILED], {}) == {}


def test_end_read_before_a_restart_stands_in_for_its_row():
    """It lacks version and start: the row of the same end, told a little earlier, goes before it."""
    now = Instance("a", "complete", 10.0, 90.0, 60.0, 90.0, "v2")
    noted = [Instance("a", "errored", ended=41.5), Instance("a", "errored", ended=70.0)]
    found = earlier_runs([FAILED], {"a": now}, noted=noted)
    assert sorted((run.ended, run.version) for run in found.values()) == [(40.0, "v1"), (70.0, "")]
    assert earlier_runs([], {"a": Instance("a", "errored", 10.0, 44.0, 12.0, 44.0)}, noted=noted[:1]) == {}


def test_end_of_another_instance_of_the_id_is_no_earlier_run():
    assert earlier_run(FAILED, Instance("a", "complete", 500.0, 590.0, 560.0, 590.0)) is None
