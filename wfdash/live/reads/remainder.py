"""What belongs to a choice and was not read: a list of which a part is loaded, a group of which some were."""

from collections.abc import Callable
from typing import Protocol

from wfdash.core.filter.query import Query
from wfdash.core.text.words import count
from wfdash.live.polling.job import Job
from wfdash.live.watcher import Watcher

__all__ = ["ErroredRemainder", "ListRemainder", "Remainder"]

_PAGE = 100
"""Rows of a page at most (the API's reference for List instances)."""


class Remainder(Protocol):
    """What is left to read of a choice: `read_on` is called again until nothing is `missing`."""

    @property
    def question(self) -> str:
        """The question to ask a person: how much was read, of how much."""

    @property
    def these(self) -> str:
        """The ones that were read, in words for the middle of a sentence."""

    @property
    def missing(self) -> int:
        """How many are still to be read, as far as that is known; 0 once there are none."""

    @property
    def requests(self) -> int:
        """What reading them costs, about."""

    @property
    def progress(self) -> tuple[int, int]:
        """How many were read, of how many."""

    def takes(self, each: float | None) -> float:
        """Seconds that reading them takes, as the window has room, where one alone takes `each` so many."""

    @property
    def trouble(self) -> str:
        """Why it does not go on; "" while it does."""

    @property
    def held(self) -> bool:
        """Whether the next one waits until the window of requests has room."""

    def read_on(self) -> None: ...


class ListRemainder:
    """The rows of a list that are not loaded, and those that the filter can only tell once they are read."""

    def __init__(self, poller: Watcher, query: Query, matched: Callable[[], int], now: float) -> None:
        self._poller, self._matched, self._query = poller, matched, query
        asked = query.pushdown(now, local=poller.local) if query else None
        # Then the total of the list is that of the filter, and not that of the workflow.
        self._narrowed = asked is not None and bool(asked.words)
        """The server lists no more than what may match."""
        self._sure = self._narrowed and asked is not None and not asked.here
        """It lists exactly what matches."""

    @property
    def progress(self) -> tuple[int, int]:
        poller = self._poller
        read = self._matched() if self._sure else len(poller.store)
        total = poller.newest.total if self._narrowed else poller.total
        return read, max(read, total or 0)

    @property
    def these(self) -> str:
        return f"the {count(self._matched())} listed here"

    @property
    def missing(self) -> int:
        read, of = self.progress
        # One at least: a count may lag behind the list, and "0 missing" beside a list that goes on would end
        # the reading.
        unlisted = 0 if self._poller.history.complete else max(1, of - read)
        return unlisted or self._unsearched

    @property
    def _unsearched(self) -> int:
        searched = self._poller.search.searched
        return searched.unread if searched is not None else 0

    @property
    def requests(self) -> int:
        unlisted = 0 if self._poller.history.complete else self.missing
        return -(-unlisted // _PAGE) + self._unsearched

    @property
    def question(self) -> str:
        read, of = self.progress
        if self._sure:
            return f"{count(read)} of the {count(of)} that match are loaded"
        if not self._query:
            return f"{count(read)} of the {count(of)} instances are loaded"
        searched = self._poller.search.searched
        if self._poller.history.complete and searched is not None:
            opened = f"{count(searched.read)} of {count(searched.candidates)} that may match were opened"
            return f"{count(self._matched())} match so far; {opened}"
        return f"{count(self._matched())} match so far, among {count(read)} loaded of {count(of)}"

    def takes(self, each: float | None) -> float:
        return self._poller.budget.reads_take(self.requests, self._job.purpose, each=each).seconds

    @property
    def _job(self) -> Job:
        # First the rows, then what they hold: what is not listed cannot be opened.
        return self._poller.search if self._poller.history.complete else self._poller.history

    @property
    def trouble(self) -> str:
        return self._job.freshness.failure or ("polling is frozen" if self._poller.frozen else "")

    @property
    def held(self) -> bool:
        # A page that stands still without a word looks hung: the window of requests may hold the next read
        # back for minutes.
        return self._job.waits_since is not None

    def read_on(self) -> None:
        poller = self._poller
        if not poller.history.complete:
            poller.load_more()
        elif (searched := poller.search.searched) is not None and searched.over:
            poller.search_on()


class ErroredRemainder:
    """Reads the errored instances beyond the sampled ones: any of them may be of the group."""

    def __init__(self, poller: Watcher, in_group: Callable[[], int]) -> None:
        self._poller, self._in_group = poller, in_group

    @property
    def progress(self) -> tuple[int, int]:
        samples = self._poller.error_samples
        read, of = samples.progress
        errored = (self._poller.status_counts or {}).get("errored", 0)
        # A cut sample does not know how many there are; the counts of the workflow do.
        return read, max(of, errored if samples.listing.is_cut else 0)

    @property
    def these(self) -> str:
        number = self._in_group()
        return "the one found" if number == 1 else f"the {count(number)} found"

    @property
    def missing(self) -> int:
        """How many errored ones are unread, at least one where the sample was cut and no count says."""
        read, of = self.progress
        return max(of - read, int(self._poller.error_samples.listing.is_cut))

    @property
    def requests(self) -> int:
        # A read each, and the pages of the list in which they are found first.
        return self.missing + -(-self.missing // _PAGE)

    @property
    def question(self) -> str:
        read, of = self.progress
        number = self._in_group()
        some = f"{count(number)} of this group {'was' if number == 1 else 'were'} found"
        return f"{some} in {count(read)} of the {count(of)} that are errored"

    def takes(self, each: float | None) -> float:
        return self._poller.budget.reads_take(
            self.requests, self._poller.error_samples.purpose, each=each
        ).seconds

    @property
    def trouble(self) -> str:
        poller = self._poller
        return poller.error_samples.freshness.failure or ("polling is frozen" if poller.frozen else "")

    @property
    def held(self) -> bool:
        return self._poller.error_samples.waits_since is not None

    def read_on(self) -> None:
        self._poller.error_samples.read_all()
