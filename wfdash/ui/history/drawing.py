"""One drawing of the history: three charts with a sentence each, and what is told below them."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from rich.style import Style
from textual.geometry import Size

from wfdash.core.history.bucket import Bucket, LevelShift, Tally
from wfdash.core.history.frame import SPANS
from wfdash.core.history.sentence import Finding, busier, durations, slower, throughput
from wfdash.core.model.workflow import Schedule
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import clock, count, counted
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.ui.context import Context
from wfdash.ui.history.charts import Chart, axis_lines, charts, plot_lines
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.foot import Foot
from wfdash.ui.history.reading import HistoryReader
from wfdash.ui.widgets.bars import FULL, HOLLOW, SHADE
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import BAD, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["HistoryDrawing", "bucket_number"]

_LATELY: Final = 15.0
"""Seconds before now up to which what is counted is as of now."""
_TALL: Final = 30
"""Lines of a screen from which more versions have room."""
_BROAD: Final = 100
"""Columns from which the line on how to read the page has room for when it begins."""
_SENTENCE: Final = 2
"""Lines of the sentence above a chart."""
_LEAST: Final = 2
"""Lines of a chart at least."""


def bucket_number(buckets: Sequence[Bucket], at: float | None) -> int | None:
    """The index of the bucket that holds this moment; None where none does."""
    if at is None:
        return None
    return next((n for n, bucket in enumerate(buckets) if bucket.start <= at < bucket.end), None)


class HistoryDrawing(Struct, frozen=True):
    """One drawing of the page; `at` is the moment read out, `status` says how far the reading is."""

    context: Context
    reader: HistoryReader
    finding: Finding
    shifts: tuple[LevelShift | None, LevelShift | None]
    """When durations and arrivals changed."""
    span: int
    at: float | None
    now: float
    size: Size
    schedules: Sequence[Schedule]
    status: tuple[str, Style]

    @property
    def loaded(self) -> LoadedHistory:
        """The rows that are counted."""
        return self.reader.loaded

    def lines(self) -> list[Pieces]:
        """The lines of the whole page, as high as the screen."""
        loaded, reader, now = self.loaded, self.reader, self.now
        if in_place := self._in_place_of_charts():
            return in_place
        total, buckets = loaded.total(now), loaded.buckets(now)
        three = charts(
            buckets,
            lambda bucket: loaded.is_seen(bucket, now),
            now=min(now, loaded.until),
            bad_from=self.finding.at if self.finding.unusual else None,
        )
        below, cursor = self._foot(), bucket_number(buckets, self.at)
        is_read = loaded.floor is not None and not reader.is_reading and reader.before is None
        if not total.ended and is_read and loaded.sees_all(now):
            return self._without_ends(total, below)
        foot = [
            *axis_lines(
                loaded.frame, loaded.deployed, utc=self.context.utc, first=self.finding.version, cursor=cursor
            ),
            *(below.moment(buckets[cursor]) if cursor is not None else self._how_to_read(three[0])),
            *below.versions(),
            *below.triggers(),
            *below.crons(self.schedules),
            *below.basis(reader.total_of_workflow, self.status),
        ]
        return [*self._plots(self._titles(total), three, buckets, len(foot), cursor), *foot]

    def _foot(self) -> Foot:
        return Foot(
            self.loaded,
            self.finding,
            self.now,
            self.size.width,
            utc=self.context.utc,
            tall=self.size.height >= _TALL,
            of_all=self.reader.of_all,
            so_far=self.reader.is_partial,
            of_record=self.context.past is not None,
        )

    def _titles(self, total: Tally) -> list[list[Pieces]]:
        """The lines above each chart: its name, and the sentence that says what it shows."""
        width, style = self.size.width - 10, BAD if self.finding.unusual else STRONG
        said = wrapped(clean(self.finding.sentence), width, _SENTENCE)
        ended, took = self._ended_and_took(total)
        return [
            [
                [(f" {'FAILED' if not number else '':<8}", HEADING), (text, style)]
                for number, text in enumerate(said)
            ],
            [[(" ENDED   ", HEADING), (fit(ended, width), PLAIN)]],
            [[(" TOOK    ", HEADING), (fit(took, width), PLAIN)]],
        ]

    def _plots(
        self,
        titles: list[list[Pieces]],
        three: Sequence[Chart],
        buckets: list[Bucket],
        below: int,
        cursor: int | None,
    ) -> list[Pieces]:
        """The charts with their titles, in what the lines below leave of the screen."""
        # One without a bar leaves its room to the others, once all is read.
        drawn = [chart for chart in three if not chart.is_empty]
        if self.reader.is_reading or self.loaded.floor is None or not drawn:
            drawn = list(three)
        room = self.size.height - 2 - below - sum(map(len, titles))
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
                lines += plot_lines(chart, self.loaded.frame, buckets, height, cursor)
        return lines

    def _in_place_of_charts(self) -> list[Pieces]:
        """Why there is nothing to draw; none where there is."""
        loaded, reader, width = self.loaded, self.reader, self.size.width
        if len(loaded) or loaded.has_counts(self.now):
            return []
        if not reader.is_reading and not reader.failure and loaded.floor is not None:
            said = wrapped(self._nothing(), width - 4, 2 * _SENTENCE)
            return [[], *([(f"  {line}", QUIET)] for line in said)]
        if reader.failure:
            # Nothing is being counted: three charts without a bar would look like a time without an end.
            said = wrapped(f"{clean(reader.failure)} It is asked again.", width - 4, 2 * _SENTENCE)
            return [[], *([(f"  {line}", WARN)] for line in said)]
        return []

    def _without_ends(self, total: Tally, below: Foot) -> list[Pieces]:
        """What there is in place of charts without a bar."""
        said = wrapped(self._none_ended(total), self.size.width - 4, 2 * _SENTENCE)
        facts = [*below.versions(), *below.crons(self.schedules)]
        lines: list[Pieces] = [[], *([(f"  {line}", STRONG)] for line in said), []]
        return [*lines, *facts, *below.basis(self.reader.total_of_workflow, self.status)]

    def _ended_and_took(self, total: Tally) -> tuple[str, str]:
        """How many ended and how long they took, each in a sentence."""
        loaded, now, utc = self.loaded, self.now, self.context.utc
        undated, so_far = loaded.ended_at_some_time, self.reader.is_partial
        unread, until = loaded.has_unread(now), self._counted_to()
        ended = throughput(
            total,
            loaded.seconds(now),
            undated=undated,
            shown=now - loaded.frame.start,
            so_far=so_far,
            unread=unread,
            until=until,
        )
        longer, more = self.shifts if not so_far else (None, None)
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
            if not loaded.has_counts(now):
                ended = took = "nothing is read yet"
        return ended, took

    def _counted_to(self) -> str:
        """Up to when is counted, as a time; "" where that is now, give or take _LATELY."""
        until = self.loaded.counted_until(self.now)
        return self._clock(until) if self.now - until > _LATELY else ""

    def _nothing(self) -> str:
        """Why there is nothing to draw; what may have been erased is not called none."""
        loaded = self.loaded
        name = "the account" if self.reader.of_all else clean(self.reader.workflow)
        edge = loaded.edge(self.now).both
        if loaded.partial:
            return f"too little of {name} is recorded by then: there is nothing to draw"
        if edge <= loaded.frame.start or loaded.analytics is not None:
            before = "" if edge <= loaded.frame.start else ", and analytics counted none before"
            return f"{name} has no instances{before}: there is nothing to draw"
        erased = f"what ended before {clock(edge, utc=self.context.utc, now=self.now)} may have been erased"
        return f"{name} has no instances now, and {erased}: there is nothing to draw. {clean(loaded.refusal)}"

    def _none_ended(self, total: Tally) -> str:
        loaded = self.loaded
        ahead = loaded.odd_times(self.now).ahead
        if ahead and not total.created:
            return f"{count(ahead)} of those loaded have times after now, the others none in this time"
        running = loaded.buckets(self.now)[-1]
        came, was = counted(total.created, "instance"), "was" if total.created == 1 else "were"
        under_way = f"{count(running.running)} under way, {count(running.queued)} queued now"
        said = f"{came} {was} created since {self._clock(loaded.frame.start)} and none ended; {under_way}"
        key = self.context.keys.key_of("history.span")
        return f"{said}: there is nothing to draw. {key} shows another time."

    def _how_to_read(self, failed: Chart) -> list[Pieces]:
        keys, width = self.context.keys.key_of, self.size.width
        words = f"{keys('history.earlier')} {keys('history.later')} read out a moment, "
        words += f"{keys('history.span')} changes the span (now {SPANS[self.span][0]})"
        hollow = f", {HOLLOW} of fewer than {ENOUGH}" if failed.is_hollow else ""
        # Where it begins stands at the axis too; what the mark means stands nowhere else.
        if not hollow or width >= _BROAD:
            words += f", from {self._clock(self.loaded.frame.start)}"
        return [[("  " + fit(words + hollow, width - 3), QUIET)], []]

    def _clock(self, at: float) -> str:
        return clock(at, utc=self.context.utc, now=self.now, seconds=False)
