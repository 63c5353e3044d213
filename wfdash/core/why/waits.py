"""The events that instances wait for now, among those whose details have been read."""

from collections.abc import Iterable

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Step
from wfdash.core.why.current_steps import current_steps, deadline

__all__ = ["OpenWait", "open_waits"]


class OpenWait(Struct, frozen=True):
    """Raw words. `event_type` is "" where this server does not say it: then only the step is known."""

    instance: str
    event_type: str
    step: str
    since: float | None
    deadline: float | None
    """When it times out, where the API says."""


def open_waits(details: Iterable[Detail]) -> list[OpenWait]:
    """Oldest first within an event type, the types in the order of their oldest wait."""
    waits = [_wait(detail, step) for detail in details for step in current_steps(detail) if _is_wait(step)]
    oldest: dict[str, float] = {}
    for wait in waits:
        at = wait.since if wait.since is not None else float("inf")
        oldest[wait.event_type] = min(at, oldest.get(wait.event_type, float("inf")))
    return sorted(
        waits,
        key=lambda wait: (
            oldest[wait.event_type],
            wait.event_type,
            wait.since if wait.since is not None else float("inf"),
            wait.instance,
        ),
    )


def _is_wait(step: Step) -> bool:
    return step.kind == "waitForEvent"


def _wait(detail: Detail, step: Step) -> OpenWait:
    return OpenWait(detail.id, step.event_type, step.name, step.start, deadline(step)[0])
