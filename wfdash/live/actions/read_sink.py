"""What is read and answered for an action, told to whoever keeps what is known."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from wfdash.core.model.detail import Detail

__all__ = ["NullSink", "ReadSink"]


class ReadSink(Protocol):
    """Each request gets its number before it is sent, so that what a later one told is not overridden."""

    def next_number(self) -> int: ...

    def saw_detail(self, detail: Detail, number: int) -> None:
        """An instance's own answer, with its steps or without."""

    def saw_rows(self, workflow: str, items: Sequence[Mapping[str, Any]], number: int) -> None:
        """A page of the list, in any order and of any status."""

    def saw_status(self, workflow: str, instance: str, status: str, number: int) -> None:
        """What a change of status was answered."""

    def saw_gone(self, workflow: str, instance: str) -> None:
        """That there is no such instance any more."""


class NullSink:
    """Keeps nothing: for where no screen shows anything."""

    def next_number(self) -> int:
        return 0

    def saw_detail(self, *_: object) -> None: ...

    def saw_rows(self, *_: object) -> None: ...

    def saw_status(self, *_: object) -> None: ...

    def saw_gone(self, *_: object) -> None: ...
