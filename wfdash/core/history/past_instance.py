"""What became of an instance that the server has no more, as far as analytics tell of its id."""

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, counted

__all__ = ["PastEvent", "PastInstance", "past_instance"]

_ENDS: Final = {
    "WORKFLOW_SUCCESS": "completed",
    "WORKFLOW_FAILURE": "failed",
    "WORKFLOW_TERMINATED": "was terminated",
}
_BEGINNINGS: Final = ("WORKFLOW_QUEUED", "WORKFLOW_START")


class PastEvent(Struct, frozen=True, order=True):
    """One event of an instance, by the names that analytics give them (reference, event types)."""

    at: float
    type: str
    workflow: str = ""
    step: str = ""


class PastInstance(Struct, frozen=True):
    """What is known of an instance that is gone: epoch seconds, and "" for `workflow` where nothing is."""

    workflow: str = ""
    created: float | None = None
    ended: float | None = None
    end: str = ""
    """How it ended, as a verb in the past."""
    step: str = ""
    """Of one that failed, the step that failed last."""
    earlier_ends: int = 0
    sampled: float = 1.0
    """One of so many events was kept; 0 where the server does not say."""

    def sentence(self, workflow: str, time: Callable[[float], str]) -> str:
        """`created Tue 09:00:12, failed Tue 09:03:44 at "charge card"`, and what that rests on."""
        if not self.workflow:
            return "analytics, which may be sampled, have no such id in the last 31 days"
        said = [f"created {time(self.created)}"] if self.created is not None else []
        if self.ended is not None:
            at = f' at "{clean(self.step)}"' if self.step else ""
            said.append(f"{self.end} {time(self.ended)}{at}")
        else:
            said.append("no end of it was counted")
        if self.earlier_ends:
            said.append(counted(self.earlier_ends, "earlier end"))
        where = "" if self.workflow == workflow else f" in {clean(self.workflow)}"
        return f"analytics counted it{where}: {', '.join(said)}{self._sampling}"

    @property
    def _sampling(self) -> str:
        if self.sampled > 1:
            return f"; sampled, about 1 of {count(round(self.sampled))} events, so there may be more"
        return "" if self.sampled else "; they may be sampled, so there may be more"


def past_instance(events: Iterable[PastEvent], workflow: str, *, sampled: float) -> PastInstance:
    """Reads what happened to the id in this workflow; where it was never in it, in the one it was in last."""
    ordered = sorted(events)
    if not ordered:
        return PastInstance(sampled=sampled)
    name = workflow if any(event.workflow == workflow for event in ordered) else ordered[-1].workflow
    mine = [event for event in ordered if event.workflow == name]
    ends = [event for event in mine if event.type in _ENDS]
    begun = [event.at for event in mine if event.type in _BEGINNINGS]
    last = ends[-1] if ends else None
    if last is not None and begun and begun[-1] > last.at:
        last = None  # it began anew after that, and how that went is not told
    failed = [event.step for event in mine if event.type == "STEP_FAILURE"]
    return PastInstance(
        name or workflow,
        min(begun, default=None),
        last.at if last is not None else None,
        _ENDS[last.type] if last is not None else "",
        failed[-1] if failed and last is not None and last.type == "WORKFLOW_FAILURE" else "",
        len(ends) - (last is not None),
        sampled,
    )
