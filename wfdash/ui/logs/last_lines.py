"""The last lines of what is looked at, where there is room for them: once somebody has asked for lines."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from textual.screen import Screen

from wfdash.api.errors import WorkflowsError
from wfdash.core.logs.line import PlacedLine
from wfdash.core.logs.rows import uncoloured
from wfdash.core.model.detail import Detail
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock
from wfdash.ui.context import Context
from wfdash.ui.logs.table import LEVELS
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import PLAIN, QUIET, WARN

__all__ = ["LastLines", "line_pieces"]

_REST: Final = 0.5
"""Seconds for which an instance is looked at before its lines are read."""


class LastLines:
    """Asks nobody before the key for lines was pressed once, and of each instance once."""

    def __init__(self, context: Context, host: Screen[Any], *, on_read: Callable[[], None]) -> None:
        self._context, self._host, self._on_read = context, host, on_read
        self._asked: set[tuple[str, str]] = set()

    def of(self, workflow: str, instance: str, step: int | None) -> Sequence[PlacedLine]:
        """Those that were gathered, of one step, or for None of all the code."""
        session = self._context.session
        logs = session.reads.gathered_logs(workflow, instance) if session is not None else None
        if logs is None:
            return ()
        return [entry for entry in logs.last_placed if step is None or entry.step == step]

    def want(self, workflow: str, instance: str, detail: Detail | None) -> None:
        """Has the lines of this instance read, where lines were asked for before; it too without a detail."""
        session = self._context.session
        if session is None or not session.reads.logs_were_asked_for:
            return
        key = (workflow, instance)
        gathered = session.reads.gathered_logs(*key)
        if key in self._asked or (gathered is not None and gathered.state.read_at is not None):
            return
        self._asked.add(key)
        self._host.run_worker(self._read(workflow, instance, detail), group="last-lines", exclusive=True)

    async def _read(self, workflow: str, instance: str, detail: Detail | None) -> None:
        session = self._context.session
        if session is None:
            return
        try:
            await asyncio.sleep(_REST)
        except asyncio.CancelledError:
            self._asked.discard((workflow, instance))
            raise
        logs = session.reads.logs(workflow, instance, self._context.clock)
        try:
            detail = detail or await session.reads.instance(workflow, instance, "logs")
            await logs.read(detail)
        except WorkflowsError:
            return  # the page of the lines says why; here they are only left out
        await asyncio.to_thread(logs.placed, detail)
        self._host.call_later(self._on_read)


def line_pieces(entries: Sequence[PlacedLine], width: int, room: int, utc: bool, key: str) -> list[Pieces]:
    """The last of the lines under a title, in at most `room` rows; none where there is room for none."""
    if room < 2 or not entries:
        return []
    shown = entries[-(room - 1) :]
    rows: list[Pieces] = [[(f"   last lines, {key} shows all", QUIET)]]
    for entry in shown:
        at = f"   {clock(entry.line.at, utc=utc)} "
        letter, style = LEVELS.get(entry.line.level, (clean(entry.line.level[:1]) or "?", PLAIN))
        mark = " " if entry.certain else "?"
        left = width - cells(at) - 4
        words = fit(clean(uncoloured(entry.line.message[: width * 8])), max(0, left)).rstrip()
        tone = style if entry.line.level in ("warn", "error") else PLAIN
        rows.append([(at, QUIET), (letter, style), (mark, WARN), (f" {words}", tone)])
    return rows
