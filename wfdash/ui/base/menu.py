"""A panel of entries, each taken by its own key or by enter."""

from abc import abstractmethod
from collections.abc import Sequence

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from wfdash.core.text.clean import cells, clean, fit
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.keys.prompt_gate import bare
from wfdash.ui.widgets.choices import Choices
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG

__all__ = ["MenuItem", "MenuScreen"]

_LONGEST = 500
"""Characters of an entry that are looked at: a name may be a megabyte."""
_NAME = 22
"""Cells of the names, behind which what they are for begins."""


class MenuItem(Struct, frozen=True):
    """An entry of a menu with its key; `what` is raw and cut to what a line may hold."""

    key: str
    name: str
    what: str


class MenuScreen(PanelScreen):
    """A menu on a panel, which closes before the subclass carries out the chosen entry."""

    BINDINGS = bindings("row.open")

    def __init__(self, context: Context, title: str, entries: Sequence[MenuItem]) -> None:
        super().__init__(context)
        self._title = title
        self._entries = {entry.key: entry for entry in entries}

    @abstractmethod
    def chosen(self, key: str) -> None:
        """Carries out the entry of this key."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield Choices()

    def on_mount(self) -> None:
        choices = self.query_one(Choices)
        choices.styles.height = len(self._entries)
        choices.focus()
        self._fill()  # a key typed behind the one that opens it finds its entries
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        key_of = self.context.keys.key_of
        hint = f"its key or {key_of('row.open')}, {key_of('layer.close')} closes"
        self.query_one(Title).name_it(clean(self._title), hint)
        longest = max((cells(clean(entry.name, _NAME)) for entry in self._entries.values()), default=0)
        named = min(longest, _NAME) + 2
        room = max(8, self.size.width - named - 6)
        self.query_one(Choices).fill(
            [
                (
                    entry.key,
                    [
                        (f"  {entry.key}  ", STRONG),
                        (fit(clean(entry.name, _LONGEST), named), PLAIN),
                        (fit(clean(entry.what, _LONGEST), room), QUIET),
                    ],
                )
                for entry in self._entries.values()
            ]
        )

    def on_key(self, event: events.Key) -> None:
        if (key := bare(event)) in self._entries:
            event.stop()
            self._take(key)

    def action_row_open(self) -> None:
        choice = self.query_one(Choices).choice
        if choice is not None:
            self._take(choice)

    def _take(self, key: str) -> None:
        if self.close():
            self.chosen(key)
