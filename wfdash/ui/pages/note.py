"""`N`: a note into the session's story, kept on disk as soon as it is written."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from wfdash.core.text.clean import clean
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.context import Context
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET

__all__ = ["NoteScreen"]

_LAST = 6
"""Entries of the story that are shown over the field."""


class NoteScreen(PanelScreen):
    DEFAULT_CSS = "NoteScreen Field { margin: 0 1; }"

    def __init__(self, context: Context, workflow: str, instance: str) -> None:
        super().__init__(context)
        self._workflow = workflow
        self._instance = instance

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield TextLines(id="story")
            yield Field(placeholder="what you saw, did or suspect", all_lines=True)

    def on_mount(self) -> None:
        self.query_one(Field).focus()
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        about = f"Note on {clean(self._instance)}" if self._instance else "Note"
        context = self.context
        self.query_one(Title).name_it(about, f"enter saves it, {context.keys.key_of('layer.close')} closes")
        lines: list[Pieces] = [
            [
                (f"  {context.time_of(entry.at)}  {entry.kind:<7} ", QUIET),
                (clean(entry.text), PLAIN),
                (f"  {clean(entry.id)}", QUIET),
            ]
            for entry in list(context.shift.story)[-_LAST:]
        ]
        self.query_one("#story", TextLines).show(lines or [[("  there are no notes yet", QUIET)]])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not self.close() or not text:
            return
        context = self.context
        context.shift.story.tell(context.clock(), "note", text, workflow=self._workflow, id=self._instance)
        trouble = context.shift.story.trouble
        key = context.keys.key_of("export.menu")
        self.app.call_after_refresh(
            context.notify,
            trouble or f"note saved; {key} exports the story",
            severity="warning" if trouble else "information",
        )
