"""What filters ask of an instance that was read: its open and failed steps, its error, what it waits for."""

from msgspec import Struct

from wfdash.core.detail import Detail
from wfdash.core.failure import attempt_failure
from wfdash.core.fingerprint import plain_message
from wfdash.core.status import is_final
from wfdash.core.step import Step

__all__ = ["BLOCKS", "DetailFacts", "read_facts"]

BLOCKS = ("event", "sleep", "retry", "step", "queue", "pause", "rollback")


class DetailFacts(Struct, frozen=True):
    """All in lower case, to be searched."""

    steps: tuple[str, ...] = ()
    """Names of the open and failed steps, and the events that are waited for."""
    error: str = ""
    blocked: str = ""
    """One of BLOCKS, or "" when it waits for nothing that can be named."""


def read_facts(detail: Detail) -> DetailFacts:
    """The facts of one detail. Of steps side by side, the one that waits longest by nature counts."""
    open_steps = (
        [] if is_final(detail.status) else [step for step in detail.steps.unended() if _is_open(step)]
    )
    failed = detail.steps.failed()
    said = (text for step in (*open_steps, *failed) for text in (step.name, step.event_type))
    names = dict.fromkeys(text.lower() for text in said if text)
    errors = [detail.error, *(step.error for step in failed), *(attempt_failure(step) for step in failed)]
    texts = [_words(*error) for error in dict.fromkeys((one.name, one.message) for one in errors if one)]
    return DetailFacts(tuple(names), "\n".join(texts), _blocked(detail.status, open_steps))


def _blocked(status: str, open_steps: list[Step]) -> str:
    by_status = {"queued": "queue", "paused": "pause", "waitingForPause": "pause", "rollingBack": "rollback"}
    if status in by_status:
        return by_status[status]
    kinds = {_kind(step) for step in open_steps}
    return next((kind for kind in ("event", "sleep", "retry", "step") if kind in kinds), "")


def _kind(step: Step) -> str:
    if step.kind == "waitForEvent":
        return "event"
    if step.kind == "sleep":
        return "sleep"
    last = step.attempts[-1] if step.attempts else None
    return "retry" if last and last.end is not None and last.success is False else "step"


def _is_open(step: Step) -> bool:
    if step.kind in ("sleep", "waitForEvent"):
        return step.finished is False
    return step.kind == "step" and step.end is None and step.success is None


def _words(name: str, message: str) -> str:
    """As it was written, and without what differs by chance, as groups of failures are named."""
    return f"{name}: {message}\n{plain_message(message)}".lower()
