"""The steps of one answer: thousands of them are looked through by column, few are ever read in full."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from sys import intern
from typing import Any, TypeVar, cast, overload

from msgspec import Struct

from wfdash.core.model.json_values import fields_of, text
from wfdash.core.model.lazy_steps import Entries, StepHead
from wfdash.core.model.step import Step, read_failure
from wfdash.core.model.step_kind import kind_of
from wfdash.core.model.times import parse_times, seconds_of

__all__ = ["Chosen", "StepColumns", "Steps"]


_T = TypeVar("_T")
_SUCCESS = b'"success"'
"""Every attempt of an answer carries it (local source, and each recorded answer)."""


class StepColumns(Struct):
    """What is asked of all steps, by index."""

    kinds: list[str]
    names: list[str]
    starts: list[float | None]
    ends: list[float | None]
    successes: list[bool | None]
    finished: list[bool | None]
    errors: list[bool]
    """Whether it ended with an error."""
    retried: list[int]
    """Which seem to have more than one attempt."""


class Steps(Sequence[Step]):
    """The steps of an answer, oldest first, each read when it is first looked at and kept from then on."""

    __slots__ = ("_columns", "_facts", "_read", "entries", "kept")

    def __init__(self, entries: Sequence[object] = ()) -> None:
        self.entries = entries
        """As the API sent them."""
        self._read: dict[int, Step] = {}
        self._columns: StepColumns | None = None
        self._facts: dict[Hashable, Any] = {}
        self.kept: dict[str, Any] = {}
        """What was made of the whole answer, beside what it was made of: whoever asks compares that."""

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...

    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        step = self._read.get(index)
        if step is None:
            step = self._read[index] = Step(index, self.entries[index])
        return step

    def __iter__(self) -> Iterator[Step]:
        return (self[index] for index in range(len(self)))

    def attempts(self, index: int) -> Sequence[object]:
        """The entries of one step's attempts."""
        step = self._read.get(index)
        fields = fields_of(self.entries[index] if step is None else step.raw)
        tries = fields.get("attempts")
        return tries if isinstance(tries, list) else ()

    def attempts_text(self, index: int) -> bytes | None:
        """The JSON of one step's attempts, b"" where it has none; None of an answer that was parsed."""
        return bytes(self.entries.heads[index].attempts) if isinstance(self.entries, Entries) else None

    @property
    def columns(self) -> StepColumns:
        """The steps by column, made when first asked for: 10,000 steps take some 6 ms."""
        if self._columns is None:
            entries = self.entries
            self._columns = (
                _columns_of_heads(entries.heads) if isinstance(entries, Entries) else _columns(entries)
            )
        return self._columns

    def of_kind(self, kind: str) -> Sequence[Step]:
        return self.picked(("kind", kind), lambda steps: _of_kind(steps, kind))

    def failed(self) -> Sequence[Step]:
        """The steps that ended with an error or without success."""
        return self.picked("failed", _failed)

    def retried(self) -> Sequence[Step]:
        """The steps with more than one attempt."""
        return self.picked("retried", _retried)

    def unended(self) -> Sequence[Step]:
        """The steps without an end, or with one that is not reached yet, but for those that show no begin."""
        return self.picked("unended", _unended)

    def fact(self, purpose: Hashable, work: Callable[["Steps"], _T]) -> _T:
        """What `work` makes of the steps, made once for each purpose and changed by nobody.

        It may look at nothing but the steps: whatever goes through 50,000 of them with each frame, each
        answer or each question would hold the keys.
        """
        if purpose not in self._facts:
            self._facts[purpose] = work(self)
        return cast(_T, self._facts[purpose])

    def picked(self, purpose: Hashable, choose: Callable[["Steps"], list[int]]) -> Sequence[Step]:
        """The steps of the indices that `choose` gives, which is asked once for each purpose."""
        return self.fact(
            ("picked", purpose), lambda steps: [steps[index] for index in steps.indices(purpose, choose)]
        )

    def indices(self, purpose: Hashable, choose: Callable[["Steps"], list[int]]) -> list[int]:
        """The indices that `choose` gives, asked once for each purpose; `picked` gives their steps."""
        return self.fact(("indices", purpose), choose)


class Chosen(Sequence[Step]):
    """Some of the steps, each read when it is looked at: of 25,000 a prompt names four, and counts them."""

    __slots__ = ("indices", "steps")

    def __init__(self, steps: Steps, indices: Sequence[int]) -> None:
        self.steps = steps
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> "Chosen": ...

    def __getitem__(self, index: int | slice) -> "Step | Chosen":
        if isinstance(index, slice):
            return Chosen(self.steps, self.indices[index])
        return self.steps[self.indices[index]]


def _of_kind(steps: Steps, kind: str) -> list[int]:
    return [index for index, own_kind in enumerate(steps.columns.kinds) if own_kind == kind]


def _retried(steps: Steps) -> list[int]:
    return [index for index in steps.columns.retried if len(steps[index].attempts) > 1]


def _failed(steps: Steps) -> list[int]:
    marks = enumerate(zip(steps.columns.errors, steps.columns.successes))
    return [index for index, (error, success) in marks if error or success is False]


def _unended(steps: Steps) -> list[int]:
    columns = steps.columns
    marks = enumerate(zip(columns.ends, columns.finished, columns.starts, columns.kinds))
    return [
        index
        for index, (end, over, start, kind) in marks
        if (end is None or over is False)
        and (start is not None or kind_of(kind).rests or steps.attempts_text(index) != b"")
    ]


def _columns_of_heads(rows: Sequence[StepHead]) -> StepColumns:
    """The columns of entries that are all of the types the API promises."""
    return StepColumns(
        [intern(row.type or "") for row in rows],
        [row.name or "" for row in rows],
        seconds_of([row.start for row in rows]),
        seconds_of([row.end for row in rows]),
        [row.success for row in rows],
        [row.finished for row in rows],
        _failures([row.error for row in rows]),
        [index for index, row in enumerate(rows) if bytes(row.attempts).count(_SUCCESS) > 1],
    )


def _columns(entries: Sequence[object]) -> StepColumns:
    """The columns of entries of any types, as a dev session or a careless server may send them."""
    rows = [entry if type(entry) is dict else fields_of(entry) for entry in entries]
    return StepColumns(
        _texts([row.get("type") for row in rows]),
        _texts([row.get("name") for row in rows]),
        parse_times([row.get("start") for row in rows]),
        parse_times([row.get("end") for row in rows]),
        _flags([row.get("success") for row in rows]),
        _flags([row.get("finished") for row in rows]),
        _failures([row.get("error") for row in rows]),
        [index for index, row in enumerate(rows) if _several(row.get("attempts"))],
    )


def _failures(values: Sequence[object]) -> list[bool]:
    return [value is not None and read_failure(value) is not None for value in values]


def _several(attempts: object) -> bool:
    return isinstance(attempts, list) and len(attempts) > 1


def _texts(values: Sequence[object]) -> list[str]:
    return [value if type(value) is str else text(value) for value in values]


def _flags(values: Sequence[object]) -> list[bool | None]:
    return [value if value is True or value is False else None for value in values]
