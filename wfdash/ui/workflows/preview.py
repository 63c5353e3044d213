"""What is wrong with the workflow under the cursor: its last hour as charts, its causes, its counts."""

from typing import Final

from msgspec import Struct

from wfdash.core.history.frame import Frame
from wfdash.core.history.picture import Picture
from wfdash.core.history.sentence import durations, throughput
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock, count, counted
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.ui.history.charts import axis_lines, charts, plot_lines
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.widgets.bars import FULL, HOLLOW, SHADE
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import BAD, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["Preview"]

_LEAST: Final = 2
"""Lines of a chart at least."""
_AIRY: Final = 16
"""Lines from which one is left free above."""
_TITLED: Final = 10
"""Columns before what a chart's title says."""


class Preview(Struct, frozen=True):
    """Draws all that is known of one workflow as lines of text."""

    workflow: Workflow
    picture: Picture | None
    loaded: LoadedHistory | None
    failure: str
    now: float
    utc: bool
    partial: bool = False
    """Whether a record holds only a part of its instances by then."""

    def charts(self, of: Frame, width: int, height: int) -> list[Pieces]:
        """What failed, ended and took how long over the last hour, as many charts as there is room for."""
        found, loaded = self.picture, self.loaded
        if found is None or loaded is None or not found.rows:
            return [
                self.title(width),
                [(f"  {fit(self._nothing, width - 3)}", WARN if self.failure else QUIET)],
            ]
        finding, total, buckets = found.finding, loaded.total(self.now), loaded.buckets(self.now)
        style = BAD if finding.unusual else STRONG
        said = wrapped(clean(finding.sentence), width - _TITLED, 2)
        undated = loaded.ended_at_some_time
        ended = throughput(total, self._seconds(), undated=undated, unread=loaded.has_unread(self.now))
        took = durations(total, undated=undated, marks=(FULL, SHADE))
        titles: list[list[Pieces]] = [
            [
                [(f" {'FAILED' if not number else '':<8}", HEADING), (text, style)]
                for number, text in enumerate(said)
            ],
            [[(" ENDED   ", HEADING), (fit(ended, width - _TITLED), PLAIN)]],
            [[(" TOOK    ", HEADING), (fit(took, width - _TITLED), PLAIN)]],
        ]
        drawn = charts(
            buckets,
            lambda bucket: loaded.is_seen(bucket, self.now),
            now=self.now,
            bad_from=finding.at if finding.unusual else None,
            early=found.thin,
        )
        hollow = "" if not drawn[0].is_hollow else f"{HOLLOW} too new for a rate"
        if hollow and not found.thin:
            hollow = f"{HOLLOW} of fewer than {ENOUGH}"
        foot = axis_lines(of, loaded.deployed, utc=self.utc, first=finding.version)
        if not loaded.deployed:
            foot = foot[1:]
        title = self.title(width, of.start, hollow)
        lines = [[], title] if height >= _AIRY else [title]
        room = height - len(lines) - len(foot)
        shown = next((n for n in (3, 2, 1) if room - sum(map(len, titles[:n])) >= n * (_LEAST + (n > 1))), 0)
        if not shown:
            return [*lines, *titles[0]][:height]
        room -= sum(map(len, titles[:shown]))
        for number in range(shown):
            high = room // shown + (room % shown if not number else 0)
            lines += [*titles[number], *plot_lines(drawn[number], of, buckets, high, None)]
        return [*lines, *foot]

    def title(self, width: int, since: float | None = None, hollow: str = "") -> Pieces:
        """The line over the charts: the name, since when it is drawn, what that rests on, schedules.

        `hollow` says what the mark of some bars means.
        """
        name = clean(self.workflow.name)
        said = ""
        if self.picture is not None and self.picture.rows:
            every = "all" if self.picture.floor is None else "newest"
            by_then = " recorded by then" if self.partial else ""
            behind = self.loaded.behind(self.now) if self.loaded is not None else ""
            # At 80 columns there is no room for the noun too.
            number = count(self.picture.rows) if behind else counted(self.picture.rows, "instance")
            of = f"{every} {number}{by_then}{f', {behind}' if behind else ''}"
            said = f" · {of}"
            if since is not None:
                # What is counted may be older than what is drawn, and its sentence says since when.
                said += f", drawn since {clock(since, utc=self.utc, now=self.now, seconds=False)}"
        # Half of what a mark means says nothing.
        said += f" · {hollow}" if hollow and cells(name) + cells(said) + cells(hollow) + 9 <= width else ""
        schedules = ", ".join(clean(schedule.cron) for schedule in self.workflow.schedules)
        said += f" · cron {schedules}" if schedules else ""
        pieces: Pieces = [(name, STRONG), (fit(said, max(1, width - cells(name) - 6)).rstrip(), QUIET)]
        if self.workflow.script_deleted:
            pieces = [*pieces, (" · its Worker script was deleted: it cannot run", BAD)]
        return ruled(pieces, width)

    @property
    def _nothing(self) -> str:
        if self.failure:
            return self.failure
        if self.picture is None:
            return "reading its newest instances"
        if self.partial:
            return "too few of its instances are recorded by then: there is nothing to draw"
        return "it has no instances: there is nothing to draw"

    def _seconds(self) -> float:
        """How long a stretch the numbers are of, in seconds."""
        assert self.loaded is not None
        oldest = self.loaded.oldest
        start = max(self.loaded.frame.start, self.loaded.floor or float("-inf"))
        return self.now - max(start, oldest if oldest is not None else start)
