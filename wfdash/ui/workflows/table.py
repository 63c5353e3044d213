"""The workflows of an account as rows: how each fails now and before, its last hour, counts by status."""

import re
from collections.abc import Callable, Mapping, Sequence

from rich.style import Style
from textual.strip import Strip

from wfdash.core.history.bucket import Tally
from wfdash.core.history.count_history import Trends
from wfdash.core.history.picture import PARTS, Picture, age_of_oldest, rank
from wfdash.core.history.sentence import earlier_rate
from wfdash.core.model.status import ACTIVE, PAUSED, is_final
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.sparkline import amounts
from wfdash.core.text.words import age, brief, count
from wfdash.core.triage.anomalies import queue_stalled, queue_stands_still
from wfdash.core.triage.failure_rate import share
from wfdash.ui.widgets.bars import UNKNOWN, ZERO
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, CURSOR, HEADING, PLAIN, QUIET, STRONG, look

__all__ = ["WorkflowTable", "unusual_first"]

_COLUMNS = (
    ("errored", ("errored",)),
    ("running", ("running", "rollingBack")),
    ("waiting", ("waiting",)),
    ("queued", ("queued",)),
    ("paused", tuple(PAUSED)),
    ("complete", ("complete",)),
)
_PICTURE = (("FAILED IN", 12), ("BEFORE", 9), ("LAST HOUR", PARTS + 2), ("LAST FAIL", 10), ("OLDEST", 7))
"""Columns of what its newest rows show, with their rooms: at 80 columns all of them stand."""
_TOP = 8
"""Failures in five minutes of the highest bar at least: a single one is no tower."""
_ROOM = 11
"""Cells of a column of counts."""
_LEAST_NAME = 15
"""Cells of a name at least."""
_CRON = 10
"""Cells of the next cron."""
_UNIT = re.compile(r"\d+\D+")
"""The larger of two units."""
_DELETED = (" script deleted", " deleted")


def unusual_first(
    workflows: Sequence[Workflow], trends: Trends, pictures: Mapping[str, Picture] | None = None
) -> list[Workflow]:
    """Sorts workflows: a rise of failures that lasts, failures of the last hour, then by what was counted.

    Counted are the errors since wfdash began to look, then those that there are, then what is busy. A queue
    beside which nothing runs and of which nothing begins comes before all that only fails as ever; one that
    stands still behind others, which may be as it should, comes behind what failed lately.
    """
    shown = pictures or {}

    def key(workflow: Workflow) -> tuple[int, float, bool, int, int, bool, int, int, str]:
        counts, (group, rose, failed) = workflow.counts, rank(shown.get(workflow.name))
        busy = sum(n for status, n in counts.items() if not is_final(status))
        delta, samples = trends.delta(workflow.name, "errored"), trends.samples(workflow.name)
        moves = not queue_stands_still(samples)
        return (
            min(group, 1),
            rose,
            moves or queue_stalled(workflow.name, samples, None) is None,
            failed,
            -delta,
            moves,
            -counts.get("errored", 0),
            -busy,
            workflow.name,
        )

    return sorted(workflows, key=key)


