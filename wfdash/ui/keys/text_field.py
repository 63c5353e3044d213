"""Whether keys are typed into a widget; nothing of a field is loaded before there is one."""

import sys
from typing import TYPE_CHECKING

from textual.widget import Widget

if TYPE_CHECKING:
    from textual.widgets import Input

__all__ = ["as_field"]

_INPUT = "textual.widgets._input"
"""Where Textual 8 keeps it."""


def as_field(widget: Widget | None) -> "Input | None":
    """The widget where it is a text field, else None.

    Textual's Input with what helps it takes 4 ms of a start, and no field is on the first screen.
    """
    loaded = sys.modules.get(_INPUT)
    return widget if loaded is not None and isinstance(widget, loaded.Input) else None
