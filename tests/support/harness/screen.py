"""A terminal's screen as pyte sees it, with what pyte leaves out: the alternate screen, odd sequences."""

import re
from copy import deepcopy
from unicodedata import combining

import pyte
from pyte.screens import Char, wcwidth

__all__ = ["Screen"]

_PRIVATE = re.compile(rb"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1bP[^\x1b]*\x1b\\|\x1b\[[?\d;]*\$[a-zA-Z]")
_UNFINISHED = re.compile(rb"\x1b(\[[<>=?]?[\d;]*\$?|P[^\x1b]*\x1b?)?$")
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_PUSH, _POP = re.compile(rb"\x1b\[>\d*u"), re.compile(rb"\x1b\[<\d*u")
_ALTERNATE = {47, 1047, 1049}


class _Pages(pyte.Screen):
    """Keeps the ordinary screen while a program draws on the alternate one."""

    def __init__(self, columns: int, lines: int) -> None:
        self._ordinary: tuple[object, object] | None = None
        super().__init__(columns, lines)

    def draw(self, data: str) -> None:
        """Without the marks of no combining class, at which pyte would drop the rest of the text."""
        super().draw("".join(each for each in data if each.isascii() or combining(each) or wcwidth(each)))

    @property
    def display(self) -> list[str]:
        """The lines; of a wide character whose first half was overwritten the other half is blank.

        A terminal blanks it; pyte keeps a cell without a character, and fails on it amid a repaint.
        """
        lines = []
        for y in range(self.lines):
            text = ""
            wide = False
            for x in range(self.columns):
                data = self.buffer[y][x].data
                text += "" if wide else data or " "
                wide = not wide and bool(data) and wcwidth(data[0]) == 2
            lines.append(text)
        return lines

    def set_mode(self, *modes: int, **kwargs: bool) -> None:
        super().set_mode(*modes, **kwargs)
        if kwargs.get("private") and _ALTERNATE & set(modes) and not self._ordinary:
            self._ordinary = deepcopy(self.buffer), deepcopy(self.cursor)
            self.erase_in_display(2)

    def reset_mode(self, *modes: int, **kwargs: bool) -> None:
        super().reset_mode(*modes, **kwargs)
        if kwargs.get("private") and _ALTERNATE & set(modes) and self._ordinary:
            self.buffer, self.cursor = self._ordinary  # type: ignore[assignment]
            self._ordinary = None
            self.dirty.update(range(self.lines))


class Screen:
    """What a person would see. Rows are as wide as the screen; `modes` holds the private modes by number."""

    def __init__(self, columns: int, lines: int) -> None:
        self._pages = _Pages(columns, lines)
        self._stream = pyte.ByteStream(self._pages)
        self._held = b""
        self.modes: dict[int, bool] = {}
        self.keyboard_pushes = 0
        """Kitty keyboard modes asked for and not yet given back."""
        self._shown: list[str] | None = None
        """The rows as last drawn: each look asks for them several times."""

    def feed(self, data: bytes) -> None:
        self._shown = None
        data = self._held + data
        unfinished = _UNFINISHED.search(data[-64:])
        cut = len(data) - len(unfinished.group()) if unfinished else len(data)
        data, self._held = data[:cut], data[cut:]
        for numbers, letter in _MODE.findall(data):
            self.modes.update({int(number): letter == b"h" for number in numbers.split(b";")})
        self.keyboard_pushes += len(re.findall(rb"\x1b\[>\d*u", data)) - len(
            re.findall(rb"\x1b\[<\d*u", data)
        )
        self._stream.feed(_PRIVATE.sub(b"", data))

    def resize(self, columns: int, lines: int) -> None:
        self._shown = None
        self._pages.resize(lines, columns)

    @property
    def columns(self) -> int:
        return self._pages.columns

    @property
    def lines(self) -> int:
        return self._pages.lines

    @property
    def rows(self) -> list[str]:
        if self._shown is None:
            self._shown = list(self._pages.display)
        return list(self._shown)

    @property
    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.rows)

    @property
    def words(self) -> str:
        """All of it as one line, so that a sentence is found wherever it was broken."""
        return " ".join(" ".join(self.rows).split())

    @property
    def cursor(self) -> tuple[int, int]:
        """Line and column, from 0."""
        return self._pages.cursor.y, self._pages.cursor.x

    @property
    def title(self) -> str:
        return self._pages.title

    def cell(self, line: int, column: int) -> Char:
        """One cell: data, fg, bg, bold, italics, underscore, strikethrough, reverse, blink."""
        return self._pages.buffer[line][column]

    def find(self, text: str) -> tuple[int, int] | None:
        """Line and column of the first place that shows `text`, or None."""
        for line, row in enumerate(self.rows):
            if text in row:
                return line, row.index(text)
        return None

    def style(self, text: str) -> Char:
        """The cell that shows the first character of `text`."""
        place = self.find(text)
        assert place, f"{text!r} is not on the screen:\n{self.text}"
        line, column = place
        cells = self._pages.buffer[line]
        position = shown = 0
        while shown < column:  # a wide character fills two cells and counts once in the row's text
            shown += len(cells[position].data)
            position += 1
        return cells[position]