class WorkflowTable(LineTable):
    """The workflows as rows; the cursor is on a workflow's name."""

    in_order = "the unusual stand first, then what failed lately: this order is fixed"

    def __init__(self, *, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self.faded = False
        """The connection is gone: what is shown is only a memory."""
        self._workflows: list[Workflow] = []
        self._indices: dict[str, int] = {}
        self._cells: dict[str, int] = {}
        """Of each name."""
        self._longest = 0
        """Cells of the longest name; to measure all of them with each row that is drawn took seconds."""
        self._trends = Trends()
        self._pictures: Mapping[str, Picture] | None = None
        self._most = _TOP
        """Failures of the highest bar: one scale for all, so that a glance tells where most fails."""

    def fill(
        self, workflows: list[Workflow], trends: Trends, pictures: Mapping[str, Picture] | None = None
    ) -> None:
        """Shows these workflows; without `pictures` there are counts alone, as in a dev session."""
        self._workflows, self._trends, self._pictures = workflows, trends, pictures
        failed = (number or 0 for found in (pictures or {}).values() for number in found.failed)
        self._most = max((_TOP, *failed))
        self._indices = {workflow.name: index for index, workflow in enumerate(workflows)}
        # Each fill cleans none anew: 2,000 names full of marks take 60 ms.
        before = self._cells
        self._cells = {w.name: before[w.name] if w.name in before else _cells_of(w.name) for w in workflows}
        self._longest = max(map(self._named, workflows), default=0)
        self.rows_changed()

    @property
    def workflow(self) -> Workflow | None:
        """The one under the cursor."""
        index = self._indices.get(str(self.cursor_key)) if self.cursor_key is not None else None
        return None if index is None else self._workflows[index]

    def row_count(self) -> int:
        return len(self._workflows)

    def row_key(self, index: int) -> str:
        return self._workflows[index].name

    def index_of(self, key: object) -> int | None:
        return self._indices.get(str(key))

    def _picture_columns(self, width: int) -> Sequence[tuple[str, int]]:
        """The columns of pictures that fit beside a short name and the next cron."""
        if self._pictures is None:
            return ()
        spare, fitting = width - _LEAST_NAME - _CRON - 3, []
        for title, room in _PICTURE:
            spare -= room
            if spare >= 0:
                fitting.append((title, room))
        return fitting

    def _layout(self, width: int) -> tuple[int, int]:
        """Cells for the name, no more than the longest takes, and how many columns of counts fit."""
        deleted = (
            len(workflow.name) + len(_DELETED[-1]) for workflow in self._workflows if workflow.script_deleted
        )
        pictured = sum(room for _, room in self._picture_columns(width))
        # That its script was deleted stands behind the name, and explains all the rest of the row.
        least = min(max([_LEAST_NAME, *deleted]), width // 2)
        if pictured:
            least = min(least, max(_LEAST_NAME, width - pictured - _CRON - 3))
        fewest = 0 if pictured else 1
        columns = min(len(_COLUMNS), max(fewest, (width - least - pictured - _CRON - 2) // _ROOM))
        spare = width - columns * _ROOM - pictured - _CRON - 3
        return max(8, min(spare, max(_LEAST_NAME, self._longest))), columns

    def _named(self, workflow: Workflow) -> int:
        """Cells of its name with what stands behind it."""
        return self._cells[workflow.name] + (len(_DELETED[0]) if workflow.script_deleted else 0)

    def header_line(self, width: int) -> Strip:
        name, columns = self._layout(width)
        titles = "".join(
            f"  {title:<{room - 2}}" if title == "LAST HOUR" else title.rjust(room)
            for title, room in self._picture_columns(width)
        )
        titles += "".join(title.upper().rjust(_ROOM) for title, _ in _COLUMNS[:columns])
        text = "  " + fit(self._title(name), name) + titles + "NEXT CRON".rjust(_CRON)
        return strip_of([(text, HEADING)], width)

    def _title(self, room: int) -> str:
        """The title with how many workflows are in sight, where some are below and would be missed."""
        seen, number = self.size.height - 1, self.row_count()
        if number <= seen or seen < 1:
            return "WORKFLOW"
        forms = (f"WORKFLOW {seen} of {number}", f"WORKFLOW {seen}/{number}", "WORKFLOW")
        return next(form for form in forms if cells(form) <= room or form == forms[-1])

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        workflow = self._workflows[index]
        name, columns = self._layout(width)
        # Of several of one kind the ends tell them apart.
        named = fit(clean(workflow.name, 200), name, cut="middle")
        pieces: list[tuple[str, Style]] = [("  ", PLAIN), (named, STRONG)]
        if workflow.script_deleted:
            named = clean(workflow.name, 200)
            note = next((each for each in _DELETED if cells(named) + len(each) <= name), _DELETED[-1])
            named = fit(named, max(4, name - len(note)), cut="middle").rstrip()
            pieces[1:] = [(named, STRONG), (fit(note, name - cells(named)), BAD)]
        for title, room in self._picture_columns(width):
            pieces.append(self._pictured(workflow, title, room))
        for _, statuses in _COLUMNS[:columns]:
            pieces += self._count(workflow, statuses)
        pieces.append((self._cron(workflow).rjust(_CRON), QUIET))
        if self.faded:
            pieces = [(text, QUIET) for text, _ in pieces]
        return strip_of(pieces, width, CURSOR if cursor else None)

    def _pictured(self, workflow: Workflow, title: str, room: int) -> tuple[str, Style]:
        """The cell of a picture's column: what the newest rows of the workflow show."""
        found = (self._pictures or {}).get(workflow.name)
        if found is None:
            return (f"  {UNKNOWN * PARTS}" if title == "LAST HOUR" else " " * room, QUIET)
        worse = BAD if found.finding.unusual else PLAIN
        if title == "FAILED IN":
            return (self._failed(found, room).rjust(room), worse)
        if title == "BEFORE":
            # The sentence below tells of the same: two samples would be two numbers for one thing.
            before = found.finding.before or _before(found.before)
            return (before.rjust(room), PLAIN if found.finding.unusual else QUIET)
        if title == "LAST HOUR":
            return (f"  {self._bars(found)}", worse if found.recent_failures else QUIET)
        if title == "LAST FAIL":
            return (
                self._last_failure(workflow, found).rjust(room),
                PLAIN if found.recent_failures else QUIET,
            )
        return (self._oldest(workflow, found).rjust(room), PLAIN)

    def _failed(self, found: Picture, room: int) -> str:
        """`38 % 7h`: the rate, and in how long; each workflow's is its own, by what is loaded of it.

        The rate alone where both would touch the name.
        """
        rate = _rate(found.now, thin=found.thin)
        if not found.now.sample or found.since is None:
            return rate
        larger = _UNIT.findall(brief(max(1.0, self._clock() - found.since)))
        # `38× in 7m` where they are too new for a rate: what completes takes longer, and 38 of 40 is none.
        # A bare number among rates would be read as one of them.
        rate = f"{count(found.now.errored)}× in" if found.thin else rate
        both = " ".join([rate, *larger[:1]])
        return both if len(both) < room else rate.removesuffix("× in")

    def _bars(self, found: Picture) -> str:
        drawn = amounts([number or 0 for number in found.failed], self._most)
        marks = (UNKNOWN if number is None else ZERO for number in found.failed)
        return "".join(mark if bar == " " else bar for bar, mark in zip(drawn, marks, strict=True))

    def _last_failure(self, workflow: Workflow, found: Picture) -> str:
        """How long ago; more than so long where what is loaded holds none and there are some."""
        if found.last_failure is not None:
            return age(self._clock() - found.last_failure)
        if not workflow.counts.get("errored") or found.floor is None:
            return "–"
        return f">{age(self._clock() - found.floor)}"

    def _oldest(self, workflow: Workflow, found: Picture) -> str:
        """The age of the oldest that has not ended; at least that where older ones are not loaded."""
        active = sum(workflow.counts.get(status, 0) for status in ACTIVE)
        if not active and not found.active:
            return "–"
        return age_of_oldest(found, self._clock())

    def _count(self, workflow: Workflow, statuses: tuple[str, ...]) -> Pieces:
        """The count, and after it by how much it moved."""
        if not any(status in workflow.counts for status in statuses):
            return [("–".rjust(_ROOM), QUIET)]
        total = sum(workflow.counts.get(status, 0) for status in statuses)
        moved = sum(self._trends.delta(workflow.name, status) for status in statuses)
        change = f" {moved:+d}" if abs(moved) < 10_000 else f" {moved // 1000:+d}k"
        # The number is what counts: it is never cut for what it moved by.
        change = change if moved and len(count(total)) + len(change) < _ROOM else ""
        style = look(statuses[0]).style if total else QUIET
        worse = BAD if moved > 0 and statuses[0] == "errored" else QUIET
        return [(fit_left(count(total), _ROOM - len(change)), style), (change, worse)]

    def _cron(self, workflow: Workflow) -> str:
        """How long until the schedule that fires next."""
        times = [schedule.next_at for schedule in workflow.schedules if schedule.next_at is not None]
        if not times:
            return "cron" if workflow.schedules else ""
        ahead = min(times) - self._clock()
        return f"in {age(ahead) if ahead < 3600 else brief(ahead)}" if ahead > 0 else "due"


def fit_left(text: str, room: int) -> str:
    """Text at the right end of `room` cells, cut where it is longer."""
    return text.rjust(room) if len(text) <= room else fit(text, room)


def _before(tally: Tally | None) -> str:
    """`2 %`, or `1 of 12` where those are too few for a level."""
    if tally is None or not tally.sample:
        return share(0, 0)
    rate = tally.failure_rate or 0.0
    return earlier_rate(rate, tally.sample)


def _rate(tally: Tally | None, *, thin: bool = False) -> str:
    """`38 %`, or `3 of 4` where those are too few for a rate; how many failed where they are too new."""
    if tally is None or not tally.sample:
        return share(0, 0)
    return count(tally.errored) if thin else share(tally.errored, tally.sample)


def _cells_of(name: str) -> int:
    return cells(clean(name, 200))
