"""What is stuck or odd, the worst first; the cursor is on an instance and the kind of its oddity."""

from collections.abc import Callable

from rich.style import Style
from textual.strip import Strip

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, count
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.anomalies import Oddity
from wfdash.ui.widgets.list_table import ListTable
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.strips import blank, strip_of
from wfdash.ui.widgets.theme import CURSOR, CURSOR_AWAY, HEADING, PLAIN, QUIET, WARN

__all__ = ["OddTable"]

_TITLE = "STUCK OR UNUSUAL"
_KIND_FROM = 100
"""Columns from which there is room for the kind beside the reason, which says it too."""

_AGE = 4
"""Cells for how long ago it was read."""
_MEASURED = 50
"""Rows that the column is as wide as, for it is measured with each line that is drawn."""


class OddTable(ListTable[Oddity]):
    def __init__(self, *, clock: Callable[[], float]) -> None:
        super().__init__()
        self.rests_on = ""
        """How many rows were looked at for it, in words."""
        self.hint = ""
        """What its own keys do."""
        self._clock = clock

    def key_for(self, row: Oddity) -> tuple[str, str, str]:
        return row.workflow, row.id, row.kind

    def header_line(self, width: int) -> Strip:
        right = "each with how long ago it was read" if self.rows and width >= _KIND_FROM else ""
        title: Pieces = [(self._title(width), HEADING)]
        return strip_of(ruled(title, width, hint=self.hint, right=right), width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        odd, room = self.rows[index], self._room(width)
        which = clean(odd.id) or f"all of {clean(odd.workflow)}"
        gap = ("  ", PLAIN)
        read = "" if odd.read_at is None else age(self._clock() - odd.read_at)
        pieces: list[tuple[str, Style]] = [
            gap,
            (fit(which, room, cut="middle"), PLAIN),
            gap,
            (read.rjust(_AGE), QUIET),
            gap,
        ]
        if width >= _KIND_FROM:
            pieces += [(fit(clean(odd.kind), 12), WARN), gap]
        pieces.append((fit(clean(odd.reason), max(1, width - length(pieces) - 1)), PLAIN))
        over = (CURSOR if self.has_focus else CURSOR_AWAY) if cursor and self.has_focus else None
        return strip_of(pieces, width, over)

    def empty_line(self, below: int, width: int) -> Strip:
        lines = [] if self.rows else wrapped(clean(self.message), max(1, width - 4), 3)
        return strip_of([("  " + lines[below], QUIET)], width) if below < len(lines) else blank(width)

    def _title(self, width: int) -> str:
        # One line is the heading's: what has no room below it would else be taken for not there.
        hidden = len(self.rows) > self.size.height - 1
        title = f"{_TITLE}, {count(len(self.rows))} in all" if hidden else _TITLE
        rests_on = f"  {self.rests_on}" if self.rests_on and self.rows else ""
        return title + (rests_on if len(title + rests_on) <= width - 6 else "")

    def _room(self, width: int) -> int:
        longest = max(
            (cells(clean(odd.id or f"all of {odd.workflow}", 100)) for odd in self.rows[:_MEASURED]),
            default=len(_TITLE),
        )
        return max(len(_TITLE) + 1, min(longest, 40, width // 3))
