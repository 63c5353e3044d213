"""What the screens read: how fresh each pane is, and what is known of an open instance."""

from msgspec import Struct, field

from wfdash.api.errors import WorkflowsError
from wfdash.core.history.past_instance import PastInstance
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final

__all__ = ["DetailState", "Freshness", "as_of", "gone_unended", "listed_since", "past_is_unknown"]


class Freshness(Struct):
    """When a pane's data was asked for and answered, and when it is due.

    Epoch seconds of the poller's clock.
    """

    answered_at: float | None = None
    """When the data now shown was answered."""
    due_at: float | None = None
    """When the next poll is due; None when none is planned (final, frozen, stopped)."""
    asking: bool = False
    asked_at: float | None = None
    """When the question under way, or the last one, was asked."""
    missed: int = 0
    """Due polls in a row that failed or did not happen; two make it stale."""
    failure: str = ""
    """Why the last one failed, in a sentence; "" when it did not."""
    error: WorkflowsError | None = None
    """The failure itself, where it was the API's or the network's."""
    settled: bool = False
    """A final instance: read once, never stale."""

    @property
    def stale(self) -> bool:
        return self.missed >= 2 and not self.settled

    def unanswered(self, now: float) -> float:
        """Seconds that the question under way is open; 0 where none is."""
        return max(0.0, now - self.asked_at) if self.asking and self.asked_at is not None else 0.0


class DetailState(Struct):
    """An instance that was opened or read; `detail` stays the last good one through every failure."""

    workflow: str
    id: str
    detail: Detail | None = None
    freshness: Freshness = field(default_factory=Freshness)
    gone: str = ""
    """Set once it is not there any more ("expired or deleted"); it is then asked for no further."""
    past: PastInstance | None = None
    """What analytics tell of one that is gone."""
    past_refusal: str = ""
    """Why they tell nothing, in a sentence."""
    past_asked: bool = False
    another_since: float | None = None
    """When the run that is shown was queued, where another run of the id was shown since it was opened."""
    partial: str = ""
    """Why the steps are not all here, in words; "" when they are."""

    def found_again(self) -> None:
        """Takes back that it is gone: it was listed or answered."""
        self.gone, self.past, self.past_refusal, self.past_asked = "", None, "", False


def past_is_unknown(state: DetailState) -> bool:
    """Whether it is gone, nobody saw how it ended, and analytics were not asked."""
    if not state.gone or state.past_asked:
        return False
    return state.detail is None or not is_final(state.detail.status)


def gone_unended(state: DetailState) -> bool:
    """Whether it is gone and had not ended when it was last read."""
    return bool(state.gone) and state.detail is not None and not is_final(state.detail.status)


def listed_since(row: Instance | None, state: DetailState | None) -> str:
    """The status that the list tells of it since its detail was read, where that is another one; else "".

    A detail amends its row, so a row that differs was asked for later.
    """
    detail = state.detail if state is not None else None
    if row is None or detail is None or not row.status or not detail.status:
        return ""
    return row.status if row.status != detail.status else ""


def as_of(state: DetailState | None, now: float, row: Instance | None = None) -> float:
    """The moment up to which the instance is known.

    `now`, or its last answer where it is gone or moved on.
    """
    if state is None or not (gone_unended(state) or listed_since(row, state)):
        return now
    return state.freshness.answered_at or now
