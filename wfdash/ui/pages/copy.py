"""`y`: what can be copied of the instance under the cursor."""

import asyncio
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
        self.app.run_worker(_copied(self.context, self._copies[key]), group="copy", exit_on_error=False)


async def _copied(context: Context, entry: Copy) -> None:
    """Copies the entry and tells by which road.

    In a thread: 8 MB of text take a second to be made safe, and tmux or a Mac's own tool may not answer.
    """
    sequences: list[str] = []

    def copy() -> str:
        return copy_text(
            entry.text if entry.full is None else entry.full(),
            write=sequences.append,
            environ=os.environ,
            folder=user_state_path("wfdash"),
            name=entry.name,
        )

    said = await asyncio.to_thread(copy)
    for sequence in sequences:
        context.terminal.write(sequence)
    context.notify(said)
