"""What the page rests on: rows read back, older counts of analytics, earlier runs of the record."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import ClassVar, Final
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from wfdash.api.errors import Forbidden, WorkflowsError
from wfdash.api.interface import MOST_VERSIONS, Version
from wfdash.core.history.frame import Frame
from wfdash.core.history.history import SLICE
from wfdash.core.model.instance import Instance
from wfdash.live.polling.events import Update
from wfdash.live.reads.account_rows import AccountRows, of_workflow
from wfdash.live.reads.past_rows import PastRows
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context
from wfdash.ui.history.counting import EarlierHistory, LoadedHistory

__all__ = ["PURPOSES", "HistoryReader"]

PURPOSES: Final = ("history", "versions")
"""What it reads, as the budget page names it."""
_EVERY: Final = 60.0
"""Seconds between two reads of what all workflows changed."""
_LATELY: Final = 900.0
"""Seconds before the last one from which rows are read again: most have ended by then."""
_REST_PER_PAGE: Final = 10.0
"""Seconds of rest for each page that was read once more: no more than six requests a minute."""
_PAGES_AGAIN: Final = 30
"""Pages that are listed once more at a time: 3,000 rows."""
_WEEK: Final = 8 * 86_400.0
"""Seconds back to which rows are read where analytics count what is older: a week and the day that is
begun."""
_OLDER_EVERY: Final = 900.0
"""Seconds for which counts of what is erased are good enough."""
_UNDER_WAY: Final = 10.0
"""Seconds that a page of the list takes at most, as a rule."""
_AGAIN: Final = 5.0
"""Seconds after a failed read."""


class HistoryReader:
    """Reads what is counted, for one workflow or all of the account; it draws nothing.

    `grown` is called where more may be shown than what is framed.
    """

    _closed: ClassVar[WeakKeyDictionary[Watcher, dict[bool, EarlierHistory]]] = WeakKeyDictionary()
    """Of each session what was shown last, of a workflow and of all: of another account it is nothing."""

    def __init__(
        self, context: Context, poller: Watcher, frame: Frame, *, of_all: bool, grown: Callable[[], None]
    ) -> None:
        self.workflow, self.of_all = poller.workflow, of_all
        self._own = LoadedHistory(
            frame,
            local=poller.local,
            retention=None if of_all else context.settings.retention.get(poller.workflow),
        )
        if not of_all and not poller.local and context.past is None:
            self._own.seen_at = poller.store.seen_at
        self.before = self.earlier(poller, of_all=of_all)
        """What stands for it until all of that is read again."""
        if self.before is not None:
            self.before.loaded.until = self.before.at
            self._own.analytics = self.before.loaded.analytics
        self.is_reading = False
        self.lacks_versions = False
        """Whether the versions are awaited before any row."""
        self.failure = ""
        """Why the last read failed, in a sentence; it is tried again."""
        self._context, self._poller, self._grown = context, poller, grown
        self._account: AccountRows | None = None
        self._read_at: float | None = None
        """When all that is framed was read last."""
        self._asked_for: tuple[float, float, float] | None = None
        """The stretch that analytics were asked for last, and when."""
        self._forbidden = False
        """The token may not read them: it is not asked again."""
        self._recalled = inf
        """From when on the record was asked for earlier runs."""
        self._errored: int | None = None
        """How many errored ones the server counted last."""
        self._fewer = False
        """Whether it counted fewer than before since rows were read."""
        self._again_at = 0.0
        """Rows are not read once more before this moment."""
        self._thawed = asyncio.Event()

    @property
    def loaded(self) -> LoadedHistory:
        """What is shown."""
        return self._own if self.before is None else self.before.loaded

    @property
    def total(self) -> int | None:
        """How many instances there are, as of what is shown: no newer count beside older numbers."""
        stands = self.before is not None and self.before.loaded.until < inf
        return self.before.total if stands and self.before is not None else self._poller.total

    @property
    def total_of_workflow(self) -> int | None:
        """How many the workflow has; None for all of the account, whose counts nobody adds up."""
        return None if self.of_all else self.total

    @property
    def read_to(self) -> float | None:
        """How far back this page itself has read."""
        return self._own.floor

    @classmethod
    def earlier(cls, poller: Watcher, *, of_all: bool) -> EarlierHistory | None:
        """The counts kept from the last visit, shown until the page has read anew; None without one."""
        before = cls._closed.get(poller, {}).get(of_all)
        return before if before is not None and before.is_of(poller.workflow) else None

    def leave(self, span: int) -> None:
        """Leaves what is shown to the next page."""
        closed = self._closed.setdefault(self._poller, {})
        now = self._context.clock()
        if self.before is not None:
            at = now if self.before.loaded.until == inf else self.before.at
            closed[self.of_all] = replace(self.before, span=span, at=at, total=self.total)
        elif self._own.floor is not None and len(self._own):
            # Rows of one workflow were followed by its table until now; those of all are read at times.
            at = self._read_at if self.of_all and self._read_at is not None else now
            closed[self.of_all] = EarlierHistory(
                self.workflow, self.of_all, self._own, at, span, self._poller.total
            )

    async def show(self, frame: Frame) -> None:
        """Counts for another frame: what is shown, and what is read to take its place."""
        now = self._context.clock()
        # What is read just now goes on below the floor that it began at.
        if not self.is_reading and self._own.forget_passed(frame, now) and self._account is not None:
            self._account.begin_below(self._own.floor)
        await self.loaded.show(frame, now)
        self._own.is_short = self._lacks_rows
        if self.before is not None:
            await self._own.show(frame, now)

    def _add(self, rows: list[Instance], *, walked: bool, at: float = 0.0) -> None:
        """Counts rows; `at` is when they were answered, where the table does not know it."""
        self._own.add(rows, walked=walked, at=at)
        # What stands as it was left stays so: with some of what came since it would be of no moment.
        if self.before is not None and self.before.loaded.until == inf:
            self.before.loaded.add(rows, walked=walked, at=at)

    def take(self, update: Update) -> None:
        """Counts the rows that the table was given."""
        poller = self._poller
        if update.delta and not self.of_all and poller.workflow == self.workflow:
            ids = (*update.delta.added, *update.delta.changed)
            rows = [row for identity in ids if (row := poller.store.get(identity)) is not None]
            self._add(rows, walked=False)

    def thaw(self) -> None:
        """Goes on reading once polling is not frozen any more."""
        if not self._poller.frozen:
            self._thawed.set()

    def is_due(self, now: float) -> bool:
        """Whether all workflows should be read for what has changed since."""
        since = self._read_at if self.of_all else None
        return since is not None and now - since >= _EVERY and not self.is_reading and not self._poller.frozen

    def is_restarted(self, now: float) -> bool:
        """Whether rows should be read once more: there are fewer errored ones than there were.

        Below the newest page nobody looks at what has ended, and a restart by somebody else is seen there
        by nothing but the counts.
        """
        errored = (self._poller.status_counts or {}).get("errored")
        if self.of_all or errored is None or self._poller.local or self._poller.workflow != self.workflow:
            return False
        self._fewer = self._fewer or (self._errored is not None and errored < self._errored)
        self._errored = errored
        rests = self.is_reading or self.before is not None or self._poller.frozen or now < self._again_at
        return self._fewer and not rests and self._context.past is None

    async def read_again(self) -> None:
        """Lists what is loaded once more, newest first, in no more pages than are soon read."""
        session, loaded, pages = self._context.session, self._own, 0
        if session is None:
            return
        self._fewer, self._again_at = False, inf
        try:
            async for page in session.reads.past_rows(self.workflow, floor=None).back_to(
                max(self._since, loaded.floor or self._since)
            ):
                self._came(page, loaded.floor)
                pages += 1
                await asyncio.sleep(0)
                if pages >= _PAGES_AGAIN or self._poller.frozen:
                    break
        except WorkflowsError:
            self._fewer = True
        finally:
            self._again_at = self._context.clock() + max(_EVERY, pages * _REST_PER_PAGE)
        self._grown()

    @property
    def has_more(self) -> bool:
        """Whether what is framed goes further back than what was read."""
        return self._lacks_deploys or self._lacks_rows

    @property
    def is_partial(self) -> bool:
        """Whether more is being read than is shown."""
        return self.before is None and (self.is_reading or self.loaded.is_short)

    @property
    def _lacks_rows(self) -> bool:
        floor, partial = self._own.floor, self._own.partial
        return not partial and (floor is None or floor > self._since)

    @property
    def _lacks_deploys(self) -> bool:
        loaded = self._own
        is_short = loaded.deploys_from > loaded.frame.start and len(loaded.versions) < MOST_VERSIONS
        return is_short and not self.of_all

    async def read(self) -> None:
        """Reads until what is framed is covered; again what is loaded only where it may have changed."""
        await (self._read_all() if self.of_all else self._read_workflow())

    async def _read_workflow(self) -> None:
        loaded, poller, session = self._own, self._poller, self._context.session
        if session is None:
            return
        is_first = loaded.floor is None
        if is_first:
            floors: list[float] = []
            for rows in poller.contiguous_slices(SLICE) if not poller.filtered else ():
                self._add(rows, walked=True)
                floors += [min(row.created for row in rows if row.created is not None)] if rows else []
                await asyncio.sleep(0)
            await loaded.sum_up(self._context.clock())
            loaded.floor = min(floors, default=None)
            if self.before is not None and loaded.floor is not None and loaded.floor <= self.before.at:
                self.before.loaded.until = inf  # the table went on from where the page was closed
                for rows in poller.contiguous_slices(SLICE):
                    self.before.loaded.add(rows, walked=True)
                    await asyncio.sleep(0)
                # Older ones that ended meanwhile were met by the sweep, and the table tells of no change now.
                open_ids = self.before.loaded.open_ids
                older = [row for identity in open_ids if (row := poller.store.get(identity)) is not None]
                for first in range(0, len(older), SLICE):
                    self.before.loaded.add(older[first : first + SLICE], walked=True)
                    await asyncio.sleep(0)
        past = session.reads.past_rows(self.workflow, floor=loaded.floor)
        # Only right then: below the floor of a page that is open there may be rows that the table came to
        # since, and rows that were let go here.
        is_complete = is_first and poller.history.complete and not poller.filtered
        is_complete = is_complete and loaded.floor is not None
        past.exhausted = is_complete or loaded.floor == -inf
        past.end = poller.newest.unbroken
        await self._read_back(past, since=self._since)
        self._read_at = self._context.clock()

    async def _read_all(self) -> None:
        session, covered = self._context.session, self._own.floor
        if session is None:
            return
        if self._read_at is not None and covered is not None and covered <= self._own.frame.start:
            await self._read_back(AccountRows(session.reads), since=self._read_at - _LATELY, covered=covered)
        else:
            self._account = self._account or AccountRows(session.reads)
            await self._read_back(self._account, since=self._since)
        self._read_at = self._context.clock()

    async def _read_back(
        self, past: PastRows | AccountRows, *, since: float, covered: float | None = None
    ) -> None:
        """Page by page in the foreground, and again after a failure, until the span is covered."""
        loaded, session = self._own, self._context.session
        if session is None:
            return
        self.is_reading = True
        loaded.is_short = self._lacks_rows
        while True:
            try:
                await self._read_versions()
                if self.of_all:
                    await self._ask_how_long_kept()
                async for page in past.back_to(since):
                    self._came(page, past.floor if covered is None else covered)
                    await asyncio.sleep(0)
                    if self._poller.frozen:
                        self._thawed.clear()
                        await self._thawed.wait()
                break
            except WorkflowsError as error:
                self.failure = error.sentence
                await asyncio.sleep(error.pause(_AGAIN))
        if past.exhausted and covered is None:
            loaded.partial = past.end > float("-inf")
            loaded.floor = past.end
        self.before = None
        self.is_reading, self.failure = False, ""
        loaded.is_short = self._lacks_rows
        self._recalled = inf  # what was read may be of instances that were restarted
        await self.recall()
        self._grown()

    async def _read_versions(self) -> None:
        """Reads versions back to the oldest deploy that is framed; none for all workflows."""
        loaded, session, since = self._own, self._context.session, self._own.frame.start
        if session is None or not self._lacks_deploys:
            return
        self.lacks_versions = True
        try:
            found = await session.reads.versions(self.workflow, since=since)
        finally:
            self.lacks_versions = False
        loaded.versions = {version.id: version for version in found}
        created = [version.created for version in found if version.created is not None]
        loaded.deploys_from = min(created, default=since) if len(found) >= MOST_VERSIONS else since

    async def _ask_how_long_kept(self) -> None:
        """Reads each workflow's retention, once: without it what one has erased would look like nothing."""
        session, retention = self._context.session, self._context.settings.retention
        if session is None or self._own.kept_by or self._account is None:
            return
        kept: dict[str, tuple[float | None, list[object]]] = {}
        every: dict[str, Version] = {}
        for name in await self._account.find_names():
            versions = await session.reads.versions(name)
            every.update((version.id, version) for version in versions)
            kept[name] = retention.get(name), [version.default_retention for version in versions]
        self._own.kept_by, self._own.versions = kept, every

    @property
    def _since(self) -> float:
        """How far back rows are read: a week at most where analytics count what is older."""
        shown_from = self._own.frame.start
        return shown_from if self._own.analytics is None else max(shown_from, self._context.clock() - _WEEK)

    async def count_older(self) -> bool:
        """Asks analytics for what is erased, or too far back to be read; whether anything was asked."""
        loaded, session, now = self._own, self._context.session, self._context.clock()
        of = loaded.frame
        if session is None or loaded.lacks_ends or self._forbidden or self._poller.frozen:
            return False
        reached = loaded.floor if loaded.floor is not None else now
        asked = of.start, of.width, now // _OLDER_EVERY
        if of.start >= max(loaded.edge(now).both, min(reached, now)) or asked == self._asked_for:
            return False
        self._asked_for = asked
        try:
            until, name = min(now, of.end), "" if self.of_all else self.workflow
            found = await session.reads.analytics(name, since=of.start, until=until, width=of.width)
        except WorkflowsError as error:
            loaded.refusal, self._forbidden = error.sentence, isinstance(error, Forbidden)
            if loaded.analytics is not None and loaded.analytics.since > of.start:
                loaded.analytics = None  # of a shorter time: its counts are not those of this one
        else:
            loaded.analytics, loaded.refusal = found, ""
        return True

    async def recall(self) -> bool:
        """Takes in what a restart took out of the list, as far as is known here; whether it was asked."""
        loaded, session, shown_from = self._own, self._context.session, self._own.frame.start
        if session is None or shown_from >= self._recalled:
            return False
        if not session.restarted.has_source:
            return False
        self._recalled = shown_from
        names = self._account.names if self.of_all and self._account is not None else [self.workflow]
        for name in names:
            rows: Mapping[str, Instance] = loaded.rows
            if self.of_all:
                # There the workflow stands before the id, and as the version.
                whose = (row for row in loaded.rows.values() if row.version == name)
                rows = {row.id.removeprefix(f"{name}/"): row for row in whose}
            runs = await asyncio.to_thread(session.restarted.find, name, dict(rows), shown_from)
            named = [of_workflow(name, run) for run in runs.values()] if self.of_all else runs.values()
            loaded.add_runs({run.id: run for run in named})
        return True

    def _came(self, page: Iterable[Instance], floor: float | None) -> None:
        mine, now = self._poller.workflow == self.workflow and not self.of_all, self._context.clock()
        self._add([self._newer(row, now) if mine else row for row in page], walked=True, at=now)
        self._own.floor, self.failure = floor, ""

    def _newer(self, row: Instance, now: float) -> Instance:
        """The row as the table has it, where that may know more than the list that was asked before.

        Of one that it saw open and has not met for a while it knows less.
        """
        store = self._poller.store
        seen_at, of_table = store.seen_at(row.id), store.get(row.id)
        has_left = seen_at is not None and seen_at < now - _UNDER_WAY
        if of_table is None or has_left or (row.modified or 0.0) > (of_table.modified or 0.0):
            return row
        return of_table
