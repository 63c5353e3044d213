"""What filters ask of an instance that was read: the steps it is or failed at, its errors, what it awaits."""

from collections.abc import Iterable, Iterator
from sys import intern

from msgspec import Struct

from wfdash.core.filter.contents import Contents, read_contents
from wfdash.core.model.detail import Detail
from wfdash.core.model.json_values import NOT_RECORDED, NOT_RECORDED_KIND
from wfdash.core.model.status import is_final
from wfdash.core.model.step import Failure
from wfdash.core.why.current_steps import Doing, current_steps, doing, of_current
from wfdash.core.why.failure import attempt_failure, failing_step, ran_again, step_failure
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
_PLAIN = 10_000
"""Characters of the errors of one instance that are searched as their group is named too."""
_LEAST_PLAIN = 200
"""As many as the shortest counts for: it takes as long."""
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


def read_fields(detail: Detail, *, keep: bool = False) -> DetailFields:
    """The facts of one detail. Of steps side by side each counts: which one it waits for nobody can tell.

    The texts of a large one are kept with its steps: it is asked again with each short answer after it.
    """
    texts: _Texts | None = detail.steps.kept.get("texts")
    if texts is None or not texts.is_of(detail):
        texts = _texts_of(detail)
        if keep:
            detail.steps.kept["texts"] = texts
    went_wrong = (bool(ran_again(detail)), detail.rollback_outcome == "failed")
    odd = " ".join(name for name, did in zip(ODDITIES, went_wrong, strict=True) if did)
    return DetailFields(
        texts.names,
        texts.errors,
        _blocked(detail),
        odd,
        texts.contents,
        detail.status,
        detail.step_count,
        frozenset(_unrecorded(detail, texts.errors)) or _NOTHING,
    )


class _Texts(Struct, frozen=True, gc=False):
    """Texts that take long to put together of a large answer.

    Beside the steps it holds what they were made of.
    """

    names: tuple[str, ...]
    errors: str
    contents: Contents
    moving: bool
    errored: bool
    error: Failure | None
    params: object
    output: object

    def is_of(self, detail: Detail) -> bool:
        # A short answer brings its own params and output.
        same = self.error == detail.error
        same = same and _equal(self.params, detail.params) and _equal(self.output, detail.output)
        return same and (self.moving, self.errored) == _state(detail)


def _equal(before: object, after: object) -> bool:
    try:
        return before is after or before == after
    except RecursionError:
        return False


def _state(detail: Detail) -> tuple[bool, bool]:
    """Whether it has current steps, and one that it died of."""
    return not is_final(detail.status), detail.status == "errored"


def _texts_of(detail: Detail) -> _Texts:
    current, failed = current_steps(detail), detail.steps.failed()
    died = failing_step(detail) if detail.status == "errored" else None
    if died is not None and died not in failed:
        failed = [*failed, died]
    texts = [step.name for step in (*current, *failed)]
    some = (*current[:_MOST], *failed[-_MOST:])
    texts += [text for step in some for text in (_of_group(step.name), step.event_type)]
    names = dict.fromkeys(text.lower() for text in texts if text)
    failed = failed[-_MOST:]
    # What it died of goes first: by that it is grouped.
    errors = [detail.error, step_failure(died) if died is not None else None]
    errors += [step.error for step in failed]
    errors += map(attempt_failure, failed)
    # Thousands fail alike: what they share is kept once.
    different = dict.fromkeys((error.name, error.message) for error in errors if error)
    return _Texts(
        tuple(map(intern, names)),
        intern("\n".join(_words(different))),
        read_contents(detail),
        *_state(detail),
        detail.error,
        detail.params,
        detail.output,
    )


def _unrecorded(detail: Detail, errors: str) -> Iterator[str]:
    # Of one that was never read a record holds the row alone.
    if detail.unread or detail.params == NOT_RECORDED:
        yield "params"
    if detail.unread or detail.output == NOT_RECORDED:
        yield "outputs"
    if detail.unread or NOT_RECORDED_KIND in errors:
        yield "error messages"


def _of_group(name: str) -> str:
    """The name of the step's group, where that is no part of its own name: else `step~` would not find it."""
    plain = plain_step(name)
    return "" if plain in name else plain


def _blocked(detail: Detail) -> str:
    if detail.status in _BY_STATUS:
        return _BY_STATUS[detail.status]
    kinds = of_current(detail, "doing", lambda steps: frozenset(map(doing, steps)))
    return " ".join(dict.fromkeys(block for kind, block in _KINDS.items() if kind in kinds))


def _words(errors: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each error as it was written, the first ones also without what differs by chance, as groups are named.

    That takes a quarter of a millisecond each, and a thousand steps may each say something else.
    """
    from wfdash.core.text.chance import (
        LONGEST,
        plain_message,
    )  # not at the start: it compiles patterns

    room = _PLAIN
    for name, message in errors:
        said = f"{name[:_SEARCHED]}: {message[:_SEARCHED]}"
        if room > 0:
            said += f"\n{plain_message(message)}"
            room -= max(_LEAST_PLAIN, min(len(message), LONGEST))
        yield said.lower()
