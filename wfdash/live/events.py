"""What the poller tells the screens: that something they may show is different now."""

from dataclasses import dataclass

from wfdash.core.store import Delta
from wfdash.live.pins import PinState

__all__ = [
    "BudgetChanged",
    "DetailChanged",
    "Event",
    "HealthChanged",
    "InstancesChanged",
    "WatchedChanged",
    "WorkflowsChanged",
]


@dataclass(frozen=True, slots=True)
class InstancesChanged:
    delta: Delta


@dataclass(frozen=True, slots=True)
class DetailChanged:
    """The detail of an instance, or what is known of why it is where it is."""

    id: str


@dataclass(frozen=True, slots=True)
class WorkflowsChanged:
    """The workflows or the counts of the one shown."""


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """A poll was answered or failed, or what is listed changed: freshness, totals, cursors."""


@dataclass(frozen=True, slots=True)
class BudgetChanged:
    pass


@dataclass(frozen=True, slots=True)
class WatchedChanged:
    """A watched instance, of whichever workflow, has another status than before."""

    state: PinState


Event = InstancesChanged | DetailChanged | WorkflowsChanged | HealthChanged | BudgetChanged | WatchedChanged
