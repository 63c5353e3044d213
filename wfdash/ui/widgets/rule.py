"""The single lines that divide panes, and the title that stands in one."""

from textual.strip import Strip

from wfdash.core.text.clean import cells
from wfdash.ui.widgets.painted import PaintKept
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import QUIET

__all__ = ["Rule", "ruled"]

_SHORT = 3
"""Cells of a rule after which a text in it may begin, and that follow it at least."""


class Rule(PaintKept):
    DEFAULT_CSS = "Rule { width: 2; height: 1fr; }"

    def render_line(self, y: int) -> Strip:
        return strip_of([("│ ", QUIET)], self.size.width)


def ruled(title: Pieces, width: int, *, hint: str = "", right: str = "") -> Pieces:
    """A rule across a pane: its title, what its own keys do where there is room, and at its end `right`."""
    room = width - length(title) - 2 * _SHORT
    if right and (room := room - cells(right) - 2) < 0:
        right, room = "", room + cells(right) + 2
    left: Pieces = [("── ", QUIET), *title, (" ", QUIET)]
    if hint and cells(hint) + 3 <= room:
        left = [*left, (f" {hint}  ", QUIET)]
    tail = f" {right} ─" if right else ""
    return [*left, ("─" * max(0, width - length(left) - cells(tail)) + tail, QUIET)]
