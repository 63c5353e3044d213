"""What a detail pane is fed with, full screen or beside the table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wfdash.core.retention import kept_for
from wfdash.ui.widgets.detail_pane import DetailPane

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["feed"]


def running_of(counts: Mapping[str, int] | None) -> int | None:
    """How many run code now: those that are being paused still do. None where that is not known."""
    if counts is None or "running" not in counts:
        return None
    return counts["running"] + counts.get("waitingForPause", 0)


def feed(pane: DetailPane, app: "WfdashApp", instance: str | None) -> None:
    """Show in the pane what is known now of this instance; asks nobody."""
    poller = app.session.poller if app.session is not None else None
    pane.local, pane.utc = app.settings.local, app.utc
    if poller is None or instance is None:
        pane.show(None, None, app.clock())
        return
    pane.frozen = poller.frozen
    row, state = poller.store.get(instance), poller.detail(instance)
    pane.retention = app.settings.retention.get(poller.workflow)
    pane.running = running_of(poller.counts)
    detail = state.detail if state is not None else None
    version = poller.version(detail.version) if detail is not None else None
    pane.allowed = version.concurrency_limit if version is not None else None
    if pane.retention is None and detail is not None and version is not None:
        pane.retention = kept_for(version.default_retention, detail.status)
    pane.show(row, state, app.clock())
