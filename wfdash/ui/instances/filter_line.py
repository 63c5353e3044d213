"""The filter, always on screen with what it matched of what is loaded of what there is."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from wfdash.core.filter.grammar import QueryError
from wfdash.core.filter.query import Query, parse
from wfdash.core.text.clean import cells, clean, fit
from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.widgets.painted import Across, Stack
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, clicked

if TYPE_CHECKING:
    from textual.widgets import Input

    from wfdash.core.filter.completion import Values
    from wfdash.ui.instances.filter_help import FilterInput

__all__ = ["FilterLine", "Filtered"]

_EDIT = clicked("press", "filter.edit")
_PROMPT = 3
"""Cells of the slash before the filter."""
_GAP = 3
"""Cells between the filter and a saved view."""
_LEAST = 24
"""Cells that are left to the filter itself, if it wants them, before less is told of what it matched."""
_STEP = 16
"""Cells by which one that is longer takes more of them while it is typed."""


class Filtered(Protocol):
    """The owner of a filter, as the filter line sees it."""

    query: Query

    def set_query(self, query: Query, *, typing: bool = False) -> None: ...


class FilterLine(Stack):
    """Shows and edits the filter. It applies as one types; one that cannot be read leaves the last good one.

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

    class Left(Message):
        """Posted when the person is done typing."""

    def __init__(self, keys: KeyNames, filtered: Filtered) -> None:
        super().__init__()
        self._keys = keys
        self._filtered = filtered
        self.error: QueryError | None = None
        self._counts: Sequence[Pieces] = ()
        self._views: Sequence[Pieces] = ()
        self.values: Values = lambda _: ()
        """What stands in a field, for completions."""
        self._before = ""
        self._widest = 0
        """Cells that the counts took since a filter began to be typed."""

    def compose(self) -> ComposeResult:
        with Across():
            yield StatusLine(id="filter-prompt")
            yield StatusLine(id="filter-status")

    def on_mount(self) -> None:
        self.draw()

    @cached_property
    def field(self) -> "FilterInput":
        """The field, loaded and mounted with its line of help when a filter is typed for the first time."""
        from wfdash.ui.instances.filter_help import FilterInput

        field = FilterInput(self._keys)
        self.query_one(Horizontal).mount(field, after="#filter-prompt")
        self.mount(StatusLine(id="filter-aid"))
        return field

    @property
    def editing(self) -> bool:
        return self.has_class("-editing")

    def edit(self) -> None:
        """Lets the person type: what is typed replaces the filter in force, an arrow keeps and edits it."""
        # esc while typing goes back to this, like an editor's undo.
        self._before = self._filtered.query.text
        self.field.can_focus, self.field.values = True, self.values
        self._widest = 0
        self.add_class("-editing")
        self.field.value = self._filtered.query.text
        self.field.select_all()
        self.field.focus()
        self.draw()

    def leave(self) -> None:
        """Keeps the filter in force and gives the keys back."""
        self.remove_class("-editing")
        self.field.can_focus = False
        self.error = None
        self.draw()
        self.post_message(self.Left())

    def cancel(self) -> None:
        """Puts the filter back that was in force before, and gives the keys back."""
        self.put(self._before)
        self.leave()

    def put(self, text: str) -> None:
        """Puts this filter in force, if it can be read."""
        try:
            query = parse(text)
        except QueryError as error:
            self.error = error
        else:
            self.error = None
            # Rows follow every letter; what marks belong to changes only once typing is over.
            self._filtered.set_query(query, typing=self.editing)
        self.draw()

    def show(self, counts: Sequence[Pieces], views: Sequence[Pieces]) -> None:
        """Says what matched, most needed first, and offers the saved views, as far as there is room."""
        self._counts, self._views = counts, views
        self.draw()

    def on_input_changed(self, event: "Input.Changed") -> None:
        """Applies what is typed, without a last term that is only begun."""
        from wfdash.core.filter.completion import unfinished

        event.stop()
        if not self.editing:
            return
        before = unfinished(event.value)
        if before is None:
            self.put(event.value)
            return
        with suppress(QueryError):  # an open parenthesis: then what was in force stays
            self._filtered.set_query(parse(before), typing=True)
        self.error = None
        self.draw()

    def on_input_submitted(self, event: "Input.Submitted") -> None:
        """Leaves the field, unless the filter cannot be read.

        Another than the one typed would be in force.
        """
        event.stop()
        self.put(event.value)
        if self.error is None:
            self.leave()

    def on_filter_input_moved(self) -> None:
        self._draw_aid()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        """Draws the filter in force, or as it is typed; nothing is written where nothing differs."""
        if not self.is_mounted:
            return
        status = self.query_one("#filter-status", StatusLine)
        self.query_one("#filter-prompt", StatusLine).show(
            [(" / ", (STRONG if self.editing else QUIET) + _EDIT)]
        )
        text = clean(self.field.value if self.editing else self._filtered.query.text)
        room = self.size.width - _PROMPT
        left_free = self._left_free(text)
        right = self._status_pieces(room - min(cells(text) + 1, left_free))
        if self.editing:
            right = [(" ", PLAIN), *right]
        status.styles.width = self._status_width(length(right), room - left_free) if self.editing else "1fr"
        left = text if cells(text) < room - length(right) - 1 else fit(text, max(8, room - length(right) - 2))
        shown: list[tuple[str, Style]] = [(left, PLAIN + _EDIT) if text else ("no filter", QUIET + _EDIT)]
        for view in self._views:
            if length(shown) + length(view) + _GAP > room - length(right):
                break
            shown += [(" " * _GAP, PLAIN), *view]
        status.show(() if self.editing else shown, right)
        self._draw_aid()

    def _left_free(self, text: str) -> int:
        """Cells that the counts leave to the filter, which stands whole as long as anything can give way.

        In steps, since each width that differs lays out the whole page.
        """
        if not self.editing:
            return _LEAST
        over = max(0, cells(text) + 2 - _LEAST)
        return _LEAST + (over + _STEP - 1) // _STEP * _STEP

    def _status_width(self, needed: int, room: int) -> int:
        """Cells for the counts while a filter is typed; fewer only where the filter wants the room.

        Each width that differs lays out the whole page, and the counts differ at every key.
        """
        wanted = min(max(needed, self._widest), max(needed, room))
        self._widest = max(needed, self._widest)
        return wanted

    def _status_pieces(self, room: int) -> Pieces:
        """As many of the counts as have room, the first in any case."""
        right = list(self._counts[0]) if self._counts else []
        # The others tell how the last good filter is asked for: beside a word that cannot be read they would
        # seem to be about that.
        for group in self._counts[1:] if self.error is None else ():
            if length(right) + length(group) + 4 > room:
                break
            right += [(" · ", QUIET), *group]
        return [*right, (" ", PLAIN)]

    def _draw_aid(self) -> None:
        if self.editing and self.is_mounted:
            from wfdash.ui.instances.filter_help import aid_pieces

            pieces = aid_pieces(
                self.field, self.error, self._filtered.query, start=_PROMPT, width=self.size.width
            )
            self.query_one("#filter-aid", StatusLine).show(pieces)
