"""The stories of worker.mjs once more, in the simulator's language; a gate is a step that takes a minute."""

from collections.abc import Callable
from typing import Any

from wfdash.demo.engine.program import ALWAYS, All, Do, Program, RunContext, Sleep, StepFailure, Undo, Wait

__all__ = ["GATE", "twin"]

GATE = 60.0
DECLINED = StepFailure("PaymentError", "card declined: insufficient funds")
Params = dict[str, Any]


def quick(params: Params) -> Program:
    loaded = yield Do("load order", 0.01, {"order": params.get("order", 7), "items": 3})
    return (yield Do("ship", 0.01, {"shipped": loaded["order"]}))


def flaky(params: Params) -> Program:
    again = StepFailure("PaymentError", "card declined: try again")
    failures, delay = params.get("failures", 2), params.get("delay", 200)
    return (yield Do("charge card", 0.01, "charged", failures, again, None, 5, delay, "linear"))


def exhausted(params: Params) -> Program:
    yield Do("load order", 0.01, 1)
    yield Do("charge card", 0.01, None, ALWAYS, DECLINED, None, 2, 100, "constant")


def fatal(params: Params) -> Program:
    gone = StepFailure("NonRetryableError", "no such street", fatal=True)
    yield Do("check address", 0.01, fails=ALWAYS, error=gone)


def slow_retry(params: Params) -> Program:
    yield Do("charge card", 0.01, None, ALWAYS, DECLINED, None, 5, params.get("delay", "30 seconds"))


def sleeper(params: Params) -> Program:
    yield Do("load order", 0.01, 1)
    yield Sleep("cool down", params.get("long", "1 hour"))
    return "rested"


def approval(params: Params) -> Program:
    yield Do("ask for approval", 0.01, "asked")
    answer = yield Wait("approval", "approve", params.get("timeout", "1 day"))
    return (yield Do("ship", 0.01, answer["payload"]))


def parallel(params: Params) -> Program:
    takes = {"email": 0.05, "invoice": GATE, "stock": GATE, "audit": 0.05}
    return (yield All([Do(name, seconds, name) for name, seconds in takes.items()]))


def loop(params: Params) -> Program:
    count = params.get("count", 3)
    for page in range(1, count + 1):
        yield Do("load page", 0.01, {"page": page})
        if params.get("pause"):
            yield Sleep("breathe", params["pause"])
    return count


def crash(params: Params) -> Program:
    yield from ()
    raise StepFailure("TypeError", "orders.map is not a function")


def busy(params: Params) -> Program:
    yield Do("load order", 0.01, 1)
    yield Do("crunch numbers", GATE, "crunched")
    return (yield Do("ship", 0.01, "shipped"))


def booking(params: Params) -> Program:
    undo = Undo(takes=0.03)
    yield Do("reserve seat", 0.01, {"seat": "12A"}, undo=undo)
    yield Do("charge card", 0.01, {"charged": 99}, undo=undo)
    yield Do("write log", 0.01, "no way back")
    yield Wait("confirmation", "confirm", "1 day")


TWINS: dict[str, Callable[[Params], Program]] = {
    "quick": quick,
    "flaky": flaky,
    "exhausted": exhausted,
    "fatal": fatal,
    "slowRetry": slow_retry,
    "sleeper": sleeper,
    "approval": approval,
    "parallel": parallel,
    "loop": loop,
    "crash": crash,
    "busy": busy,
    "booking": booking,
}


def twin(story: RunContext) -> Program:
    """What worker.mjs does with the same params."""
    return TWINS[story.params["kind"]](story.params)
