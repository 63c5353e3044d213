"""Answers of the detail endpoint built in a line: times are seconds after T0."""

from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.model.detail import Detail, read_detail
from wfdash.core.model.times import iso

T0 = 1_800_000_000.0
"""2027-01-15 08:00:00 UTC, a Friday."""


def moment(seconds):
    return None if seconds is None else iso(T0 + seconds)


def failure(name="PaymentError", message="card declined"):
    return {"name": name, "message": message}


def attempt(start, end=None, success=None, error=None):
    if success is False and error is None:
        error = failure()
    return {"start": moment(start), "end": moment(end), "success": success, "error": error}


def step(name, start, end=None, success=None, attempts=None, *, kind="step", **config):
    policy = {"limit": 5, "delay": "10 seconds", "backoff": "exponential"} | config
    timeout = policy.pop("timeout", "10 minutes")
    if attempts is None:
        attempts = [attempt(start, end, success)]
    return {
        "type": kind,
        "name": name,
        "start": moment(start),
        "end": moment(end),
        "success": success,
        "config": {"retries": policy, "timeout": timeout},
        "attempts": attempts,
    }


def done(name, start, end, **more):
    return step(name, start, end, True, **more)


def gave_up(name, start, ends, *, every=10, **config):
    """A step that failed at each of `ends`; attempts last a second."""
    attempts = [attempt(end - 1, end, False) for end in ends]
    return step(name, start, ends[-1], False, attempts, **config)


def sleep(name, start, end=None, finished=False):
    row = {"type": "sleep", "name": name, "start": moment(start), "end": moment(end), "finished": finished}
    return row | {"error": None}


def wait(name, start, end=None, finished=False, event_type=None, error=None):
    row = {"type": "waitForEvent", "name": name, "start": moment(start), "end": moment(end)}
    row |= {"finished": finished, "error": error, "output": None}
    return row if event_type is None else row | {"event_type": event_type}


def termination(source="api"):
    return {"type": "termination", "trigger": {"source": source}}


def answer(status, steps=(), *, start=0.0, end=None, queued=0.0, **more):
    result = {"status": status, "params": {}, "queued": moment(queued), "start": moment(start)}
    result |= {"end": moment(end), "output": None, "error": None, "steps": list(steps)}
    uncounted = ("termination", "rollback")
    result["step_count"] = sum(1 for each in steps if (each or {}).get("type") not in uncounted)
    return result | more


def detail(status, steps=(), **more) -> Detail:
    return read_detail("orders", "order-1", answer(status, steps, **more))


def detail_of(identity, *steps, status="running") -> Detail:
    """An instance of which the answer gives the status and these steps, and nothing more."""
    return read_detail("orders", identity, {"status": status, "steps": list(steps)})


def neighbours(others) -> dict[str, Lifetime]:
    """Other instances of which nothing is known but the id."""
    return dict.fromkeys(others, Lifetime())
