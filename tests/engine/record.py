"""Records what the real engine answers in every state: `python -m tests.engine.record`.

Each file of tests/core/why/answers holds {"about", "now", "row", "answer"}: what it is, when it was asked (in
epoch seconds), the instance's row of the list and the whole answer about it.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.engine.engine import Engine
from tests.support.harness.program import ROOT

ANSWERS = ROOT / "tests" / "core" / "why" / "answers"


def keep(engine: Engine, identity: str, about: str, name: str = "") -> None:
    answer, rows = engine.answer(identity), engine.listing(per_page="100")["result"]
    record = {
        "about": about,
        "now": round(time.time(), 3),
        "row": next(row for row in rows if row["id"] == identity),
        "answer": answer,
    }
    many = len(answer["result"]["steps"]) > 100
    text = json.dumps(record, indent=None if many else 1, ensure_ascii=False)
    (ANSWERS / f"{name or identity}.json").write_text(text + "\n", encoding="utf-8")
    print(f"{identity}: {answer['result']['status']}, {len(answer['result']['steps'])} steps")


def steps(count: int) -> Callable[[dict], bool]:
    return lambda detail: len(detail["steps"]) >= count


def attempts(ended: int) -> Callable[[dict], bool]:
    """That many attempts of the last step are over and none runs."""
    return lambda detail: (
        bool(detail["steps"])
        and len(detail["steps"][-1]["attempts"]) == ended
        and all(each["end"] for each in detail["steps"][-1]["attempts"])
    )


def finished(engine: Engine) -> None:
    stories = {
        "quick": ("complete", "two steps, done"),
        "flaky": ("complete", "two failed attempts, the third succeeded"),
        "exhausted": ("errored", "three attempts of the second step failed, none is left"),
        "fatal": ("errored", "a NonRetryableError: one attempt"),
        "crash": ("errored", "run() threw outside any step"),
        "loop": ("complete", "one step name three times"),
    }
    for kind, (status, about) in stories.items():
        engine.create(f"{kind}-{status}", kind)
        engine.wait(f"{kind}-{status}", status)
        keep(engine, f"{kind}-{status}", about)
    engine.create("loop-500", "loop", count=500)
    engine.wait("loop-500", "complete")
    keep(engine, "loop-500", "one step name 500 times")
    engine.create("approval-timed-out", "approval", timeout="1 second")
    engine.wait("approval-timed-out", "errored")
    keep(engine, "approval-timed-out", "the event did not come in time")
    engine.create("approval-answered", "approval")
    engine.wait("approval-answered", steps(2))
    engine.send("approval-answered", "approve", {"by": "ada"})
    engine.wait("approval-answered", "complete")
    keep(engine, "approval-answered", "the event came")


def waiting(engine: Engine) -> None:
    engine.create("sleeping", "sleeper")
    engine.wait("sleeping", steps(2))
    keep(engine, "sleeping", "asleep for an hour; the answer does not say until when")
    engine.change("sleeping", {"status": "pause"})
    engine.wait("sleeping", "paused")
    keep(engine, "sleeping", "paused in its sleep", "sleeping-paused")
    engine.create("waiting-for-event", "approval")
    engine.wait("waiting-for-event", steps(2))
    keep(engine, "waiting-for-event", "waits a day for an event that the answer names by its step alone")
    engine.create("retrying", "slowRetry")
    engine.wait("retrying", attempts(1))
    keep(engine, "retrying", "one attempt failed, the next comes after 30 s")
    engine.create("retrying-third", "slowRetry", delay="1 second")
    engine.wait("retrying-third", attempts(3))
    keep(
        engine,
        "retrying-third",
        "three attempts failed, exponential from 1 s: the next comes 4 s after the third",
    )
    engine.create("sleeping-terminated", "sleeper")
    engine.wait("sleeping-terminated", steps(2))
    engine.change("sleeping-terminated", {"status": "terminate"})
    keep(engine, "sleeping-terminated", "terminated in its sleep, which stays open for ever")
    engine.create("appointment-paused-resumed", "appointment")
    engine.wait("appointment-paused-resumed", steps(2))
    engine.change("appointment-paused-resumed", {"status": "pause"})
    engine.change("appointment-paused-resumed", {"status": "resume"})
    engine.wait("appointment-paused-resumed", "complete")
    keep(engine, "appointment-paused-resumed", "complete, with the sleep that the pause cut off still open")


def working(engine: Engine) -> None:
    engine.create("busy", "busy", gate="busy")
    engine.wait("busy", steps(2))
    keep(engine, "busy", "the second step runs")
    engine.create("parallel", "parallel", gate="parallel")
    engine.wait("parallel", lambda detail: sum(step["end"] is not None for step in detail["steps"]) == 2)
    keep(engine, "parallel", "four steps at once: two done, two run")
    engine.create("thinking", "thinking", gate="thinking")
    engine.wait("thinking", steps(1))
    keep(engine, "thinking", "running with no open step")
    engine.create("busy-waitingForPause", "busy", gate="pausing")
    engine.wait("busy-waitingForPause", steps(2))
    engine.change("busy-waitingForPause", {"status": "pause"})
    keep(engine, "busy-waitingForPause", "a pause was asked for while a step runs")
    engine.release("pausing")
    engine.wait("busy-waitingForPause", "paused")
    engine.create("busy-paused", "busy", gate="paused")
    engine.wait("busy-paused", steps(2))
    engine.change("busy-paused", {"status": "pause"})
    engine.release("paused")
    engine.wait("busy-paused", "paused")
    keep(engine, "busy-paused", "paused between its second step and its third")


def undone(engine: Engine) -> None:
    engine.create("booking-rolling-back", "booking", gate="undo")
    engine.wait("booking-rolling-back", steps(4))
    asked = threading.Thread(
        target=engine.change, args=("booking-rolling-back", {"status": "terminate", "rollback": True})
    )
    asked.start()
    time.sleep(0.5)  # the answer comes only when the last handler is done, and no state tells it began
    keep(engine, "booking-rolling-back", "rollback handlers run: this engine says running and lists none")
    engine.release("undo")
    asked.join()
    engine.create("booking-rolled-back", "booking")
    engine.wait("booking-rolled-back", steps(4))
    engine.change("booking-rolled-back", {"status": "terminate", "rollback": True})
    keep(engine, "booking-rolled-back", "terminated after its rollback handlers ran; none is listed")
    engine.create("loop-restarted-from", "loop")
    engine.wait("loop-restarted-from", "complete")
    change = {"status": "restart", "from": {"name": "load page", "count": 2, "type": "do"}}
    engine.change("loop-restarted-from", change)
    engine.wait("loop-restarted-from", "complete")
    keep(
        engine, "loop-restarted-from", "restarted from the second of three: the first is older than the rest"
    )


def main() -> None:
    ANSWERS.mkdir(exist_ok=True)
    engine = Engine(Path(tempfile.mkdtemp(prefix="wfdash-engine-")))
    try:
        for part in (finished, waiting, working, undone):
            part(engine)
    finally:
        engine.stop()


if __name__ == "__main__":
    main()
