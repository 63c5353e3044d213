"""The events that instances wait for now, among those whose details have been read."""

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Step
from wfdash.core.why.current_steps import deadline, of_current

__all__ = ["Answer", "OpenWait", "OpenWaits", "open_waits"]


class OpenWait(Struct, frozen=True):
    """A wait for an event, in raw words; `event_type` is "" where the server names only the step."""

    instance: str
    event_type: str
    step: str
    since: float | None
    deadline: float | None
    """When it times out, where the API says."""


class _Kept(Protocol):
    """Holds one answer and never another, and may have to unpack it."""

    @property
    def detail(self) -> Detail | None: ...


Answer: TypeAlias = Detail | _Kept


class OpenWaits:
    """The waits of many instances; one is looked through anew only once it was read again."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Answer, list[OpenWait]]] = {}
        self.rows: list[OpenWait] = []

    def take(self, answers: Iterable[tuple[str, Answer]]) -> bool:
        """Takes the waits of these instances and of no others; whether there are other waits than before."""
        before, self._found = self._found, {}
        same = True
        for identity, answer in answers:
            found = before.get(identity)
            if found is None or found[0] is not answer:
                detail = answer if isinstance(answer, Detail) else answer.detail
                waits = _waits_of(detail) if detail is not None else []
                same = same and (found[1] if found is not None else []) == waits
                found = (answer, waits)
            self._found[identity] = found
        same = same and not any(
            waits for identity, (_, waits) in before.items() if identity not in self._found
        )
        if not same:
            self.rows = _of_all([waits for _, waits in self._found.values()])
        return not same


def open_waits(details: Iterable[Detail]) -> list[OpenWait]:
    """The waits of these details by event type, oldest first; the types by their oldest wait."""
    return _of_all([_waits_of(detail) for detail in details])


def _waits_of(detail: Detail) -> list[OpenWait]:
    return of_current(
        detail, "waits", lambda steps: _in_order([_wait(detail, s) for s in steps if _is_wait(s)])
    )


def _of_all(found: list[list[OpenWait]]) -> list[OpenWait]:
    several = [waits for waits in found if waits]
    # Of one instance they are in order as they were found: there may be thousands.
    return several[0] if len(several) == 1 else _in_order([wait for waits in several for wait in waits])


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
