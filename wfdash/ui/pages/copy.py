"""`y`: what can be copied of the instance under the cursor."""

import os
from collections.abc import Sequence

from platformdirs import user_state_path

from wfdash.core.handoff.copy_formats import Copy
from wfdash.ui.base.menu import MenuItem, MenuScreen
from wfdash.ui.context import Context
from wfdash.ui.terminal.clipboard import copy_text

__all__ = ["CopyScreen"]


class CopyScreen(MenuScreen):
    def __init__(self, context: Context, title: str, entries: Sequence[Copy]) -> None:
        super().__init__(
            context, f"Copy of {title}", [MenuItem(entry.key, entry.name, entry.text) for entry in entries]
        )
        self._copies = {entry.key: entry for entry in entries}

    def chosen(self, key: str) -> None:
        context, entry = self.context, self._copies[key]
        said = copy_text(
            entry.text,
            write=context.terminal.write,
            environ=os.environ,
            folder=user_state_path("wfdash"),
            name=entry.name,
        )
        self.app.call_after_refresh(context.notify, said)
