"""The status of an instance: an open set of the API's own words."""

from collections.abc import Mapping
from typing import Final

__all__ = ["ACTIVE", "FINAL", "PAUSED", "STATUSES", "is_final", "running_code"]

# The nine words of the reference in November 2026; a year before there were eight, without rollingBack: the
# set is open, and nothing may rest on its being whole.
ACTIVE = ("queued", "running", "waiting", "paused", "waitingForPause", "rollingBack")
FINAL = ("complete", "errored", "terminated")
STATUSES = ACTIVE + FINAL
PAUSED: Final = frozenset(("paused", "waitingForPause"))
"""What a pause leads to: at once, or once the step that runs has ended."""


def is_final(status: str) -> bool:
    """Whether an instance in this status can only move again by a restart. An unknown status is not final."""
    # A word that is new to us may be of something that still moves: it stays under watch.
    return status in FINAL


def running_code(counts: Mapping[str, int]) -> int:
    """How many instances run code, by how many are in each status: those that are being paused still do."""
    return counts.get("running", 0) + counts.get("waitingForPause", 0)
