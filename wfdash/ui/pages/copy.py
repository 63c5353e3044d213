"""`y`: what can be copied of the instance under the cursor."""

import os
from collections.abc import Sequence

from platformdirs import user_state_path

from wfdash.core.handoff.copy_formats import Copy
from wfdash.ui.base.menu import MenuItem, MenuScreen
from wfdash.ui.terminal.clipboard import copy_text

__all__ = ["CopyScreen"]


class CopyScreen(MenuScreen):
    def __init__(self, title: str, entries: Sequence[Copy]) -> None:
        super().__init__(
            f"Copy of {title}", [MenuItem(entry.key, entry.name, entry.text) for entry in entries]
        )
        self._copies = {entry.key: entry for entry in entries}

    def chosen(self, key: str) -> None:
        app, entry = self.dashboard, self._copies[key]
        said = copy_text(
            entry.text,
            write=app.write_to_terminal,
            environ=os.environ,
            folder=user_state_path("wfdash"),
            name=entry.name,
        )
        app.call_after_refresh(app.notify, said)
