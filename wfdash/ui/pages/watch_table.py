"""The watched instances of every workflow, those that changed last first; the cursor is on a pin."""

from collections.abc import Callable, Sequence

from rich.style import Style
from textual.strip import Strip

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age
from wfdash.live.records.pins import Pin, PinState
from wfdash.ui.widgets.list_table import ListTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import CURSOR, HEADING, PLAIN, QUIET, STRONG, WARN, look

__all__ = ["WatchTable"]

_MOST_STATUS, _LEAST_STATUS = 18, 12
"""Cells of a status: what none of them needs is the reason's."""
_READ = 8
"""Cells of the column READ."""
_MOST_ID, _MOST_WORKFLOW = 44, 24
"""Cells of an id and of a workflow, at most."""


class WatchTable(ListTable[PinState]):
    in_order = "what changed last stands first"

    def __init__(self, *, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._why: Callable[[Pin], str] = lambda pin: ""
        self._longest = (8, 8)
        """Cells of the longest id and the longest workflow."""
        self._status = _MOST_STATUS

    def take(self, states: Sequence[PinState], why: Callable[[Pin], str]) -> None:
        """Shows these instances, `why` says why each is there, raw; the cursor stays on its pin."""
        self._why = why
        self.rows = sorted(states, key=lambda state: -(state.changed_at or 0.0))
        self._longest = (
            max((cells(clean(state.pin.id)) for state in states), default=8),
            max((cells(clean(state.pin.workflow)) for state in states), default=8),
        )
        longest = max((cells(clean(state.status, 60)) for state in states), default=0)
        self._status = max(_LEAST_STATUS, min(longest, _MOST_STATUS))
        self.rows_changed()

    def key_for(self, row: PinState) -> Pin:
        return row.pin

    def header_line(self, width: int) -> Strip:
        named, workflow, rest = self._widths(width)
        titles = f"    {fit('STATUS', self._status)} {fit('ID', named)}  {fit('WORKFLOW', workflow)}"
        last = next(
            each
            for each in ("   AGE BLOCKED ON, LAST CHANGE", "   AGE BLOCKED ON", "")
            if cells(each) <= rest
        )
        return strip_of([(f"{titles}  {fit(last, rest)} {'READ':>{_READ}}", HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        state, now = self.rows[index], self._clock()
        named, workflow, rest = self._widths(width)
        appearance = look(state.status)
        read = "…" if state.read_at is None else age(now - state.read_at)
        changed = clean(self._why(state.pin), 200)
        if state.changed_at is not None:
            was = f"changed {age(now - state.changed_at)} ago, was {clean(state.before, 40)}"
            # "Was errored" alone would read as if it had gone on.
            was = f"another run, {was}" if state.another else was
            changed = f"{was}; {changed}" if changed else was
        elif state.another:
            changed = f"another run than at first; {changed}" if changed else "another run than at first"
        is_news = state.another or state.changed_at is not None
        old = "" if state.created is None else age(now - state.created)
        pieces: list[tuple[str, Style]] = [
            (f"  {appearance.glyph if state.status else ' '} ", appearance.style),
            (fit(clean(state.status, 60) or "not read yet", self._status) + " ", appearance.style),
            (fit(clean(state.pin.id), named, cut="middle") + "  ", STRONG),
            (fit(clean(state.pin.workflow), workflow, cut="middle") + "  ", PLAIN),
            (f"{old:>6} ", QUIET),
            (
                fit(changed, max(0, rest - 7)) + " ",
                WARN if is_news else PLAIN,
            ),
            (f"{read:>{_READ}}", QUIET),
        ]
        return strip_of(pieces, width, CURSOR if cursor else None)

    def _widths(self, width: int) -> tuple[int, int, int]:
        """The cells for the id, the workflow and the last change."""
        longest, workflows = self._longest
        room = max(30, width - 4 - self._status - 1 - 2 - 2 - 1 - _READ)
        workflow = max(8, min(workflows, _MOST_WORKFLOW, room // 4))
        named = max(8, min(longest, _MOST_ID, room - workflow - 12))
        return named, workflow, max(0, room - workflow - named)
