"""One step in full: policy, attempts, error and output as a tree, and the instance's params and output."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from platformdirs import user_state_path
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from wfdash.core.handoff.copy_formats import Copy
from wfdash.core.logs.line import LogScope
from wfdash.core.model.detail import Detail, partial_reason
from wfdash.core.model.step_kind import kind_of
from wfdash.core.payload.inspect import index_in, inspection, opened, step_query
from wfdash.core.payload.placeholders import stream_size
from wfdash.core.payload.summary_lines import policy, span
from wfdash.core.payload.tree import path_text, size_of, summary, value_at, value_text
from wfdash.core.payload.unfold import unfolded_within
from wfdash.core.text.clean import cells, clean, cut, fit
from wfdash.core.text.words import clock, size
from wfdash.core.text.wrap import joined
from wfdash.core.why.step_names import titled_name
from wfdash.core.why.why import TimeWords
from wfdash.live.polling.events import Update
from wfdash.live.records.export_files import save_stream
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.detail.payload_tree import PayloadTree
from wfdash.ui.detail.raw_lines import RawLines
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.search_field import SearchField
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN

__all__ = ["InspectorScreen"]
_SHOWN = 200
"""Characters of a value that the copy menu has room for."""


class InspectorScreen(BaseScreen):
    """Shows one step in full; asks only when the person wants a text that the API cut off."""

    labels: ClassVar[Mapping[str, str]] = {
        "row.open": "unfold",
        "filter.edit": "search",
        "pane.next": "raw JSON",
    }
    offers = ("filter.edit", "pane.next", "copy.menu", "layer.close")
    BINDINGS: ClassVar[list[BindingType]] = bindings("filter.edit", "pane.next", "copy.menu")

    def __init__(self, context: Context, workflow: str, instance: str, step: int | None = None) -> None:
        super().__init__(context)
        self.workflow, self.instance, self.step = workflow, instance, step
        self._detail: Detail | None = None
        self._full_output: Any = None
        """The step's output as fetched on demand."""
        self._last_seen = ""
        """When the step was in an answer for the last time, once it is in the newest one no more."""
        self._why_gone = ""
        self._read = ""

    def compose(self) -> ComposeResult:
        yield TextLines(id="head")
        yield PayloadTree(id="tree")
        yield RawLines(id="raw")
        yield SearchField(
            self.context.keys, "search keys and values", find=self._find, home=lambda: self.tree_
        )
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.raw.display = False
        self.tree_.focus()
        self.call_after_refresh(self._take)

    @property
    def tree_(self) -> PayloadTree:
        return self.query_one("#tree", PayloadTree)

    @property
    def raw(self) -> RawLines:
        return self.query_one("#raw", RawLines)

    @property
    def field(self) -> SearchField:
        return self.query_one(SearchField)

    def live(self, update: Update) -> None:
        if self.instance in update.details:
            self._take()

    def tick(self, now: float) -> None:
        self._draw_head()

    def _take(self) -> None:
        """Shows the answer as it is known now; what is unfolded stays so."""
        state = self.poller.detail(self.instance) if self.poller is not None else None
        detail = state.detail if state is not None else None
        if detail is None or detail is self._detail:
            return
        if self._detail is not None and self.step is not None:
            # Steps have no ids: in a newer answer the same position may hold another step.
            found = index_in(detail, self._detail, self.step)
            if found is None:
                # What was looked at stays on the screen with its date, rather than turn into another step
                # under the eyes.
                self._last_seen = self._last_seen or self._read
                self._why_gone = partial_reason(detail) or "the instance started again"
                self._draw_head()
                return
            self.step, self._last_seen = found, ""
        self._read = self._read_at()
        first, self._detail = self._detail is None, detail
        shown = inspection(detail, self.step)
        # Each poll brings the cut text again; what was fetched in full stays in its place.
        if self._full_output is not None:
            shown["output"] = self._full_output
        # The rows of the top level stand there anyway.
        room = self.tree_.page - len(shown)
        wanted = (*opened(shown), ("instance",), ("instance", "params"))
        self.tree_.fill(shown, *(unfolded_within(shown, room, first=wanted) if first else ()))
        if self.raw.display:
            self.raw.show(self._answered())
        self._draw_head()

    def _draw_head(self) -> None:
        detail, width = self._detail, self.size.width
        if detail is None:
            return
        at = TimeWords(self.context.clock(), self.context.utc)
        lines: list[Pieces] = []
        badges = badge_pieces(identity_of(self.context, ""))
        if self.step is not None and self.step < len(detail.steps):
            step = detail.steps[self.step]
            times = span(step, at)
            name = fit(titled_name(step), max(8, width - cells(times) - length(badges) - 4)).rstrip()
            lines.append([(" ", PLAIN), *badges, (name, STRONG), (f"  {times}", QUIET)])
            kind = f"{clean(step.kind, 80) or 'no type'} of {clean(self.instance, 100)}"
            rest = [
                kind,
                self._last_seen or self._read_at(),
                *policy(step.config, len(step.attempts)).split(" · "),
                size_of(step.raw),
            ]
            # As of when this is, is said before what stands in the tree anyway.
            lines.append([(f" {joined(rest, width - 2)}", QUIET)])
            if self._last_seen:
                times = f"not in the newest answer: {self._why_gone}; this was {self._last_seen}"
                lines.append([(f" {fit(times, width - 2)}", WARN)])
        else:
            name = fit(clean(self.instance, 300), width - length(badges) - 2, cut="middle")
            lines.append([(" ", PLAIN), *badges, (name, STRONG)])
        lines.append([("", PLAIN)])
        self.query_one("#head", TextLines).show(lines)

    def _read_at(self) -> str:
        state = self.poller.detail(self.instance) if self.poller is not None else None
        at = state.freshness.answered_at if state is not None else None
        return "" if at is None else f"read {clock(at, utc=self.context.utc)}"

    # What it is about.

    def subject(self) -> tuple[str, str]:
        return self.workflow, self.instance

    def target_workflow(self) -> str:
        return self.workflow

    @property
    def printed(self) -> LogScope:
        """The scope of the step's lines; of the instance's where the step runs no code."""
        detail, step = self._detail, self.step
        if detail is None or step is None or step >= len(detail.steps):
            return LogScope()
        runs_code = kind_of(detail.steps.columns.kinds[step]).runs_code
        return LogScope((step,)) if runs_code else LogScope()

    # As the API gave it.

    def action_pane_next(self) -> None:
        """Changes between the tree and the text of the answer."""
        shown: PayloadTree | RawLines = self.tree_ if self.raw.display else self.raw
        self.tree_.display, self.raw.display = shown is self.tree_, shown is self.raw
        if shown is self.raw:
            self.raw.show(self._answered())
        shown.focus()

    def _answered(self) -> Any:
        detail, step = self._detail, self.step
        if detail is None:
            return None
        return detail.steps[step].raw if step is not None and step < len(detail.steps) else detail.raw

    # Search.

    def action_filter_edit(self) -> None:
        if self.raw.display:
            self.action_pane_next()
        self.field.begin()

    def _find(self, words: str, direction: int, here_too: bool) -> tuple[int, int]:
        return self.tree_.find(words, direction, here_too=here_too)

    def close_layer(self) -> bool:
        if not self.editing:
            return False
        self.field.end()
        return True

    # Copy, and the full text of what was cut off.

    def action_copy_menu(self) -> None:
        if self.raw.display:
            entry = _value_entry("JSON", self._answered())
            self.context.pages.open("copy", "the answer", [entry])
            return
        node = self.tree_.node
        if node is None:
            return
        path = path_text(node.path)
        value = _value_entry("value", value_at(self.tree_.value, node.path))
        self.context.pages.open("copy", path, [value, Copy("p", "path", path)])

    def on_payload_tree_full_wanted(self, message: PayloadTree.FullWanted) -> None:
        if self._last_seen:
            self.context.notify("this step is gone: the API gives only those of the newest run")
            return
        # Only a step's output can be asked for in full (reference, Get step); params and errors cannot.
        query = step_query(self._detail, self.step) if self._detail is not None else None
        if query is None or message.path[:1] != ("output",):
            self.context.notify("the API has no request for the full text of this", severity="warning")
            return
        length = stream_size(value_at(self.tree_.value, message.path))
        # The API tells no size beforehand, but of a stream its placeholder does.
        note = "loading the full output; its size is not known before"
        self.context.notify(note if length is None else f"loading the stream of {size(length)}")
        self._fetch(*query)

    @work(exclusive=True, exit_on_error=False)
    async def _fetch(self, name: str, kind: str) -> None:
        from wfdash.api.errors import WorkflowsError

        session = self.context.session
        if session is None:
            return
        try:
            answer = await session.reads.step(self.workflow, self.instance, name, kind)
        except WorkflowsError as error:
            self.call_later(self.context.notify, f"not read: {error}", severity="error")
            return
        if answer.content is not None:
            # Bytes have no place on a screen: they go into a file, whose name is said.
            folder = user_state_path("wfdash") / "outputs"
            said = await asyncio.to_thread(save_stream, answer.content, folder, self.instance, name)
        else:
            self._full_output = (answer.result or {}).get("output")
            said = f"the full output: {size_of(self._full_output)}"
        self.call_later(self._arrived, said)

    def _arrived(self, said: str) -> None:
        self.context.notify(said)
        if self._full_output is not None and self._detail is not None:
            shown = inspection(self._detail, self.step)
            shown["output"] = self._full_output
            self.tree_.fill(shown, ("output",))


def _value_entry(name: str, value: Any) -> Copy:
    """An entry of the copy menu for a value, which may have millions of parts."""
    shown = cut(value, _SHOWN) if isinstance(value, str) else summary(value, _SHOWN)
    return Copy("v", name, shown, partial(value_text, value))
