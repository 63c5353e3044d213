"""What actions read and were answered, on the rows and in the open detail before the next poll tells it."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfdash.core.model.detail import Detail
from wfdash.core.rows.store import EXPIRED
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.read_instance import amend_row
from wfdash.live.priorities import Feeds

__all__ = ["StoreSink"]


class StoreSink:
    """A ReadSink. What concerns another workflow than the one that is watched is let pass."""

    def __init__(self, watch: FeedContext, jobs: Feeds) -> None:
        self._watch = watch
        self._jobs = jobs

    def next_number(self) -> int:
        return self._watch.next_number()

    def saw_detail(self, detail: Detail, number: int) -> None:
        if detail.workflow != self._watch.workflow:
            return
        if not detail.simple and self._jobs.detail.state(detail.id) is not None:
            self._jobs.detail.take_in(detail, number)
            return
        self._watch.tell(amend_row(self._watch.store, detail, number, self._watch.clock()))
        self._jobs.facts.remember(detail)

    def saw_rows(self, workflow: str, items: Sequence[Mapping[str, Any]], number: int) -> None:
        """Rows that are not loaded stay so: which are is told by the list that was walked without a gap."""
        if workflow == self._watch.workflow:
            store = self._watch.store
            listed = [
                item for item in items if isinstance(identity := item.get("id"), str) and identity in store
            ]
            self._watch.tell(store.apply(listed, seq=number, now=self._watch.clock()))

    def saw_status(self, workflow: str, instance: str, status: str, number: int) -> None:
        if workflow == self._watch.workflow:
            now = self._watch.clock()
            self._watch.tell(self._watch.store.amend_status(instance, status, seq=number, now=now))

    def saw_gone(self, workflow: str, instance: str) -> None:
        if workflow == self._watch.workflow:
            self._watch.tell(self._watch.store.doubt([instance], EXPIRED))
