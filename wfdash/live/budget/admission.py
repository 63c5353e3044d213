"""What may go now, of a ledger and one request: decided for a person first, and never out of the reserve."""

from math import inf

from msgspec import Struct

from wfdash.core.text.words import count
from wfdash.live.budget.headroom import (
    LONG_PACE,
    MOST,
    READS,
    headroom,
    is_ample,
    pace_of_screens,
    unused_by_actions,
)
from wfdash.live.budget.ledger import QUOTA, Priority, RequestLedger, bucket_of
from wfdash.live.budget.waiting import Reason, Refusal, rest_in_words, spenders_in_words

__all__ = ["ROOM_FOR_SHORT", "Request", "is_long", "is_sample", "refusal", "rests"]

_SCARCE, _HALF = 0.25, 0.5
"""Parts of the user's quota below which nothing is read by itself, and nothing in the background."""
_LONG, ROOM_FOR_SHORT = 30, 40
"""Foreground reads of one purpose in a process, from which it leaves so many of a window to short ones."""
_ROOM_AT_LAST = 10
"""Reads of these that what is about to grow stale on a screen leaves: short ones that began a long read, or a
sample, were taken from what it needs."""
_SAMPLE = 60
"""Reads up to which one that tells how many it still wants is no long one: a page's sample, and its lists."""
_FEW = 10
"""Reads that are as few where that many went before."""
_TURN, _AGAIN = 1.5, 0.2
"""Seconds for which a long read waits for one that has waited longer, and may have been stopped, and after
which it looks again."""
_ROOM_FOR_FOREGROUND = 160
"""Reads of a window that sweeps and background leave to what somebody may come to wait for."""
_SELDOM = 2.0
"""Seconds that what is on a screen waits at least, where a window runs short."""
_SOON = 1.0
"""Seconds until that is looked at again: it moves with the time, and with what others do."""
_STARVES = 30.0
"""Seconds after which a process reads one thing by itself although somebody waits: a recorder would miss what
changes, and nothing is seen to move below the rows on screen."""
_LEAVES = {Priority.VISIBLE: 1 / 15, Priority.ROWS: 1 / 15, Priority.SWEEP: 1 / 6, Priority.BACKGROUND: 1 / 6}
"""Part of a full bucket that each leaves to those before it."""
_LEAVES_LATE = {Priority.ROWS: 1 / 15, Priority.SWEEP: 1 / 15, Priority.BACKGROUND: 1 / 15}
"""For what has waited so long that it would otherwise never have its turn."""
_OVERDRAWN = 0.5
"""Part of a full bucket that what has waited so long may take in advance, while somebody's reads empty it."""


class Request(Struct, frozen=True):
    """A read that asks for leave; `since`, epoch seconds, is when it first did."""

    session: str
    limit: int
    """Reads a window that this process lets go by themselves."""
    priority: Priority
    since: float
    late: bool = False
    purpose: str = ""
    wanted: int | None = None
    """Reads that are wanted in a row, with this one, where that is known."""


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
    server_left = ledger.server_left
    if server_left is None or server_left.quota <= 0:
        return 0.0
    # What actions have not used of theirs stays for them down to the last read, also where other tools spend
    # the rest of the user's quota.
    kept = unused_by_actions(ledger) / QUOTA
    least = {Priority.FOREGROUND: kept, Priority.BACKGROUND: max(kept, _HALF)}
    floor = least.get(priority, max(kept, _SCARCE))
    return (
        max(0.5, server_left.reset_at - now)
        if server_left.now(ledger.sent) <= floor * server_left.quota
        else 0.0
    )


