"""Steps over instances: one tally for a name whatever its counter, failures and retries apart."""

from tests.support.fakes.details import attempt, detail_of, sleep, step, termination
from wfdash.core.history.steps import tally_steps


def tried(name, *ends):
    """A step with an attempt of a second for each; a negative end is that of one that failed."""
    attempts = [attempt(abs(end) - 1, abs(end), end > 0) for end in ends]
    return step(name, abs(ends[0]) - 1, abs(ends[-1]), ends[-1] > 0, attempts)


def test_runs_failures_and_retries_are_counted_apart():
    details = [
        detail_of("order-1", tried("charge-1", 1), tried("charge-2", -3, 6)),
        detail_of("order-2", tried("charge-1", -1, -10), status="errored"),
        detail_of("order-3", tried("load", 1), termination()),
    ]
    charge, load = tally_steps(details)
    assert (charge.step, charge.runs, charge.failed, charge.retried) == ("charge", 3, 1, 2)
    assert (charge.took, charge.p50, charge.p95, charge.slowest) == ([1.0, 4.0, 10.0], 4.0, 10.0, "order-2")
    assert (load.step, load.runs, load.failed, load.retried) == ("load", 1, 0, 0)


def test_sleep_that_lasts_has_no_duration():
    (nap,) = tally_steps([detail_of("order-1", sleep("nap-1", 0, 3600))])
    assert (nap.runs, nap.took, nap.p50) == (1, [], None)


def test_nothing_read_is_no_step():
    assert tally_steps([detail_of("order-1")]) == []
