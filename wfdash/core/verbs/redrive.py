"""Finds the step from which a run that ended badly is started again, or says why there is none."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from wfdash.core.model.detail import Detail, partial_reason
from wfdash.core.model.step import Step
from wfdash.core.model.step_columns import Chosen
from wfdash.core.model.step_kind import OWN
from wfdash.core.text.words import counted
from wfdash.core.verbs.consequences import Split, StepTarget, split_before, step_target
from wfdash.core.why.current_steps import is_open, left_open
from wfdash.core.why.failure import carriers, failed_steps, fatal_steps, is_followed
from wfdash.core.why.step_names import shown_name

__all__ = [
    "BETWEEN_STEPS",
    "NOTHING_OPEN",
    "NO_FAILED_STEP",
    "NO_STEPS_READ",
    "ROLLED_BACK",
    "UNCERTAIN",
    "RedrivePoint",
    "point_of",
    "redrive_point",
    "redrive_sentences",
    "runs_twice",
]

NO_FAILED_STEP: Final = "no failed step: a restart runs it from the beginning"
BETWEEN_STEPS: Final = "it failed between steps: what its steps threw was caught"
UNCERTAIN: Final = "the API does not say which step ended it"
NOTHING_OPEN: Final = "no step was open when it was terminated"
ROLLED_BACK: Final = "rolled back: the steps it would keep were undone; a restart runs it from the beginning"
NO_STEPS_READ: Final = "its steps were not read"
_FEW: Final = 200
"""Steps up to which a point keeps them: of more their columns tell what is asked, and reading 25,000 held the
loop for 117 ms."""


class RedrivePoint(Struct, frozen=True):
    """Where one instance is started again; either `reason` says why it is not, or all the others are set."""

    reason: str = ""
    """Why it is not redriven, in words."""
    target: StepTarget | None = None
    kept: Sequence[Step] = ()
    again: Sequence[Step] = ()
    """The step itself first, then all that began after it."""
    undone: bool = False
    """Whether the steps it would keep were rolled back: a restart begins it anew."""

    @property
    def repeated(self) -> Sequence[Step]:
        """The steps that ran code, succeeded, and will run again: their side effects happen twice."""
        again = self.again
        if not isinstance(again, Chosen):
            return tuple(step for step in again if step.kind == "step" and step.success is True)
        columns = again.steps.columns
        twice = [i for i in again.indices if columns.kinds[i] == "step" and columns.successes[i] is True]
        return Chosen(again.steps, twice)

    @property
    def kinds(self) -> set[str]:
        """The kinds of the steps that run again."""
        again = self.again
        if isinstance(again, Chosen):
            return set(map(again.steps.columns.kinds.__getitem__, again.indices))
        return {step.kind for step in again}

    @property
    def keeps_open(self) -> bool:
        """Whether one of the steps that are kept has not ended."""
        kept = self.kept
        among = kept.steps.unended() if isinstance(kept, Chosen) else kept
        first = self.again[0].index if self.again else 0
        return any(step.index < first and step.kind in OWN and is_open(step) for step in among)


def point_of(target: StepTarget, split: Split) -> RedrivePoint:
    """The point that restarts at this step.

    A few steps are kept by themselves: of a batch of thousands none of the answers stays, and of an answer of
    thousands of steps none is read for it.
    """
    if len(split.kept) + len(split.again) <= _FEW:
        return RedrivePoint("", target, tuple(split.kept), tuple(split.again))
    return RedrivePoint("", target, split.kept, split.again)


def redrive_point(detail: Detail) -> RedrivePoint:
    """Where to start it again, from one full answer. Counts follow the list as answered, never a screen."""
    if reason := _refusal(detail):
        return RedrivePoint(reason)
    if detail.rollback_outcome or "rollback" in detail.steps.columns.kinds:
        return RedrivePoint(ROLLED_BACK, undone=True)
    if reason := partial_reason(detail):
        return RedrivePoint(reason)
    start = _left_open(detail) if detail.status == "terminated" else _died_at(detail)
    if isinstance(start, str):
        return RedrivePoint(start)
    target = step_target(detail.steps, start.index)
    if target is None:
        # The API takes a name of 1 to 256 characters and three types (published schema of the status PATCH).
        return RedrivePoint(f"its step {shown_name(start)} is none that a restart can begin at")
    return point_of(target, split_before(detail.steps, start.index))


def _refusal(detail: Detail) -> str:
    status = detail.status
    if status == "rollingBack":
        return "it is rolling back"
    if status == "complete":
        return "it is complete: no step failed"
    if status not in ("errored", "terminated"):
        return f"it is {status or 'without a status'}: only what errored or was terminated is redriven"
    return NO_STEPS_READ if detail.simple else ""


def _died_at(detail: Detail) -> Step | str:
    """The earliest of the step it died of, those that failed beside it, and those left open meanwhile.

    A failure that is kept is thrown again by the next run, so what failed beside it has to go too.
    """
    fatal, failed = fatal_steps(detail), failed_steps(detail)
    if fatal:
        beside = [step for step in failed if not is_followed(detail, step)]
        return min([*fatal, *beside, *_open_steps(detail)], key=lambda step: step.index)
    if carriers(detail) or _open_steps(detail):
        return UNCERTAIN
    if not failed:
        return NO_FAILED_STEP
    return BETWEEN_STEPS if all(is_followed(detail, step) for step in failed) else UNCERTAIN


def _left_open(detail: Detail) -> Step | str:
    return min(_open_steps(detail), key=lambda step: step.index, default=None) or NOTHING_OPEN


def _open_steps(detail: Detail) -> list[Step]:
    """Steps that nothing has ended, less a sleep that a pause started anew under its name."""
    found = left_open(detail.steps)
    last = {step.name: step.index for step in detail.steps.of_kind("sleep")} if found else {}
    return [step for step in found if step.kind != "sleep" or last[step.name] == step.index]


def runs_twice(points: Iterable[RedrivePoint]) -> str:
    """How many steps that had finished run again, in a sentence; "" where none does."""
    repeated = sum(len(point.repeated) for point in points)
    steps = counted(repeated, "finished step runs", "finished steps run")
    return f"{steps} again: side effects happen twice" if repeated else ""


def redrive_sentences(points: Sequence[RedrivePoint], *, local: bool = False) -> list[str]:
    """What redriving at these points means beyond the steps themselves; only what concerns one of them."""
    kinds = set[str]().union(*(point.kinds for point in points))
    twice = runs_twice(points)
    said = [twice] if twice else []
    if any(point.keeps_open for point in points):
        said.append("a kept step that is open runs again too")
    said.append("events that were kept for a later wait are dropped")
    if "waitForEvent" in kinds:
        said.append("a wait that runs again needs its event again")
    if "sleep" in kinds:
        said.append("a sleep that runs again sleeps again; a sleepUntil whose moment has passed fails")
    said.append("Cloudflare does not say which version runs then; it may be the one that failed")
    if local:
        said.append("a dev session does not say whether a rollback ran")
    return said
