"""What may go now, of a ledger and one request: decided for a person first, and never out of the reserve."""

from collections.abc import Iterator

from msgspec import Struct

from wfdash.core.text.words import count
from wfdash.live.budget.ledger import ACTIONS, QUOTA, Priority, RequestLedger, bucket_of
from wfdash.live.budget.waiting import Reason, Refusal, rest_in_words, spenders_in_words

__all__ = ["ACTS", "MOST", "READS", "Request", "long_bounds", "refusal", "rests"]

MOST = QUOTA - ACTIONS
"""Reads a window, whoever waits for them."""
READS = range(Priority.FOREGROUND, len(Priority))
ACTS = range(Priority.ACTION, Priority.FOREGROUND)
_FRONT = range(Priority.FOREGROUND, Priority.VISIBLE)
_SCARCE, _HALF = 0.25, 0.5
"""Parts of the user's quota below which nothing is read by itself, and nothing in the background."""
_LONG, _ROOM_FOR_SHORT = 30, 60
"""Foreground reads of one purpose in a process, from which it leaves so many of a window to short ones."""
_PER_SCREEN = 120
"""Reads of a window that long ones leave to each dashboard, for its list and the instance open in it."""
_TIGHT = 100
"""Reads left of a window from which what is on screen is read seldom, so that they last to its end."""
_ROOM_FOR_FOREGROUND = 160
"""Reads of a window that sweeps and background leave to what somebody may come to wait for."""
_ROOM_FOR_VISIBLE = 20
_LEAVES = {Priority.VISIBLE: 1 / 15, Priority.ROWS: 1 / 15, Priority.SWEEP: 1 / 6, Priority.BACKGROUND: 1 / 6}
"""Part of a full bucket that each leaves to those before it."""
_LEAVES_LATE = {Priority.ROWS: 1 / 15, Priority.SWEEP: 1 / 15, Priority.BACKGROUND: 1 / 15}
"""For what has waited so long that it would otherwise never have its turn."""


class Request(Struct, frozen=True):
    """One read that asks for leave. `since`, epoch seconds, is when it first did."""

    session: str
    limit: int
    """Reads a window that this process lets go by themselves."""
    priority: Priority
    since: float
    late: bool = False
    purpose: str = ""


def refusal(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    """What stands in the way, weighed from what is certain to what passes soon; None when it may go."""
    return (
        _rested(ledger, asks, now)
        or _gives_way(ledger, asks, now)
        or _counted(ledger, asks, now)
        or _without_token(ledger, asks, now)
    )


def rests(ledger: RequestLedger, priority: Priority, now: float) -> float:
    """Seconds for which the server's word keeps this from being read."""
    if ledger.frozen_until > now:
        return ledger.frozen_until - now
    left = ledger.left
    if left is None or left.quota <= 0:
        return 0.0
    # What actions have not used of their part stays theirs, down to the last read of a window.
    kept = max(0, ACTIONS - ledger.count(ACTS)) / QUOTA
    least = {Priority.FOREGROUND: kept, Priority.BACKGROUND: max(kept, _HALF)}
    floor = least.get(priority, max(kept, _SCARCE))
    return max(0.5, left.reset_at - now) if left.now(ledger.sent) <= floor * left.quota else 0.0


def _rested(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    seconds = rests(ledger, asks.priority, now)
    if not seconds:
        return None
    if ledger.left is None or ledger.frozen_until > now:
        return Refusal(seconds, Reason.RESTS, rest_in_words(seconds))
    remaining, quota = ledger.left.now(ledger.sent), ledger.left.quota
    words = f"{count(int(remaining))} of {count(int(quota))} requests are left for this user"
    return Refusal(seconds, Reason.SERVER, words)


def _gives_way(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    """What runs by itself waits while somebody waits, in any process; what is on screen not for long."""
    front = ledger.in_front(asks.session)
    # A lease holds the background back until the answer, so that a sweep cannot slip in between two pages of
    # a list.
    if not front or asks.priority is Priority.FOREGROUND or _stands_too_long(asks):
        return None
    spender = ledger.spenders.get(front)
    whose = f"the {spender.what} of {spender.who}" if spender is not None else "another wfdash"
    words = f"what somebody waits for in {whose} goes first"
    if front == asks.session:
        words = "what you wait for goes first"
    return Refusal(max(0.05, ledger.leases[front] - now), Reason.GIVES_WAY, words)


def _stands_too_long(asks: Request) -> bool:
    """Whether it is on somebody's screen and was due long ago."""
    return asks.late and asks.priority is Priority.VISIBLE


def _counted(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    """So that the server never sees more than its quota less what is kept for actions."""
    for reads, most in _bounds(ledger, asks):
        if ledger.count(reads) >= most:
            return _spent(ledger, asks, ledger.falls_below(most, reads, now))
    return None


def _bounds(ledger: RequestLedger, asks: Request) -> Iterator[tuple[range, int]]:
    """Of which reads a window may hold how many, this one among them."""
    if asks.priority is Priority.VISIBLE:
        yield READS, MOST - (_ROOM_FOR_VISIBLE if asks.late else _TIGHT)
    elif asks.priority is not Priority.FOREGROUND:
        yield READS, max(MOST - _ROOM_FOR_FOREGROUND, min(asks.limit, MOST - _ROOM_FOR_SHORT))
    elif not _is_long(ledger, asks):
        yield READS, MOST
    else:
        yield from long_bounds(ledger)


def long_bounds(ledger: RequestLedger) -> Iterator[tuple[range, int]]:
    """The same for one of many reads that somebody waits for."""
    # One `list --limit 0` must leave room for a person who opens one instance.
    yield READS, MOST - _ROOM_FOR_SHORT
    # Spent at once it would all be missing at once: the screens would stand still for minutes.
    yield _FRONT, max(MOST // 2, MOST - _ROOM_FOR_SHORT - _PER_SCREEN * max(1, ledger.screens))


def _is_long(ledger: RequestLedger, asks: Request) -> bool:
    spender = ledger.spenders.get(asks.session)
    return spender is not None and spender.spent_on(asks.priority, asks.purpose) >= _LONG


def _without_token(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    # A long read in front takes every token as it comes.
    if asks.priority is Priority.FOREGROUND or (_stands_too_long(asks) and ledger.in_front(asks.session)):
        return None
    burst, rate = bucket_of(asks.limit)
    tokens = ledger.bucket(asks.limit, now).tokens
    needed = 1.0 + (_LEAVES_LATE if asks.late else _LEAVES).get(asks.priority, 0.0) * burst
    if tokens < needed:
        ledger.queue_up(asks.session, asks.priority, asks.since, now)
        return _paced(ledger, asks, max(0.02, (needed - tokens) / rate))
    if ledger.goes_before(asks.session, asks.priority, asks.since, late=asks.late):
        ledger.queue_up(asks.session, asks.priority, asks.since, now)
        return _paced(ledger, asks, 0.5 / rate)
    return None


def _spent(ledger: RequestLedger, asks: Request, seconds: float) -> Refusal:
    return Refusal(seconds, Reason.SPENT, spenders_in_words(ledger, asks.session))


def _paced(ledger: RequestLedger, asks: Request, seconds: float) -> Refusal:
    return Refusal(seconds, Reason.PACE, spenders_in_words(ledger, asks.session))
