"""Why a request may not go yet, in words that stand where somebody feels it."""

from enum import Enum

from msgspec import Struct

from wfdash.core.text.words import count
from wfdash.live.budget.ledger import Priority, RequestLedger

__all__ = [
    "Outlook",
    "Reason",
    "Refusal",
    "Waiting",
    "elsewhere",
    "others",
    "rest_in_words",
    "scarcity",
    "spenders_in_words",
]

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
    briefly: str = ""
    """The same where there is little room."""


def others(ledger: RequestLedger, session: str) -> tuple[int, int]:
    """Reads by other processes in the last window, and how many processes they are."""
    spent = [spender.total(_READS) for name, spender in ledger.spenders.items() if name != session]
    reads = [n for n in spent if n]
    return sum(reads), len(reads)


def elsewhere(ledger: RequestLedger) -> int:
    """Requests of this user that no wfdash here counted, at least: the server's count less ours."""
    if ledger.server_left is None:
        return 0
    spent = ledger.server_left.quota - ledger.server_left.now(ledger.sent)
    return max(0, int(spent) - ledger.count(range(len(Priority))))


def scarcity(ledger: RequestLedger, most: int) -> tuple[str, str]:
    """What makes reads slow, in words and briefly: what all wfdash read, or what other tools spent."""
    reads, server_left = ledger.count(_READS), ledger.server_left
    if server_left is not None and elsewhere(ledger) > reads:
        words = f"{count(int(server_left.now(ledger.sent)))} of {count(int(server_left.quota))}"
        return f"{words} requests are left", f"{words} left"
    return f"{count(reads)} of {most} reads went", f"{count(reads)} of {most}"


def spenders_in_words(ledger: RequestLedger, session: str) -> str:
    """`516 reads by 2 other wfdash`, or by this one or by other tools where those spent the most."""
    theirs, processes = others(ledger, session)
    mine = ledger.spenders.get(session)
    ours = mine.total(_READS) if mine is not None else 0
    if (other_tools := elsewhere(ledger)) > theirs + ours:
        return f"{count(other_tools)} requests by other tools"
    if theirs >= ours and processes:
        return f"{count(theirs)} reads by {processes} other wfdash"
    beside = f" and {count(theirs)} by {processes} other" if processes else ""
    return f"{count(ours)} reads by this wfdash{beside}"


def rest_in_words(ledger: RequestLedger) -> str:
    """Says why nothing is read, without for how long.

    That moves on the top line, and twice it would differ.
    """
    guessed = ledger.pause is not None and ledger.pause.guessed
    return "the server refuses reads for now" if guessed else "the server asked for a pause"
