"""The `steps` of an answer as they came: each entry is parsed when somebody looks at it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, overload

from msgspec import Meta, Raw, Struct

__all__ = ["Entries", "StepHead", "UnparsedValue", "plain"]

_Moment = Annotated[datetime, Meta(tz=True)]


class StepHead(Struct, gc=False):
    """What every entry tells at a glance, in the types that the API promises."""

    type: str | None = None
    name: str | None = None
    start: _Moment | None = None
    end: _Moment | None = None
    success: bool | None = None
    finished: bool | None = None
    error: Any = None
    attempts: Raw = Raw(b"")
    """Unread: of 10,000 steps few were tried more than once, and a look at the text tells which."""


class Entries(Sequence[Any]):
    """Steps of an answer, parsed anew at each look: 10,000 of them are 6 MB as text and 25 MB as values.

    `heads` has one of each entry that is read; of more entries than any workflow may have there is no more.
    """

    __slots__ = ("_parse", "heads", "texts")

    def __init__(self, texts: Sequence[Raw], heads: Sequence[StepHead], parse: Callable[[Raw], Any]) -> None:
        self.texts = texts
        self._parse = parse
        self.heads = heads

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> "Entries": ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Entries(self.texts[index], self.heads[index], self._parse)
        # Not kept: who looks at a step again keeps the Step that it made of it.
        return self._parse(self.texts[index])


class UnparsedValue(str):
    """The sentence that stands for a value too large to be parsed while a person waits."""

    def __new__(cls, sentence: str, parse: Callable[[], Any]) -> "UnparsedValue":
        value = super().__new__(cls, sentence)
        value.parsed = parse
        return value

    parsed: Callable[[], Any]
    """Parses the value after all."""


def plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's `result` with all of its entries and values parsed, to be written out."""
    return {
        key: [_plain(entry) for entry in value] if isinstance(value, Entries) else _parsed(value)
        for key, value in result.items()
    }


def _plain(entry: Any) -> Any:
    return {key: _parsed(value) for key, value in entry.items()} if type(entry) is dict else _parsed(entry)


def _parsed(value: Any) -> Any:
    return value.parsed() if isinstance(value, UnparsedValue) else value
