"""What a detail pane is fed with, full screen or beside the table."""

from typing import TYPE_CHECKING

from wfdash.ui.widgets.detail_pane import DetailPane

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["feed"]


def feed(pane: DetailPane, app: "WfdashApp", instance: str | None) -> None:
    """Show in the pane what is known now of this instance; asks nobody."""
    poller = app.session.poller if app.session is not None else None
    pane.local, pane.utc = app.settings.local, app.utc
    if poller is None or instance is None:
        pane.show(None, None, None, app.clock())
        return
    pane.frozen = poller.frozen
    pane.retention = app.settings.retention.get(poller.workflow)
    pane.running = (poller.counts or {}).get("running")
    pane.show(poller.store.get(instance), poller.detail(instance), None, app.clock())
