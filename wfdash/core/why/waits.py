"""The events that instances wait for now, among those whose details have been read."""

from collections.abc import Iterable

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Step
from wfdash.core.why.current_steps import current_steps, deadline

__all__ = ["OpenWait", "OpenWaits", "open_waits"]


class OpenWait(Struct, frozen=True):
    """Raw words. `event_type` is "" where this server does not say it: then only the step is known."""

    instance: str
    event_type: str
    step: str
    since: float | None
    deadline: float | None
    """When it times out, where the API says."""


class OpenWaits:
    """The waits of many instances, each looked through anew only once it was read again."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Detail, list[OpenWait]]] = {}
        self.rows: list[OpenWait] = []

    def take(self, details: Iterable[Detail]) -> bool:
        """Takes the waits of these details and of no others; whether there are other waits than before."""
        before, self._found = self._found, {}
        same = True
        for detail in details:
            found = before.get(detail.id)
            if found is None or found[0] is not detail:
                waits = _waits_of(detail)
                same = same and (found[1] if found is not None else []) == waits
                found = (detail, waits)
            self._found[detail.id] = found
        same = same and not any(
            waits for identity, (_, waits) in before.items() if identity not in self._found
        )
        if not same:
            self.rows = _in_order([wait for _, waits in self._found.values() for wait in waits])
        return not same


def open_waits(details: Iterable[Detail]) -> list[OpenWait]:
    """Oldest first within an event type, the types in the order of their oldest wait."""
    return _in_order([wait for detail in details for wait in _waits_of(detail)])


def _waits_of(detail: Detail) -> list[OpenWait]:
    return [_wait(detail, step) for step in current_steps(detail) if _is_wait(step)]


def _in_order(waits: list[OpenWait]) -> list[OpenWait]:
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
