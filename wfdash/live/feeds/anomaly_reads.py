"""Reads again whatever looks stuck or odd before that is said, and a sample of the rows that moved least."""

from collections.abc import Callable, Sequence
from heapq import nsmallest
from itertools import islice

from wfdash.api.errors import WorkflowsError
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.live.budget.ledger import Priority
from wfdash.live.feeds.anomalies import AGAIN, Anomalies
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance
from wfdash.live.polling.session_watch import AnswerCost

__all__ = ["AnomalyReads"]

SAMPLE = 20
"""Active rows that are checked at least, those that have not changed for longest."""
_LOOKED_THROUGH = 20_000
"""Active rows among which a sample is chosen; of 100,000 the choice would hold the loop."""
_CHOSEN_AGAIN = 30.0
"""Seconds until the sample is chosen anew."""
_CHECKED = 300.0
"""Seconds for which a row counts as checked."""


class AnomalyReads(Job):
    """Reads what looks odd again before that is said, and a sample of rows, while `wanted`."""

    purpose = "stuck or odd"
    in_turn = out_of_turn = Priority.ROWS

    def __init__(
        self, context: FeedContext, anomalies: Anomalies, details: RowDetails, read: Callable[[Detail], None]
    ) -> None:
        super().__init__(1.0)
        self.context = context
        self._cost = AnswerCost()
        self.wanted = False
        self._anomalies = anomalies
        self._details = details
        self._read_too = read
        self._sample: Sequence[str] = ()
        self._chosen_at = float("-inf")

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        super().reset()
        self._sample, self._chosen_at = (), float("-inf")

    @property
    def progress(self) -> tuple[int, int]:
        """How many rows of the sample were read lately, of how many."""
        sample = [identity for identity in self._sample if identity in self.context.store.active]
        # Of some a record holds the row alone: nothing can be said of their steps.
        recorded = (identity for identity in sample if identity not in self._details.rows_only)
        return sum(1 for identity in recorded if self._age(identity) < _CHECKED), len(sample)

    def due(self, now: float) -> float | None:
        if not self.wanted or not self.context.workflow:
            return None
        if self.next_at is not None and self.next_at > now:
            return self.next_at
        return 0.0 if self._next(now) is not None else now + 1.0

    def pace(self, took: float) -> float:
        return self._cost.rest(took) if self.context.local else 0.0

    async def ask(self) -> None:
        identity = self._next(self.context.clock())
        try:
            detail = await read_instance(self.context, identity) if identity is not None else None
        except WorkflowsError:
            if self.context.refusals.passing:
                return
            raise
        if detail is not None:
            self._read_too(detail)
            self.context.notify(Update(details=(detail.id,)))

    def _next(self, now: float) -> str | None:
        active = self.context.store.active
        for identity in self._anomalies.suspects:
            if identity in active and self._is_due(identity, AGAIN, now):
                return identity
        if now - self._chosen_at >= _CHOSEN_AGAIN or not self._sample:
            self._chosen_at, self._sample = now, self._choose()
        unread = (identity for identity in self._sample if identity in active)
        return next((identity for identity in unread if self._is_due(identity, _CHECKED, now)), None)

    def _choose(self) -> Sequence[str]:
        store = self.context.store
        rows = [row for identity in islice(store.active, _LOOKED_THROUGH) if (row := store.get(identity))]
        return [row.id for row in nsmallest(SAMPLE, rows, key=_moved_last)]

    def _is_due(self, identity: str, after: float, now: float) -> bool:
        held = self.context.refusals.until(self.context.workflow, identity)
        return self._age(identity) >= after and held <= now

    def _age(self, identity: str) -> float:
        fact = self._details.fact(identity)
        return float("inf") if fact is None else self.context.clock() - fact.asked_at


def _moved_last(row: Instance) -> tuple[bool, float]:
    """A sort key: running rows first, then by when they moved; a wait or a sleep may last for days."""
    at = row.modified if row.modified is not None else row.created
    return row.status != "running", at if at is not None else 0.0
