"""An example of the group under the cursor with its steps, where the errors page has room for it."""

from typing import TYPE_CHECKING

from textual.timer import Timer

from wfdash.core.triage.error_groups import ErrorGroup, Sample
from wfdash.ui.context import Context
from wfdash.ui.detail.fill import REST, fill
from wfdash.ui.widgets.painted import Stack

if TYPE_CHECKING:
    from wfdash.ui.detail.pane import DetailPane

__all__ = ["ExampleRoom"]


class ExampleRoom(Stack):
    """Shows one instance of the group under the cursor in what is left of the page, once the cursor rests."""

    DEFAULT_CSS = "ExampleRoom { width: 1fr; height: 1fr; }"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.display = False
        self.context = context
        self._pane: DetailPane | None = None
        self._wanted: str | None = None
        self._resting: Timer | None = None

    def choose(self, group: ErrorGroup) -> Sample:
        """The sample to show of a group: the newest at first, and from then on the same one."""
        return next((sample for sample in group.samples if sample.id == self._wanted), group.samples[0])

    def show(self, instance: str | None) -> None:
        """Draws this instance as it was read, its last lines above it; None hides it."""
        self.display = instance is not None
        if instance is None:
            return
        if instance != self._wanted:
            first, self._wanted = self._wanted is None, instance
            if self._resting is not None:
                self._resting.stop()
            if first:
                # Nobody moves a cursor yet: the page is whole that much earlier.
                self._read()
            else:
                self._resting = self.set_timer(REST, self._read)
        self._fill()

    def _fill(self) -> None:
        if self._pane is not None and self._pane.is_ready:
            fill(self._pane, self.context, self._wanted)

    def _read(self) -> None:
        if self._pane is None:
            from wfdash.ui.detail.pane import DetailPane

            self._pane = DetailPane(self.context.keys)
            self._pane.has_keys = False
            self.mount(self._pane)
            # Its answer may be there sooner than the pane is, and the next one a second away.
            self.call_after_refresh(self._fill)
        if self.context.session is not None:
            self.context.session.poller.open(self._wanted)
