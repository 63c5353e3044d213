"""The single line that divides two panes."""

from textual.strip import Strip
from textual.widget import Widget

from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import QUIET

__all__ = ["Rule"]


class Rule(Widget):
    DEFAULT_CSS = "Rule { width: 2; height: 1fr; }"

    def render_line(self, y: int) -> Strip:
        return strip_of([("│ ", QUIET)], self.size.width)
