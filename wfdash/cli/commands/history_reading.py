"""Reads the list back for `wfdash history`, and says what its numbers rest on."""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace
from platformdirs import user_state_path

from wfdash.api.analytics import KEPT
from wfdash.api.errors import Forbidden, NotFound, Refused
from wfdash.api.interface import InstancePage, Version
from wfdash.api.paging import all_workflows, versions_back_to, walk
from wfdash.cli.commands.inputs import batches_of
from wfdash.cli.exits import Stop
from wfdash.cli.output import instant, say, write
from wfdash.cli.session import CommandSession, Extent, long_read
from wfdash.core.filter.fields import MatchContext
from wfdash.core.history.analytics import Analytics
from wfdash.core.history.earlier_runs import earlier_runs
from wfdash.core.history.retention import Edge, edge
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, counted
from wfdash.live.records.record.location import owner_of, record_path
from wfdash.live.records.record.recorder import ask_record
from wfdash.live.records.restarted_ends import restarted_ends

if TYPE_CHECKING:
    from wfdash.core.filter.query import Query

__all__ = ["HistoryReading", "basis_sentence", "count_erased", "read_account", "read_back", "table"]

_BEYOND = 10
"""Pages that are read beyond `--since` at most, as long as they hold what ended within it."""


_NAMED = 3
"""Workflows that a sentence names."""


class HistoryReading(Struct):
    """The list, read back, and what it rests on."""

    workflow: str
    since: float
    now: float
    rows: list[Instance]
    """Those that match the filter."""
    loaded: int
    total: int | None
    reached: bool
    exhausted: bool
    """The list was read to its end."""
    versions: Mapping[str, Version]
    edge: Edge
    earlier: list[Instance] = field(default_factory=list)
    """Runs of these that ended before a restart, as far as the record or the journal tells of them."""
    analytics: Analytics | None = None
    """Counts from before what is kept, where they were asked for and the token may read them."""
    refusal: str = ""
    """Why there are none, in a sentence."""
    workflows: Sequence[str] = ()
    """Those that are counted together, where `workflow` is not the only one."""
    edge_of: Mapping[str, Edge] = field(default_factory=dict)
    """Of those together, how far back each tells all."""
    older: int | None = None
    """Of those together, how many were not read; None where a server does not say it of each."""

    @property
    def unread(self) -> int | None:
        """Older ones that were not read; None where the server does not say how many there are."""
        if self.workflows:
            return self.older
        if self.exhausted:
            return 0  # what the total counts beyond was created since
        return None if self.total is None else max(0, self.total - self.loaded)

    def basis(self, *, complete: bool) -> dict[str, Any]:
        together = {"workflows": list(self.workflows)} if self.workflows else {}
        return together | {
            "loaded": self.loaded,
            "total": self.total,
            "from": iso(self.since),
            "to": iso(self.now),
            "complete": complete and self.reached and self.unread == 0 and self.since >= self.edge.both,
            "reached_since": self.reached,
            "older_unread": self.unread,
            "analytics_before": None if self.analytics is None else iso(self.edge.both),
        }


