"""`wfdash list`: instances of a workflow, newest first."""

import asyncio
import sys
import time
from argparse import Namespace
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import InstancePage, ListQuery
from wfdash.api.paging import walk
from wfdash.cli.commands.inputs import batches_of
from wfdash.cli.commands.recalled import Recalled
from wfdash.cli.exits import UsageError
from wfdash.cli.output import instant, json_line, line, say
from wfdash.cli.session import CommandSession, Extent, ProgressWords, long_read, tell_unanswered
from wfdash.core.model.instance import Instance
from wfdash.core.model.lazy_steps import plain
from wfdash.core.model.status import is_final
from wfdash.core.text.words import brief, count

if TYPE_CHECKING:
    from wfdash.core.filter.query import Query
    from wfdash.core.model.detail import Detail
    from wfdash.live.budget.joined_search import JoinedSearch

__all__ = ["prepare", "run"]

_COLUMNS = ((15, "STATUS"), (20, "CREATED"), (8, "TOOK"), (8, "TRIGGER"), (8, "VERSION"), (0, "ID"))
_LOCAL_COLUMNS = ("STATUS", "CREATED", "ID")
"""What a dev session tells of an instance in its lists."""
_SHORT = 8
"""Characters of a version at a terminal; away from one nothing is cut."""
_LOOK = 0.05
"""Seconds between two looks whether another process has opened an instance by now."""


