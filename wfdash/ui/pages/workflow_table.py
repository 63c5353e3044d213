"""The workflows of an account as rows: counts by status, what moved since wfdash began to look."""

from collections.abc import Callable, Sequence

from rich.style import Style
from textual.strip import Strip

from wfdash.core.model.status import is_final
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, brief, count
from wfdash.live.feeds.count_history import Trends
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, CURSOR, HEADING, PLAIN, QUIET, STRONG, look

__all__ = ["WorkflowTable", "worst_first"]

_COLUMNS = (
    ("errored", ("errored",)),
    ("running", ("running", "rollingBack")),
    ("waiting", ("waiting",)),
    ("queued", ("queued",)),
    ("paused", ("paused", "waitingForPause")),
    ("complete", ("complete",)),
)
_ROOM = 11
_LEAST_NAME = 16
_CRON = 11
_DELETED = (" script deleted", " deleted")


def worst_first(workflows: Sequence[Workflow], trends: Trends) -> list[Workflow]:
    """Sorts workflows: errors since wfdash began to look, then those with errors, then the busy ones."""

    def key(workflow: Workflow) -> tuple[float, int, int, str]:
        counts = workflow.counts
        busy = sum(n for status, n in counts.items() if not is_final(status))
        return (-trends.delta(workflow.name, "errored"), -counts.get("errored", 0), -busy, workflow.name)

    return sorted(workflows, key=key)


class WorkflowTable(LineTable):
    """The cursor is on a workflow's name."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self.faded = False
        """The connection is gone: what is shown is only a memory."""
        self._workflows: list[Workflow] = []
        self._places: dict[str, int] = {}
        self._longest = 0
        """Cells of the longest name; to measure all of them with each row that is drawn took seconds."""
        self._trends = Trends()

    def fill(self, workflows: list[Workflow], trends: Trends) -> None:
        self._workflows, self._trends = workflows, trends
        self._places = {workflow.name: place for place, workflow in enumerate(workflows)}
        self._longest = max(map(self._named, workflows), default=0)
        self.rows_changed()

    @property
    def workflow(self) -> Workflow | None:
        """The one under the cursor."""
        place = self._places.get(str(self.cursor_key)) if self.cursor_key is not None else None
        return None if place is None else self._workflows[place]

    def row_count(self) -> int:
        return len(self._workflows)

    def row_key(self, index: int) -> str:
        return self._workflows[index].name

    def index_of(self, key: object) -> int | None:
        return self._places.get(str(key))

    def _layout(self, width: int) -> tuple[int, int]:
        """Room for the name, no more than the longest takes, and how many count columns fit."""
        deleted = (
            len(workflow.name) + len(_DELETED[-1]) for workflow in self._workflows if workflow.script_deleted
        )
        least = min(max([_LEAST_NAME, *deleted]), width // 2)
        columns = min(len(_COLUMNS), max(1, (width - least - _CRON - 2) // _ROOM))
        spare = width - columns * _ROOM - _CRON - 3
        return max(8, min(spare, max(_LEAST_NAME, self._longest))), columns

    @staticmethod
    def _named(workflow: Workflow) -> int:
        """Cells of its name with what stands behind it."""
        return cells(clean(workflow.name[:200])) + (len(_DELETED[0]) if workflow.script_deleted else 0)

    def header_line(self, width: int) -> Strip:
        name, columns = self._layout(width)
        titles = "".join(title.upper().rjust(_ROOM) for title, _ in _COLUMNS[:columns])
        text = "  " + fit("WORKFLOW", name) + titles + "NEXT CRON".rjust(_CRON)
        return strip_of([(text, HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        workflow = self._workflows[index]
        name, columns = self._layout(width)
        pieces: list[tuple[str, Style]] = [("  ", PLAIN), (fit(clean(workflow.name[:200]), name), STRONG)]
        if workflow.script_deleted:
            named = clean(workflow.name[:200])
            note = next((each for each in _DELETED if cells(named) + len(each) <= name), _DELETED[-1])
            named = fit(named, max(4, name - len(note)), cut="middle").rstrip()
            pieces[1:] = [(named, STRONG), (fit(note, name - cells(named)), BAD)]
        for _, statuses in _COLUMNS[:columns]:
            pieces += self._count(workflow, statuses)
        pieces.append((self._cron(workflow).rjust(_CRON), QUIET))
        if self.faded:
            pieces = [(text, QUIET) for text, _ in pieces]
        return strip_of(pieces, width, CURSOR if cursor else None)

    def _count(self, workflow: Workflow, statuses: tuple[str, ...]) -> Pieces:
        """The count, and after it by how much it moved."""
        if not any(status in workflow.counts for status in statuses):
            return [("–".rjust(_ROOM), QUIET)]
        total = sum(workflow.counts.get(status, 0) for status in statuses)
        moved = sum(self._trends.delta(workflow.name, status) for status in statuses)
        change = f" {moved:+d}" if abs(moved) < 10_000 else f" {moved // 1000:+d}k"
        change = change if moved else ""
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
    """Right-aligned in so many cells."""
    return text.rjust(room) if len(text) <= room else fit(text, room)
