"""Steps over instances: one tally for a name whatever its counter, failures and retries apart."""

from wfdash.core.history.steps import tally_steps
from wfdash.core.model.detail import read_detail

FAIL = {"name": "Error", "message": "supplier said 503"}


def attempt(second, *, fails=False):
    start, end = f"2026-11-21T12:00:{second:02d}.000Z", f"2026-11-21T12:00:{second + 1:02d}.000Z"
    return {"start": start, "end": end, "success": not fails, "error": FAIL if fails else None}


def step(name, *attempts):
    last = attempts[-1]
    return {
        "type": "step",
        "name": name,
        "start": attempts[0]["start"],
        "end": last["end"],
        "success": last["success"],
        "error": last["error"],
        "attempts": list(attempts),
    }


def detail(identity, *steps, status="complete"):
    return read_detail("orders", identity, {"status": status, "steps": list(steps)})


def test_runs_failures_and_retries_are_counted_apart():
    details = [
        detail("order-1", step("charge-1", attempt(0)), step("charge-2", attempt(2, fails=True), attempt(5))),
        detail("order-2", step("charge-1", attempt(0, fails=True), attempt(9, fails=True)), status="errored"),
        detail("order-3", step("load", attempt(0)), {"type": "termination", "trigger": {"source": "api"}}),
    ]
    charge, load = tally_steps(details)
    assert (charge.step, charge.runs, charge.failed, charge.retried) == ("charge", 3, 1, 2)
    assert (charge.took, charge.p50, charge.p95, charge.slowest) == ([1.0, 4.0, 10.0], 4.0, 10.0, "order-2")
    assert (load.step, load.runs, load.failed, load.retried) == ("load", 1, 0, 0)


def test_sleep_that_lasts_has_no_duration():
    asleep = {"type": "sleep", "name": "nap-1", "start": "2026-11-21T12:00:00.000Z", "finished": False}
    (nap,) = tally_steps([detail("order-1", asleep | {"end": "2026-11-21T13:00:00.000Z"})])
    assert (nap.runs, nap.took, nap.p50) == (1, [], None)


def test_nothing_read_is_no_step():
    assert tally_steps([detail("order-1")]) == []
