"""What actions read and were answered, on the rows and in the open detail before the next poll tells it."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfdash.core.model.detail import Detail
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.read_instance import amend_row
from wfdash.live.priorities import Feeds

__all__ = ["StoreSink"]


class StoreSink:
    """A ReadSink that puts what it gets into the store; what is of another workflow it drops."""

    def __init__(self, context: FeedContext, jobs: Feeds) -> None:
        self._context = context
        self._feeds = jobs

    def next_number(self) -> int:
        return self._context.next_number()

    def saw_detail(self, detail: Detail, number: int) -> None:
        if detail.workflow != self._context.workflow:
            return
        # The open detail decides by the number which of two answers is the younger one.
        if not detail.simple and self._feeds.detail.state(detail.id) is not None:
            self._feeds.detail.take_in(detail, number)
            return
        self._context.tell(amend_row(self._context.store, detail, number, self._context.clock()))
        self._feeds.row_details.remember(detail)

    def saw_rows(self, workflow: str, items: Sequence[Mapping[str, Any]], number: int) -> None:
        """Rows that are not loaded stay so: which are is told by the list that was walked without a gap."""
        if workflow == self._context.workflow:
            store = self._context.store
            listed = [
                item for item in items if isinstance(identity := item.get("id"), str) and identity in store
            ]
            self._context.tell(store.apply(listed, seq=number, now=self._context.clock()))

    def saw_status(self, workflow: str, instance: str, status: str, number: int) -> None:
        if workflow == self._context.workflow:
            now = self._context.clock()
            self._context.tell(self._context.store.amend_status(instance, status, seq=number, now=now))

    def saw_gone(self, workflow: str, instance: str) -> None:
        if workflow == self._context.workflow:
            self._context.tell(self._context.store.deny(instance, self._context.clock()))
