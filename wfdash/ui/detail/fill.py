"""What a detail pane is fed with, full screen or beside the table."""

from typing import TYPE_CHECKING

from wfdash.core.why.context import WhyContext
from wfdash.ui.detail.pane import DetailPane

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["fill"]


def fill(pane: DetailPane, app: "WfdashApp", instance: str | None) -> None:
    """Show in the pane what is known now of this instance; asks nobody."""
    poller = app.session.poller if app.session is not None else None
    state = poller.detail(instance) if poller is not None and instance is not None else None
    pane.utc = app.utc
    local = WhyContext(app.settings.local)
    pane.why_context = poller.why_context(state.detail if state is not None else None) if poller else local
    if poller is None or instance is None:
        pane.show(None, None, app.clock())
        return
    pane.frozen = poller.frozen
    pane.show(poller.store.get(instance), state, app.clock())
