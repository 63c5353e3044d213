"""What the watcher tells the screens: that something they may show is different now."""

from msgspec import Struct

from wfdash.core.rows.store import Delta
from wfdash.live.records.pins import PinState

__all__ = ["Event", "RecordChanged", "Update"]


class Update(Struct, frozen=True):
    """What one answer changed, or a failure, all in one, so that a page draws once for it.

    Freshness and totals may be different after each, rows and details where it names them.
    """

    delta: Delta = Delta()
    details: tuple[str, ...] = ()
    """Instances that were read, or of which more is known of why they are where they are."""
    workflows: bool = False
    """Whether the list of workflows, the counts or the versions are new."""
    watched: tuple[PinState, ...] = ()
    """Watched instances, of whichever workflow, that have another status than before."""

    def merged(self, later: "Update") -> "Update":
        """Both updates in one; a row that the first one added stays an added one whatever the second says."""
        added = dict.fromkeys((*self.delta.added, *later.delta.added))
        changed = dict.fromkeys((*self.delta.changed, *later.delta.changed))
        dropped = dict.fromkeys((*self.delta.dropped, *later.delta.dropped))
        return Update(
            delta=Delta(
                tuple(added), tuple(identity for identity in changed if identity not in added), tuple(dropped)
            ),
            details=tuple(dict.fromkeys((*self.details, *later.details))),
            workflows=self.workflows or later.workflows,
            watched=(*self.watched, *later.watched),
        )


class RecordChanged(Struct, frozen=True):
    """A change of the record itself that a person should hear of, in a sentence."""

    sentence: str


Event = Update | RecordChanged
