"""`H`: what failed, what ended and how long it took over time, and what each version has to do with it."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import WorkType

from wfdash.core.history.bucket import Bucket, LevelShift
from wfdash.core.history.frame import SPANS, Frame, frame
from wfdash.core.history.sentence import Finding
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Schedule
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, counted
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.live.polling.events import Update
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.history.charts import GUTTER
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.drawing import HistoryDrawing, bucket_number
from wfdash.ui.history.findings import find_failures, find_shifts
from wfdash.ui.history.reading import PURPOSES, HistoryReader
from wfdash.ui.history.status import reading_status
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import QUIET

__all__ = ["HistoryScreen"]

_SIX_HOURS: Final = 1
"""The span that it opens with, in `SPANS`."""
_DRAWN_EVERY: Final = 5.0
"""Seconds between two drawings of what trickles in, so that a page at rest writes next to nothing."""
_LOADING_EVERY: Final = 1.0
"""Seconds between two drawings while rows come: each moves every bar."""


class HistoryScreen(BaseScreen):
    """Charts over time; reads the list back while it is open, no further than what it shows."""

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
        """Starts anew, for one workflow or for all, with what an earlier page left and this moment."""
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
        """How many seconds it takes for enough to end for a rate, by what is loaded; 0.0 where unknown."""
        if self.loaded is None or self._reader is None or self._reader.is_partial:
            return 0.0
        now = self.context.clock()
        ended = self.loaded.total(now).sample
        return self.loaded.seconds(now) * ENOUGH / ended if ended else 0.0

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
        if now >= reader.loaded.frame.end:
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
        """Runs a worker in place of the one of its group; a callable, for one may never be called."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    def _reframe(self) -> None:
        """Counts anew for another span, width or right edge, and reads on if that goes further back."""
        if self._reader is None:
            return
        of = frame(self.span, self.context.clock(), self._columns, least=self._least)
        self._start("count", partial(self._show, self._reader, of))

    async def _show(self, reader: HistoryReader, of: Frame) -> None:
        await reader.show(of)
        self.call_later(self._show_counted)
        # First: where analytics count what is old, no rows are read for it.
        if not reader.is_reading and (await reader.count_older() | await reader.recall()):
            self.call_later(self._show_counted)
        if reader.has_more:
            self.call_later(self._read)

    def _show_counted(self) -> None:
        self._found_for = None
        self._draw()
        self._look()

    def _look(self) -> None:
        """Looks for a change of rates where something new was counted."""
        loaded, now = self.loaded, self.context.clock()
        if loaded is None or (loaded.floor is None and not loaded.has_counts(now)):
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
            self.call_later(self._draw)

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
                slow=poller.budget.slow(*PURPOSES) or poller.budget.slow("list", after=5.0),
            ),
            meter=meter_pieces(poller.budget),
        )
        self.query_one("#charts", TextLines).show(self._lines(now))

    def _lines(self, now: float) -> list[Pieces]:
        reader = self._reader
        if reader is None:
            key = self.context.keys.key_of("workflows.open")
            return [[], [(f"  no workflow is chosen: {key} lists them", QUIET)]]
        return HistoryDrawing(
            self.context,
            reader,
            self.finding,
            self._shifts,
            self.span,
            self.at,
            now,
            self.size,
            self._schedules(),
            reading_status(self.context, reader, self.poller),
        ).lines()

    def _schedules(self) -> Sequence[Schedule]:
        if self.of_all:
            return ()  # each has its own
        shown = self.poller.counts.shown if self.poller is not None else None
        return shown.schedules if shown is not None and shown.name == self.target_workflow() else ()

    # The cursor.

    def _move(self, by: int) -> None:
        loaded = self.loaded
        if loaded is None:
            return
        buckets = loaded.buckets(self.context.clock())
        number = bucket_number(buckets, self.at)
        if number is None:
            # Where it changed is where one looks first.
            self.at = self.finding.at if self.finding.at is not None else buckets[-1].start
            if bucket_number(buckets, self.at) is None:
                self.at = buckets[-1].start
        else:
            self.at = buckets[max(0, min(len(buckets) - 1, number + by))].start
        self._draw()

    def action_history_earlier(self) -> None:
        self._move(-1)

    def action_history_later(self) -> None:
        self._move(1)

    def action_history_span(self) -> None:
        """Shows the next longer span, and from the longest the shortest again."""
        self.span = (self.span + 1) % len(SPANS)
        self._reframe()

    def action_history_all(self) -> None:
        """Changes between all workflows and the one listed."""
        self.of_all = not self.of_all
        self.ask_anew()

    def action_pane_next(self) -> None:
        """Opens the page of steps: which got slower or fails more."""
        if self.of_all:
            key = self.context.keys.key_of("history.all")
            self.context.notify(f"steps are compared within one workflow: {key} returns to it")
        elif self.loaded is not None:
            self.context.pages.open("steps", self.target_workflow(), self.loaded, self.finding)

    def action_row_open(self) -> None:
        """Lists what ended in the bucket under the cursor; of all workflows, the one that failed most."""
        loaded, now = self.loaded, self.context.clock()
        buckets = loaded.buckets(now) if loaded is not None else []
        number = bucket_number(buckets, self.at)
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
        """Takes the cursor away; False where there is none, and the page closes."""
        if self.at is None:
            return False
        self.at = None
        self._draw()
        return True


def _ended_in(bucket: Bucket, rows: Sequence[Instance]) -> str:
    """A filter for these rows; the list can be asked for when they were created alone."""
    created = [row.created for row in rows if row.created is not None]
    span = f"ended:{_iso(bucket.start)}..{_iso(bucket.end)}"
    return f"{span} since:{_iso(min(created))} before:{_iso(max(created) + 1)}" if created else span


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"
