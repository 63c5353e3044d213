"""What the poller tells the screens: that something they may show is different now."""

from msgspec import Struct

from wfdash.core.rows.store import Delta
from wfdash.live.records.pins import PinState

__all__ = [
    "BudgetChanged",
    "DetailChanged",
    "Event",
    "HealthChanged",
    "InstancesChanged",
    "RecordChanged",
    "WatchedChanged",
    "WorkflowsChanged",
]


class InstancesChanged(Struct, frozen=True):
    delta: Delta


class DetailChanged(Struct, frozen=True):
    """The detail of an instance, or what is known of why it is where it is."""

    id: str


class WorkflowsChanged(Struct, frozen=True):
    """The workflows or the counts of the one shown."""


class HealthChanged(Struct, frozen=True):
    """A poll was answered or failed, or what is listed changed: freshness, totals, cursors."""


class BudgetChanged(Struct, frozen=True):
    pass


class WatchedChanged(Struct, frozen=True):
    """A watched instance, of whichever workflow, has another status than before."""

    state: PinState


class RecordChanged(Struct, frozen=True):
    """Something about the record that a person should hear, in a sentence."""

    sentence: str


Event = (
    InstancesChanged
    | DetailChanged
    | WorkflowsChanged
    | HealthChanged
    | BudgetChanged
    | WatchedChanged
    | RecordChanged
)
