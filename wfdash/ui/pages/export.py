"""`e`: the table, the instance, the screen, the story or the handover as a file in the working folder."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_state_path

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import Workflows
from wfdash.core.handoff.export import instance_json, instance_markdown, table_csv, table_ndjson
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.payload.placeholders import TRUNCATED
from wfdash.core.text.clean import masked
from wfdash.core.text.words import count
from wfdash.core.timeline.as_text import text_timeline
from wfdash.live.budget.budget import Budget, Priority
from wfdash.live.polling.freshness import as_of
from wfdash.live.polling.read_instance import read_run
from wfdash.live.records.export_files import file_name, write_first
from wfdash.ui.base.menu import MenuItem, MenuScreen
from wfdash.ui.context import Context

if TYPE_CHECKING:
    from wfdash.ui.session import AccountSession

__all__ = ["ExportScreen"]

_FOLDERS: Final = (Path.cwd, partial(user_state_path, "wfdash"))
"""Where the person stands, else the state folder."""
MOST_OUTPUTS = 50
"""Step outputs fetched in full for one export: each is a request."""
Make = Callable[[], Iterable[str]]
"""Makes what a file holds, off the event loop: a large table or value takes a second."""


class ExportScreen(MenuScreen):
    """`instance` is the open or chosen one; what is exported of the table is what the filter shows."""

    def __init__(self, context: Context, workflow: str, instance: str, screen_svg: str) -> None:
        self._workflow = workflow
        self._instance = instance
        self._svg = screen_svg
        entries = [
            MenuItem("h", "handover", "this place, pins, marks and notes: wfdash open FILE"),
            MenuItem("s", "story", "Markdown: notes, actions, changes and causes so far"),
            MenuItem("c", "table, CSV", "the rows that the filter shows"),
            MenuItem("n", "table, NDJSON", "the same rows, each as the API sent it"),
        ]
        if instance:
            entries.append(MenuItem("j", "instance, JSON", f"{instance} with full step outputs"))
            entries.append(MenuItem("m", "instance, Markdown", f"{instance} for a ticket"))
        entries.append(MenuItem("v", "screen, SVG", "what was on screen under this panel"))
        super().__init__(context, "Export", entries)

    def chosen(self, key: str) -> None:
        self.app.run_worker(self._write(key), group="export", exit_on_error=False)

    async def _write(self, key: str) -> None:
        note = ""
        make: Make
        if key in "jm":
            prepared = await self._instance_file(key)
            if prepared is None:
                return
            make, note = prepared
            subject, ending = self._instance, {"j": "json", "m": "md"}[key]
        elif key in "cn":
            rows = self._rows()
            make = partial(table_csv if key == "c" else table_ndjson, rows)
            subject, ending, note = (
                self._workflow,
                {"c": "csv", "n": "ndjson"}[key],
                self._row_count(len(rows)),
            )
        else:
            subject, ending, lines = self._session_file(key)
            make = lines.copy
        await self._put(subject, ending, make, note)

    def _session_file(self, key: str) -> tuple[str, str, list[str]]:
        if key == "v":
            return f"{self._workflow or 'wfdash'}-screen", "svg", [self._svg]
        handover = self.context.shift.handover()
        if key == "s":
            return f"{self._workflow or 'wfdash'}-story", "md", [handover.markdown()]
        return f"{self._workflow or 'wfdash'}-handover", "jsonl", [line + "\n" for line in handover.lines()]

    def _rows(self) -> list[Instance]:
        ids, poller = self.context.pages.listing.ids(), self.poller
        if poller is None:
            return []
        return [row for identity in ids if (row := poller.store.get(identity)) is not None]

    def _row_count(self, rows: int) -> str:
        """How many, and of what: a file is read by who did not see that more rows were never loaded."""
        poller = self.poller
        sentence = f"{count(rows)} {'row' if rows == 1 else 'rows'}"
        if poller is None or poller.complete:
            return sentence
        rest = f" of {count(poller.total)}" if poller.total is not None else ""
        return f"{sentence} out of {count(len(poller.store))} loaded{rest}"

    async def _instance_file(self, key: str) -> tuple[Make, str] | None:
        """What makes it, and what to know of it; None when it could not be read, which was said."""
        context, session = self.context, self.context.session
        if session is None:
            context.notify("there is no connection yet", severity="warning")
            return None
        try:
            detail, now = await self._detail(session)
        except WorkflowsError as error:
            context.notify(f"not read: {error}", severity="error")
            return None
        here = self._workflow == session.poller.workflow
        row = session.poller.store.get(self._instance) if here else None
        said = session.poller.why_context(detail).why(detail, row=row, now=now).sentence
        if key == "m":
            return partial(_markdown, detail, said, now), ""
        outputs, left = await full_outputs(session.api, session.budget, detail)
        note = f"{count(left)} step outputs stay cut" if left else ""
        return lambda: [instance_json(detail, why=said, outputs=outputs, now=now)], note

    async def _detail(self, session: "AccountSession") -> tuple[Detail, float]:
        """As it is known with its steps, else read now; and the moment that it can be told of."""
        state, clock = session.poller.detail(self._instance), self.context.clock
        detail = state.detail if state is not None and state.workflow == self._workflow else None
        if detail is not None and not detail.simple:
            return detail, as_of(state, clock())
        return await read_run(session.api, session.budget, self._workflow, self._instance), clock()

    async def _put(self, subject: str, ending: str, make: Make, note: str) -> None:
        """Write it, and say where."""
        context = self.context
        name = file_name(subject, ending, context.clock())
        try:
            path = await asyncio.to_thread(write_first, _FOLDERS, name, lambda: map(masked, make()))
        except OSError as error:
            context.notify(f"not written: {error.strerror or error}", severity="error")
        else:
            context.notify(f"wrote {path}" + (f", {note}" if note else ""))


def _markdown(detail: Detail, why: str, now: float) -> list[str]:
    return [instance_markdown(detail, why=why, timeline=text_timeline(detail, now=now, utc=True), now=now)]


async def full_outputs(api: Workflows, budget: Budget, detail: Detail) -> tuple[dict[int, object], int]:
    """The whole outputs of steps whose answer was cut, by step index; and how many stay cut."""
    cut = [step for step in detail.steps if isinstance(step.output, str) and step.output.endswith(TRUNCATED)]
    outputs: dict[int, object] = {}
    for step in cut[:MOST_OUTPUTS]:
        await budget.acquire(Priority.FOREGROUND, "export")
        try:
            waits = step.kind == "waitForEvent"
            answer = await api.get_step(
                detail.workflow, detail.id, step.name, type="waitForEvent" if waits else "step"
            )
        except WorkflowsError:
            continue
        if answer.result is not None:
            outputs[step.index] = answer.result.get("output")
    return outputs, len(cut) - len(outputs)
