"""The filter, always on screen with what it matched of what is loaded of what there is."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from wfdash.core.query import Query, QueryError, parse
from wfdash.core.text import clean
from wfdash.ui.theme import BAD, PLAIN, QUIET, STRONG
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.filter_aids import Fault, Suggestions
from wfdash.ui.widgets.status_line import Pieces, StatusLine

__all__ = ["FilterLine"]


class FilterLine(Horizontal):
    """Applies as the person types; a filter that cannot be read leaves the last good one in force."""

    DEFAULT_CSS = """
    FilterLine { height: 1; width: 1fr; }
    FilterLine #filter-prompt { width: 3; }
    FilterLine Field { width: 1fr; display: none; }
    FilterLine.-editing Field { display: block; }
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
        self.error = ""
        self._counts: Pieces = ()
        self._before = text

    def compose(self) -> ComposeResult:
        yield StatusLine(id="filter-prompt")
        yield Field(id="filter-field", suggester=Suggestions(), highlighter=Fault())
        yield StatusLine(id="filter-told")

    def on_mount(self) -> None:
        self.field.can_focus = False
        self._draw()

    @property
    def field(self) -> Field:
        return self.query_one(Field)

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
        self.error = ""
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
            self.error = str(error)
        else:
            self.error = ""
            self._force(query)
        self._draw()

    def count(self, pieces: Pieces) -> None:
        """Say what matched."""
        self._counts = pieces
        self._draw()

    def _force(self, query: Query) -> None:
        if query != self.query_now:
            self.query_now = query
            self.post_message(self.Changed(query))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.editing:
            self.put(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.leave()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        told = self.query_one("#filter-told", StatusLine)
        self.query_one("#filter-prompt", StatusLine).show([(" / ", STRONG if self.editing else QUIET)])
        right: Pieces = [*self._counts, (" ", PLAIN)]
        if self.error:
            right = [(clean(self.error), BAD), (" ", PLAIN)]
        text = clean(self.query_now.text)
        left: Pieces = () if self.editing else [(text, PLAIN) if text else ("no filter", QUIET)]
        told.show(left, right)
