"""What is wrong with the workflow under the cursor: its last hour as charts, its causes, its counts."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from wfdash.core.history.count_history import Trends
from wfdash.core.history.frame import Frame
from wfdash.core.history.picture import Picture
from wfdash.core.history.sentence import durations, throughput
from wfdash.core.model.status import STATUSES
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, count, counted, short_version
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.error_groups import Sample, group
from wfdash.ui.history.charts import axis_lines, charts, plot_lines
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import BAD, HEADING, PLAIN, QUIET, STRONG, WARN, look

__all__ = ["Causes", "Preview"]

_LEAST: Final = 2
"""Lines of a chart at least."""
_AIRY: Final = 16
"""Lines from which one is left free above."""
_TITLED: Final = 10
"""Columns before what a chart's title says."""
_GROUPS: Final = 4
_MESSAGE: Final = 4
"""Lines of an error's message."""


class Causes(Struct):
    """The newest failures of a workflow, as far as they were read."""

    samples: list[Sample] = field(default_factory=list)
    failure: str = ""
    over: bool = False


class Preview(Struct, frozen=True):
    """All that is known of one workflow, drawn as lines of text."""

    workflow: Workflow
    picture: Picture | None
    loaded: LoadedHistory | None
    causes: Causes | None
    trends: Trends
    failure: str
    now: float
    utc: bool
    key: str
    """The key that lists all causes."""

    def charts(self, of: Frame, width: int, height: int) -> list[Pieces]:
        """What failed, ended and took how long over the last hour, as many charts as there is room for."""
        found, loaded = self.picture, self.loaded
        if found is None or loaded is None or not found.rows:
            return [
                self.title(width),
                [(f"  {fit(self._nothing, width - 3)}", WARN if self.failure else QUIET)],
            ]
        finding, total, buckets = found.finding, loaded.total, loaded.buckets(self.now)
        style = BAD if finding.unusual else STRONG
        said = wrapped(clean(finding.sentence), width - _TITLED, 2)
        titles: list[list[Pieces]] = [
            [
                [(f" {'FAILED' if not number else '':<8}", HEADING), (text, style)]
                for number, text in enumerate(said)
            ],
            [[(" ENDED   ", HEADING), (fit(throughput(total, self._seconds()), width - _TITLED), PLAIN)]],
            [[(" TOOK    ", HEADING), (fit(durations(total), width - _TITLED), PLAIN)]],
        ]
        drawn = charts(
            buckets,
            lambda bucket: loaded.is_seen(bucket, self.now),
            now=self.now,
            bad_from=finding.at if finding.unusual else None,
        )
        foot = axis_lines(of, loaded.deployed, utc=self.utc, first=finding.version)
        if not loaded.deployed:
            foot = foot[1:]
        lines = [[], self.title(width)] if height >= _AIRY else [self.title(width)]
        room = height - len(lines) - len(foot)
        shown = next((n for n in (3, 2, 1) if room - sum(map(len, titles[:n])) >= n * (_LEAST + (n > 1))), 0)
        if not shown:
            return [*lines, *titles[0]][:height]
        room -= sum(map(len, titles[:shown]))
        for number in range(shown):
            high = room // shown + (room % shown if not number else 0)
            lines += [*titles[number], *plot_lines(drawn[number], of, buckets, high, None)]
        return [*lines, *foot]

    def title(self, width: int) -> Pieces:
        """Its name, what it rests on, its schedules."""
        name = clean(self.workflow.name)
        said = ""
        if self.picture is not None and self.picture.rows:
            every = "all" if self.picture.floor is None else "the newest"
            said = f" · the last hour, from {every} {counted(self.picture.rows, 'instance')}"
        schedules = ", ".join(clean(schedule.cron) for schedule in self.workflow.schedules)
        said += f" · cron {schedules}" if schedules else ""
        pieces: Pieces = [(name, STRONG), (fit(said, max(1, width - cells(name) - 6)).rstrip(), QUIET)]
        if self.workflow.script_deleted:
            pieces = [*pieces, (" · its Worker script was deleted: it cannot run", BAD)]
        return ruled(pieces, width)

    def beside(self, width: int, height: int) -> list[Pieces]:
        """The causes, then its counts by status."""
        lines = self.cause_lines(width, max(4, height - len(self._order) - 3))
        counts = self.count_lines(width)
        return [*lines, [], *counts] if lines else counts

    def cause_lines(self, width: int, height: int) -> list[Pieces]:
        """Causes of the newest failures, the commonest first, each with its step and when it came last."""
        causes = self.causes
        words: Pieces = [("WHY IT FAILED", HEADING)]
        title = ruled(words, width)
        if causes is None:
            return [title, [("  reading the newest failures", QUIET)]] if self._errored else []
        if causes.failure:
            return [title, [(f"  {fit(clean(causes.failure), width - 3)}", WARN)]]
        if not causes.samples:
            said = "none of its failures is there any more" if causes.over else "reading the newest failures"
            return [title, [(f"  {fit(said, width - 3)}", QUIET)]] if self._errored else []
        read = len(causes.samples)
        said = f" · the newest {read} read, {self.key} reads more"
        lines: list[Pieces] = [ruled([*words, (said, QUIET)], width)]
        for found in group(causes.samples)[:_GROUPS]:
            mark = found.fingerprint
            error = clean(f"{mark.error}: {mark.message}" if mark.message else mark.error)
            part = wrapped(error, width - 9, _MESSAGE)
            style = BAD if self.picture is not None and self.picture.finding.unusual else STRONG
            piece: list[Pieces] = [
                [(f"  {f'{found.count} of {read}' if not number else '':<7}", PLAIN), (line, style)]
                for number, line in enumerate(part)
            ]
            # Without a step it may have failed in any: a deploy resets whichever runs.
            facts = (
                f'at "{clean(mark.step)}"' if mark.step else "",
                f"version {short_version(mark.version)}" if mark.version else "",
                f"{age(self.now - found.last)} ago" if found.last is not None else "",
            )
            piece.append([(f"{'':9}{fit(', '.join(filter(None, facts)), width - 10)}", QUIET)])
            if len(lines) + len(piece) > height:
                break
            lines += piece
        return lines

    def count_lines(self, width: int) -> list[Pieces]:
        """A line a status that has or had instances, with how far it moved since wfdash began to look."""
        if not self.workflow.counts:
            return [[("  this server gives no counts", QUIET)]]
        return [ruled([("COUNTS", HEADING)], width), *(self._count(status) for status in self._order)]

    def _count(self, status: str) -> Pieces:
        delta, appearance = self.trends.delta(self.workflow.name, status), look(status)
        worse = (BAD if delta > 0 else WARN) if status == "errored" and delta else QUIET
        return [
            (f"  {appearance.glyph} ", appearance.style),
            (fit(clean(status), 16), PLAIN),
            (count(self.workflow.counts.get(status, 0)).rjust(9), PLAIN),
            (f"{delta:+,d}".rjust(9) if delta else "", worse),
        ]

    @property
    def _order(self) -> Sequence[str]:
        counts = self.workflow.counts
        present = [
            status
            for status in STATUSES
            if counts.get(status) or any(self.trends.history(self.workflow.name, status))
        ]
        unknown = sorted(status for status in counts if status not in STATUSES and counts[status])
        return sorted(present, key=lambda status: status == "complete") + unknown

    @property
    def _errored(self) -> int:
        return self.workflow.counts.get("errored", 0)

    @property
    def _nothing(self) -> str:
        if self.failure:
            return self.failure
        if self.picture is None:
            return "reading its newest instances"
        return "it has no instances: there is nothing to draw"

    def _seconds(self) -> float:
        """How long a stretch the numbers are of."""
        assert self.loaded is not None
        oldest = self.loaded.oldest
        start = max(self.loaded.frame.left, self.loaded.floor or float("-inf"))
        return self.now - max(start, oldest if oldest is not None else start)
