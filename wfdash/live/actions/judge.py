"""What a failed write means: whether it may have been carried out, and whether it may be sent again."""

from collections.abc import Callable
from typing import Final

from wfdash.api.errors import (
    BadAnswer,
    ChooseAccount,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    Unauthorized,
    WorkflowsError,
)
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import leads_to, same_meaning
from wfdash.core.verbs.verb import VERBS
from wfdash.live.actions.reread import Snapshot

__all__ = [
    "LIMITED_TRIES",
    "as_failure",
    "judge_failure",
    "pause_after",
    "repeatable",
    "unchanged",
]

LIMITED_TRIES: Final = 3
"""Times a write that met 429 is sent again."""
_USUAL_PAUSE: Final = 5.0
"""Seconds after the first 429."""
_REFUSALS = (ChooseAccount, Forbidden, NotFound, Refused, Unauthorized)


def judge_failure(error: WorkflowsError, forbid: Callable[[str], None]) -> Outcome:
    """Refused, not reached, or unknown: all that the API itself did not deny may have been carried out."""
    if isinstance(error, Forbidden) and error.denied:
        forbid(f"the API refused a write: {error}")
    # A no from a proxy or a page in the way is not the API's: behind it the write may have been carried out.
    refused = isinstance(error, _REFUSALS)
    if not error.sent:
        return Outcome.REFUSED if refused else Outcome.NOT_REACHED
    return Outcome.REFUSED if refused and error.denied else Outcome.UNKNOWN


def as_failure(error: Exception) -> WorkflowsError:
    """The failure as it is; anything else that was raised after the request left becomes BadAnswer."""
    if isinstance(error, WorkflowsError):
        return error
    return BadAnswer(f"what came back could not be understood ({type(error).__name__}: {error})"[:300])


def repeatable(error: WorkflowsError, verb: str) -> bool:
    """Whether the write may be sent again: only after a 429 in the API's own envelope, and never an event.

    An event never: a second one would be kept for a later wait.
    """
    denied = isinstance(error, RateLimited) and error.denied and error.http == 429
    return denied and VERBS[verb].changes_status


def pause_after(limited: WorkflowsError, attempt: int) -> float:
    """Seconds to leave the server alone: longer after each try, and at least as long as it asked for."""
    return limited.pause(_USUAL_PAUSE * (attempt + 1))


def unchanged(verb: str, before: Snapshot, now: Snapshot) -> bool:
    """Whether `now`, read after the write, shows that it was not carried out; False when that cannot be told.

    A restart ends where it began, so the times must show that no run has begun since. Any other verb must
    lead somewhere else: a rollback asked of what rolls back already would look the same carried out or not.
    """
    if not same_meaning(verb, before.status, now.status):
        return False
    if VERBS[verb].restarts:
        if before.started is None and before.ended is None:
            return False  # a list row of one that is queued stays as it is when it is restarted
        return now.began_again(before, from_step=bool(VERBS[verb].starts_from)) is False
    return before.status not in leads_to(verb) and not now.moved_since(before)
