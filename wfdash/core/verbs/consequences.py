"""What an action would lose and what it would run again, told before it is confirmed.

The `of_` functions say it of each verb in sentences, general ones without an answer that has its steps
(None).
"""

from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Step
from wfdash.core.model.step_columns import Chosen, Steps
from wfdash.core.model.step_kind import OWN, RestartType, kind_of
from wfdash.core.text.words import counted
from wfdash.core.why.current_steps import is_open
from wfdash.core.why.step_names import base_name, spoken_name

__all__ = [
    "Split",
    "StepTarget",
    "finished_steps",
    "of_event",
    "of_pause",
    "of_pause_of_cut",
    "of_restart",
    "of_restart_from",
    "of_resume",
    "of_rollback",
    "of_terminate",
    "split_at",
    "split_before",
    "step_target",
    "why_no_step",
]


class StepTarget(Struct, frozen=True):
    """How the API names a step to restart from: no -N suffix, and which one of that name and type, from 1."""

    name: str
    count: int
    type: RestartType


class Split(Struct, frozen=True):
    """The steps a restart from one of them keeps, and those it drops and runs again."""

    kept: Chosen
    again: Chosen


# The engine takes one -N off each logged name, then counts the hits of that name and type in the order they
# were logged (miniflare, lib/restart.ts).
def step_target(steps: Steps, index: int) -> StepTarget | None:
    """Names the step at a position (oldest first); None for a rollback, a termination or an unknown type.

    The count is of earlier rows with that name and type, never the suffix: sleeps are numbered per duration
    too, so two sleeps can both be `nap-1`.
    """
    kinds, names = steps.columns.kinds, steps.columns.names
    kind = kind_of(kinds[index]).restart_type
    name = base_name(names[index])
    if kind is None or not name:
        return None
    earlier = zip(kinds[: index + 1], names[: index + 1])
    of_name = sum(1 for own_kind, own in earlier if own_kind == kinds[index] and base_name(own) == name)
    return StepTarget(name, of_name, kind)


def split_at(steps: Steps, target: StepTarget) -> Split | None:
    """What a restart from the target keeps: all that began before it. None when there is no such step."""
    seen = 0
    for position, (kind, name) in enumerate(zip(steps.columns.kinds, steps.columns.names)):
        if kind_of(kind).restart_type == target.type and base_name(name) == target.name:
            seen += 1
            if seen == target.count:
                return split_before(steps, position)
    return None


def split_before(steps: Steps, position: int) -> Split:
    """What a restart from the step at that position keeps, and what it drops."""
    own = [index for index, kind in enumerate(steps.columns.kinds) if kind in OWN]
    first = bisect_left(own, position)
    return Split(Chosen(steps, own[:first]), Chosen(steps, own[first:]))


def why_no_step(steps: Steps, target: StepTarget) -> str:
    """How these differ from one that has the target, where none has it: `has "pay" 1 time, not 2`; raw."""
    name = f'"{target.name}"'
    rows = zip(steps.columns.kinds, steps.columns.names)
    kinds = [kind_of(kind).restart_type for kind, own in rows if base_name(own) == target.name]
    if times := kinds.count(target.type):
        return f"has {name} {counted(times, 'time')}, not {target.count}"
    types = dict.fromkeys(kind for kind in kinds if kind)
    return f"has {name} as {' and '.join(types)}, not as {target.type}" if types else f"has no step {name}"


def finished_steps(detail: Detail) -> int:
    """Steps that ran code and succeeded: what a restart runs again and a termination leaves standing."""
    return detail.steps.fact("finished", _count_finished)


def _count_finished(steps: Steps) -> int:
    columns = steps.columns
    return sum(success is True and kind == "step" for success, kind in zip(columns.successes, columns.kinds))


def of_pause(detail: Detail | None, step: StepTarget | None) -> list[str]:
    if detail is None:
        return ["a running step is finished first; sleeps and waits stop at once"]
    busy = detail.steps.picked("computes", _computing)
    if not busy:
        return ["no step is running: it pauses at once, and its timers stand still"]
    named = f"{', '.join(map(spoken_name, busy[:3]))}{' and others' if busy[3:] else ''}"
    said = [f"{named} will be finished first, then it pauses"]
    # Measured on the engine: the attempt around a sleep ends with that, as failed, and a later one follows.
    if (held_up := detail.steps.fact("held up", lambda steps: _held_up(steps, busy))) is not None:
        inner = spoken_name(held_up)
        said.append(
            f"should {inner} be part of such a step, that is cut off when {inner} ends and runs again"
        )
    return said


