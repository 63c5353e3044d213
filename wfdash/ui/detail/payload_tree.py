"""A JSON value as a foldable tree, drawn a row at a time."""

from collections.abc import Hashable
from typing import Any, ClassVar, Final

from rich.style import Style
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from wfdash.core.model.step import ABSENT
from wfdash.core.payload.placeholders import is_on_request
from wfdash.core.payload.tree import Node, Path, rows, search, value_at
from wfdash.core.text.clean import cells, fit
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import ACCENT, CURSOR, PLAIN, QUIET, WARN

__all__ = ["PayloadTree"]

_KINDS: Final = {
    "object": QUIET,
    "array": QUIET,
    "text": PLAIN,
    "number": Style(color="cyan"),
    "word": Style(color="magenta"),
    "rest": QUIET,
}


class PayloadTree(LineTable):
    """A foldable JSON tree whose cursor is on a path, so that it stays when a newer value comes."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("row.")

    class FullWanted(Message):
        """Posted when the person opens a value that the API kept back in full."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.value: Any = ABSENT
        self.unfolded: set[Hashable] = {()}
        self._shown_nodes: list[Node] = []
        self._index: dict[Hashable, int] = {}
        self._version = 0
        self._found: frozenset[Path] = frozenset()
        self._reveal: Path = ()
        """Found last: shown though it may be far down a long array."""
        self._before_search: set[Hashable] | None = None
        """What was unfolded when the search began."""

    def fill(self, value: Any, *unfolded: Path) -> None:
        """Shows this value, with these paths unfolded as well."""
        self.value = value
        self.unfolded.update(unfolded)
        self._lay_out()

    def _lay_out(self) -> None:
        # Drawn rows are kept by a number: counting it up draws all of them anew.
        nodes = rows(self.value, self.unfolded, reveal=self._reveal)
        self._shown_nodes = [node for node in nodes if node.depth]
        self._index = {node.path: index for index, node in enumerate(self._shown_nodes)}
        self._version += 1
        self.rows_changed()

    @property
    def node(self) -> Node | None:
        """The row under the cursor."""
        return self._shown_nodes[self.cursor] if self.cursor < len(self._shown_nodes) else None

    def find(self, words: str, direction: int = 1, *, here_too: bool = False) -> tuple[int, int]:
        """Goes to the next place that contains the words; returns which it is and how many there are.

        Only the way to that place is unfolded, beside what was before the search. With `here_too` the cursor
        stays where it is when that place is one: for a search as it is typed.
        """
        here = self._place()
        found, before = search(self.value, words, here=here) if words else ([], 0)
        self._found = frozenset(found)
        self._version += 1
        if not found:
            self._before_search = self._before_search if words else None
            self.repaint()
            return 0, 0
        if direction < 0:
            at = before - 1
        else:
            at = before + (not here_too and found[before : before + 1] == [here])
        at %= len(found)
        wanted = found[at]
        # Each hit unfolds its own way only, so the way to the last one is folded again.
        if self._before_search is None:
            self._before_search = set(self.unfolded)
        self.unfolded = self._before_search | {wanted[:length] for length in range(len(wanted))}
        self._reveal = wanted
        self._lay_out()
        self.move_to_key(wanted)
        return at + 1, len(found)

    def _place(self) -> Path:
        """The path of the cursor as a search counts it; for a row that stands for others, their parent's."""
        path = self.node.path if self.node is not None else ()
        return path[:-1] if path[-1:] == (-1,) else path

    # Drawing.

    def row_count(self) -> int:
        return len(self._shown_nodes)

    def row_key(self, index: int) -> Hashable:
        return self._shown_nodes[index].path

    def index_of(self, key: Hashable) -> int | None:
        return self._index.get(key)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        node = self._shown_nodes[index]
        key = (node.path, self._version, width, cursor)
        return self.cached(key, lambda: self._draw(node, width, cursor))

    def _draw(self, node: Node, width: int, cursor: bool) -> Strip:
        mark = " " if node.unfolded is None else "▾" if node.unfolded else "▸"
        label = fit(node.label, min(cells(node.label), max(8, width // 3)))
        pieces: list[tuple[str, Style]] = [
            (" " + "  " * min(node.depth - 1, width // 4), PLAIN),
            (f"{mark} ", QUIET),
        ]
        found = node.path in self._found
        pieces.append((label, ACCENT if found else QUIET if node.kind == "rest" else PLAIN))
        pieces.append(("  ", PLAIN))
        room = width - sum(cells(text) for text, _ in pieces) - 1
        note = f"  {node.note}" if node.note else ""
        preview = node.preview
        shown = fit(preview, max(0, min(cells(preview), room - min(cells(note), room // 2))))
        pieces += [(shown, _KINDS[node.kind]), (fit(note, max(0, room - cells(shown))).rstrip(), WARN)]
        return strip_of(pieces, width, CURSOR if cursor else None)

    # Keys.

    def action_row_open(self) -> None:
        """Folds or unfolds; asks for all of what the API kept back."""
        node = self.node
        if node is None:
            return
        value = value_at(self.value, node.path)
        if is_on_request(value):
            self.post_message(self.FullWanted(node.path))
        # A value without members has nothing to fold.
        elif node.unfolded is not None:
            self._turn(node, not node.unfolded)

    def action_row_unfold(self) -> None:
        if self.node is not None and self.node.unfolded is False:
            self._turn(self.node, True)

    def action_row_fold(self) -> None:
        """Folds this row, or goes to the one it lies beneath."""
        node = self.node
        if node is None:
            return
        if node.unfolded:
            self._turn(node, False)
        elif len(node.path) > 1:
            # As in lazygit and in editors: folding a leaf goes to its parent.
            self.move_to_key(node.path[:-1])

    def _turn(self, node: Node, unfold: bool) -> None:
        if unfold:
            self.unfolded.add(node.path)
        else:
            self.unfolded.discard(node.path)
        self._lay_out()
