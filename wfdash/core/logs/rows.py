"""The lines as rows: one each, an unfolded one as many as it needs; and the search through them."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from itertools import accumulate

from msgspec import Struct

from wfdash.core.logs.line import PlacedLine
from wfdash.core.model.step_columns import StepColumns
from wfdash.core.model.times import iso
from wfdash.core.text.clean import clean, cut
from wfdash.core.text.words import count
from wfdash.core.text.wrap import wrapped
from wfdash.core.why.step_names import base_name, counter_of

__all__ = [
    "LogRow",
    "LogRows",
    "is_rollback",
    "line_cells",
    "line_key",
    "line_text",
    "step_of",
    "uncoloured",
    "unfolded_text",
]

_MOST_PARTS = 400
"""Rows that one unfolded line may take."""
_LONGEST = 20_000
"""Characters of a line that are laid out when it is unfolded; how many more there are is said."""
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


class LogRow(Struct, frozen=True):
    """A row on screen: `part` 0 is the line itself, higher ones are rows of its text unfolded."""

    entry: int
    part: int = 0
    text: str = ""


def line_key(entry: PlacedLine) -> Hashable:
    """Tells a line from others for as long as it is shown."""
    line = entry.line
    return line.source, line.request, line.order, line.at, line.message


def uncoloured(message: str) -> str:
    """The message without its colours; whatever else a terminal would obey stays, and is shown escaped."""
    return _COLOUR.sub("", message) if "\x1b" in message else message


def line_cells(entry: PlacedLine, steps: StepColumns) -> tuple[str, str, str, str]:
    """The cells of one line as `wfdash logs` prints it, raw: time, level, where, and message."""
    repeated = f" (printed {entry.times} times by replays)" if entry.times > 1 else ""
    where = _where(entry, steps) + ("" if entry.is_sure else "?")
    return iso(entry.line.at), entry.line.level, where, uncoloured(entry.line.message) + repeated


def line_text(entry: PlacedLine, steps: StepColumns) -> str:
    """One line for a file or the clipboard."""
    return "\t".join(map(clean, line_cells(entry, steps)))


def step_of(entry: PlacedLine, steps: StepColumns) -> str | None:
    """The name in the code of the step that printed it, which steps side by side may share."""
    indexes = entry.among if entry.step is None else (entry.step,)
    names = {base_name(steps.names[index]) for index in indexes}
    return names.pop() if len(names) == 1 and (entry.step is not None or len(indexes) > 1) else None


def is_rollback(entry: PlacedLine, steps: StepColumns) -> bool:
    """Whether a rollback handler printed it."""
    return entry.step is not None and steps.kinds[entry.step] == "rollback"


def _where(entry: PlacedLine, steps: StepColumns) -> str:
    """Says where a line was printed: `charge card #2 attempt 3`, `one of 3 steps`.

    "-" for code outside steps.
    Of the run before a restart the answer has no steps any more. What the one step that ran then may have
    printed, or code outside steps, bears its name without an attempt.
    """
    if entry.gone:
        return "the run before"
    if entry.step is None and len(entry.among) == 1:
        return _numbered(steps.names[entry.among[0]])
    name = step_of(entry, steps)
    if name is None:
        return f"one of {len(entry.among)} steps" if len(entry.among) > 1 else "-"
    if entry.step is None:
        return f"{name} (one of {len(entry.among)} at once)"
    words = [_numbered(steps.names[entry.step])]
    words += ["rollback" if is_rollback(entry, steps) else "", f"attempt {entry.attempt}"]
    return " ".join(word for word in words if word)


def _numbered(name: str) -> str:
    """A step's name as the code has it, with `#2` where it is not the first of that name."""
    number = counter_of(name)
    return base_name(name) if number in (None, 1) else f"{base_name(name)} #{number}"


def unfolded_text(message: str) -> list[str]:
    """The message line by line; one that ends in a JSON object, or is one, with that laid out."""
    text = uncoloured(cut(message, _LONGEST))
    if (more := len(message) - _LONGEST) > 0:
        return [*text.split("\n")[: _MOST_PARTS - 1], f"… {count(more)} more characters"]
    at = min((found for mark in "{[" if (found := text.find(mark)) >= 0), default=-1)
    if at >= 0:
        try:
            value = json.loads(text[at:])
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict | list):
            head = [text[:at].rstrip()] if text[:at].strip() else []
            return [*head, *json.dumps(value, indent=2, ensure_ascii=False).split("\n")][:_MOST_PARTS]
    return text.split("\n")[:_MOST_PARTS]


