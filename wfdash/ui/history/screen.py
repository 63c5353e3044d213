"""`H`: what failed, what ended and how long it took over time, and what each version has to do with it."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import ClassVar, Final

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import WorkType

from wfdash.core.history.bucket import Bucket, LevelShift, Tally
from wfdash.core.history.frame import SPANS, Frame, frame
from wfdash.core.history.sentence import Finding, busier, durations, slower, throughput
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Schedule
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import clock, count, counted, estimated
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.live.polling.events import Update
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.history.charts import GUTTER, Chart, axis_lines, charts, plot_lines
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.findings import find_failures, find_shifts
from wfdash.ui.history.foot import Foot
from wfdash.ui.history.reading import HistoryReader
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.bars import FULL, HOLLOW, SHADE
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import BAD, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["HistoryScreen"]

_PURPOSES: Final = ("history", "versions")
_PAGE: Final = 100
"""What it reads, as the budget page names it."""
_SIX_HOURS: Final = 1
"""The span that it opens with, in `SPANS`."""
_DRAWN_EVERY: Final = 5.0
"""Seconds between two drawings of what trickles in, so that a page at rest writes next to nothing."""
_LOADING_EVERY: Final = 1.0
_LATELY: Final = 15.0
"""Seconds before now up to which what is counted is as of now."""
_TALL: Final = 30
_BROAD: Final = 100
"""Columns from which the line on how to read the page has room for when it begins."""
_SENTENCE: Final = 2
_LEAST: Final = 2
"""Lines of a chart at least."""


class HistoryScreen(BaseScreen):
    """Reads the list back while it is open, in the foreground, and no further than what it shows."""

    opened_by = "history.open"
    labels: ClassVar = {"row.open": "list what ended", "pane.next": "steps"}
    offers = ("pane.next", "history.all", "history.earlier", "history.later", "history.span")
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        "row.open", "pane.next", "history.all", "history.earlier", "history.later", "history.span"
    )
    AUTO_FOCUS = ""

    def __init__(self, context: Context, of_all: bool = False, at: float | None = None) -> None:
        super().__init__(context)
        self.span = _SIX_HOURS
        self.at = at
        """The moment under the cursor: the start of its bucket."""
        self.finding = Finding("counting what is loaded")
        self.of_all = of_all
        """Whether it shows all workflows of the account and not one."""
        self._shifts: tuple[LevelShift | None, LevelShift | None] = None, None
        """When durations and arrivals changed."""
        self._reader: HistoryReader | None = None
        """None where no workflow is chosen."""
        self._drawn_at = float("-inf")
        self._found_for: tuple[int, float, bool] | None = None
        """What was last looked through: how much, in which minute, and whether more was to be read."""

    @property
    def loaded(self) -> LoadedHistory | None:
        return self._reader.loaded if self._reader is not None else None

    @property
    def is_reading(self) -> bool:
        return self._reader is not None and self._reader.is_reading

    def compose(self) -> ComposeResult:
        yield Header()
        yield TextLines(id="charts")
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self._begin_at(self.at)

    def reopened_with(self) -> Sequence[bool | float | None]:
        return self.of_all, self.at

    def ask_anew(self) -> None:
        self._begin_at(None)

    def _begin_at(self, at: float | None) -> None:
        """Begins with what was left of it, for one workflow or for all, and with this moment."""
        self.workers.cancel_node(self)
        if self._reader is not None:
            self._reader.leave(self.span)
        self._reader, self.finding, self.at = None, Finding("counting what is loaded"), at
        poller = self.poller
        if poller is not None and (poller.workflow or self.of_all):
            if (before := HistoryReader.earlier(poller, of_all=self.of_all)) is not None:
                self.span = before.span
            of = frame(self.span, self.context.clock(), self._columns)
            self._reader = HistoryReader(self.context, poller, of, of_all=self.of_all, grown=self._reframe)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Draws first, and counts once that is on the screen: 100,000 rows take some 200 ms."""
        self._draw()
        if self._reader is not None and self._reader.before is not None:
            self._reframe()
        self.call_after_refresh(self._read)

    def _read(self) -> None:
        if self._reader is not None:
            self._start("load", self._reader.read)

    def on_unmount(self) -> None:
        """Leaves what it has read to the next one."""
        if self._reader is not None:
            self._reader.leave(self.span)

    def on_resize(self) -> None:
        self._reframe()

    @property
    def _columns(self) -> int:
        return max(20, self.size.width - GUTTER - 1)

    @property
    def _least(self) -> float:
        """Seconds in which enough end for a rate, as far as is loaded."""
        if self.loaded is None or self._is_partial:
            return 0.0
        now = self.context.clock()
        ended = self.loaded.total(now).sample
        return self._seconds(now) * ENOUGH / ended if ended else 0.0

    @property
    def _is_partial(self) -> bool:
        """Whether more is being read than is shown."""
        reader = self._reader
        return reader is not None and reader.before is None and (reader.is_reading or reader.loaded.is_short)

    def target_workflow(self) -> str:
        return self._reader.workflow if self._reader is not None else ""

    # What it rests on.

    def live(self, update: Update) -> None:
        if self._reader is not None:
            self._reader.take(update)

    def tick(self, now: float) -> None:
        reader = self._reader
        if reader is None:
            return
        reader.thaw()
        if now >= reader.loaded.frame.right:
            self._reframe()
            return
        if reader.is_due(now):
            self._read()
        if reader.is_restarted(now):
            self._start("again", reader.read_again)
        pace = _LOADING_EVERY if reader.is_reading else _DRAWN_EVERY
        if not 0 <= now - self._drawn_at < pace:
            self._draw()
            self._look()

    def _start(self, group: str, work: WorkType[None]) -> None:
        """Begins it in place of what is under way of its kind; a callable, which may never be called."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    def _reframe(self) -> None:
        """Another span, width or right edge: counts anew, then reads on if it goes further back."""
        if self._reader is None:
            return
        of = frame(self.span, self.context.clock(), self._columns, least=self._least)
        self._start("count", partial(self._show, self._reader, of))

    async def _show(self, reader: HistoryReader, of: Frame) -> None:
        await reader.show(of)
        self._found_for = None
        self._draw()
        self._look()
        # First: where analytics count what is old, no rows are read for it.
        if not reader.is_reading and (await reader.count_older() | await reader.recall()):
            self._found_for = None
            self._draw()
            self._look()
        if reader.has_more:
            self._read()

    def _look(self) -> None:
        """Looks for a change where something new was counted."""
        loaded, now = self.loaded, self.context.clock()
        if loaded is None or (loaded.floor is None and not _is_counted(loaded.buckets(now))):
            return  # nothing is read yet, which is not nothing that happened
        if self._found_for == (of := (len(loaded) + len(loaded.earlier), now // 60, loaded.is_short)):
            return
        self._found_for = of
        self._start("find", partial(self._find, now))

    async def _find(self, now: float) -> None:
        if self.loaded is not None:
            loaded = self.loaded
            self.finding = await find_failures(loaded, now, utc=self.context.utc)
            self._shifts = await find_shifts(loaded, now)
            self._draw()

    # Drawing.

    def _draw(self) -> None:
        poller, now = self.poller, self.context.clock()
        if poller is None or not self.is_ready:
            return
        self._drawn_at = now
        about = "all workflows" if self.of_all else self.target_workflow() or "history"
        self.query_one(Header).tell(
            identity_of(self.context, about),
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
        reader = self._reader
        if reader is None:
            key = self.context.keys.key_of("workflows.open")
            return [[], [(f"  no workflow is chosen: {key} lists them", QUIET)]]
        loaded, finding = reader.loaded, self.finding
        of, buckets, width = loaded.frame, loaded.buckets(now), self.size.width
        counted = _is_counted(buckets)
        if said_instead := self._in_place_of_charts(reader, now, counted=counted):
            return said_instead
        total, utc = loaded.total(now), self.context.utc
        three = charts(
            buckets,
            lambda bucket: loaded.is_seen(bucket, now),
            now=min(now, loaded.until),
            bad_from=finding.at if finding.unusual else None,
        )
        style = BAD if finding.unusual else STRONG
        said = wrapped(clean(finding.sentence), width - 10, _SENTENCE)
        ended, took = self._ended_and_took(loaded, total, now, counted=counted)
        titles: list[list[Pieces]] = [
            [
                [(f" {'FAILED' if not number else '':<8}", HEADING), (text, style)]
                for number, text in enumerate(said)
            ],
            [[(" ENDED   ", HEADING), (fit(ended, width - 10), PLAIN)]],
            [[(" TOOK    ", HEADING), (fit(took, width - 10), PLAIN)]],
        ]
        cursor = self._cursor_number(buckets)
        tall, so_far = self.size.height >= _TALL, self._is_partial
        below = Foot(
            loaded,
            finding,
            now,
            width,
            utc=utc,
            tall=tall,
            of_all=self.of_all,
            so_far=so_far,
            of_record=self.context.past is not None,
        )
        foot = [
            *axis_lines(of, loaded.deployed, utc=utc, first=finding.version, cursor=cursor),
            *(below.moment(buckets[cursor]) if cursor is not None else self._how_to_read(width, three[0])),
            *below.versions(),
            *below.triggers(),
            *below.crons(self._schedules()),
            *below.basis(self._total, self._state()),
        ]
        is_read = loaded.floor is not None and not reader.is_reading and reader.before is None
        if not total.ended and is_read and self._sees_all(now):
            none = wrapped(self._none_ended(total, now), width - 4, 2 * _SENTENCE)
            facts = [*below.versions(), *below.crons(self._schedules())]
            said_so: list[Pieces] = [[], *([(f"  {line}", STRONG)] for line in none), []]
            return [*said_so, *facts, *below.basis(self._total, self._state())]
        # One without a bar leaves its room to the others, once all is read.
        drawn = [chart for chart in three if not chart.is_empty]
        if reader.is_reading or loaded.floor is None or not drawn:
            drawn = list(three)
        room = self.size.height - 2 - len(foot) - sum(map(len, titles))
        # What a moment was and what it rests on is worth more than a chart of durations.
        while room < _LEAST * len(drawn) and len(drawn) > 1:
            drawn.pop()
        if room < _LEAST * len(drawn):
            room += len(titles.pop())
        room = max(room, _LEAST * len(drawn))
        lines: list[Pieces] = []
        for title, chart in zip(titles, three, strict=False):
            lines += title
            if chart in drawn:
                height = room // len(drawn) + (room % len(drawn) if chart is drawn[0] else 0)
                lines += plot_lines(chart, of, buckets, height, cursor)
        return [*lines, *foot]

    def _in_place_of_charts(self, reader: HistoryReader, now: float, *, counted: bool) -> list[Pieces]:
        """Why there is nothing to draw; none where there is."""
        loaded, width = reader.loaded, self.size.width
        is_idle = not reader.is_reading and not reader.failure
        if not len(loaded) and not counted and is_idle and loaded.floor is not None:
            said = wrapped(self._nothing(loaded, now), width - 4, 2 * _SENTENCE)
            return [[], *([(f"  {line}", QUIET)] for line in said)]
        if reader.failure and not len(loaded) and not counted:
            # Nothing is being counted: three charts without a bar would look like a time without an end.
            said = wrapped(f"{clean(reader.failure)} It is asked again.", width - 4, 2 * _SENTENCE)
            return [[], *([(f"  {line}", WARN)] for line in said)]
        return []

    def _ended_and_took(
        self, loaded: LoadedHistory, total: Tally, now: float, *, counted: bool
    ) -> tuple[str, str]:
        """How many ended and how long they took, each in a sentence."""
        undated, utc = loaded.ended_at_some_time, self.context.utc
        so_far = self._is_partial
        unread, until = loaded.has_unread(now), self._counted_to(loaded, now)
        ended = throughput(
            total,
            self._seconds(now),
            undated=undated,
            shown=now - loaded.frame.left,
            so_far=so_far,
            unread=unread,
            until=until,
        )
        longer, more = self._shifts if not so_far else (None, None)
        if more is not None:
            ended = busier(total, more, now=now, utc=utc, unread=unread, until=until)
        if len(ended) > self.size.width - 10:
            ended = ended.partition(" over ")[0].partition("; ")[0]
        took = durations(
            total, undated=undated, so_far=so_far, resumed=loaded.history.resumed, marks=(FULL, SHADE)
        )
        if longer is not None:
            took = slower(longer, now=now, utc=utc)
        if loaded.floor is None:
            # Where analytics drew bars already, what is said is said of these.
            took = "no instance is read yet, and analytics say nothing of durations"
            if not counted:
                ended = took = "nothing is read yet"
        return ended, took

    def _counted_to(self, loaded: LoadedHistory, now: float) -> str:
        """Up to when is counted, where what came last is not known yet; "" for up to now."""
        until = loaded.counted_until(now)
        return clock(until, utc=self.context.utc, now=now, seconds=False) if now - until > _LATELY else ""

    def _nothing(self, loaded: LoadedHistory, now: float) -> str:
        """Why there is nothing to draw; what may have been erased is not called none."""
        name, edge = "the account" if self.of_all else clean(self.target_workflow()), loaded.edge(now).both
        if loaded.partial:
            return f"too little of {name} is recorded by then: there is nothing to draw"
        if edge <= loaded.frame.left or loaded.analytics is not None:
            before = "" if edge <= loaded.frame.left else ", and analytics counted none before"
            return f"{name} has no instances{before}: there is nothing to draw"
        erased = f"what ended before {clock(edge, utc=self.context.utc, now=now)} may have been erased"
        return f"{name} has no instances now, and {erased}: there is nothing to draw. {clean(loaded.refusal)}"

    def _sees_all(self, now: float) -> bool:
        """Whether all that happened in what is shown is counted, and none of it erased."""
        loaded = self.loaded
        return loaded is not None and all(loaded.is_seen(bucket, now) for bucket in loaded.buckets(now))

    def _none_ended(self, total: Tally, now: float) -> str:
        """What there is instead of charts without a bar."""
        came = counted(total.created, "instance")
        was = "was" if total.created == 1 else "were"
        running = self.loaded.buckets(now)[-1] if self.loaded is not None else None
        now_so = (
            f"; {count(running.running)} under way, {count(running.queued)} queued now" if running else ""
        )
        ahead = self.loaded.odd_times(now).ahead if self.loaded is not None else 0
        if ahead and not total.created:
            return f"{count(ahead)} of those loaded have times after now, the others none in this time"
        key = self.context.keys.key_of("history.span")
        since = (
            clock(self.loaded.frame.left, utc=self.context.utc, now=now, seconds=False) if self.loaded else ""
        )
        said = f"{came} {was} created since {since} and none ended{now_so}"
        return f"{said}: there is nothing to draw. {key} shows another time."

    def _seconds(self, now: float) -> float:
        """How long a stretch the numbers are of."""
        loaded = self.loaded
        assert loaded is not None
        oldest, counted = loaded.oldest, [b.start for b in loaded.buckets(now) if b.counted and b.created]
        if counted:
            return loaded.counted_until(now) - counted[0]
        start = max(loaded.frame.left, loaded.edge(now).both)
        if loaded.floor is not None:
            start = max(start, loaded.floor)
        return loaded.counted_until(now) - max(start, oldest if oldest is not None else start)

    def _how_to_read(self, width: int, failed: Chart) -> list[Pieces]:
        keys = self.context.keys.key_of
        words = f"{keys('history.earlier')} {keys('history.later')} read out a moment, "
        words += f"{keys('history.span')} changes the span (now {SPANS[self.span][0]})"
        hollow = f", {HOLLOW} of fewer than {ENOUGH}" if failed.is_hollow else ""
        # Where it begins stands at the axis too; what the mark means stands nowhere else.
        if self.loaded is not None and (not hollow or width >= _BROAD):
            left = self.loaded.frame.left
            words += f", from {clock(left, utc=self.context.utc, now=self.context.clock(), seconds=False)}"
        return [[("  " + fit(words + hollow, width - 3), QUIET)], []]

    def _schedules(self) -> Sequence[Schedule]:
        if self.of_all:
            return ()  # each has its own
        shown = self.poller.counts.shown if self.poller is not None else None
        return shown.schedules if shown is not None and shown.name == self.target_workflow() else ()

    @property
    def _total(self) -> int | None:
        return self._reader.total if self._reader is not None and not self.of_all else None

    def _state(self) -> tuple[str, Style]:
        """What keeps the page from being full, and how it stands out; "" when nothing does."""
        poller, reader = self.poller, self._reader
        if reader is None:
            return "", QUIET
        before = ""
        # Where the table goes on from where the page was closed it is as of now.
        frozen = poller is not None and poller.frozen
        if reader.before is not None and (frozen or reader.loaded.until < inf):
            before = f"as read at {clock(reader.before.at, utc=self.context.utc, now=self.context.clock())}, "
        if reader.failure:
            return clean(f"{before}{reader.failure}"), WARN
        if poller is None or not (reader.is_reading or reader.before is not None):
            return "", QUIET
        if poller.frozen:
            return f"{before}polling is frozen: {self.context.keys.key_of('poll.freeze')} resumes it", WARN
        slow = poller.budget.slow(*_PURPOSES)
        doing, stop = "reading on", f"{self.context.keys.key_of('layer.close')} stops it, a request a page"
        if reader.before is not None:
            doing, stop = "reading it again", self._again(reader)
        elif reader.lacks_versions:
            doing = "reading the versions first"
        elif self._total is not None and len(reader.loaded) >= self._total:
            doing = "looking for older ones"
        else:
            stop += self._costs(reader.loaded)
        return f"{before}{doing}, {f'slow: {slow}' if slow else stop}", QUIET

    def _costs(self, loaded: LoadedHistory) -> str:
        """How many pages are still to come at the most, and what they take; "" where nobody can say.

        Analytics tell what came in the time that is framed; else it may be all that is not loaded.
        """
        counted_from, floor, poller = loaded.frame.left, loaded.floor, self.poller
        rows = None if self._total is None else self._total - len(loaded)
        if (analytics := loaded.analytics) is not None and not analytics.cut and floor is not None:
            rows = sum(tally.created for at, tally in analytics.tallies.items() if counted_from <= at < floor)
        if rows is None or rows <= 0 or poller is None:
            return ""
        pages = -(-rows // _PAGE)
        takes = poller.budget.reads_take(pages, _PURPOSES[0]).seconds
        return f": {count(pages)} more at most, about {estimated(takes)}"

    def _again(self, reader: HistoryReader) -> str:
        """How far back what was read before is read again."""
        floor = reader.read_to
        if floor is None:
            return "the newest first"
        return f"back to {clock(floor, utc=self.context.utc, now=self.context.clock(), seconds=False)} so far"

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
        self.ask_anew()

    def action_pane_next(self) -> None:
        """Which step got slower or fails more."""
        if self.of_all:
            key = self.context.keys.key_of("history.all")
            self.context.notify(f"steps are compared within one workflow: {key} returns to it")
        elif self.loaded is not None:
            self.context.pages.open("steps", self.target_workflow(), self.loaded, self.finding)

    def action_row_open(self) -> None:
        """Lists what ended in the bucket under the cursor; of all workflows in the one that failed most."""
        loaded, now = self.loaded, self.context.clock()
        buckets = loaded.buckets(now) if loaded is not None else []
        number = self._cursor_number(buckets)
        if loaded is None or number is None:
            return
        bucket = buckets[number]
        found = loaded.ended_in(bucket)
        rows = [row for row in found if "\n" not in row.id]
        if not rows:
            self.context.notify(self._nothing_to_list(bucket, len(found)))
            return
        said = ""
        if self.of_all:
            ended = Counter(row.version for row in rows)
            failed = Counter(row.version for row in rows if row.status == "errored")
            name = max(ended, key=lambda each: (failed[each], ended[each]))
            if len(ended) > 1:
                of = failed if failed else ended
                what = "failed" if failed else "ended"
                said = f"{clean(name)}: {count(of[name])} of the {count(of.total())} that {what} then"
            rows = [row for row in rows if row.version == name]
        else:
            name = self.target_workflow()
            if gone := len(found) - len(rows):
                was = "was" if gone == 1 else "were"
                said = f"{count(gone)} more that ended then {was} restarted since"
        self.context.pages.list_found(_ended_in(bucket, rows), name)
        if said:
            self.context.notify(said)

    def _nothing_to_list(self, bucket: Bucket, gone: int) -> str:
        """Why there is no row to list of a moment."""
        if bucket.counted:
            return "what ended then is erased: only its counts are kept"
        if gone:
            return f"what ended then was restarted since: {counted(gone, 'earlier run')}"
        return "nothing that is loaded ended then"

    def why_off(self, action: str) -> str:
        if action == "row.open" and self.at is None:
            return "no moment is read out: the arrows choose one"
        return super().why_off(action)

    def close_layer(self) -> bool:
        """The cursor first."""
        if self.at is None:
            return False
        self.at = None
        self._draw()
        return True


def _is_counted(buckets: Sequence[Bucket]) -> bool:
    """Whether analytics counted anything of what is shown."""
    return any(bucket.created or bucket.ended for bucket in buckets if bucket.counted)


def _ended_in(bucket: Bucket, rows: Sequence[Instance]) -> str:
    """A filter for these rows; the list can be asked for when they were created alone."""
    created = [row.created for row in rows if row.created is not None]
    span = f"ended:{_iso(bucket.start)}..{_iso(bucket.end)}"
    return f"{span} since:{_iso(min(created))} before:{_iso(max(created) + 1)}" if created else span


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"
