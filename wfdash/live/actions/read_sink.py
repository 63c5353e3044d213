"""What is read and answered for an action, told to whoever keeps what is known."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from wfdash.core.model.detail import Detail

__all__ = ["NullSink", "ReadSink"]


class ReadSink(Protocol):
    """Takes in what actions read.

    A number taken before each request keeps an older answer from overriding a later.
    """

    def next_number(self) -> int: ...

    def saw_detail(self, detail: Detail, number: int) -> None:
        """Takes an instance's own answer, with its steps or without."""

    def saw_rows(self, workflow: str, items: Sequence[Mapping[str, Any]], number: int) -> None:
        """Takes a page of the list, in any order and of any status."""

    def saw_status(self, workflow: str, instance: str, status: str, number: int) -> None:
        """Takes the status that a write was answered with."""

    def saw_gone(self, workflow: str, instance: str) -> None:
        """Takes note that there is no such instance any more."""


class NullSink:
    """Keeps nothing: for where no screen shows anything."""

    def next_number(self) -> int:
        return 0

    def saw_detail(self, *_: object) -> None: ...

    def saw_rows(self, *_: object) -> None: ...

    def saw_status(self, *_: object) -> None: ...

    def saw_gone(self, *_: object) -> None: ...
