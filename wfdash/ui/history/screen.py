"""`H`: what failed, what ended and how long it took over time, and what each version has to do with it."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Final

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import WorkType

from wfdash.api.errors import Forbidden, WorkflowsError
from wfdash.core.history.bucket import Bucket
from wfdash.core.history.earlier_runs import earlier_runs
from wfdash.core.history.frame import SPANS, Frame, frame
from wfdash.core.history.history import SLICE
from wfdash.core.history.sentence import Finding, durations, throughput
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Schedule
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.headline import ENOUGH
from wfdash.live.polling.events import Update
from wfdash.live.reads.account_rows import AccountRows, of_workflow
from wfdash.live.reads.past_rows import PastRows
from wfdash.live.records.record.recorder import recorded_ends
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.history.charts import GUTTER, axis_lines, charts, plot_lines
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.foot import Foot
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import BAD, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["HistoryScreen"]

_PURPOSES: Final = ("history", "versions")
"""What it reads, as the budget page names it."""
_SIX_HOURS: Final = 1
"""The span that it opens with, in `SPANS`."""
_DRAWN_EVERY: Final = 5.0
"""Seconds between two drawings of what trickles in, so that a page at rest writes next to nothing."""
_LOADING_EVERY: Final = 1.0
_EVERY: Final = 60.0
"""Seconds between two reads of what all workflows changed."""
_LATELY: Final = 900.0
"""Seconds before the last one from which rows are read again: most have ended by then."""
_WEEK: Final = 8 * 86_400.0
_OLDER_EVERY: Final = 900.0
"""Seconds for which counts of what is erased are good enough."""
_AGAIN: Final = 5.0
"""Seconds after a failed read."""
_TALL: Final = 30
_SENTENCE: Final = 2
_LEAST: Final = 2
"""Lines of a chart at least."""


class HistoryScreen(BaseScreen):
    """Reads the list back while it is open, in the foreground, and no further than what it shows."""

    opened_by = "history.open"
    labels: ClassVar = {"row.open": "list these", "pane.next": "steps"}
    offers = ("pane.next", "history.all", "history.earlier", "history.later", "history.span")
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        "row.open", "pane.next", "history.all", "history.earlier", "history.later", "history.span"
    )
    AUTO_FOCUS = ""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.span = _SIX_HOURS
        self.at: float | None = None
        """The moment under the cursor: the start of its bucket."""
        self.loaded: LoadedHistory | None = None
        self.finding = Finding("counting what is loaded")
        self._frame: Frame | None = None
        self._workflow = ""
        self.of_all = False
        """Whether it shows all workflows of the account and not one."""
        self._asked_for: tuple[float, float, float] | None = None
        """The stretch that analytics were asked for last, and when."""
        self._forbidden = False
        """The token may not read them: it is not asked again while the page is open."""
        self._account: AccountRows | None = None
        self._read_at: float | None = None
        """When all workflows were read last."""
        self._drawn_at = float("-inf")
        self._found_for: tuple[int, float] = (-1, 0.0)
        self._dirty = False
        self._loading = False
        self._failure = ""
        self._thawed = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Header()
        yield TextLines(id="charts")
        yield KeyBar(self.context.pages.why_off)

    def on_mount(self) -> None:
        self._count_anew()

    def _count_anew(self) -> None:
        """Begins with nothing, for one workflow or for all."""
        poller = self.poller
        if poller is not None and (poller.workflow or self.of_all):
            self._workflow = poller.workflow
            self._frame = frame(self.span, self.context.clock(), self._columns)
            self.loaded = LoadedHistory(
                self._frame,
                local=poller.local,
                retention=None if self.of_all else self.context.settings.retention.get(poller.workflow),
            )
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Draws first, then counts: 100,000 rows take some 200 ms."""
        self._draw()
        self._start("load", self._load_all if self.of_all else self._load)

    def on_resize(self) -> None:
        self._reframe()

    @property
    def _columns(self) -> int:
        return max(20, self.size.width - GUTTER - 1)

    @property
    def _least(self) -> float:
        """Seconds in which enough end for a rate, as far as is loaded."""
        if self.loaded is None or self._loading:
            return 0.0
        ended, now = self.loaded.total.sample, self.context.clock()
        return self._seconds(now) * ENOUGH / ended if ended else 0.0

    def target_workflow(self) -> str:
        return self._workflow

    # What it rests on.

    def live(self, update: Update) -> None:
        loaded, poller = self.loaded, self.poller
        if update.delta and loaded is not None and poller is not None:
            if self.of_all or poller.workflow != self._workflow:
                return
            ids = (*update.delta.added, *update.delta.changed)
            rows = [row for identity in ids if (row := poller.store.get(identity)) is not None]
            loaded.add(rows)
            self._dirty = True

    def tick(self, now: float) -> None:
        if self.poller is not None and not self.poller.frozen:
            self._thawed.set()
        if self._frame is not None and now >= self._frame.right:
            self._reframe()
            return
        frozen = self.poller is None or self.poller.frozen
        if self._read_at is not None and now - self._read_at >= _EVERY and not self._loading and not frozen:
            self._start("load", self._load_all)
        pace = _LOADING_EVERY if self._loading else _DRAWN_EVERY
        if not 0 <= now - self._drawn_at < pace:
            self._draw()
            self._look()

    def _start(self, group: str, work: WorkType[None]) -> None:
        """Begins it in place of what is under way of its kind; a callable, which may never be called."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        """Takes what is loaded already, then reads on below it until the span is covered."""
        loaded, poller, session = self.loaded, self.poller, self.context.session
        if loaded is None or poller is None or session is None or self._frame is None:
            return
        if loaded.floor is None:
            rows = poller.contiguous() if not poller.filtered else []
            for at in range(0, len(rows), SLICE):
                loaded.add(rows[at : at + SLICE], walked=True)
                await asyncio.sleep(0)
            loaded.floor = min((row.created for row in rows if row.created is not None), default=None)
        past = session.reads.past_rows(self._workflow, floor=loaded.floor)
        past.exhausted = poller.history.complete and not poller.filtered and loaded.floor is not None
        await self._read_back(past)

    async def _load_all(self) -> None:
        """Reads every workflow back; what is loaded already only as far as it may have changed."""
        loaded, session, of = self.loaded, self.context.session, self._frame
        if loaded is None or session is None or of is None:
            return
        covered = loaded.floor
        if self._read_at is not None and covered is not None and covered <= of.left:
            await self._read_back(AccountRows(session.reads), since=self._read_at - _LATELY, covered=covered)
        else:
            self._account = self._account or AccountRows(session.reads)
            await self._read_back(self._account)
        self._read_at = self.context.clock()

    async def _read_back(
        self, past: PastRows | AccountRows, *, since: float | None = None, covered: float | None = None
    ) -> None:
        """Page by page in the foreground, and again after a failure, until the span is covered."""
        loaded, poller, session = self.loaded, self.poller, self.context.session
        if loaded is None or poller is None or session is None or self._frame is None:
            return
        since = self._since if since is None else since
        self._loading = True
        while True:
            try:
                if not loaded.versions and not self.of_all:
                    loaded.versions = {v.id: v for v in await session.reads.versions(self._workflow)}
                async for page in past.back_to(since):
                    self._came(page, past.floor if covered is None else covered)
                    await asyncio.sleep(0)
                    if poller.frozen:
                        self._thawed.clear()
                        await self._thawed.wait()
                break
            except WorkflowsError as error:
                self._failure = error.sentence
                self._dirty = True
                await asyncio.sleep(max(_AGAIN, error.retry_after or 0.0))
        if past.exhausted and covered is None:
            loaded.floor = float("-inf")
        self._loading, self._failure = False, ""
        await self._recall()
        self._reframe()

    @property
    def _since(self) -> float:
        """How far back rows are read: no further than a week where analytics count what is older."""
        assert self._frame is not None
        loaded, left = self.loaded, self._frame.left
        if loaded is None or loaded.analytics is None:
            return left
        return max(left, self.context.clock() - _WEEK)

    async def _count_older(self) -> bool:
        """Asks analytics for what is erased, or too far back to be read; whether anything was asked."""
        loaded, session, of, now = self.loaded, self.context.session, self._frame, self.context.clock()
        if loaded is None or session is None or of is None or self.of_all:
            return False
        if loaded.history.undated or self._forbidden or (self.poller is not None and self.poller.frozen):
            return False
        reached = loaded.floor if loaded.floor is not None else now
        asked = of.left, of.width, now // _OLDER_EVERY
        if of.left >= max(loaded.edge(now).both, min(reached, now)) or asked == self._asked_for:
            return False
        self._asked_for = asked
        try:
            until = min(now, of.right)
            found = await session.reads.analytics(self._workflow, since=of.left, until=until, width=of.width)
        except WorkflowsError as error:
            loaded.refusal, self._forbidden = error.sentence, isinstance(error, Forbidden)
        else:
            loaded.analytics, loaded.refusal = found, ""
        return True

    async def _recall(self) -> None:
        """Takes in what a restart took out of the list, as far as the record saw it."""
        loaded, session, of = self.loaded, self.context.session, self._frame
        if loaded is None or session is None or of is None or session.recorder is None:
            return
        names = self._account.names if self.of_all and self._account is not None else [self._workflow]
        for name in names:
            kept = await asyncio.to_thread(recorded_ends, session.recorder, name, of.left)
            kept = [of_workflow(name, row) for row in kept] if self.of_all else kept
            loaded.add_runs(earlier_runs(kept, loaded.rows))

    def _came(self, page: Iterable[Instance], floor: float | None) -> None:
        loaded, poller = self.loaded, self.poller
        assert loaded is not None
        # The table may know more of an instance by now than the list that was asked before.
        mine = poller is not None and poller.workflow == self._workflow and not self.of_all
        store = poller.store if poller is not None and mine else None
        loaded.add(((store.get(row.id) if store is not None else None) or row for row in page), walked=True)
        loaded.floor, self._failure, self._dirty = floor, "", True

    def _reframe(self) -> None:
        """Another span, width or right edge: counts anew, then reads on if it goes further back."""
        if self.loaded is None:
            return
        self._frame = frame(self.span, self.context.clock(), self._columns, least=self._least)
        self._start("count", partial(self._show, self._frame))

    async def _show(self, of: Frame) -> None:
        assert self.loaded is not None
        await self.loaded.show(of)
        self._found_for = (-1, 0.0)
        self._draw()
        self._look()
        # First: where analytics count what is old, no rows are read for it.
        if not self._loading and await self._count_older():
            self._draw()
        if self.loaded.floor is None or self.loaded.floor > self._since:
            self._start("load", self._load_all if self.of_all else self._load)

    def _look(self) -> None:
        """Looks for a change where something new was counted."""
        loaded, now = self.loaded, self.context.clock()
        if loaded is None or self._found_for == (seen := len(loaded) + len(loaded.earlier), now // 60):
            return
        self._found_for = (seen, now // 60)
        self._start("find", partial(self._find, now))

    async def _find(self, now: float) -> None:
        if self.loaded is not None:
            self.finding = await self.loaded.finding(now, utc=self.context.utc)
            self._draw()

    # Drawing.

    def _draw(self) -> None:
        poller, now = self.poller, self.context.clock()
        if poller is None or not self.is_ready:
            return
        self._drawn_at, self._dirty = now, False
        self.query_one(Header).tell(
            identity_of(self.context, "all workflows" if self.of_all else self._workflow or "history"),
            counts={},
            freshness=freshness_pieces(
                poller.newest.freshness,
                now=now,
                frozen=poller.frozen,
                slow=poller.budget.slow(*_PURPOSES) or poller.budget.slow("list", after=5.0),
            ),
            meter=meter_pieces(poller.budget),
        )
        self.query_one("#charts", TextLines).show(self._lines(now))

    def _lines(self, now: float) -> list[Pieces]:
        loaded = self.loaded
        if loaded is None:
            key = self.context.keys.key_of("workflows.open")
            return [[], [(f"  no workflow is chosen: {key} lists them", QUIET)]]
        of, buckets, width = loaded.frame, loaded.buckets(now), self.size.width
        if len(loaded) == 0 and not self._loading and not self._failure:
            name = "the account" if self.of_all else clean(self._workflow)
            return [[], [(f"  {name} has no instances: there is nothing to draw", QUIET)]]
        total, utc = loaded.total, self.context.utc
        finding = self.finding
        three = charts(
            buckets,
            lambda bucket: loaded.is_seen(bucket, now),
            now=now,
            bad_from=finding.at if finding.unusual else None,
        )
        style = BAD if finding.unusual else STRONG
        said = wrapped(clean(finding.sentence), width - 10, _SENTENCE)
        titles: list[list[Pieces]] = [
            [
                [(f" {'FAILED' if not number else '':<8}", HEADING), (text, style)]
                for number, text in enumerate(said)
            ],
            [[(" ENDED   ", HEADING), (fit(throughput(total, self._seconds(now)), width - 10), PLAIN)]],
            [[(" TOOK    ", HEADING), (fit(durations(total), width - 10), PLAIN)]],
        ]
        cursor = self._cursor_number(buckets)
        tall = self.size.height >= _TALL
        below = Foot(loaded, finding, now, width, utc=utc, tall=tall, of_all=self.of_all)
        foot = [
            *axis_lines(of, loaded.deployed, utc=utc, first=finding.version, cursor=cursor),
            *(below.moment(buckets[cursor]) if cursor is not None else self._how_to_read(width)),
            *below.versions(),
            *below.triggers(),
            *below.crons(self._schedules()),
            below.basis(self._total, self._state()),
        ]
        room = max(3 * _LEAST, self.size.height - 2 - len(foot) - sum(map(len, titles)))
        heights = (room - 2 * (room // 3), room // 3, room // 3)
        lines: list[Pieces] = []
        for title, chart, height in zip(titles, three, heights, strict=True):
            lines += [*title, *plot_lines(chart, of, buckets, height, cursor)]
        return [*lines, *foot]

    def _seconds(self, now: float) -> float:
        """How long a stretch the numbers are of."""
        loaded = self.loaded
        assert loaded is not None
        start = max(loaded.frame.left, loaded.edge(now).both)
        oldest = loaded.oldest
        if loaded.floor is not None:
            start = max(start, loaded.floor)
        return now - max(start, oldest if oldest is not None else start)

    def _how_to_read(self, width: int) -> list[Pieces]:
        keys = self.context.keys.key_of
        words = f"{keys('history.earlier')} {keys('history.later')} read out a moment, "
        words += f"{keys('history.span')} changes the span (now {SPANS[self.span][0]})"
        return [[("  " + fit(words, width - 3), QUIET)], []]

    def _schedules(self) -> Sequence[Schedule]:
        if self.of_all:
            return ()  # each has its own
        shown = self.poller.counts.shown if self.poller is not None else None
        return shown.schedules if shown is not None and shown.name == self._workflow else ()

    @property
    def _total(self) -> int | None:
        return self.poller.total if self.poller is not None and not self.of_all else None

    def _state(self) -> tuple[str, Style]:
        """What keeps the page from being full, and how it stands out; "" when nothing does."""
        poller = self.poller
        if self._failure:
            return clean(self._failure), WARN
        if not self._loading or poller is None:
            return "", QUIET
        if poller.frozen:
            return f"polling is frozen: {self.context.keys.key_of('poll.freeze')} resumes it", WARN
        slow = poller.budget.slow(*_PURPOSES)
        stop = f"{self.context.keys.key_of('layer.close')} stops it, a request a page"
        return f"reading on, {f'slow: {slow}' if slow else stop}", QUIET

    # The cursor.

    def _cursor_number(self, buckets: list[Bucket]) -> int | None:
        if self.at is None:
            return None
        return next((n for n, bucket in enumerate(buckets) if bucket.start <= self.at < bucket.end), None)

    def _move(self, by: int) -> None:
        loaded = self.loaded
        if loaded is None:
            return
        buckets = loaded.buckets(self.context.clock())
        number = self._cursor_number(buckets)
        if number is None:
            # Where it changed is where one looks first.
            self.at = self.finding.at if self.finding.at is not None else buckets[-1].start
            if self._cursor_number(buckets) is None:
                self.at = buckets[-1].start
        else:
            self.at = buckets[max(0, min(len(buckets) - 1, number + by))].start
        self._draw()

    def action_history_earlier(self) -> None:
        self._move(-1)

    def action_history_later(self) -> None:
        self._move(1)

    def action_history_span(self) -> None:
        """The next longer span, and from the longest to the shortest."""
        self.span = (self.span + 1) % len(SPANS)
        self._reframe()

    def action_history_all(self) -> None:
        """All workflows, and of one again."""
        self.of_all = not self.of_all
        self.workers.cancel_node(self)
        self.loaded, self.finding, self.at = None, Finding("counting what is loaded"), None
        self._asked_for = None
        self._account, self._read_at, self._failure, self._loading = None, None, "", False
        self._count_anew()

    def action_pane_next(self) -> None:
        """Which step got slower or fails more."""
        if self.of_all:
            key = self.context.keys.key_of("history.all")
            self.context.notify(f"steps are compared within one workflow: {key} returns to it")
        elif self.loaded is not None:
            self.context.pages.open("steps", self._workflow, self.loaded, self.finding)

    def action_row_open(self) -> None:
        """Lists what was created in the bucket under the cursor."""
        loaded = self.loaded
        buckets = loaded.buckets(self.context.clock()) if loaded is not None else []
        number = self._cursor_number(buckets)
        if number is None:
            return
        if self.of_all:
            key = self.context.keys.key_of("workflows.open")
            self.context.notify(f"the table lists one workflow: {key} chooses it")
            return
        bucket = buckets[number]
        self.context.pages.close_all()
        self.context.pages.listing.filter_by(f"since:{_iso(bucket.start)} before:{_iso(bucket.end)}")

    def close_layer(self) -> bool:
        """The cursor first."""
        if self.at is None:
            return False
        self.at = None
        self._draw()
        return True


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"
