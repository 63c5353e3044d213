"""What filters ask of an instance that was read: the steps it is or failed at, its errors, what it awaits."""

from collections.abc import Iterable, Iterator
from sys import intern

from msgspec import Struct

from wfdash.core.filter.contents import Contents, read_contents
from wfdash.core.model.detail import Detail
from wfdash.core.model.json_values import NOT_RECORDED, NOT_RECORDED_KIND
from wfdash.core.model.step import Step
from wfdash.core.why.current_steps import Doing, current_steps, doing
from wfdash.core.why.failure import attempt_failure, failing_step, ran_again
from wfdash.core.why.step_names import plain_step

__all__ = ["BLOCKS", "ODDITIES", "UNRECORDED", "DetailFields", "read_fields"]

BLOCKS = ("event", "sleep", "retry", "step", "queue", "pause", "rollback")

ODDITIES = ("ran-twice", "rollback-failed")
"""`ran-twice`: the platform lost an attempt of a step, which ran again. `rollback-failed`: what it did is
not undone."""

UNRECORDED = {
    "params": ("params",),
    "output": ("outputs",),
    "error": ("error messages",),
    "any": ("params", "outputs", "error messages"),
}
"""By the field of a filter, what it looks through that a record without payloads leaves out."""

_SEARCHED = 100_000
"""Characters of an error that `error~` looks through: one of megabytes would be kept twice for each row."""
_MOST = 1000
"""Current steps and failed ones, each, that more is searched of than their names: 10,000 take 100 ms."""
_BY_STATUS = {"queued": "queue", "paused": "pause", "waitingForPause": "pause", "rollingBack": "rollback"}
_NOTHING: frozenset[str] = frozenset()
_KINDS: dict[Doing, str] = {
    "waits": "event",
    "sleeps": "sleep",
    "retries": "retry",
    "pending": "step",
    "runs": "step",
}


class DetailFields(Struct, frozen=True, gc=False):
    """What filters search of a detail, all in lower case."""

    steps: tuple[str, ...] = ()
    """Names of the current and failed steps, also as groups of failures call them, and the awaited events."""
    error: str = ""
    blocked: str = ""
    """Of BLOCKS all that one of its open steps waits for, parted by blanks; "" when that cannot be named."""
    odd: str = ""
    """Of ODDITIES, parted by blanks, or ""."""
    contents: Contents = Contents()
    status: str = ""
    """The one it was read in."""
    step_count: int | None = None
    """As the API counts them; None where it does not."""
    unrecorded: frozenset[str] = frozenset()
    """What it held that the record it is read from left out, in the words of UNRECORDED."""


def read_fields(detail: Detail) -> DetailFields:
    """The facts of one detail. Of steps side by side each counts: which one it waits for nobody can tell."""
    current, failed = current_steps(detail), detail.steps.failed()
    if detail.status == "errored" and (died := failing_step(detail)) is not None and died not in failed:
        failed = [*failed, died]
    said = [step.name for step in (*current, *failed)]
    some = (*current[:_MOST], *failed[-_MOST:])
    said += [text for step in some for text in (_of_group(step.name), step.event_type)]
    names = dict.fromkeys(text.lower() for text in said if text)
    failed = failed[-_MOST:]
    errors = [detail.error, *(step.error for step in failed), *(attempt_failure(step) for step in failed)]
    texts = [
        _words(*error) for error in dict.fromkeys((error.name, error.message) for error in errors if error)
    ]
    went_wrong = (bool(ran_again(detail)), detail.rollback_outcome == "failed")
    odd = " ".join(name for name, did in zip(ODDITIES, went_wrong, strict=True) if did)
    blocked = _blocked(detail.status, current)
    # Thousands fail alike: what they share is kept once.
    return DetailFields(
        tuple(map(intern, names)),
        intern("\n".join(texts)),
        blocked,
        odd,
        read_contents(detail),
        detail.status,
        detail.step_count,
        frozenset(_unrecorded(detail, texts)) or _NOTHING,
    )


def _unrecorded(detail: Detail, errors: Iterable[str]) -> Iterator[str]:
    # Of one that was never read a record holds the row alone.
    if detail.unread or detail.params == NOT_RECORDED:
        yield "params"
    if detail.unread or detail.output == NOT_RECORDED:
        yield "outputs"
    if detail.unread or any(NOT_RECORDED_KIND in text for text in errors):
        yield "error messages"


def _of_group(name: str) -> str:
    """The name that its group goes by, where that is no part of its own: else `step~` would not find it."""
    plain = plain_step(name)
    return "" if plain in name else plain


def _blocked(status: str, current: Iterable[Step]) -> str:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    kinds = {doing(step) for step in current}
    return " ".join(dict.fromkeys(block for kind, block in _KINDS.items() if kind in kinds))


def _words(name: str, message: str) -> str:
    """As it was written, and without what differs by chance, as groups of failures are named."""
    from wfdash.core.text.chance import plain_message  # not at the start: it compiles patterns for 12 ms

    return f"{name[:_SEARCHED]}: {message[:_SEARCHED]}\n{plain_message(message)}".lower()
