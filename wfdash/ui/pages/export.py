"""`e`: the table, the instance, the screen, the story or the handover as a file in the working folder."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platformdirs import user_state_path
from textual.app import ComposeResult
from textual.worker import Worker, get_current_worker

from wfdash.api.errors import WorkflowsError
from wfdash.core.handoff.export import instance_json, instance_markdown, table_csv, table_ndjson
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.text.words import count, counted
from wfdash.core.timeline.as_text import text_timeline
from wfdash.core.why.why import TimeWords
from wfdash.live.polling.freshness import as_of
from wfdash.live.reads.full_outputs import FullOutputs, read_full_outputs
from wfdash.live.records.export_files import file_name, fill_first, write_first
from wfdash.ui.base.menu import MenuItem, MenuScreen
from wfdash.ui.context import Context

if TYPE_CHECKING:
    from wfdash.ui.session import AccountSession

__all__ = ["ExportScreen"]

_FOLDERS: Final = (Path.cwd, partial(user_state_path, "wfdash"))
"""Where the person stands, else the state folder."""
_GROUP: Final = "export"
_STOP: Final = "x"
_LONG: Final = 5
"""Requests from which an export says that it takes a while, and how to stop it."""
Make = Callable[[], Iterable[str]]
"""Makes what a file holds, off the event loop: a large table or value takes a second."""


class ExportScreen(MenuScreen):
    """Exports `instance`, the open or chosen one, or the table as the filter shows it."""

    def __init__(self, context: Context, workflow: str, instance: str, screen_svg: str) -> None:
        self._workflow = workflow
        self._instance = instance
        # Taken when the key was pressed: this panel stands over it now.
        self._svg = screen_svg
        entries = [
            MenuItem("h", "handover", "place, watched, marked, notes: wfdash open FILE"),
            MenuItem("s", "story", "Markdown: notes, actions, changes and causes so far"),
            MenuItem("c", "table, CSV", "the rows that the filter shows"),
            MenuItem("n", "table, NDJSON", "the same rows, each as the API sent it"),
        ]
        if instance:
            entries.append(MenuItem("j", "instance, JSON", f"{instance} with full step outputs"))
            entries.append(MenuItem("m", "instance, Markdown", f"{instance} for a ticket"))
        # A record that is not kept cannot be handed on; an entry that only fails helps nobody.
        if context.session is not None and context.session.recorder is not None:
            entries.append(MenuItem("r", "record", "all that was seen of this account: wfdash replay FILE"))
        entries.append(MenuItem("v", "screen, SVG", "what was on screen under this panel"))
        super().__init__(context, "Export", entries)

    def compose(self) -> ComposeResult:
        if under_way := self._under_way():
            done, total = under_way[-1].completed_steps, under_way[-1].total_steps
            far = f"{done} of {total} step outputs are read, nothing is written yet"
            self._entries[_STOP] = MenuItem(_STOP, "stop the export", far)
        yield from super().compose()

    def _under_way(self) -> list[Worker[Any]]:
        """The exports that can still be stopped: those that read, for a thread that writes cannot."""
        running = (worker for worker in self.app.workers if worker.group == _GROUP and worker.is_running)
        return [worker for worker in running if worker.completed_steps < (worker.total_steps or 0)]

    def chosen(self, key: str) -> None:
        if key != _STOP:
            # A worker of the app's: the panel is closed by then, and outputs of a hundred steps take a
            # minute.
            self.app.run_worker(self._export(key), group=_GROUP, exit_on_error=False)
        elif under_way := self._under_way():
            for worker in under_way:
                worker.cancel()
            self.context.notify("the export was stopped: no file was written")

    async def _export(self, key: str) -> None:
        try:
            await self._write(key)
        finally:
            # Also after a failure: a line that says that it reads would else stand above the keys for good.
            self.app.call_later(self._show_progress, "")

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
            # Now and not in the thread: what the list shows may change while the file is being written.
            rows = self._rows()
            make = partial(table_csv if key == "c" else table_ndjson, rows)
            subject, ending, note = (
                self._workflow,
                {"c": "csv", "n": "ndjson"}[key],
                self._row_count(len(rows)),
            )
        elif key == "r":
            await self._put_record()
            return
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
        """How many rows, out of how many: who reads the file did not see that more were never loaded."""
        poller = self.poller
        sentence = counted(rows, "row")
        if poller is None or poller.history.complete:
            return sentence
        rest = f" of {count(poller.total)}" if poller.total is not None else ""
        return f"{sentence} out of {count(len(poller.store))} loaded{rest}"

    async def _instance_file(self, key: str) -> tuple[Make, str] | None:
        """What makes the file, and a note on it; None when the instance could not be read, which was said."""
        session = self.context.session
        if session is None:
            self._say("there is no connection yet", severity="warning")
            return None
        try:
            detail, now = await self._detail(session)
        except WorkflowsError as error:
            self._say(f"not read: {error}", severity="error")
            return None
        here = self._workflow == session.poller.workflow
        row = session.poller.store.get(self._instance) if here else None
        context = session.poller.why_context(detail)
        said = context.why(detail, row=row, now=now).sentence
        if key == "m":
            return partial(_markdown, detail, said, context.words(detail, now=now, row=row)), ""
        # The instance's own answer cuts outputs off, so that each of those costs a request of its own.
        outputs = await read_full_outputs(session.reads, detail, self._progress)
        self._progress(outputs)
        note = f"{count(outputs.still_cut)} step outputs stay cut" if outputs.still_cut else ""
        return lambda: [instance_json(detail, why=said, outputs=outputs.by_step, now=now)], note

    def _progress(self, outputs: FullOutputs) -> None:
        """Keeps how far it is for who opens the panel again; where it takes a while, a line shows it."""
        # A line that comes and goes within a second would only flicker.
        if outputs.wanted >= _LONG:
            key = self.context.keys.key_of("export.menu")
            far = f"{outputs.asked} of {outputs.wanted} step outputs are read, a request each"
            words = f"export of {self._instance}: {far} · {key}, then {_STOP} stops it"
            self.app.call_later(self._show_progress, words)
        get_current_worker().update(completed_steps=outputs.asked, total_steps=outputs.wanted)

    def _show_progress(self, words: str) -> None:
        self.context.long_read = words
        self.context.prompts.draw()

    def _say(self, sentence: str, severity: str = "information") -> None:
        """Says a sentence; called by a worker, so it hands on to the app's turn."""
        self.app.call_later(self.context.notify, sentence, severity=severity)

    async def _detail(self, session: "AccountSession") -> tuple[Detail, float]:
        """The instance with its steps, read now where it is not known, and the moment that it is told of."""
        state, clock = session.poller.detail(self._instance), self.context.clock
        detail = state.detail if state is not None and state.workflow == self._workflow else None
        if detail is not None and not detail.simple:
            return detail, as_of(state, clock())
        return await session.reads.instance(self._workflow, self._instance), clock()

    async def _put_record(self) -> None:
        session = self.context.session
        if session is None or session.recorder is None:
            return
        name = file_name(f"{self._workflow or 'wfdash'}-record", "db", self.context.clock())
        try:
            path = await asyncio.to_thread(fill_first, _FOLDERS, name, session.recorder.copy)
        except OSError as error:
            self._say(f"not written: {error.strerror or error}", severity="error")
        else:
            self._say(f"wrote {path}")

    async def _put(self, subject: str, ending: str, make: Make, note: str) -> None:
        """Writes the export, and says where."""
        name = file_name(subject, ending, self.context.clock())
        try:
            path = await asyncio.to_thread(write_first, _FOLDERS, name, make)
        except OSError as error:
            self._say(f"not written: {error.strerror or error}", severity="error")
        else:
            self._say(f"wrote {path}" + (f", {note}" if note else ""))


def _markdown(detail: Detail, why: str, at: TimeWords) -> list[str]:
    timeline = text_timeline(detail, at)
    return [instance_markdown(detail, why=why, timeline=timeline, now=at.now)]
