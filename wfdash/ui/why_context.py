"""What is known of an instance beside its own answer: a pane and an exported file say one sentence."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.retention import kept_for
from wfdash.core.model.status import is_final
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.why import Why
from wfdash.live.polling.freshness import DetailState

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["WhyContext", "as_of", "gone_unended", "why_context"]


class WhyContext(Struct, frozen=True):
    local: bool = False
    """Whether a dev session runs it, which ends with that."""
    retention: float | None = None
    """Seconds finished instances are kept, where the configuration or its version says."""
    running: int | None = None
    """How many instances of the workflow run, where that is known."""
    allowed: float | None = None
    """How many may run at once, where its version says."""

    def why(self, detail: Detail, *, row: Instance | None, now: float, utc: bool = True) -> Why:
        """Why it is there, with all that is known."""
        return diagnose(
            detail,
            now=now,
            row=row,
            local=self.local,
            retention=self.retention,
            running=self.running,
            allowed=self.allowed,
            utc=utc,
        )


def why_context(app: "WfdashApp", detail: Detail | None) -> WhyContext:
    """As of now, for an instance of the workflow on screen; asks nobody."""
    local = app.settings.local
    poller = app.session.poller if app.session is not None else None
    if poller is None or (detail is not None and detail.workflow != poller.workflow):
        return WhyContext(local)
    retention = app.settings.retention.get(poller.workflow)
    version = poller.version(detail.version) if detail is not None else None
    if retention is None and detail is not None and version is not None:
        retention = kept_for(version.default_retention, detail.status)
    allowed = version.concurrency_limit if version is not None else None
    return WhyContext(local, retention, _running(poller.counts), allowed)


def _running(counts: Mapping[str, int] | None) -> int | None:
    """How many run code now: those that are being paused still do. None where that is not known."""
    if counts is None or "running" not in counts:
        return None
    return counts["running"] + counts.get("waitingForPause", 0)


def gone_unended(state: DetailState) -> bool:
    """Whether it is gone and had not ended when it was last read."""
    return bool(state.gone) and state.detail is not None and not is_final(state.detail.status)


def as_of(state: DetailState | None, now: float) -> float:
    """The moment that can be told of: the last answer of what was gone before it ended, else `now`."""
    if state is None or not gone_unended(state):
        return now
    return state.freshness.answered_at or now
