"""The rows that versions are compared by: those of the list, and a page from before the newest version."""

from collections.abc import Callable, Mapping
from math import inf

from wfdash.api.interface import ListQuery
from wfdash.core.model.instance import Instance
from wfdash.live.feeds.failures.past_version import PastVersion
from wfdash.live.feeds.failures.sampled_failures import SampledFailures
from wfdash.live.polling.context import FeedContext

__all__ = ["VersionRows"]

_BEHIND = 90.0
"""Seconds by which what has not ended may be behind: it is listed in turn."""
_FEW, _FEW_OF_ENDED = 3, 0.2
"""How many open ones, or which share of what has ended, may have been read longer ago: they change no rate by
much."""
_COUNTED = 5.0
"""Seconds until the loaded rows are looked through again for their newest version."""


class VersionRows:
    """Gives the rows to compare, and lists a page more where those loaded are too few for it."""

    def __init__(
        self, context: FeedContext, failures: SampledFailures, deployed: Callable[[], Mapping[str, float]]
    ) -> None:
        self._context, self._failures = context, failures
        self._deployed = deployed
        """When versions came, as far as that was answered."""
        self.open_read_at: float | None = None
        """When the one was answered, as they were counted last, that was answered longest ago of those that
        had not ended."""
        self.reset()

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self.of_two_versions: set[str] = set()
        """Those of which the list says another version than they do themselves."""
        self.newest_version = ""
        self._past = PastVersion()
        self._past_due: tuple[str, float] | None = None
        """The newest version and its time, while the page before it is to be listed."""
        self._below_due: float | None = None
        """The moment to list back from, while of a version that fails too few are loaded to judge it."""
        self._looked: tuple[float, int] = (-inf, 0)
        """When the rows were looked through last, and of how many versions was known when they came."""

    @property
    def beside(self) -> int:
        """Rows from before the newest version and below all that is loaded, as far as they were listed."""
        return len(self._past.rows) + len(self._past.below)

    def rows(self) -> tuple[list[Instance], list[Instance], float]:
        """Rows between which none is missing: of the list, and with those from before the newest version.

        And up to when it is known how they ended. The errored ones are listed by themselves: what completed
        beside them is met later, and of what ended since nearly all would have failed.
        """
        store = self._context.store
        rows = self._past.above(self._context.contiguous.rows(store))
        lost, until = store.lost, self._answered_until()
        if until < self._context.clock():
            rows = [row for row in rows if row.ended is None or row.ended <= until]
        both = self._past.beside(rows)
        self._note_two_versions()
        if left_out := lost | self.of_two_versions:
            # What is not there any more is in no other count either.
            rows, both = ([row for row in some if row.id not in left_out] for some in (rows, both))
        return rows, both, until

    def _note_two_versions(self) -> None:
        """Notes instances that the list and their own answer lay to two versions; they count for neither.

        After a restart on a newer version it is not known of those that completed, for nobody reads them:
        that version would have failures alone.
        """
        self.of_two_versions = {each for each in self.of_two_versions if each in self._failures}
        for sample in self._failures:
            row, version = self._context.store.get(sample.id), sample.fingerprint.version
            if row is not None and version and row.version and version != row.version:
                self.of_two_versions.add(sample.id)

    def _answered_until(self) -> float:
        """Up to when what ended is known, save for a few open ones: those change no rate by much."""
        store, now = self._context.store, self._context.clock()
        if self._context.local:  # its list has all, and is asked whenever something moved
            return now
        rows = self._context.contiguous.rows(store)
        answers = sorted(at for row in rows if (at := store.seen_at(row.id)) is not None)
        self.open_read_at = answers[0] if answers else None
        few = max(_FEW, int((len(rows) - len(answers)) * _FEW_OF_ENDED))
        return min(now, answers[few] + _BEHIND) if len(answers) > few else now

    def want_page(self, now: float) -> bool:
        """Whether a page is to be listed. The rows are looked through seldom, for there may be many."""
        if self._context.local:
            return False
        deployed = self._deployed()
        rest = _COUNTED if self.newest_version else 0.5
        if now - self._looked[0] >= rest or len(deployed) != self._looked[1]:
            self._looked = now, len(deployed)
            rows = [row for row in self._context.contiguous.rows(self._context.store) if row.version]
            newest = max(rows, key=lambda row: row.created or 0.0, default=None)
            self.newest_version = newest.version if newest is not None else ""
            self._past_due = self._past.before(rows, deployed, now) if deployed else None
            self._below_due = self._past.further(rows, deployed, now) if deployed else None
        return self._past_due is not None or self._below_due is not None

    async def list_page(self) -> None:
        """Lists the page that is wanted, the one from before the newest version first."""
        if self._past_due is not None:
            await self._list_past(*self._past_due)
        elif self._below_due is not None:
            await self._list_below(self._below_due)

    async def _list_past(self, version: str, deployed: float) -> None:
        """Lists rows of any status from just before a version came, to hold that version against them."""
        self._past_due = None
        self._past.listed(version, (), self._context.clock())  # one that fails is not tried at once again
        self._past.listed(version, await self._list_back(deployed), self._context.clock())

    async def _list_below(self, before: float) -> None:
        """Lists a page below the loaded rows, kept out of the table: nobody asked to have more there."""
        self._below_due = None
        self._past.asks_below(before, self._context.clock())
        self._past.listed_below(await self._list_back(before), before)
        self._looked = -inf, 0  # whether these are enough is known at once

    async def _list_back(self, moment: float) -> list[Instance]:
        """Rows from before a moment; of a record none from where only some of them are kept."""
        context = self._context
        page = await context.api.list_instances(context.workflow, ListQuery(date_end=moment))
        return [row for row in Instance.from_items(page.items) if (row.created or 0.0) >= page.unbroken]