def _rested(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    seconds = rests(ledger, asks.priority, now)
    if not seconds:
        probes = ledger.probes(now)
        words = "one read goes first, to see whether the server's pause is over"
        return Refusal(min(probes, _AGAIN), Reason.RESTS, words) if probes else None
    if ledger.server_left is None or ledger.frozen_until > now:
        return Refusal(seconds, Reason.RESTS, rest_in_words(ledger))
    remaining, quota = ledger.server_left.now(ledger.sent), ledger.server_left.quota
    words = f"{count(int(remaining))} of {count(int(quota))} requests are left for this user"
    return Refusal(seconds, Reason.SERVER, words)


def _gives_way(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    """Refuses what runs by itself while somebody waits in any process; what is on screen is not held long."""
    front = ledger.in_front(asks.session)
    # A lease holds the background back until the answer, so that a sweep cannot slip in between two pages of
    # a list.
    if not front or asks.priority is Priority.FOREGROUND or _stands_too_long(ledger, asks, now):
        return None
    spender = ledger.spenders.get(front)
    whose = f"the {spender.what} of {spender.who}" if spender is not None else "another wfdash"
    words = f"{whose} goes first: somebody waits for it"
    if front == asks.session:
        words = "what you wait for goes first"
    return Refusal(max(0.05, ledger.leases[front] - now), Reason.GIVES_WAY, words)


def _stands_too_long(ledger: RequestLedger, asks: Request, now: float) -> bool:
    """Whether it was due so long ago that it goes although somebody waits: soon where it is on a screen."""
    if asks.priority is Priority.VISIBLE:
        return asks.late
    if now - asks.since < _STARVES:
        return False
    spender = ledger.spenders.get(asks.session)
    return spender is None or now - spender.last(range(Priority.ROWS, len(Priority))) >= _STARVES


def _counted(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    """Refuses what would exceed the quota less the reserve of actions, or would spend the window at once."""
    most = _most(ledger, asks)
    if ledger.count(READS) >= most:
        return _spent(ledger, asks, ledger.falls_below(most, READS, now))
    # Spent at once it would all be missing at once: what goes on beside it would stand still for minutes.
    if asks.priority is Priority.FOREGROUND:
        if not is_long(ledger, asks):
            return None
        if _runs_dry(ledger, asks, now):
            room = headroom(ledger, now, kept=MOST - _most(ledger, asks))
            pace = room.pace(pace_of_screens(ledger, now))
            rest = ledger.long_at + 1 / pace - now if pace else _SOON
            if rest > 0:
                return _spent(ledger, asks, rest)
        # Also what there is room for one by one goes in turns: else all of it to who is answered soonest.
        if ledger.has_waited_longer(asks.session, asks.purpose, now - _TURN):
            return _spent(ledger, asks, _AGAIN)
        return None
    waited = now - asks.since >= _SELDOM and _stands_too_long(ledger, asks, now)
    if not waited and _runs_dry(ledger, asks, now):
        rest = _SELDOM - (now - asks.since)
        return _spent(ledger, asks, min(_SOON, rest) if rest > 0 else _SOON)
    return None


def _most(ledger: RequestLedger, asks: Request) -> int:
    """How many reads a window this request may bring the count up to."""
    # One `list --limit 0` must leave room for a person who opens one instance.
    if asks.priority is Priority.FOREGROUND and not is_long(ledger, asks):
        return MOST
    if asks.priority is Priority.VISIBLE and asks.late:
        return MOST - _ROOM_AT_LAST
    if asks.priority <= Priority.VISIBLE:
        return MOST - ROOM_FOR_SHORT
    return max(MOST - _ROOM_FOR_FOREGROUND, min(asks.limit, MOST - ROOM_FOR_SHORT))


def _runs_dry(ledger: RequestLedger, asks: Request, now: float) -> bool:
    """Whether one read more would leave too little for screens and long reads to go on at the least pace."""
    kept, beside = MOST - _most(ledger, asks), pace_of_screens(ledger, now)
    if is_ample(ledger, beside, now, kept=kept):
        return False
    # What none wants yet somebody may come to want.
    wanted = sum(ledger.longs_want()) or inf
    room = headroom(ledger, now, kept=kept)
    if asks.priority is Priority.FOREGROUND:
        return room.lasts(beside, wanted) < 1
    wanted += 1  # for what is none of them
    return room.lasts(beside, wanted) < wanted and room.lasts(beside, inf, rest=LONG_PACE) < 1


def is_long(ledger: RequestLedger, asks: Request) -> bool:
    """Whether the request is one of many in a row that somebody waits for."""
    return _spent_alike(ledger, asks) >= _LONG and not is_sample(ledger, asks)


def is_sample(ledger: RequestLedger, asks: Request) -> bool:
    """Whether it is one of a few dozen, which are over before they keep anybody waiting.

    Of a page that is opened again a few are new: they would wait for minutes as the last of many.
    """
    if asks.wanted is None:
        return False
    spent, most = _spent_alike(ledger, asks), ledger.wanted_at_most(asks.session, asks.purpose)
    return spent + asks.wanted <= _SAMPLE or (max(most, asks.wanted) <= _FEW and spent < 2 * _SAMPLE)


def _spent_alike(ledger: RequestLedger, asks: Request) -> int:
    spender = ledger.spenders.get(asks.session)
    return spender.spent_on(asks.priority, asks.purpose) if spender is not None else 0


def _without_token(ledger: RequestLedger, asks: Request, now: float) -> Refusal | None:
    if asks.priority is Priority.FOREGROUND:
        return None
    burst, rate = bucket_of(asks.limit)
    tokens = ledger.bucket(asks.limit, now).tokens
    # A long read in front takes every token as it comes.
    if ledger.in_front(asks.session) and _stands_too_long(ledger, asks, now):
        owed = -_OVERDRAWN * burst
        return None if tokens > owed else _paced(ledger, asks, (owed - tokens) / rate + 0.02)
    needed = 1.0 + (_LEAVES_LATE if asks.late else _LEAVES).get(asks.priority, 0.0) * burst
    if tokens < needed:
        ledger.queue_up(asks.session, asks.priority, asks.since, now)
        return _paced(ledger, asks, max(0.02, (needed - tokens) / rate))
    # A token that falls due goes to who has waited longest: else it would go to who happens to look most
    # often.
    if ledger.goes_before(asks.session, asks.priority, asks.since, late=asks.late):
        ledger.queue_up(asks.session, asks.priority, asks.since, now)
        return _paced(ledger, asks, 0.5 / rate)
    return None


def _spent(ledger: RequestLedger, asks: Request, seconds: float) -> Refusal:
    return Refusal(seconds, Reason.SPENT, spenders_in_words(ledger, asks.session))


def _paced(ledger: RequestLedger, asks: Request, seconds: float) -> Refusal:
    return Refusal(seconds, Reason.PACE, spenders_in_words(ledger, asks.session))
