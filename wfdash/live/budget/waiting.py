"""Why a request may not go yet, in words that stand where somebody feels it."""

from enum import Enum

from msgspec import Struct

from wfdash.core.text.words import count, estimated
from wfdash.live.budget.ledger import Priority, RequestLedger

__all__ = ["Outlook", "Reason", "Refusal", "Waiting", "others", "rest_in_words", "spenders_in_words"]

_READS = range(Priority.FOREGROUND, len(Priority))


class Reason(Enum):
    RESTS = "the server asked for a pause"
    SERVER = "the server has little left for this user"
    GIVES_WAY = "somebody waits for something more urgent"
    SPENT = "what wfdash allows itself is spent"
    PACE = "what runs by itself goes at an even pace"


class Refusal(Struct, frozen=True):
    """`seconds` after which to try again, and what stands in the way."""

    seconds: float
    reason: Reason
    words: str = ""


class Waiting(Struct):
    """A purpose that was refused and still asks. Times are epoch seconds."""

    purpose: str
    priority: Priority
    since: float
    tried_at: float
    refusal: Refusal


class Outlook(Struct, frozen=True):
    """Seconds that reads take in a row, and what makes them slow: "" where only the server does."""

    seconds: float
    slow: str = ""


def others(ledger: RequestLedger, session: str) -> tuple[int, int]:
    """Reads by other processes in the last window, and how many processes they are."""
    spent = [spender.total(_READS) for name, spender in ledger.spenders.items() if name != session]
    reads = [n for n in spent if n]
    return sum(reads), len(reads)


def spenders_in_words(ledger: RequestLedger, session: str) -> str:
    """`516 reads by 2 other wfdash`, or by this one where it spent the most."""
    theirs, processes = others(ledger, session)
    ours = ledger.count(_READS) - theirs
    if theirs >= ours and processes:
        return f"{count(theirs)} reads by {processes} other wfdash"
    beside = f" and {count(theirs)} by {processes} other" if processes else ""
    return f"{count(ours)} reads by this wfdash{beside}"


def rest_in_words(seconds: float) -> str:
    return f"the server asked for a pause, {estimated(seconds)} left of it"
