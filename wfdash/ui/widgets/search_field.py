"""The field of a page that searches in itself: enter and shift+tab go on and back, esc ends it."""

from collections.abc import Callable

from textual.widget import Widget
from textual.widgets import Input

from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.widgets.field import Field

__all__ = ["SearchField"]

Find = Callable[[str, int, bool], tuple[int, int]]
"""Goes to the next place (1) or the one before (-1) that holds these words, with True counting the present
one; gives the number of that place and of how many."""


class SearchField(Field):
    DEFAULT_CSS = "SearchField { display: none; margin: 0 1; }"

    def __init__(
        self,
        keys: KeyNames,
        placeholder: str,
        *,
        find: Find,
        home: Callable[[], Widget],
        missing: Callable[[], str] = lambda: "not found",
    ) -> None:
        """`home` has the focus while nothing is searched; `missing` says where it was not found."""
        close = keys.key_of("layer.close")
        super().__init__(
            placeholder=placeholder,
            keys=(("enter", "next"), ("shift+tab", "previous"), (close, "end the search")),
        )
        self._find, self._home, self._missing = find, home, missing

    def begin(self) -> None:
        self.styles.display = "block"
        self.focus()

    def end(self) -> None:
        self.value = ""
        self.styles.display = "none"
        self._home().focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._go(event.value, 1, again=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._go(event.value, 1, again=True)

    def key_shift_tab(self) -> None:
        self._go(self.value, -1, again=True)

    def _go(self, words: str, direction: int, *, again: bool) -> None:
        number, total = self._find(words, direction, not again)
        # Beside the keys and not in their place: what is typed next still goes into the field.
        self.note = "" if not words else f"{number:,} of {total:,}" if total else self._missing()
        self.screen.refresh_bindings()
