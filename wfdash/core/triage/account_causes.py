"""Failures of every workflow of an account by cause: what several workflows share is one cause."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from wfdash.core.text.words import count, counted
from wfdash.core.triage.error_groups import Sample

__all__ = ["AccountCause", "ErroredWorkflow", "account_causes", "account_sentence"]


_NAMED = 3
"""Workflows with a cause in common that are named."""


class ErroredWorkflow(Struct):
    """A workflow's errored instances: how many there are, and what was read of them."""

    name: str
    errored: int | None = None
    """All of them, where the server tells; None before it was asked."""
    listed: int = 0
    samples: list[Sample] = field(default_factory=list)
    failure: str = ""
    """Why they could not be listed, in a sentence."""


class AccountCause(Struct, frozen=True):
    """A cause over all workflows: one error and message, whatever step, version and workflow it came from."""

    error: str
    message: str
    workflows: tuple[tuple[str, int], ...]
    """Each with how many samples, the most first."""
    steps: tuple[str, ...]
    """The most frequent first."""
    example: Sample
    """The newest."""
    count: int
    first: float | None
    last: float | None


def account_causes(workflows: Iterable[ErroredWorkflow]) -> list[AccountCause]:
    """The causes, those that most workflows share first, then by how many of all they are likely to be.

    As many are read of a workflow with thirty failures as of the burning one: a sample stands for its share.
    """
    workflows = list(workflows)
    stands_for = {
        workflow.name: max(1.0, (workflow.errored or 0) / len(workflow.samples))
        for workflow in workflows
        if workflow.samples
    }
    found: dict[tuple[str, str], list[tuple[str, Sample]]] = {}
    for workflow in workflows:
        for sample in workflow.samples:
            mark = sample.fingerprint
            found.setdefault((mark.error, mark.message), []).append((workflow.name, sample))
    causes = [_cause(*key, samples) for key, samples in found.items()]

    def weight(cause: AccountCause) -> float:
        return sum(number * stands_for[name] for name, number in cause.workflows)

    return sorted(causes, key=lambda cause: (-len(cause.workflows), -weight(cause), -(cause.last or 0.0)))


def _cause(error: str, message: str, samples: list[tuple[str, Sample]]) -> AccountCause:
    times = [sample.at for _, sample in samples if sample.at is not None]
    steps = Counter(sample.fingerprint.step for _, sample in samples if sample.fingerprint.step)
    return AccountCause(
        error,
        message,
        tuple(Counter(name for name, _ in samples).most_common()),
        tuple(step for step, _ in steps.most_common()),
        max((sample for _, sample in samples), key=lambda sample: sample.at or 0.0),
        len(samples),
        min(times, default=None),
        max(times, default=None),
    )


def account_sentence(workflows: list[ErroredWorkflow], causes: list[AccountCause], *, over: bool) -> str:
    """`3 causes in 5 of 7 workflows; 52 of 118 errored read`, and which of them several share."""
    asked = [workflow for workflow in workflows if workflow.errored is not None]
    errored = sum(workflow.errored or 0 for workflow in asked)
    read = sum(len(workflow.samples) for workflow in workflows)
    hit = sum(bool(workflow.samples) for workflow in workflows)
    if over and not errored:
        return f"no instance of {counted(len(asked), 'workflow')} is errored"
    among = (
        f"{count(hit)} of {count(len(workflows))} workflows" if len(workflows) > 1 else "the only workflow"
    )
    said = f"{counted(len(causes), 'cause')} in {among}"
    said += f"; {count(read)} of {count(errored)} errored read" + ("" if over else " so far")
    shared = [cause for cause in causes if len(cause.workflows) > 1]
    if shared:
        names = [name for name, _ in shared[0].workflows]
        more = f" and {count(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
        cause = f"{shared[0].error}: {shared[0].message}" if shared[0].message else shared[0].error
        said += f"; {', '.join(names[:_NAMED])}{more} share {cause}"
    return said
