"""How an action on one instance came out."""

from enum import StrEnum
from typing import Final

__all__ = ["HELD", "STOPPED", "Outcome"]

STOPPED: Final = "stopped before it was sent"
"""Why one was not sent where a person stopped what goes to many, or left the rest of it.

It stands so in journals, and is read from them: reworded, those of before would count it as skipped.
"""
HELD: Final = "held: "
"""How the reason begins of what the first ones held back."""


class Outcome(StrEnum):
    """How an action came out for one instance, mildest first; the words are those of output and journal."""

    DONE = "done"
    UNDER_WAY = "under way"
    NO_EFFECT = "no effect"
    SKIPPED = "skipped"
    REFUSED = "refused"
    NOT_REACHED = "not reached"
    UNKNOWN = "unknown"
    """Sent, and what became of it was never seen."""

    @property
    def failed(self) -> bool:
        """Whether what was asked for did not happen, or may not have."""
        return self not in (Outcome.DONE, Outcome.UNDER_WAY)