def of_pause_of_cut() -> list[str]:
    """The consequence of a pause where a dev session's reload cut the instance.

    No open step does anything.
    """
    return ["its open step was cut and does nothing: it pauses at once, and a resume then wakes it"]


def of_resume(detail: Detail | None, step: StepTarget | None) -> list[str]:
    return ["it continues; its timers go on from where they stopped"]


def of_terminate(detail: Detail | None, step: StepTarget | None) -> list[str]:
    done = _done(detail)
    stays = f"{_finished(done)} {'stays' if done == 1 else 'stay'} done"
    return [f"{stays}: nothing is rolled back", "the API does not say whether they have rollback handlers"]


def of_rollback(detail: Detail | None, step: StepTarget | None) -> list[str]:
    return [
        f"stops it, then runs the rollback handlers of {_finished(_done(detail))}, newest first",
        "a handler that fails stops the rollback; steps without a handler stay as they are",
    ]


# A restart clears the whole history at once and runs every side effect again (workers-api).
def of_restart(detail: Detail | None, step: StepTarget | None) -> list[str]:
    done = _done(detail)
    again = f"{_finished(done)} and {'its' if done == 1 else 'their'} side effects run again"
    return [
        f"starts over with the same id and params{f': {again}' if done != 0 else ''}",
        *_cut(detail),
    ]


def of_restart_from(detail: Detail | None, step: StepTarget | None) -> list[str]:
    return [] if step is None else [*_dropped(detail, step), *_cut(detail)]


def of_event(detail: Detail | None, step: StepTarget | None) -> list[str]:
    return ["if nothing waits for it now, it is kept and answers the next wait of that type"]


def _done(detail: Detail | None) -> int | None:
    return finished_steps(detail) if detail is not None else None


def _finished(done: int | None) -> str:
    if done is None:
        return "all finished steps"
    return counted(done, "finished step") if done else "no finished steps"


def _computing(steps: Steps) -> list[int]:
    columns = steps.columns
    rows = enumerate(zip(columns.kinds, columns.successes, columns.ends))
    unended = [index for index, (kind, ok, end) in rows if kind == "step" and ok is None and end is None]
    return [index for index in unended if not (tries := steps[index].attempts) or tries[-1].end is None]


def _holds_up(step: Step) -> bool:
    return bool(kind_of(step.kind).rests) and is_open(step)


def _held_up(steps: Steps, busy: Sequence[Step]) -> Step | None:
    """The first sleep or wait that may be part of a step that runs."""
    began = min((running.start for running in busy if running.start is not None), default=None)
    if began is None:
        return None
    after = (step for step in steps.unended() if step.start is not None and step.start >= began)
    return next((step for step in after if _holds_up(step)), None)


def _cut(detail: Detail | None) -> list[str]:
    if detail is None or detail.status not in ("running", "waitingForPause", "waiting"):
        return []
    busy = detail.steps.picked("computes", _computing)
    return [f"{spoken_name(busy[0])} is running now and is cut off"] if busy else []


def _dropped(detail: Detail | None, target: StepTarget) -> list[str]:
    split = split_at(detail.steps, target) if detail is not None else None
    if detail is not None and split is None:
        return [f'it has no step "{target.name}" of that type and count: the server will refuse']
    if split is None:
        return ["keeps what was started before that step, runs it and everything after it again"]
    sentences = [f"drops and runs again {_names(split.again)}", f"keeps {_names(split.kept)}"]
    start = split.again[0].end
    beside = [
        again
        for again in split.again[1:]
        if again.success and start is not None and again.start is not None and again.start < start
    ]
    if beside:
        sentences.append(
            f"{_names(beside)} ran beside it, began later, and is lost too although it succeeded"
        )
    return sentences


def _names(steps: Sequence[Step]) -> str:
    if not steps:
        return "no step"
    shown = ", ".join(map(spoken_name, steps[:4]))
    count = counted(len(steps), "step")
    return f"{count}: {shown}{f' and {len(steps) - 4} more' if len(steps) > 4 else ''}"
