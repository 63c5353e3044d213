"""What a dev session's start means for an instance: a reload or a restart cuts whatever ran, without a word.

Measured on the engine: a cut instance says `running` for ever and does nothing; pause and then resume, or an
event that it waits for, wakes it. A woken step begins a new attempt; a woken sleep or wait shows nothing.
"""

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Step
from wfdash.core.model.step_columns import Steps
from wfdash.core.why.current_steps import deadline, doing
from wfdash.core.why.step_names import spoken_name
from wfdash.core.why.why import TimeWords, Why

__all__ = ["SessionTimes", "last_moved", "of_cut"]

_CUT = "cut by a reload"
_WAKES = "pause and then resume wakes it"


class SessionTimes(Struct, frozen=True):
    """When a dev session began and was watched, in epoch seconds; None for what is not known."""

    started: float | None = None
    """When the session's code began to run: what ran before was cut."""
    watched: float | None = None
    """Since when nothing is seen to have cut what runs."""
    changed: float | None = None
    """When the instance was last seen to change its status."""


def last_moved(detail: Detail, now: float) -> float | None:
    """When the answer last shows something happen; an end that is still to come is none."""
    moments = detail.steps.fact("moments", _moments)
    past = bisect_right(moments, now)
    times = [*moments[max(0, past - 1) : past], detail.queued, detail.start, detail.end]
    return max((time for time in times if time is not None and time <= now), default=None)


def _moments(steps: Steps) -> list[float]:
    """When something happened, or is to happen, in the order of time."""
    times = [*steps.columns.starts, *steps.columns.ends]
    for step in steps.unended():
        for attempt in step.attempts[-1:]:
            times += [attempt.start, attempt.end]
    return sorted({time for time in times if time is not None})


def of_cut(detail: Detail, steps: Sequence[Step], times: SessionTimes | None, at: TimeWords) -> Why | None:
    """Says why where the session began after the last thing that happened; None for what may be alive."""
    if times is None or times.started is None or (times.changed or 0.0) > times.started:
        return None
    moved = last_moved(detail, at.now)
    # What moved since the code began runs in it.
    if moved is None or moved >= times.started:
        return None
    ago = f"a reload or restart of the dev session {at.ago(times.started)}"
    named = spoken_name(steps[0]) if len(steps) == 1 else f"{len(steps)} open steps" if steps else "the run"
    several = len(steps) > 1
    if any(_would_show(step, at.now) for step in steps):
        was, it = ("were", "the instance does") if several else ("was", "it does")
        said = f"{named} {was} cut by {ago}: {it} nothing until it is woken; {_WAKES}"
        return Why(said, _CUT, moved, looks_stuck=True, cut="surely")
    open_for = f"{named} {'have' if several else 'has'} been open since before {ago}"
    # Not called stuck: it may be asleep in good order, and the event wakes it.
    if any(doing(step) == "waits" for step in steps):
        wakes = "the event, or pause and then resume, wakes it"
        return Why(f"{open_for}; {wakes}", f"{_CUT}?", moved, cut="perhaps")
    said = f"{open_for}: it does nothing unless it was paused and resumed since, which wakes it"
    return Why(said, f"{_CUT}?", moved, looks_stuck=True, cut="perhaps")


def _would_show(step: Step, now: float) -> bool:
    """Whether the step, had it been woken, would show a new attempt by now."""
    if doing(step) == "retries":
        due = deadline(step)[0]
        return due is not None and due <= now
    return doing(step) == "runs"