async def read_account(session: CommandSession, *, seconds: float, query: "Query | None") -> HistoryReading:
    """Reads the lists of all workflows back; each id then stands behind the name of its workflow.

    Of the only workflow there is it is the reading of that one.
    """
    names = await _names(session)
    if len(names) == 1:
        return await read_back(session, names[0], seconds=seconds, query=query)
    readings: list[HistoryReading] = []
    now: float | None = None
    for name in names:
        try:
            readings.append(await read_back(session, name, seconds=seconds, query=query, now=now))
        except (Forbidden, NotFound) as error:
            say(f"wfdash: without {clean(name)}: {clean(error.sentence)}")
        else:
            now = readings[-1].now
    if not readings:
        raise Stop("none of these workflows may be listed" if names else "this account has no workflows", 2)
    totals = [reading.total for reading in readings if reading.total is not None]
    unread = [reading.unread for reading in readings if reading.unread is not None]
    return HistoryReading(
        "",
        readings[0].since,
        readings[0].now,
        [_named(reading.workflow, row) for reading in readings for row in reading.rows],
        sum(reading.loaded for reading in readings),
        sum(totals) if len(totals) == len(readings) else None,
        all(reading.reached for reading in readings),
        all(reading.exhausted for reading in readings),
        {key: version for reading in readings for key, version in reading.versions.items()},
        Edge(
            max(reading.edge.success for reading in readings), max(reading.edge.error for reading in readings)
        ),
        [_named(reading.workflow, row) for reading in readings for row in reading.earlier],
        workflows=[reading.workflow for reading in readings],
        edge_of={reading.workflow: reading.edge for reading in readings},
        older=sum(unread) if len(unread) == len(readings) else None,
    )


def _named(workflow: str, row: Instance) -> Instance:
    return replace(row, id=f"{workflow}/{row.id}", extra=None)


async def _names(session: CommandSession) -> list[str]:
    found = await all_workflows(lambda page: session.read(partial(session.api.list_workflows, page=page)))
    return [workflow.name for workflow in found]


class _Back(Struct):
    """How far a list was read back, and what it gave."""

    seconds: float
    now: float | None = None
    """The end of that time; None until an answer tells by how much this machine's clock is wrong."""
    rows: list[Instance] = field(default_factory=list)
    total: int | None = None
    reached: bool = False
    exhausted: bool = False
    beyond: int = 0
    """Pages from before that time."""

    @property
    def since(self) -> float:
        return 0.0 if self.now is None else max(0.0, self.now - self.seconds)

    def take(self, page: InstancePage) -> bool:
        """Takes in the next page; whether one more may hold what ended within the time."""
        found = Instance.from_items(page.items)
        self.rows += found
        self.total = self.total if self.total is not None else page.total
        if page.cursor is None:
            self.reached = self.exhausted = True
            self.total = self.total if self.total is not None else len(self.rows)
        since = self.since
        if not any(row.created is not None and row.created < since for row in found):
            return True
        self.reached = True
        # What was created before it may have ended within it.
        self.beyond += 1
        return self.beyond <= _BEYOND and any(row.ended is not None and row.ended >= since for row in found)


async def read_back(
    session: CommandSession,
    workflow: str,
    *,
    seconds: float,
    query: "Query | None",
    now: float | None = None,
) -> HistoryReading:
    """Reads the list back for so many seconds up to `now`, where that is not the moment of the answer.

    `query` is matched here, so that what it rests on is all.
    """
    back = await _read_list(session, workflow, _Back(seconds, now))
    now = back.now if back.now is not None else session.clock()
    since, rows = max(0.0, now - seconds), back.rows
    versions = await _versions_since(session, workflow, since)
    kept = edge(
        now,
        configured=session.settings.retention.get(workflow),
        defaults=[version.default_retention for version in versions],
        local=session.api.local,
    )
    if query is not None:
        batches = await batches_of(session, query) if query.batches else {}
        matches = query.matcher(now, MatchContext(batches=batches))
        rows = [row for row in rows if matches(row)]
    earlier = _restarted(session, workflow, {row.id: row for row in rows}, since)
    return HistoryReading(
        workflow,
        since,
        now,
        rows,
        len(back.rows),
        back.total,
        back.reached,
        back.exhausted,
        {version.id: version for version in versions},
        kept,
        list(earlier.values()),
    )


async def _read_list(session: CommandSession, workflow: str, back: _Back) -> _Back:
    """Reads page after page, as far as what ended within that time may lie."""
    before = time.time()
    async for page in walk(long_read(session, workflow, extent=Extent(back=back.seconds)), workflow):
        if back.now is None:
            # What happened before the first request is in the answers; and only an answer tells by how much
            # this machine's clock is wrong.
            back.now = before + session.clock() - time.time()
        if not back.take(page):
            break
    else:
        back.reached = back.reached or not back.rows
    return back


