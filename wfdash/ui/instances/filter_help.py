"""What helps while a filter is typed: how its last word may go on, and where and why it cannot be read."""

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.suggester import Suggester

from wfdash.core.filter.completion import Values, complete, completed, no_values, unfinished
from wfdash.core.filter.fields import FIELDS
from wfdash.core.filter.grammar import QueryError
from wfdash.core.filter.query import Query, parse
from wfdash.core.text.clean import cells, clean, fit
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG, WARN

__all__ = ["FaultHighlighter", "FilterInput", "Suggestions", "aid_pieces"]

_LEAST = 20
"""Cells below which it is not worth beginning to say what is in force."""


class Suggestions(Suggester):
    """Offers the first completion behind the cursor; `→` takes it. One in quotes is for `tab` alone."""

    def __init__(self, values: Values = no_values) -> None:
        # The same word may go on otherwise a moment later: values come out of the loaded rows.
        super().__init__(use_cache=False, case_sensitive=True)
        self._values = values

    async def get_suggestion(self, value: str) -> str | None:
        words = complete(value, len(value), self._values)
        offered = completed(value, len(value), words[0])[0] if words else ""
        return offered if offered.startswith(value) and offered else None


class FaultHighlighter(Highlighter):
    """Underlines the word of a filter that cannot be read, from the place the error points at."""

    def highlight(self, text: Text) -> None:
        # What is only begun is no fault yet, and must not turn red with each letter.
        if unfinished(text.plain) is not None:
            return
        try:
            parse(text.plain)
        except QueryError as wrong:
            start = min(wrong.position, max(0, len(text.plain) - 1))
            blank = text.plain.find(" ", start + 1)
            text.stylize("underline bold red", start, len(text.plain) if blank < 0 else blank)


class FilterInput(Field):
    """The field of the filter, which completes the word at the cursor."""

    BINDINGS = bindings("pane.next")

    class Moved(Message):
        """Posted when the cursor has moved, so that other completions may stand there."""

    def __init__(self, key_names: KeyNames) -> None:
        super().__init__(
            suggester=Suggestions(lambda field: self.values(field)), highlighter=FaultHighlighter()
        )
        self.values: Values = no_values
        self.key_names = key_names

    def on_mount(self) -> None:
        before, complete = (self.key_names.key_of(action) for action in ("layer.close", "pane.next"))
        self.keys = (("enter", "apply"), (before, "undo"), (complete, "complete"))

    def watch_cursor_position(self) -> None:
        self.post_message(self.Moved())

    @property
    def completions(self) -> list[str]:
        """What the word at the cursor may become."""
        return complete(self.value, self.cursor_position, self.values)

    def action_pane_next(self) -> None:
        """Takes the first of the completions."""
        if words := self.completions:
            self.value, self.cursor_position = completed(self.value, self.cursor_position, words[0])


def aid_pieces(
    field: FilterInput, error: QueryError | None, in_force: Query, *, start: int, width: int
) -> Pieces:
    """The line under the field, which begins at cell `start`: a caret with the error, or what may follow."""
    words, key = field.completions, field.key_names.key_of("pane.next")
    if error is None:
        blank: Pieces = [(" " * start, PLAIN)]
        if in_force.doubt and not words:
            return [*blank, (fit(clean(in_force.doubt), width - start), WARN)]
        return [*blank, *(_offered(words, key, width - start) if words else [(_hint(field.value), QUIET)])]
    # While a filter cannot be read the rows are those of the last good one: who does not see that acts on the
    # wrong rows.
    still = f"; the list still shows {clean(in_force.text)}" if in_force.text else "; the list shows all"
    # In cells and after the field has scrolled: a caret under another letter is worse than none.
    caret = start + cells(clean(field.value[: error.position])) - int(field.scroll_offset.x)
    return _pointed(min(max(caret, start), width - 1), clean(str(error)), still, (words, key), width)


def _pointed(caret: int, sentence: str, still: str, offered: tuple[list[str], str], width: int) -> Pieces:
    """A caret under the fault with its sentence on the side where that fits.

    Alone where it fits on neither.
    """
    if caret + 2 + cells(sentence) > width:
        said = next(
            (candidate for candidate in (sentence + still, sentence) if cells(candidate) + 1 <= caret), ""
        )
        if said:
            return [(" " * (caret - cells(said) - 1), PLAIN), (f"{said} ^", BAD)]
        return [(" ", PLAIN), (fit(sentence, min(cells(sentence), width - 1)), BAD)]
    pieces: list[tuple[str, Style]] = [(" " * caret, PLAIN), ("^ ", BAD), (sentence, BAD)]
    room = width - length(pieces)
    if room >= min(cells(still), _LEAST):
        pieces.append((still if cells(still) <= room else fit(still, room), QUIET))
    room = width - length(pieces) - 3
    return [*pieces, (" · ", QUIET), *_offered(*offered, room)] if offered[0] and room > _LEAST else pieces


def _offered(words: list[str], key: str, room: int) -> Pieces:
    """The completion that the key takes, and as many others as fit."""
    pieces: list[tuple[str, Style]] = [(f"{key} ", QUIET), (clean(words[0]), STRONG)]
    room -= length(pieces)
    for word in words[1:]:
        room -= cells(word) + 2
        if room < 0:
            break
        pieces.append((f"  {clean(word)}", QUIET))
    return pieces


def _hint(value: str) -> str:
    """A line on what there is to filter by, or on what the last word's field means."""
    last = value.rsplit(" ", 1)[-1].lstrip("-(").lower()
    field = next(
        (candidate for candidate in FIELDS.values() if last.startswith(candidate.name + candidate.ops[0])),
        None,
    )
    if field is not None:
        return f"{field.name}{field.ops[0]} {field.help}"
    return " ".join([field.name + field.ops[0] for field in FIELDS.values()] + ["marked", "or", "( )", "-"])