def prepare(parsed: Namespace) -> None:
    """Refuses a filter that only details can tell, unless reading them was asked for.

    The filter language is loaded only for a filter.
    """
    parsed.query = None
    if not parsed.filter:
        return
    from wfdash.core.filter.query import parse

    query = parsed.query = parse(parsed.filter)
    if query.needs_marks:
        raise UsageError("--filter: marked is of the dashboard; there are no marks here")
    # Never by accident: a filter on 100,000 instances would spend the budget of everybody for hours.
    if query.needs_details and parsed.read_details is None:
        raise UsageError(
            "--filter: what is in an instance takes a request for each of them; "
            "add --read-details N to read up to N of them, 0 for all"
        )


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Prints what matches until the limit; returns the exit code."""
    listing = Listing(parsed, session)
    terminal = sys.stdout.isatty()
    if not parsed.json and terminal:
        line(_columns(*(title for _, title in _COLUMNS), local=session.settings.local))
    try:
        async for item, row in listing.matching():
            if parsed.json:
                json_line(item)
            else:
                cells = _cells(row, session.clock(), short=terminal)
                line(_columns(*cells, local=session.settings.local))
    except WorkflowsError:
        # The lines look whole, and a pipe drops the exit code.
        if part := listing.part():
            say(f"wfdash: {part}")
        raise
    await listing.find_unlisted()
    if parsed.query and (doubt := parsed.query.doubt):
        say(f"--filter: {doubt}")
    if note := listing.note():
        say(note)
    return tell_unanswered(session)


class Listing:
    """Walks the list, yields the rows that match, and counts both."""

    def __init__(self, parsed: Namespace, session: CommandSession) -> None:
        self.limit = parsed.limit
        self.session = session
        self.query: Query | None = parsed.query
        self.ascending = parsed.asc
        self.details = parsed.read_details
        self.read = self.shown = self.asked = self.unread = self.hidden = self.left_out = 0
        self._recalled = Recalled(session)
        self._opening: ProgressWords | None = None
        self._others: JoinedSearch | None = None
        """What other processes open for the same filter."""
        self.listed: set[str] = set()
        """Ids of the rows that may match; of no others is the record asked."""
        self.total: int | None = None
        self.batches: dict[str, frozenset[str]] = {}

    async def matching(self) -> AsyncIterator[tuple[dict[str, Any], Instance]]:
        """Yields the items that match, as the API sent them, each with its row."""
        if self.query is not None and self.query.batches:
            self.batches = await batches_of(self.session, self.query)
        query = self.query
        ahead = time.time() - self.session.clock()
        now, pages = self.session.clock(), self._pages(self.session.clock())
        first = await anext(pages, None)
        # Only an answer tells by how much this machine's clock is wrong: what was asked before by its times
        # was another question.
        if query is not None and abs(time.time() - self.session.clock() - ahead) > 1:
            await pages.aclose()
            now, pages = self.session.clock(), self._pages(self.session.clock())
            first = await anext(pages, None)
        matches = self._test(now)
        async for page in _from(first, pages):
            self.total = page.total if page.total is not None else self.total
            self.hidden += page.hidden
            self.left_out += page.left_out
            for item in page.items:
                row = Instance.from_item(item)
                if row is None:
                    continue
                self.read += 1
                if not matches(row):
                    continue
                if query and query.needs_details:
                    self.listed.add(row.id)
                    if not await self._matches_detail(query, item, row, now):
                        continue
                self.shown += 1
                yield item, row
                # Before the next page is asked for: the limit is the person's, and so are the requests.
                if self.shown == self.limit:
                    return

    def _test(self, now: float) -> Callable[[Instance], bool]:
        if self.query is None:
            return lambda row: True
        if self.query.needs_details:
            return self.query.candidates(now, batches=self.batches)
        from wfdash.core.filter.fields import MatchContext

        return self.query.matcher(now, MatchContext(batches=self.batches))

    async def _pages(self, now: float) -> AsyncGenerator[InstancePage]:
        session = self.session
        workflow = await session.workflow()
        # What the API can filter it filters: of 100,000 rows only the pages that matter are read.
        pushed = self.query.pushdown(now, local=session.api.local) if self.query else None
        # A dev session lists newest first only (seen on the real engine): all is read, and told from its end.
        backwards = self.ascending and session.api.local
        query = ListQuery(
            status=pushed.status if pushed else "",
            date_start=pushed.date_start if pushed else None,
            date_end=pushed.date_end if pushed else None,
            direction="asc" if self.ascending and not backwards else "",
            per_page=min(self.limit or 100, 100) if self.query is None and not backwards else 100,
        )
        # At a terminal the rows themselves show how far it is; and of two that are told, the pages would be
        # over in seconds while instances are read for minutes.
        extent = Extent()
        if self.limit and not backwards:
            extent = Extent(self.limit) if self.query is None else Extent(is_bound=True)
        aloud = not sys.stdout.isatty() and not (self.query and self.query.needs_details)
        lists = long_read(session, workflow, query, extent=extent, aloud=aloud)
        pages = walk(lists, workflow, query)
        if backwards:
            for page in reversed([page async for page in pages]):
                page.items.reverse()
                yield page
            return
        async for page in pages:
            yield page

    async def _matches_detail(self, query: "Query", item: dict[str, Any], row: Instance, now: float) -> bool:
        """Reads an instance that the row itself does not rule out."""
        from wfdash.core.filter.detail_fields import read_fields
        from wfdash.core.filter.fields import MatchContext
        from wfdash.core.model.detail import read_detail

        workflow = await self.session.workflow()
        details = self._recalled.fields(workflow, row)
        others = await self._opened_elsewhere(workflow, query, row) if details is None else None
        if others is not None and others.rules_out(row):
            return False
        if details is None:
            if self.details and self.asked >= self.details:
                self.unread += 1
                return False
            remaining = max(1, self.details - self.asked) if self.details else None
            if self._opening is None:
                self._opening = ProgressWords(self.session, sys.stderr.isatty())
                most = f"up to {count(self.details)} instances are read one by one, a request each"
                self._opening.begin(most, remaining)
            else:
                of = f" of at most {count(self.details)}" if self.details else ""
                self._opening.go_on(f"read {count(self.asked)}{of} instances one by one", remaining)
            self.asked += 1
            api = self.session.api
            asked_at = others.asks(row.id) if others is not None else 0.0
            ask = partial(api.get_instance, workflow, row.id)
            answer = await self.session.read_or_note(row.id, ask, wanted=remaining)
            if answer is None:
                return False
            detail = read_detail(workflow, row.id, answer.result)
            _catch_up(item, row, detail)
            details = read_fields(detail)
            if others is not None:
                others.tell(row, details, asked_at)
        return query.match(row, now, MatchContext((), {row.id: details}, self.batches))

    async def _opened_elsewhere(self, workflow: str, query: "Query", row: Instance) -> "JoinedSearch | None":
        """What other processes know of this filter, once none opens this row.

        None where none asks the same.
        """
        session = self.session
        if self._others is None:
            from wfdash.live.budget.joined_search import JoinedSearch, can_be_joined

            if session.api.local or not can_be_joined(query):
                return None
            beside, account = session.budget.shared_file, session.api.account_id
            now = session.clock()
            self._others = JoinedSearch(beside, account, workflow, query, clock=session.clock, since=now)
            session.endings.append(self._others.close)
        self._others.look()
        while self._others.is_asked(row.id):
            await asyncio.sleep(_LOOK)
            self._others.look()
        return self._others

    async def find_unlisted(self) -> None:
        """Looks in the record for matches that were not listed, once the list was read to its end."""
        query = self.query
        if query is None or not query.needs_details or (self.limit and self.shown == self.limit):
            return
        remaining = max(0, self.details - self.asked) if self.details else None
        await self._recalled.find_unlisted(await self.session.workflow(), query, self.listed, remaining)

    def part(self) -> str:
        """A sentence that what was printed before a failure is a part; "" where that was nothing."""
        if not self.shown:
            return ""
        of = f" of {count(self.total)}" if self.total is not None else ""
        return f"the lines printed are a part: {count(self.read)}{of} instances were listed"

    def note(self) -> str:
        """A sentence on what is not there and why; "" when nothing is missing."""
        parts = []
        if self.query:
            parts.append(f"{count(self.shown)} of {count(self.read)} listed match")
            if self.limit and self.shown == self.limit and self.read != self.total:
                parts.append("more may follow; --limit 0 for all")
        elif self.limit and self.total is not None and self.total > self.shown == self.limit:
            parts.append(f"{count(self.shown)} of {count(self.total)}; --limit 0 for all")
        parts += self._recalled.notes()
        if self.asked or self.unread:
            more = f", {count(self.unread)} more not (--read-details)" if self.unread else ""
            read = self.asked - len(self.session.unanswered)
            parts.append(f"{count(read)} read in full{more}")
        if self._others is not None and self._others.taken:
            parts.append(f"{count(self._others.taken)} read by another wfdash that looks for the same")
        if self.hidden:
            parts.append(f"{count(self.hidden)} without a status hidden")
        if self.left_out:
            parts.append(f"{count(self.left_out)} left out: the server sent more rows than it was asked for")
        return "; ".join(parts)


def _catch_up(item: dict[str, Any], row: Instance, detail: "Detail") -> None:
    """Corrects the row by its own answer, which came after it: lists lag.

    What matched by one status must not be printed, and piped on, with another.
    """
    if not detail.status or detail.status == row.status:
        return
    row.status, row.started, row.ended = detail.status, detail.start, detail.end
    raw = plain(detail.raw)
    item |= {"status": detail.status, "started_on": raw.get("start"), "ended_on": raw.get("end")}


async def _from(first: InstancePage | None, rest: AsyncIterator[InstancePage]) -> AsyncIterator[InstancePage]:
    if first is not None:
        yield first
    async for page in rest:
        yield page


def _columns(*cells: str, local: bool) -> str:
    return " ".join(
        cell.ljust(width)
        for cell, (width, title) in zip(cells, _COLUMNS, strict=True)
        if not local or title in _LOCAL_COLUMNS
    )


def _cells(row: Instance, now: float, *, short: bool) -> tuple[str, ...]:
    took = row.lasted(now)
    running = "" if is_final(row.status) else "+"
    return (
        row.status or "-",
        instant(row.created),
        "-" if took is None else brief(took) + running,
        row.trigger or "-",
        (row.version[:_SHORT] if short else row.version) or "-",
        row.id,
    )