async def _versions_since(session: CommandSession, workflow: str, since: float) -> list[Version]:
    """The versions deployed back to that moment; none where they cannot be listed."""
    if session.api.local:
        return []
    with suppress(Forbidden, NotFound):
        return await versions_back_to(
            since,
            lambda page, size: session.read(
                lambda: session.api.list_versions(workflow, page=page, per_page=size)
            ),
        )
    return []


async def count_erased(session: CommandSession, reading: HistoryReading, width: float) -> None:
    """Asks analytics for what came and ended before what is still kept, in stretches of `width` seconds."""
    until = min(reading.now, reading.edge.both)
    if session.api.local or reading.since >= until:
        return
    since = max(reading.since, reading.now - KEPT)
    try:
        reading.analytics = await session.read(
            lambda: session.api.analytics(reading.workflow, since=since, until=reading.now, width=width)
        )
    except (Forbidden, NotFound, Refused) as error:
        reading.refusal = error.sentence


def _restarted(
    session: CommandSession, workflow: str, rows: Mapping[str, Instance], since: float
) -> dict[str, Instance]:
    """The runs of these rows before a restart, as far as the account's record or the journal tells them."""
    folder, owner = user_state_path("wfdash"), session.settings.kept_for or session.api.account_id
    noted = restarted_ends(folder, workflow, since, owner.__eq__)
    path = record_path(folder, session.settings, session.api.account_id)
    if path is None or not path.exists():
        return earlier_runs((), rows, noted=noted)
    from wfdash.live.records.record.opening import open_record

    kept = ask_record(
        lambda: open_record(path, owner_of(path)), lambda reader: reader.ends(workflow, since, rows)
    )
    return earlier_runs(kept, rows, noted=noted)


def basis_sentence(reading: HistoryReading) -> str:
    """What the numbers rest on, in words."""
    of = f" of {count(reading.total)}" if reading.total is not None else ""
    whose = f" of {count(len(reading.workflows))} workflows" if reading.workflows else ""
    said = f"{count(reading.loaded)}{of} loaded{whose}, "
    runs = len(reading.earlier)
    said += f"and {counted(runs, 'earlier run')} of what was restarted" if runs else "as they stand now"
    if not reading.reached:
        oldest = min((row.created for row in reading.rows if row.created is not None), default=None)
        said += f", back to {instant(oldest)} only"
    elif reading.unread:
        are = "one was" if reading.unread == 1 else "ones were"
        said += f"; {count(reading.unread)} older {are} not read"
    if reading.since < reading.edge.both < reading.now:
        before = f"; before {instant(reading.edge.both)}"
        if reading.analytics is not None:
            sampling = f", {reading.analytics.sampling}" if reading.analytics.sampling else ""
            said += f"{before} counted by analytics{sampling}"
        else:
            said += f"{before} what ended may have been erased{_whose(reading)}"
            said += f". {reading.refusal}" if reading.refusal else ""
    return said


def _whose(reading: HistoryReading) -> str:
    """` of a, b`: the workflows that keep what ended for less long than was asked for."""
    names = [name for name, edge in reading.edge_of.items() if edge.both > reading.since]
    return f" of {', '.join(map(clean, names[:_NAMED]))}{', ...' if names[_NAMED:] else ''}" if names else ""


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints columns as wide as what is in them, numbers to the right; titles only at a terminal."""
    lines = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        lines.insert(0, [title.upper() for title in titles])
    widths = [max((len(line[at]) for line in lines), default=0) for at in range(len(titles))]
    words = [not any(line[at][:1].isdigit() and at for line in lines) for at in range(len(titles))]
    for line in lines:
        cells = (
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(line, widths, words, strict=True)
        )
        write("  ".join(cells).rstrip())
