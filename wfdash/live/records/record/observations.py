"""What is handed to a record: one answer of the API each, with when it came."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

__all__ = ["Observation", "Reach", "SawDetail", "SawRows", "SawVersions", "SawWorkflows"]


class Reach(Struct, frozen=True):
    """How far back a list was walked without a gap, from its newest row on."""

    floor: float
    """Creation of the oldest row down to which none is missing, epoch seconds; 0 for all there are."""
    total: int | None
    """Instances that the server had of all statuses, where it told."""
    epoch: int = 0
    """The file in which what was walked lies, counted from the first of this run."""


class SawRows(Struct, frozen=True):
    """A page of the list, rows as the API sent them."""

    at: float
    workflow: str
    items: Sequence[Mapping[str, Any]]
    reach: Reach | None = None
    """None where a part of the list was asked for that says nothing of what lies between its rows."""


class SawDetail(Struct, frozen=True):
    """An instance's own answer; `simple` when its steps were left out on request."""

    at: float
    workflow: str
    id: str
    simple: bool
    result: Mapping[str, Any]


class SawWorkflows(Struct, frozen=True):
    """Workflows with their counts, as the API sent them; each has its name."""

    at: float
    items: Mapping[str, Mapping[str, Any]]


class SawVersions(Struct, frozen=True):
    """Versions of a workflow as the API sent them, by id."""

    at: float
    workflow: str
    items: Mapping[str, Mapping[str, Any]]


Observation = SawRows | SawDetail | SawWorkflows | SawVersions
