"""The table under every list here: draws only the rows on screen, repaints only the cells that differ.

Textual's DataTable is not used: it measures every cell of every row and repaints itself whole. This one owns
its scroll position, so that rows coming and going never cause a layout.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import ClassVar

from textual.cache import LRUCache
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from wfdash.core.text.clean import clean, fit
from wfdash.core.text.wrap import wrapped
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.strips import LinesWidget, blank, strip_of
from wfdash.ui.widgets.theme import QUIET, STRONG

__all__ = ["LineTable"]

_WHEEL = 3
"""Rows a notch of the wheel is worth."""
_KEPT = 400
"""Lines that are kept as they were drawn: some pages of a tall terminal. Each takes 3 kB, and an age that
goes on makes another one."""


class LineTable(LinesWidget, can_focus=True):
    """A list of rows under a fixed header line. The cursor is on a key, never on a row number.

    A subclass says what the rows are (`row_count`, `row_key`, `index_of`) and how one looks (`render_row`).
    After rows came, left or moved call `rows_changed()`; after their content changed, or a clock ticked,
    `repaint()`. Both are cheap when nothing differs.
    """

    BINDINGS = bindings("move.")
    DEFAULT_CSS = "LineTable { width: 1fr; height: 1fr; }"

    in_order: ClassVar[str] = ""
    """How its rows are put in order, for whoever clicks on a title that does not sort."""

    cursor_shown: reactive[bool] = reactive(True)

    class CursorMoved(Message):
        """The cursor is on another key (None: the table is empty)."""

        def __init__(self, table: "LineTable", key: Hashable | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "LineTable":
            return self.table

    class Opened(Message):
        """A row was clicked twice, to be opened as by its key."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.first = 0
        """Index of the row on the first line under the header."""
        self.cursor = 0
        """Index of the cursor's row; recomputed from `cursor_key` whenever rows move."""
        self.cursor_key: Hashable | None = None
        self.message = ""
        """Said where there is no row: a sentence, and on the next line what to do."""
        self._strips: LRUCache[Hashable, Strip] = LRUCache(_KEPT)

    # What a subclass provides.

    def row_count(self) -> int:
        return 0

    def row_key(self, index: int) -> Hashable:
        """The key of the row at an index that exists. Keys are unique."""
        return index

    def index_of(self, key: Hashable) -> int | None:
        """Where that key is now; None when it has no row any more."""
        return key if isinstance(key, int) and key < self.row_count() else None

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        """One row as exactly `width` cells. Text in it has been through `core.text`."""
        return blank(width)

    def header_line(self, width: int) -> Strip | None:
        """The fixed line at the top, or None for a table without one."""
        return None

    def cached(self, key: Hashable, make: Callable[[], Strip]) -> Strip:
        """The strip made before for this key, else a new one; the key must hold all that shows in it."""
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = make()
        return strip

    # Moving.

    @property
    def high(self) -> int:
        """How many lines the table has, the header among them."""
        return self.size.height

    @property
    def page(self) -> int:
        """How many rows fit on screen."""
        return max(1, self.high - self._header_height)

    def move(self, rows: int) -> None:
        self.move_to(self.cursor + rows)

    def move_to(self, index: int) -> None:
        """Puts the cursor on the row at `index`, clamped, and scrolls as little as shows it."""
        count = self.row_count()
        before = self.cursor_key
        self.cursor = max(0, min(index, count - 1))
        self.cursor_key = self.row_key(self.cursor) if count else None
        self._scroll_to_cursor()
        self.repaint()
        if self.cursor_key != before:
            self.post_message(self.CursorMoved(self, self.cursor_key))

    def move_to_key(self, key: Hashable) -> bool:
        """Puts the cursor on the row of `key`; False when it has none."""
        index = self.index_of(key)
        if index is not None:
            self.move_to(index)
        return index is not None

    # Repainting.

    def rows_changed(self, *, everything: bool = True) -> None:
        """Takes in rows that came, left or moved; the cursor's row stays where it is on screen.

        A table scrolled to its top stays there, so that rows arriving above are seen. When the cursor's key
        is gone the cursor stays on its line. With `everything` False more rows are about to come, and the key
        is kept even if none of these has it.
        """
        before, line = self.cursor_key, self.cursor - self.first
        count = self.row_count()
        # By the key: whatever a refresh moved, the cursor is on the instance that it was on.
        found = None if before is None else self.index_of(before)
        self.cursor = max(0, min(self.cursor, count - 1)) if found is None else found
        if everything or found is not None:
            self.cursor_key = self.row_key(self.cursor) if count else None
        # At the top the first row stays the first, so that arrivals are seen.
        if self.first:
            self.first = self.cursor - line
        self._scroll_to_cursor()
        self.repaint()
        if self.cursor_key != before:
            self.post_message(self.CursorMoved(self, self.cursor_key))
        if self.is_attached and (self.cursor_key is None) != (before is None):
            # The first row has keys of its own. From row to row the key bar follows once a second: a held
            # arrow key would have it drawn for each.
            self.screen.refresh_bindings()

    def refresh_rows(self, indices: Iterable[int]) -> None:
        """Draws these rows again where they differ; those off screen cost nothing."""
        top, height = self._header_height, self.size.height
        self._repaint_lines(y for y in (index - self.first + top for index in indices) if top <= y < height)

    def repaint(self) -> None:
        """Repaints what differs from what is on screen: cells, not rows, and nothing when nothing differs."""
        self._repaint_lines(range(self.size.height))

    def on_screen(self) -> range:
        """Indices of the rows on screen."""
        return range(self.first, min(self.first + self.page, self.row_count()))

    def below(self) -> int:
        """Rows that stand under the last line, in a table with a header."""
        return max(0, self.row_count() - self.first - max(0, self.high - 1))

    def _repaint_lines(self, lines: Iterable[int]) -> None:
        self._drawn.repaint(self, lines)

    def lines_now(self) -> Callable[[int], Strip]:
        width = self.size.width
        header, count = self.header_line(width), self.row_count()
        first = self.first if header is None else self.first - 1

        def line(y: int) -> Strip:
            if header is not None and y == 0:
                return header
            index = first + y
            if not 0 <= index < count:
                return self.empty_line(index - count, width)
            return self.render_row(index, width, self.cursor_shown and index == self.cursor)

        return line

    def empty_line(self, below: int, width: int) -> Strip:
        """The line `below` lines under the last row; in a table without rows, of its message."""
        if not self.message or self.row_count():
            return blank(width)
        first, *rest = (wrapped(clean(part), max(1, width - 4), 4) for part in self.message.split("\n"))
        lines = [(line, STRONG) for line in first] + [(line, QUIET) for part in rest for line in part]
        at = below - max(1, self.page // 3)
        if not 0 <= at < len(lines):
            return blank(width)
        line, style = lines[at]
        return strip_of([("  " + fit(line, max(1, width - 4)), style)], width)

    @property
    def _header_height(self) -> int:
        return 0 if self.header_line(self.size.width) is None else 1

    def _scroll_to_cursor(self) -> None:
        page, count = self.page, self.row_count()
        first = min(max(self.first, self.cursor - page + 1), self.cursor)
        self.first = max(0, min(first, count - page))

    def restyle(self) -> None:
        """Forgets every strip made so far: the theme, the clock's zone or the glyphs changed."""
        self._strips.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        # Textual paints it whole for its new size by itself; again it would be 6 kB of a start.
        self._scroll_to_cursor()
        self.repaint()

    def watch_cursor_shown(self) -> None:
        self.repaint()

    # The actions of scope "table" that every table has.

    def action_move_down(self) -> None:
        self.move(1)

    def action_move_up(self) -> None:
        self.move(-1)

    def action_move_first(self) -> None:
        self.move_to(0)

    def action_move_last(self) -> None:
        self.move_to(self.row_count() - 1)

    def action_move_half_down(self) -> None:
        self.move(max(1, self.page // 2))

    def action_move_half_up(self) -> None:
        self.move(-max(1, self.page // 2))

    # Only when the mouse was asked for.

    def on_mouse_scroll_down(self) -> None:
        self.scroll_rows(_WHEEL)

    def on_mouse_scroll_up(self) -> None:
        self.scroll_rows(-_WHEEL)

    def scroll_rows(self, rows: int) -> None:
        """Moves what is on screen; the cursor stays on its row as long as that is among it."""
        first = max(0, min(self.first + rows, self.row_count() - self.page))
        if first == self.first:
            return
        self.first = first
        self.move_to(max(first, min(self.cursor, first + self.page - 1)))

    def on_click(self, event: Click) -> None:
        """Goes to the row; a second click on the same one opens it."""
        index = self.first + event.y - self._header_height
        if event.y < self._header_height and self.in_order and "sort" not in event.style.meta:
            self.app.notify(self.in_order)
        if event.y < self._header_height or not index < min(self.first + self.page, self.row_count()):
            return
        again = event.chain == 2 and self.row_key(index) == self.cursor_key
        self.move_to(index)
        if again:
            self.post_message(self.Opened())
