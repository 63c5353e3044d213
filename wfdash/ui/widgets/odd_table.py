"""What is stuck or odd, the worst first; the cursor is on an instance and the kind of its oddity."""

from collections.abc import Hashable, Sequence

from rich.style import Style
from textual.strip import Strip

from wfdash.core.oddity import Oddity
from wfdash.core.text import cells, clean, fit
from wfdash.ui.strips import blank, strip_of
from wfdash.ui.theme import CURSOR, CURSOR_AWAY, HEADING, PLAIN, QUIET, WARN
from wfdash.ui.widgets.line_table import LineTable

__all__ = ["OddTable"]


class OddTable(LineTable):
    """`oddities` is replaced whole by the screen, which then calls `rows_changed`."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.oddities: Sequence[Oddity] = ()
        self.message = ""
        """What to say where there are none."""

    @property
    def oddity(self) -> Oddity | None:
        """The one under the cursor."""
        return self.oddities[self.cursor] if self.cursor < len(self.oddities) else None

    def row_count(self) -> int:
        return len(self.oddities)

    def key_at(self, index: int) -> Hashable:
        odd = self.oddities[index]
        return (odd.workflow, odd.id, odd.kind)

    def index_of(self, key: Hashable) -> int | None:
        return next((n for n in range(len(self.oddities)) if self.key_at(n) == key), None)

    def header_line(self, width: int) -> Strip:
        return strip_of([("  ", HEADING), (fit("STUCK AND ODD", self._room(width)), HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        odd, room = self.oddities[index], self._room(width)
        which = clean(odd.id) or f"all of {clean(odd.workflow)}"
        kind = fit(clean(odd.kind), 12)
        reason = fit(clean(odd.reason), max(1, width - room - 19))
        gap = ("  ", PLAIN)
        name = (fit(which, room, cut="middle"), PLAIN)
        pieces: list[tuple[str, Style]] = [gap, name, gap, (kind, WARN), gap, (reason, PLAIN)]
        over = (CURSOR if self.has_focus else CURSOR_AWAY) if cursor and self.has_focus else None
        return strip_of(pieces, width, over)

    def empty_line(self, below: int, width: int) -> Strip:
        if self.oddities or below != 0:
            return blank(width)
        return strip_of([("  " + fit(clean(self.message), max(1, width - 4)), QUIET)], width)

    def _room(self, width: int) -> int:
        longest = max((cells(clean(odd.id or f"all of {odd.workflow}")) for odd in self.oddities), default=13)
        return max(13, min(longest, 40, width // 3))
