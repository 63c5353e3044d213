"""The last lines of what is looked at, where there is room for them: once somebody has asked for lines."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from textual.screen import Screen

from wfdash.api.errors import WorkflowsError
from wfdash.core.logs.line import PlacedLine
from wfdash.core.logs.place import failing_lines
from wfdash.core.logs.rows import uncoloured
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock
from wfdash.ui.context import Context
from wfdash.ui.logs.table import LEVELS
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import PLAIN, QUIET, WARN

__all__ = ["LastLines", "line_pieces"]

_Key = tuple[str, str]
"""Workflow and instance."""
_REST: Final = 0.5
"""Seconds for which an instance is looked at before its lines are read."""


class LastLines:
    """Reads last lines once the key for lines was pressed: once an instance, and again when one fails."""

    def __init__(self, context: Context, host: Screen[Any], *, on_read: Callable[[], None]) -> None:
        self._context, self._host, self._on_read = context, host, on_read
        self._refused: dict[_Key, float | None] = {}
        """What could not be read, and what had failed by then: asked for again once more fails."""
        self._reading: _Key | None = None

    def of(self, workflow: str, instance: str) -> Sequence[PlacedLine]:
        """The lines of an instance that were gathered, none before."""
        session = self._context.session
        logs = session.reads.gathered_logs(workflow, instance) if session is not None else None
        return () if logs is None else logs.last_placed

    def of_failure(self, workflow: str, instance: str) -> Sequence[PlacedLine]:
        """The gathered lines that the instance printed as it failed."""
        session = self._context.session
        logs = session.reads.gathered_logs(workflow, instance) if session is not None else None
        if logs is None or logs.last_detail is None:
            return ()
        return failing_lines(logs.last_placed, logs.last_detail)

    def want(self, workflow: str, instance: str, detail: Detail | None, failed: float | None) -> None:
        """Reads the lines of this instance where lines were asked for before.

        `failed` is when it, or a step of it, failed last: lines may have come since they were read.
        """
        session, key = self._context.session, (workflow, instance)
        if session is None or not session.reads.logs_were_asked_for or key == self._reading:
            return
        if key in self._refused and self._refused[key] == failed:
            return
        logs = session.reads.gathered_logs(*key)
        read_at = logs.state.read_at if logs is not None else None
        if logs is not None and read_at is not None:
            came = failed is not None and read_at <= failed + logs.reader.lag
            if not came or self._context.clock() - read_at < logs.reader.pace:
                return
        self._reading = key
        reading = self._read(key, detail, failed, rest=_REST if read_at is None else 0.0)
        self._host.run_worker(reading, group="last-lines", exclusive=True)

    async def _read(self, key: _Key, detail: Detail | None, failed: float | None, *, rest: float) -> None:
        session = self._context.session
        if session is None:
            return
        try:
            await asyncio.sleep(rest)
            logs = session.reads.logs(*key, self._context.clock)
            detail = detail or await session.reads.instance(*key, "logs")
            await logs.read(detail)
            state = None if is_final(detail.status) else session.poller.detail(key[1])
            answered = state.freshness.answered_at if state is not None else None
            place = partial(logs.placed, detail, as_of=answered, of_this_run=True)
            await logs.place_in_thread(lambda: place)
        except WorkflowsError:
            self._refused[key] = failed  # the page of the lines says why; here they are only left out
            return
        finally:
            if self._reading == key:
                self._reading = None
        self._host.call_later(self._on_read)


def line_pieces(entries: Sequence[PlacedLine], width: int, room: int, utc: bool, key: str) -> list[Pieces]:
    """The last of the lines under a title, in at most `room` rows; none where there is room for none."""
    if room < 2 or not entries:
        return []
    shown = entries[-(room - 1) :]
    rows: list[Pieces] = [[(f"   last lines, {key} shows all", QUIET)]]
    for entry in shown:
        at = f"   {clock(entry.line.at, utc=utc)} "
        letter, style = LEVELS.get(entry.line.level, (clean(entry.line.level, 1) or "?", PLAIN))
        mark = " " if entry.is_sure else "?"
        remaining = width - cells(at) - 4
        words = fit(clean(uncoloured(entry.line.message[: width * 8])), max(0, remaining)).rstrip()
        tone = style if entry.line.level in ("warn", "error") else PLAIN
        rows.append([(at, QUIET), (letter, style), (mark, WARN), (f" {words}", tone)])
    return rows
