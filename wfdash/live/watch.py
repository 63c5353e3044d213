"""What the jobs of one poller share: whom to ask, about which workflow, and where the answers go."""

from collections.abc import Callable

from msgspec import Struct, field

from wfdash.api.interface import Workflows
from wfdash.core.query import Query
from wfdash.core.store import Delta, Store
from wfdash.live.events import Event, InstancesChanged

__all__ = ["Watch"]


class Watch(Struct):
    api: Workflows
    clock: Callable[[], float]
    notify: Callable[[Event], None]
    workflow: str = ""
    query: Query | None = None
    store: Store = field(default_factory=Store)
    floor: float | None = None
    """Creation of the oldest row down to which the unfiltered list was walked without a gap."""
    ceiling: float | None = None
    """Creation of the newest row up to which it was, likewise: above it a filter may have left rows out."""
    told_final: set[str] = field(default_factory=set)
    """Ids whose end the unfiltered list told: whatever it was, unlike of those that a filter looked for."""
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