def _wrapped(text: str, width: int) -> list[str]:
    """A line broken into rows that all begin where it does."""
    indent = " " * min(len(text) - len(text.lstrip(" ")), width // 2)
    return [indent + part for part in wrapped(text.lstrip(" "), width - len(indent))] or [""]


def _unfolded(message: str, width: int) -> list[str]:
    """The rows below an unfolded line; of very many the last one stands at their end."""
    texts = (clean(text) for text in unfolded_text(message))
    parts = [part for text in texts for part in _wrapped(text, width)]
    if len(parts) > _MOST_PARTS:
        parts[_MOST_PARTS - 1 : -1] = []
    return parts


class LogRows:
    """Lines of which some are unfolded: only these are laid out, however many stand beside them."""

    def __init__(self) -> None:
        self.entries: Sequence[PlacedLine] = ()
        self.unfolded: set[Hashable] = set()
        self._open: list[int] = []
        """The unfolded lines, ascending."""
        self._starts: list[int] = []
        """The row of each of them."""
        self._parts: list[list[str]] = []
        """What stands below it."""
        self._below = [0]
        """How many rows stand below all of them before it; at the end below all."""
        self._folded: list[str] = []
        self._folded_of: Sequence[PlacedLine] = ()

    def take(self, entries: Sequence[PlacedLine], width: int) -> None:
        """Shows these lines in place of all before; one that is unfolded takes rows of `width` cells."""
        self.entries = entries
        self.lay_out(width)

    def lay_out(self, width: int) -> None:
        self._open = sorted(index for key in self.unfolded for index in self._indices(key))
        self._parts = [_unfolded(self.entries[index].line.message, width) for index in self._open]
        self._below = [0, *accumulate(map(len, self._parts))]
        self._starts = [index + below for index, below in zip(self._open, self._below)]

    def __len__(self) -> int:
        return len(self.entries) + self._below[-1]

    def __getitem__(self, index: int) -> LogRow:
        if index < 0:
            index += len(self)
        place = bisect_right(self._starts, index) - 1
        if place >= 0 and (part := index - self._starts[place]) <= len(self._parts[place]):
            return LogRow(self._open[place], part, self._parts[place][part - 1] if part else "")
        entry = index - self._below[place + 1]
        if not 0 <= entry < len(self.entries):
            raise IndexError(index)
        return LogRow(entry)

    def key(self, index: int) -> Hashable:
        row = self[index]
        return line_key(self.entries[row.entry]), row.part

    def index_of(self, key: Hashable) -> int | None:
        """The row of a key; of a part that was folded away, the row of its line."""
        if not (isinstance(key, tuple) and len(key) == 2):
            return None
        wanted, part = key
        index = next(self._indices(wanted), None)
        return None if index is None else self.row_of(index) + (part if part < self.parts_of(index) else 0)

    def _indices(self, key: Hashable) -> Iterator[int]:
        """The lines of a key, found by their time.

        That is their order: an index of 100,000 lines would be made anew with each that comes.
        """
        if not (isinstance(key, tuple) and len(key) == 5):
            return
        index = bisect_left(self.entries, key[3], key=lambda entry: entry.line.at)
        while index < len(self.entries) and self.entries[index].line.at == key[3]:
            if line_key(self.entries[index]) == key:
                yield index
            index += 1

    def row_of(self, entry: int) -> int:
        """The row of a line."""
        return entry + self._below[bisect_left(self._open, entry)]

    def parts_of(self, entry: int) -> int:
        """How many rows a line takes, its own among them."""
        place = bisect_left(self._open, entry)
        return 1 + len(self._parts[place]) if entry in self._open[place : place + 1] else 1

    def prepare_find(self) -> None:
        """Folds the lines' case, so that the first key of a search need not: 100,000 take some 40 ms."""
        if self._folded_of is not self.entries:
            messages = (entry.line.message for entry in self.entries)
            # Folding is lowering for ASCII, and lowering takes a third of the time.
            self._folded = [text.lower() if text.isascii() else text.casefold() for text in messages]
            self._folded_of = self.entries

    def find(self, words: str) -> list[int]:
        """The indices of the lines that hold the words, in any case."""
        self.prepare_find()
        wanted = words.casefold()
        return [index for index, text in enumerate(self._folded) if wanted in text]
