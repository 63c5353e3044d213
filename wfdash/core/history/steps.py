"""The steps of many instances by name: how often each ran, failed and was tried again, and its durations."""

from collections.abc import Iterable

from msgspec import Struct, field

from wfdash.core.history.bucket import percentile
from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Step
from wfdash.core.model.step_kind import kind_of
from wfdash.core.model.times import lasted
from wfdash.core.why.failure import failed_steps
from wfdash.core.why.step_names import plain_step

__all__ = ["StepTally", "tally_steps"]


class StepTally(Struct):
    """All runs of one step, whatever its -N counter; `took` are seconds, ascending."""

    step: str
    type: str
    runs: int = 0
    failed: int = 0
    retried: int = 0
    """Runs with more than one attempt, whatever came of them."""
    took: list[float] = field(default_factory=list)
    slowest: str = ""
    """The instance in which it took longest."""

    @property
    def p50(self) -> float | None:
        return percentile(self.took, 0.5)

    @property
    def p95(self) -> float | None:
        return percentile(self.took, 0.95)


def tally_steps(details: Iterable[Detail]) -> list[StepTally]:
    """A tally for each name and type of step, the most often failed first, then the most often run."""
    found: dict[tuple[str, str], StepTally] = {}
    longest: dict[tuple[str, str], float] = {}
    for detail in details:
        failed = {step.index for step in failed_steps(detail)}
        for step in detail.steps:
            if not step.name:
                continue  # a termination has none
            key = plain_step(step.name), step.kind
            tally = found.setdefault(key, StepTally(*key))
            tally.runs += 1
            tally.failed += step.index in failed or (step.kind == "rollback" and step.success is False)
            tally.retried += len(step.attempts) > 1
            took = _took(step)
            if took is not None:
                tally.took.append(took)
                if took > longest.get(key, -1.0):
                    longest[key], tally.slowest = took, detail.id
    for tally in found.values():
        tally.took.sort()
    return sorted(found.values(), key=lambda tally: (-tally.failed, -tally.runs, tally.step))


def _took(step: Step) -> float | None:
    """Seconds that a step took.

    None of a sleep or wait that was not over, whose end is when it is to wake.
    """
    return None if kind_of(step.kind).rests and step.finished is False else lasted(step.start, step.end)
