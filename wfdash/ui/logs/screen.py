"""What an instance printed, on a page of its own: where no timeline of it is on the screen."""

from typing import Final

from textual.app import ComposeResult

from wfdash.core.logs.line import LogScope
from wfdash.core.model.detail import Detail
from wfdash.core.timeline.axis import Scale
from wfdash.core.timeline.outline import build_outline
from wfdash.core.timeline.timeline import axis_of
from wfdash.live.polling.events import Update
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.logs.pane import ALL, LogPane
from wfdash.ui.widgets.key_bar import KeyBar

__all__ = ["LogsScreen"]

_FEW_STEPS: Final = 1000
"""Steps up to which the axis is worked out beside the lines."""


class LogsScreen(BaseScreen):
    """The lines of an instance on their own page; it asks only while it is open."""

    def __init__(self, context: Context, workflow: str, instance: str, scope: LogScope = ALL) -> None:
        super().__init__(context)
        self.workflow, self.instance = workflow, instance
        self.pane = LogPane(context, workflow, instance, scope, alone=True)
        self._axis_of: Detail | None = None

    def compose(self) -> ComposeResult:
        yield self.pane
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self._ask()

    def on_screen_resume(self) -> None:
        self._ask()

    def _ask(self) -> None:
        if self.poller is not None:
            self.poller.open(self.instance)

    def live(self, update: Update) -> None:
        if self.instance in update.details and self.is_ready:
            self.pane.begin()
            self._lay_out_axis()

    def tick(self, now: float) -> None:
        self._lay_out_axis()
        self.pane.draw_head()

    def _lay_out_axis(self) -> None:
        detail = self.pane.lines.detail
        if detail is not None and detail is not self._axis_of and 0 < len(detail.steps) <= _FEW_STEPS:
            self._axis_of = detail
            self.pane.axis = axis_of(
                build_outline(detail), Scale(self.context.settings.scale), self.context.clock()
            )

    # What it is about.

    @property
    def opened_instance(self) -> str:
        return self.instance

    def subject(self) -> tuple[str, str]:
        return self.workflow, self.instance

    def target_workflow(self) -> str:
        return self.workflow

    def why_off(self, action: str) -> str:
        if action == "logs.open" and not self.pane.scope.steps:
            return "it is open already"
        return super().why_off(action)

    def close_layer(self) -> bool:
        return self.pane.end_search()
