"""What the jobs of one poller share: whom to ask, about which workflow, and where the answers go."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from wfdash.api.interface import Workflows
from wfdash.core.store import Delta, Store
from wfdash.live.events import Event, InstancesChanged

__all__ = ["Asked", "Question", "Watch"]


class Asked(Protocol):
    """What of a filter the server can do itself."""

    @property
    def status(self) -> str: ...
    @property
    def date_start(self) -> float | None: ...
    @property
    def date_end(self) -> float | None: ...


class Question(Protocol):
    """What a poller needs of a filter."""

    def pushdown(self, now: float) -> Asked: ...


@dataclass(slots=True)
class Watch:
    api: Workflows
    clock: Callable[[], float]
    notify: Callable[[Event], None]
    workflow: str = ""
    query: Question | None = None
    store: Store = field(default_factory=Store)
    number: int = 0
    """Of the request asked last."""

    @property
    def local(self) -> bool:
        return self.api.local

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def tell(self, delta: Delta) -> None:
        if delta:
            self.notify(InstancesChanged(delta))
