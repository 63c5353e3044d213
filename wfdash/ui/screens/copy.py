"""`y`: what can be copied of the instance under the cursor; its own key or enter copies an entry."""

import os

from platformdirs import user_state_path
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from wfdash.core.copying import Copy
from wfdash.core.text import clean, fit
from wfdash.ui.bindings import bindings
from wfdash.ui.clipboard import copy_text
from wfdash.ui.screens.panel import PanelScreen, Title
from wfdash.ui.theme import PLAIN, QUIET, STRONG
from wfdash.ui.widgets.lines import Choices

__all__ = ["CopyScreen"]


class CopyScreen(PanelScreen):
    BINDINGS = bindings("row.open")

    def __init__(self, title: str, entries: list[Copy]) -> None:
        super().__init__()
        self._title = title
        self._entries = {entry.key: entry for entry in entries}

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield Choices()

    def on_mount(self) -> None:
        choices = self.query_one(Choices)
        choices.styles.height = len(self._entries)
        choices.focus()
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        self.query_one(Title).name_it(f"Copy of {clean(self._title)}", "its key or enter, esc closes")
        self.query_one(Choices).fill(
            [
                (
                    entry.key,
                    [
                        (f"  {entry.key}  ", STRONG),
                        (fit(entry.name, 24), PLAIN),
                        (clean(entry.text[:500]), QUIET),
                    ],
                )
                for entry in self._entries.values()
            ]
        )

    def on_key(self, event: events.Key) -> None:
        if event.character in self._entries:
            event.stop()
            self._copy(self._entries[event.character])

    def action_row_open(self) -> None:
        choice = self.query_one(Choices).choice
        if choice is not None:
            self._copy(self._entries[choice])

    def _copy(self, entry: Copy) -> None:
        app = self.dashboard
        self.dismiss()
        said = copy_text(
            entry.text,
            write=app.write_to_terminal,
            environ=os.environ,
            folder=user_state_path("wfdash"),
            name=entry.name,
        )
        app.call_after_refresh(app.notify, said)
