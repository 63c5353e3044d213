"""A value as the JSON text of the answer, line by line."""

import json
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, ClassVar, Final

from textual.strip import Strip

from wfdash.core.text.clean import clean
from wfdash.core.text.wrap import wrapped
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import CURSOR, PLAIN

__all__ = ["RawLines"]

_MOST: Final = 100_000
"""Characters that are laid out: more would hold the keys, and nobody reads them on a screen."""
_JSON: Final = json.JSONEncoder(indent=2, ensure_ascii=False, default=repr)


class RawLines(LineTable):
    """Shows an answer's text with nothing parsed, sorted or left out; long lines are broken."""

    labels: ClassVar[Mapping[str, str]] = {"pane.next": "parsed"}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts: list[str] = []
        self._rows: list[str] = []

    def show(self, value: Any) -> None:
        """Lays out as much of the value as a person would read here."""
        self._texts = _text(value).split("\n")
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()
        super().on_resize()

    def _lay_out(self) -> None:
        width = self.size.width - 2
        # Before it was laid out once it has no width, and hears of it in time.
        self._rows = [row for text in self._texts for row in _folded(clean(text), width)] if width > 0 else []
        self._strips.clear()
        self.rows_changed()

    def row_count(self) -> int:
        return len(self._rows)

    def row_text(self, index: int) -> str:
        """What stands in a line, cleaned."""
        return self._rows[index]

    def index_of(self, key: Hashable) -> int | None:
        return key if isinstance(key, int) and key < len(self._rows) else None

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        return strip_of([(f" {self._rows[index]}", PLAIN)], width, CURSOR if cursor else None)


def _text(value: Any) -> str:
    parts: list[str] = []
    length = 0
    for part in _JSON.iterencode(value):
        parts.append(part[: _MOST - length])
        length += len(part)
        # However deep it is nested, its indents come to this before the encoder has gone too deep.
        if length > _MOST:
            return "".join([*parts, "\n… and more: the copy menu takes all of it"])
    return "".join(parts)


def _folded(text: str, width: int) -> Iterator[str]:
    indent = text[: len(text) - len(text.lstrip(" "))][: width // 2]
    for line in wrapped(text.lstrip(" "), max(1, width - len(indent))) or [""]:
        yield indent + line
