"""Redrive: finds the step each instance failed at, for the plan and again just before it is sent."""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_hex
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.errors import Forbidden, Unauthorized, WorkflowsError
from wfdash.api.interface import RestartFrom
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import ACTIVE, is_final
from wfdash.core.model.times import SAME_END
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.core.verbs.consequences import StepTarget, split_at, why_no_step
from wfdash.core.verbs.redrive import RedrivePoint, point_of, redrive_point
from wfdash.core.verbs.rules import refusal
from wfdash.live.actions.plan import UNDATED, Guard, Plan, Target
from wfdash.live.actions.reread import Rereader, Snapshot

__all__ = [
    "READ_BEFORE",
    "Redrive",
    "cause_of",
    "find_step",
    "judge_target",
    "plan_redrive",
    "spoken_start",
    "start_of",
    "step_of",
]

READ_BEFORE: Final = 200
"""Up to this many are read before the plan is confirmed; of more, each just before it is sent."""
_AT_A_TIME: Final = 500
"""Rows that are planned before others have their turn."""


class Redrive(Struct, frozen=True):
    """A plan, and by id where each of those that were read begins again; refused ones with their reason."""

    plan: Plan
    points: dict[str, RedrivePoint]
    warning: str = ""
    """That steps of it are not in the newest version, as far as its late runs tell."""


async def plan_redrive(
    workflow: str,
    rows: Sequence[Instance],
    read: Callable[[str], Awaitable[Detail]],
    *,
    now: float,
    guard: Guard,
    late: bool = False,
    on_read: Callable[[int], None] = lambda number: None,
) -> Redrive:
    """Freezes the targets and finds the step of each; with `late` that is left to the moment of sending.

    Gives way now and then, since 12,000 take longer than a key may wait.

    An instance that cannot be read is skipped with the reason. Raises what concerns them all: 401 and 403.
    """
    targets: dict[str, Target] = {}
    points: dict[str, RedrivePoint] = {}
    for number, row in enumerate(rows, 1):
        # A list that is read page by page may bring an instance twice: sent twice it would run twice.
        if row.id in targets:
            continue
        if not number % _AT_A_TIME:
            await sleep(0)
        reason = refusal(
            "redrive", row.status, local=guard.local, watch_only=guard.watch_only, read_only=guard.read_only
        )
        target = Target(
            row.id, row.status, row.created, row.started, row.ended, reason or "", version=row.version
        )
        if not reason and not late:
            try:
                detail = await read(row.id)
            # The next read is refused as well: a prompt of 200 equal reasons would hide the one thing to do.
            except (Unauthorized, Forbidden):
                raise
            except WorkflowsError as error:
                target = replace(target, reason=f"it could not be read: {error}")
            else:
                point = points[row.id] = _point_now(target, detail)
                target = _at(
                    replace(
                        target,
                        # What the instance itself says goes before its row: the list may lag behind by some
                        # seconds.
                        status=detail.status,
                        ended=detail.end,
                        version=detail.version or target.version,
                    ),
                    point,
                    detail,
                )
            on_read(number)
        targets[row.id] = target
    return Redrive(Plan(token_hex(4), now, "redrive", workflow, tuple(targets.values())), points)


async def find_step(rereader: Rereader, target: Target, before: Snapshot, *, fresh: bool) -> Target:
    """The target as it is sent: read again where its end is not the plan's; with a reason when not.

    An old step is never sent: the counts of another run may mean another step. `before` is `fresh` where it
    was read for this one alone: only then does the same end spare the read. Raises WorkflowsError.
    """
    # One end has one set of steps: where it still is the plan's, the steps that were read for the plan are
    # those of now.
    same_end = before.ended is not None and before.ended == target.ended
    if fresh and target.checked and target.restart_from is not None and same_end:
        return target
    _, detail = await rereader.read_full(target.id)
    return judge_target(target, detail)[0]


def judge_target(target: Target, detail: Detail) -> tuple[Target, RedrivePoint]:
    """The target and its point as a full answer has them, whatever the plan says; with a reason when not.

    What ran again since the plan is not sent again: somebody has redriven it, and it failed anew.
    """
    point = _point_now(target, detail)
    found = replace(_at(target, point, detail), checked=True)
    if not point.reason and (moved := _moved(target, detail, spoken_start(found.restart_from))):
        point = RedrivePoint(moved)
    elif not point.reason and target.restart_from is not None:
        point = _point_of(target, detail, point)
        found = replace(found, restart_from=start_of(point))
    if point.reason:
        return replace(target, reason=f"{point.reason}: nothing sent"), point
    return found, point


def _point_now(target: Target, detail: Detail) -> RedrivePoint:
    """The step to start again from; a reason where the target, seen as failed, runs again already."""
    # Somebody else restarted it meanwhile. A second restart would throw that run away.
    if is_final(target.status) and detail.status in ACTIVE:
        return RedrivePoint(f"running again already: it is {detail.status}")
    return redrive_point(detail)


def _moved(target: Target, detail: Detail, now_at: str) -> str:
    """Why the end that the plan has is not the one of this run; "" where it is, or neither is known."""
    if detail.end is None or detail.end == target.ended:
        return ""
    if target.ended is None:
        return UNDATED if target.given else ""
    # A plan without the step has the end of a list row, which differs by seconds from the instance's own.
    if target.restart_from is None and abs(detail.end - target.ended) <= SAME_END:
        return ""
    failed = f"failed at {now_at}" if detail.status == "errored" else f"is {detail.status}"
    return f"it ran again since the plan and {failed}"


def _point_of(target: Target, detail: Detail, found: RedrivePoint) -> RedrivePoint:
    """The point that the plan asks for, an earlier one only where a person wrote it into a file."""
    start = target.restart_from
    assert start is not None, "there is nothing to compare without a step"
    step = step_of(start)
    if step == found.target:
        return found
    now = spoken_start(start_of(found))
    split = split_at(detail.steps, step)
    if split is None:
        return RedrivePoint(f"it {why_no_step(detail.steps, step)}; it failed at {now}")
    # A later step than the one that failed would skip work; an earlier one repeats some, which a person may
    # want.
    if not target.given or split.again[0].index > found.again[0].index:
        return RedrivePoint(f"it failed at {now}, not at {spoken_start(start)}")
    return point_of(step, split)


def _at(target: Target, point: RedrivePoint, detail: Detail) -> Target:
    return replace(
        target,
        reason=point.reason,
        restart_from=start_of(point),
        cause=cause_of(detail),
        undone=point.undone,
    )


def cause_of(detail: Detail) -> tuple[str, str, str] | None:
    """The fingerprint of its failure, to be compared with another one; None where it did not fail."""
    return fingerprint(detail).cause if detail.status == "errored" else None


def start_of(point: RedrivePoint) -> RestartFrom | None:
    """The step as the API is told it: every part of it, so that no default decides."""
    at = point.target
    return None if at is None else RestartFrom(at.name, at.count, at.type)


def step_of(start: RestartFrom) -> StepTarget:
    """The step that a restart begins at, what the API takes for granted filled in."""
    return StepTarget(start.name, start.count or 1, start.type or "do")


def spoken_start(start: RestartFrom | None) -> str:
    """The step in a sentence, raw: `"load page" #2`."""
    if start is None:
        return "no step"
    number = f" #{start.count}" if start.count not in (None, 1) else ""
    return f'"{start.name}"{number}'
