"""The `steps` of an answer as they came: each entry is parsed when somebody looks at it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, overload

from msgspec import Meta, Raw, Struct

__all__ = ["Entries", "StepHead", "plain"]

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


class Entries(Sequence[Any]):
    """Parsed anew each time: 10,000 steps are 6 MB of text, and 25 MB of values.

    `heads` has one of each entry.
    """

    __slots__ = ("_parse", "_texts", "heads")

    def __init__(self, texts: Sequence[Raw], heads: Sequence[StepHead], parse: Callable[[Raw], Any]) -> None:
        self._texts = texts
        self._parse = parse
        self.heads = heads

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> "Entries": ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Entries(self._texts[index], self.heads[index], self._parse)
        return self._parse(self._texts[index])


def plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's `result` with all of its entries parsed, to be written out."""
    return {key: list(value) if isinstance(value, Entries) else value for key, value in result.items()}
