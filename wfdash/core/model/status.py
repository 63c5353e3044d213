"""The status of an instance: an open set of the API's own words."""

__all__ = ["ACTIVE", "FINAL", "STATUSES", "is_final"]

# The nine words of the reference in November 2026; a year before there were eight, without rollingBack: the
# set is open, and nothing may rest on its being whole.
ACTIVE = ("queued", "running", "waiting", "paused", "waitingForPause", "rollingBack")
FINAL = ("complete", "errored", "terminated")
STATUSES = ACTIVE + FINAL


def is_final(status: str) -> bool:
    """Whether an instance in this status can only move again by a restart. An unknown status is not final."""
    # A word that is new to us may be of something that still moves: it stays under watch.
    return status in FINAL
