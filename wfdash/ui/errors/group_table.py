"""Groups of failures with one cause, the largest first; the cursor is on a fingerprint."""

from collections.abc import Callable

from rich.style import Style
from textual.strip import Strip

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.sparkline import amounts
from wfdash.core.text.words import clock, count, percent, short_version
from wfdash.core.triage.error_groups import ErrorGroup
from wfdash.core.triage.fingerprint import Fingerprint
from wfdash.ui.widgets.list_table import ColumnTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, CURSOR, CURSOR_AWAY, PLAIN, QUIET, STRONG

__all__ = ["GroupTable"]

_BINS = 12
"""Bars of a group over time."""
_TIMES_FROM = 72
"""Columns from which the time of the last failure has room: in fewer its column was cut off."""
_MEASURED = 50
"""Groups by which columns are measured: those on screen, and some below."""
_LEAST_ERROR = 10
"""Cells of an error beside which something else may stand."""


class GroupTable(ColumnTable[ErrorGroup]):
    in_order = "the commonest error stands first"

    def __init__(self, *, clock: Callable[[], float], utc: Callable[[], bool]) -> None:
        super().__init__()
        self.marked: Callable[[ErrorGroup], bool] = lambda group: False
        self.unusual = False
        """Whether what fails stands out: else its numbers are no alarm."""
        self._clock = clock
        self._utc = utc

    def key_for(self, row: ErrorGroup) -> Fingerprint:
        return row.fingerprint

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        group = self.rows[index]
        texts = self._texts(group)
        pieces: list[tuple[str, Style]] = [("▌ " if self.marked(group) else "  ", STRONG)]
        for title, room, right in self.columns(width):
            text = texts[title]
            if title == "ERROR":
                # At its end and not cut: by their messages all of a cause look alike.
                tails = [tail for tail in _not_undone(group) if room - cells(tail) >= _LEAST_ERROR]
                tail = tails[0] if tails else ""
                text = fit(_error(group), room - cells(tail)).rstrip() + tail
            style = (
                (BAD if self.unusual else PLAIN)
                if title == "COUNT"
                else QUIET
                if title in ("FIRST", "LAST", "SHARE")
                else PLAIN
            )
            pieces += [(text.rjust(room) if right else fit(text, room), style), ("  ", PLAIN)]
        over = (CURSOR if self.has_focus else CURSOR_AWAY) if cursor else None
        return strip_of(pieces, width, over)

    def _texts(self, group: ErrorGroup) -> dict[str, str]:
        mark, now, utc = group.fingerprint, self._clock(), self._utc()
        first, last = group.first, group.last
        return {
            "COUNT": f"{group.count}",
            "SHARE": percent(group.share),
            "ERROR": _error(group) + (_not_undone(group) or [""])[0],
            "STEP": clean(mark.step) or "-",
            "VERSION": clean(short_version(mark.version)) or "-",
            "FIRST": clock(first, utc=utc, now=now) if first is not None else "-",
            "LAST": clock(last, utc=utc, now=now) if last is not None else "-",
            "OVER TIME": self._spark(group),
        }

    def _spark(self, group: ErrorGroup) -> str:
        """Failures over time, from the first of any group to now, so that all groups share one stretch."""
        firsts = [min(row.recent) for row in self.rows if row.recent]
        now = self._clock()
        if not firsts or min(firsts) >= now:
            return ""
        return amounts(group.over_time(_BINS, start=min(firsts), end=now))

    def columns(self, width: int) -> list[tuple[str, int, bool]]:
        """Title, cells and right-aligned of each column; a narrow table goes without times and curve.

        Error and step take no more than they need, so that what belongs together stands together.
        """
        columns = [("COUNT", 5, True), ("SHARE", 6, True)]
        tail = [("VERSION", 8, False), ("LAST", 9, False)][: 2 if width >= _TIMES_FROM else 1]
        if width >= 100:
            tail = [
                ("VERSION", 8, False),
                ("FIRST", 9, False),
                ("LAST", 9, False),
                ("OVER TIME", _BINS, False),
            ]
        longest = max((cells(clean(group.fingerprint.step)) for group in self.rows[:_MEASURED]), default=0)
        step = min(14 if width < 100 else 20, max(longest, len("STEP")))
        used = 2 + sum(room + 2 for _, room, _ in [*columns, *tail]) + step + 2
        longest = max((cells(self._texts(group)["ERROR"]) for group in self.rows[:_MEASURED]), default=0)
        error = min(width - used - 2, max(longest, 24))
        return [*columns, ("ERROR", max(12, error), False), ("STEP", step, False), *tail]


def _error(group: ErrorGroup) -> str:
    mark = group.fingerprint
    return clean(f"{mark.error}: {mark.message}" if mark.message else mark.error)


def _not_undone(group: ErrorGroup) -> list[str]:
    """`, 2 not rolled back` in long words and in short ones; nothing where no rollback failed."""
    number = count(group.not_undone)
    return [f", {number} not rolled back", f", {number} not undone"] if group.not_undone else []
