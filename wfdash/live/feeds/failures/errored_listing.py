"""Which instances are errored, as the server lists them: the newest page, or all once somebody wants them."""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from wfdash.api.interface import InstancePage, ListQuery
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import CHANGED, GONE, Delta
from wfdash.live.feeds.failures.first_failure import FirstFailureSearch
from wfdash.live.feeds.failures.sampled_failures import SampledFailures
from wfdash.live.polling.context import FeedContext

__all__ = ["LISTED_AGAIN", "SAMPLE", "ErroredListing"]

SAMPLE = 50
"""Errored instances that are read at most: enough to tell one cause from five."""
LISTED_AGAIN = 60.0
"""Seconds until the errored ones are listed again, while somebody looks."""
_FEWER = 5.0
"""The same where fewer are counted than were."""
_REPLICAS = 30.0
"""Seconds after its end in which one may be missing from a list, as from a replica that lags (seen; nothing
documents it)."""


class ErroredListing:
    """Lists the newest again and again, and further back only for who wants all, or the first of a cause."""

    def __init__(
        self,
        context: FeedContext,
        failures: SampledFailures,
        *,
        counted: Callable[[], int | None],
        lists_all: Callable[[], bool],
        look_up: Callable[[list[float]], None],
    ) -> None:
        """`counted`: how many the server counted last; `look_up` asks for rows by when they were created."""
        self._context, self._failures = context, failures
        self._count, self._look_up = counted, look_up
        self._lists_all = lists_all
        """Whether the table has every instance that matches its filter: a dev session's takes none."""
        self.reset()

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self.candidates: list[str] = []
        """Those that are listed as errored, the last failure first: none but these are sampled."""
        self.ruled_out: set[str] = set()
        """Those that were restarted since, or are gone, or of which no cause can be read."""
        self.only_listed: set[str] = set()
        """Those of which a record tells that they failed, and not why."""
        self.first_failure = FirstFailureSearch()
        self.everything = False
        """Whether all are to be read, and not the newest alone."""
        self.below: str | None = None
        """Cursor of the page below those that were listed to read all of them."""
        self._walked = self._cut = False
        self._further: dict[str, Mapping[str, Any]] = {}
        """What those pages told of instances that are not read yet."""
        self._listed_at: float | None = None
        self._counted: int | None = None
        """How many the server counted when they were listed last, or more since."""

    @property
    def is_listed(self) -> bool:
        """Whether it is known which instances are errored."""
        return self._listed_at is not None

    @property
    def is_cut(self) -> bool:
        """Whether only the newest are looked at, and there may be more."""
        return not self.is_listed or self._cut

    def want_all(self) -> None:
        """Lists them to the end from now on: somebody waits for it."""
        if not self.everything:
            self.everything, self._listed_at = True, None

    def next_at(self) -> float:
        """When they are listed again: soon where the server counts fewer of them than it did."""
        if self._listed_at is None:
            return 0.0
        counted, before = self._count(), self._counted
        fewer = counted is not None and before is not None and counted < before
        if counted is not None:
            self._counted = max(counted, before or 0)
        return self._listed_at + (_FEWER if fewer else LISTED_AGAIN)

    def set_back(self, seconds: float) -> None:
        """Moves along with a clock that was set back."""
        self._listed_at = None if self._listed_at is None else self._listed_at - seconds

    def follow(self, delta: Delta) -> None:
        """Rules out what was restarted: it is errored no more, and read anew if it ends so again.

        What is not there any more failed too, and no other count holds it.
        """
        store = self._context.store
        for identity in delta.changed:
            row, is_gone = store.get(identity), store.note(identity) == GONE
            if row is not None and row.status == "errored" and not is_gone:
                self.ruled_out.discard(identity)
                continue
            if is_gone:
                self.ruled_out.add(identity)
            self._failures.take_out(identity)
        self.ruled_out.difference_update(delta.dropped)
        self.only_listed.difference_update(delta.dropped)

    async def list_newest(self) -> None:
        """Lists the newest errored ones.

        A dev session is not asked by status, which wakes every instance it has: its loaded rows have them.
        """
        context, more = self._context, False
        if not context.local:
            number = context.next_number()
            page = await context.api.list_instances(context.workflow, ListQuery("errored"))
            context.tell(context.store.apply(page.items, seq=number, now=context.clock()))
            self.first_failure.listed(page.items, page.cursor, older=False)
            self._drop_what_left(page, number)
            self._counted = self._count()
            more = page.cursor is not None
            if self.everything and not self._walked:
                self._walked, self.below = True, page.cursor
        self._listed_at = context.clock()
        store = context.store
        errored = [
            row for row in store if row.status == "errored" and store.note(row.id) not in (GONE, CHANGED)
        ]
        self.first_failure.note(errored)
        if context.local:
            self.first_failure.complete = self._lists_all()
        # By when they failed and not by when they began: the incident is what failed last.
        errored.sort(key=lambda row: (-(row.ended or row.created or 0.0), row.id))
        self._cut = self.below is not None if self.everything else more or len(errored) > SAMPLE
        listed = {row.id: None for row in (errored if self.everything else errored[:SAMPLE])}
        self.candidates = list(listed | dict.fromkeys(self._further))

    def _drop_what_left(self, page: InstancePage, number: int) -> None:
        """Looks up what a listing of the errored should hold and does not: it was restarted, or is gone.

        Below the newest page nobody lists what has ended again, and its failure would be told for ever.
        """
        store, now = self._context.store, self._context.clock()
        listed = Instance.from_items(page.items)
        oldest = min((row.created or 0.0 for row in listed), default=inf) if page.cursor is not None else 0.0
        on_page = {row.id for row in listed}
        departed = [
            row
            for row in store
            if row.status == "errored"
            and row.id not in on_page
            and row.seq < number
            and row.created is not None
            and row.created > oldest
            and (row.ended or 0.0) < now - _REPLICAS
            and store.note(row.id) != GONE
        ]
        for row in departed:
            self.ruled_out.add(row.id)
            self._failures.take_out(row.id)
        if departed:
            self._context.tell(store.doubt([row.id for row in departed], CHANGED))
            self._look_up([row.created for row in departed if row.created is not None])

    async def list_further(self, cursor: str) -> None:
        """Lists the next page of all errored ones, kept out of the table: unread ones would leave gaps."""
        context = self._context
        page = await context.api.list_instances(context.workflow, ListQuery("errored", cursor=cursor))
        # A server that gives the same cursor again would be asked for ever.
        self.below = page.cursor if page.items and page.cursor != cursor else None
        self._cut = self.below is not None
        fresh = {str(item.get("id")): item for item in page.items if isinstance(item.get("id"), str)}
        self._further |= {
            identity: item
            for identity, item in fresh.items()
            if self._failures.is_unread(identity, context.store.get(identity))
        }
        self.candidates = list(dict.fromkeys([*self.candidates, *fresh]))

    async def list_older(self, cursor: str) -> None:
        """Lists older errored ones, kept out of the table; one gets its row when it is read."""
        context = self._context
        page = await context.api.list_instances(context.workflow, ListQuery("errored", cursor=cursor))
        self.first_failure.listed(page.items, page.cursor, older=True)

    def give_row(self, identity: str) -> Delta:
        """Gives one that is about to be read its row, where no list of the table's has shown it."""
        context, search = self._context, self.first_failure
        search.looked += identity not in self.candidates
        item = search.items.pop(identity, None) or self._further.pop(identity, None)
        if item is None:
            return Delta()
        return context.store.apply([dict(item)], seq=context.next_number(), now=context.clock())
