"""What the open steps of an answer are at, worked out from the raw JSON alone."""

import re
from typing import Any

from tests.watch.spans import seconds_of

__all__ = ["Record", "named", "next_attempt", "open_steps", "shown"]

Record = dict[str, Any]
_COUNTER = re.compile(r"-(\d+)$")


def shown(step: Record) -> str:
    """`charge card-1` is shown as `charge card`, `poll-3` as `poll #3`."""
    name = step.get("name") or step["type"]
    found = _COUNTER.search(name)
    if found is None:
        return name
    return name[: found.start()] + ("" if found[1] == "1" else f" #{found[1]}")


def named(step: Record, text: str) -> bool:
    """Whether the text, perhaps cut in its middle or at its end, is the step's name."""
    head, cut, tail = text.partition("…")
    name = shown(step)
    return name == text if not cut else name.startswith(head) and name.endswith(tail)


def open_steps(detail: Record, at: float) -> list[tuple[str, Record]]:
    """(what it is at, the step): runs, retries, sleeps or waits. A sleep whose end has passed may be open."""
    found = []
    for step in detail["steps"]:
        kind = step["type"]
        if kind in ("sleep", "waitForEvent"):
            over = step["finished"] if step.get("finished") is not None else step["end"] is not None
            if not over and not step.get("error"):
                found.append(("sleeps" if kind == "sleep" else "waits", step))
        elif kind in ("step", "rollback") and step["end"] is None and step.get("success") is None:
            attempts = step["attempts"]
            if not attempts:
                found.append(("pending", step))
            else:
                found.append(("retries" if attempts[-1]["success"] is False else "runs", step))
    return found


def next_attempt(detail: Record, name: str, number: int) -> float | None:
    """When the attempt after so many really began; None while it has not."""
    for step in detail["steps"]:
        attempts: list[Any] = step.get("attempts", [])
        if named(step, name) and len(attempts) > number:
            return seconds_of(attempts[number]["start"])
    return None
