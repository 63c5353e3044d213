"""The filter, always on screen with what it matched of what is loaded of what there is."""

from collections.abc import Sequence
from contextlib import suppress

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from wfdash.core.filter.completion import unfinished
from wfdash.core.filter.query import Query, QueryError, parse
from wfdash.core.text.clean import cells, clean, fit
from wfdash.ui.instances.filter_help import FilterInput, aid_pieces
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, clicked

__all__ = ["FilterLine"]

_EDIT = clicked("press", "filter.edit")
_PROMPT = 3
_GAP = 3
_LEAST = 24
"""Cells that are left to the filter itself, if it wants them, before less is told of what it matched."""


class FilterLine(Vertical):
    """Applies as the person types; a filter that cannot be read leaves the last good one in force.

    While one is typed, a second line says how it may go on, or where and why it cannot be read.
    """

    DEFAULT_CSS = """
    FilterLine { height: auto; width: 1fr; }
    FilterLine > Horizontal { height: 1; }
    FilterLine #filter-prompt { width: 3; }
    FilterLine Field { width: 1fr; display: none; }
    FilterLine #filter-aid { display: none; }
    FilterLine.-editing Field { display: block; }
    FilterLine.-editing #filter-aid { display: block; }
    """

    class Changed(Message):
        """Another filter is in force."""

        def __init__(self, query: Query) -> None:
            super().__init__()
            self.query = query

    class Left(Message):
        """The person is done typing."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.query_now = parse(text)
        self.error: QueryError | None = None
        self._counts: Sequence[Pieces] = ()
        self._views: Sequence[Pieces] = ()
        self._before = text

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield StatusLine(id="filter-prompt")
            yield FilterInput()
            yield StatusLine(id="filter-status")
        yield StatusLine(id="filter-aid")

    def on_mount(self) -> None:
        self.field.can_focus = False
        self._draw()

    @property
    def field(self) -> FilterInput:
        return self.query_one(FilterInput)

    @property
    def editing(self) -> bool:
        return self.has_class("-editing")

    def edit(self) -> None:
        """Let the person type."""
        self._before = self.query_now.text
        self.field.can_focus = True
        self.add_class("-editing")
        self.field.value = self.query_now.text
        self.field.cursor_position = len(self.field.value)
        self.field.focus()
        self._draw()

    def leave(self) -> None:
        """Keep the filter in force and give the keys back."""
        self.remove_class("-editing")
        self.field.can_focus = False
        self.error = None
        self._draw()
        self.post_message(self.Left())

    def cancel(self) -> None:
        """Go back to the filter that was in force before, and give the keys back."""
        self.put(self._before)
        self.leave()

    def put(self, text: str) -> None:
        """Put this filter in force, if it can be read."""
        try:
            query = parse(text)
        except QueryError as error:
            self.error = error
        else:
            self.error = None
            self._force(query)
        self._draw()

    def count(self, counts: Sequence[Pieces]) -> None:
        """Say what matched, the most needed first: what there is no room for is left out from the end."""
        self._counts = counts
        self._draw()

    def offer(self, views: Sequence[Pieces]) -> None:
        """Show the saved views beside the filter, as many as there is room for."""
        self._views = views

    def _force(self, query: Query) -> None:
        if query != self.query_now:
            self.query_now = query
            self.post_message(self.Changed(query))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is only begun is left out for as long as it is typed."""
        event.stop()
        if not self.editing:
            return
        before = unfinished(event.value)
        if before is None:
            self.put(event.value)
            return
        with suppress(QueryError):  # an open parenthesis: then what was in force stays
            self._force(parse(before))
        self.error = None
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What cannot be read is not left: another filter than the one typed would be in force."""
        event.stop()
        self.put(event.value)
        if self.error is None:
            self.leave()

    def on_filter_field_moved(self) -> None:
        self._draw_aid()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        status = self.query_one("#filter-status", StatusLine)
        self.query_one("#filter-prompt", StatusLine).show(
            [(" / ", (STRONG if self.editing else QUIET) + _EDIT)]
        )
        text = clean(self.field.value if self.editing else self.query_now.text)
        room = self.size.width - _PROMPT
        right = self._status_pieces(room - min(cells(text) + 1, _LEAST))
        if self.editing:
            right = [(" ", PLAIN), *right]
        status.styles.width = length(right) if self.editing else "1fr"
        left = text if cells(text) < room - length(right) - 1 else fit(text, max(8, room - length(right) - 2))
        shown: list[tuple[str, Style]] = [(left, PLAIN + _EDIT) if text else ("no filter", QUIET + _EDIT)]
        for view in self._views:
            if length(shown) + length(view) + _GAP > room - length(right):
                break
            shown += [(" " * _GAP, PLAIN), *view]
        status.show(() if self.editing else shown, right)
        self._draw_aid()

    def _status_pieces(self, room: int) -> Pieces:
        """As much of the counts as there is room for, the first in any case."""
        right = list(self._counts[0]) if self._counts else []
        for group in self._counts[1:]:
            if length(right) + length(group) + 4 > room:
                break
            right += [(" · ", QUIET), *group]
        return [*right, (" ", PLAIN)]

    def _draw_aid(self) -> None:
        if self.editing and self.is_mounted:
            pieces = aid_pieces(self.field, self.error, self.query_now, start=_PROMPT, width=self.size.width)
            self.query_one("#filter-aid", StatusLine).show(pieces)
