"""What a window still has room for: now, and as what was sent falls out of it."""

from collections.abc import Sequence
from math import inf

from msgspec import Struct

from wfdash.live.budget.ledger import (
    ACTIONS,
    COUNTED,
    LATENCY,
    QUOTA,
    SLOT,
    WINDOW,
    Priority,
    RequestLedger,
)

__all__ = [
    "ACTS",
    "LONG_PACE",
    "MOST",
    "READS",
    "Headroom",
    "headroom",
    "is_ample",
    "pace_of_screens",
    "unused_by_actions",
]

MOST = QUOTA - ACTIONS
"""Reads a window, whoever waits for them."""
READS = range(Priority.FOREGROUND, len(Priority))
ACTS = range(Priority.ACTION, Priority.FOREGROUND)
LONG_PACE = 0.6
"""Reads a second, of all processes, that are left to long ones by what runs by itself, and at which these go
at the most where not all of them fit."""
_LEAST_PACE = 1 / 4.5
"""Reads a second that nobody calls standing still."""
_SCREEN_PACE, _LIST_PACE = 0.37, 0.28
"""Reads a second that one screen needs: for its list, its counts, and the instance that is open in it; and
where none is."""
_SPARING = 0.7
"""Part of it that one takes while the window runs short: what is on it is read more seldom then."""
_RECENT = 60.0
"""Seconds after its last read of what is on screen for which a process counts as a screen."""
_LEAST = 0.001
"""Seconds that an answer takes at the least."""
_STEP, _FORESEEN = 5.0, 3 * COUNTED
"""Seconds of one step of an outlook, and of all of them: half a slot, for a slot falls out at its middle."""


class _Room(Struct):
    """Room for `free` reads now, and for how many more after so many seconds each, soonest first."""

    free: float
    falls: list[tuple[float, float]]
    slides: bool
    """Whether what goes from now on falls out again, as it does not of the server's own window."""

    def pass_to(self, after: float) -> None:
        """Adds what falls out of the window until then; later questions are about later moments only."""
        falls, passed = self.falls, 0
        while passed < len(falls) and falls[passed][0] <= after:
            self.free += falls[passed][1]
            passed += 1
        del falls[:passed]

    def lasts(self, beside: float, wanted: float, after: float, spent: float, rest: float) -> float:
        free, least = self.free - spent, wanted
        for seconds, reads in self.falls:
            if seconds > after and (margin := free - beside * (seconds - after)) < wanted:
                least = min(least, margin - min(wanted - margin, rest * (seconds - after)))
            free += reads
        return least if free >= wanted else min(least, free)

    def pace(self, beside: float, after: float, spent: float) -> float:
        free, least = self.free - spent, inf
        for seconds, reads in self.falls:
            if seconds > after:
                least = min(least, free / (seconds - after) - beside)
            free += reads
        return least


class Headroom(Struct):
    """The room for reads, by the count of what was sent from here and by the server's own word."""

    rooms: Sequence[_Room]
    now: float

    def lasts(
        self,
        beside: float,
        wanted: float,
        *,
        after: float = 0.0,
        spent: float = 0.0,
        rest: float = _LEAST_PACE,
    ) -> float:
        """How many of the long reads that are `wanted` may go at once without the window running dry later.

        What goes on from then on are screens, `beside` them so many a second, and the `rest` at its pace.
        They go `after` so many seconds, in which so many are `spent`. No more is kept for the rest than does
        not fit: where a few are too many, nearly all go at once, and only those few wait.
        """
        return min(room.lasts(beside, wanted, after, spent, rest) for room in self.rooms)

    def pace(self, beside: float, *, after: float = 0.0, spent: float = 0.0) -> float:
        """Reads a second of all long reads where not all that they want fits: as many as screens leave.

        Another may have taken what those do not need. It goes on all the same, seldom, as long as they still
        have what they need where each waits longer between two reads; then it stands still, and is 0.
        """
        even = min(room.pace(beside, after, spent) for room in self.rooms)
        spared = self.lasts(beside, inf, after=after, spent=spent, rest=0.0)
        return min(LONG_PACE, max(_LEAST_PACE if spared >= 1 else 0.0, even))

    def takes(self, reads: int, *, others: Sequence[float] = (), beside: float, each: float) -> float:
        """Seconds until so many long reads have gone, of which one alone takes `each` so many.

        Screens read `beside` them so many a second, and `others` want as many long reads. What is found out
        is spent: it is asked once.
        """
        wants, spent, seconds = [float(reads), *others], 0.0, 0.0
        each = max(each, _LEAST)
        while wants[0] > 0 and seconds < _FORESEEN:
            step = _STEP - (self.now + seconds) % _STEP
            for room in self.rooms:
                room.pass_to(seconds)
            at_once = self.lasts(beside, sum(wants), after=seconds, spent=spent)
            pace = self.pace(beside, after=seconds, spent=spent)
            # Once what fits has gone, the rest goes on at its pace.
            most = max(at_once, 0.0)
            if most < sum(wants):
                most = max(
                    at_once, min(most + pace * step, min(room.free for room in self.rooms) - spent), 0.0
                )
            # All of them go as fast as they are answered, or take turns.
            alone = [min(want, step / each) for want in wants]
            part = min(1.0, most / sum(alone))
            if part * alone[0] >= wants[0]:
                turns = 0.0 if at_once >= sum(wants) else step * wants[0] * len(wants) / most
                return seconds + max(each * wants[0], min(step, turns))
            screens = beside if at_once >= sum(alone) else beside * _SPARING
            gone = part * sum(alone) + screens * step
            self._spend(gone, seconds)
            spent, seconds = spent + gone, seconds + step
            wants = [
                want - part * went for want, went in zip(wants, alone, strict=True) if want > part * went
            ]
        # Where it takes that long, no more goes than a window holds.
        pace = max(LONG_PACE, MOST / COUNTED - beside) / len(wants)
        return seconds + wants[0] * max(each, 1 / pace)

    def _spend(self, reads: float, after: float) -> None:
        falls = ((self.now + after) // SLOT + 1) * SLOT + WINDOW + LATENCY - self.now
        for room in self.rooms:
            if room.slides:
                room.falls.append((falls, reads))


def headroom(ledger: RequestLedger, now: float, *, kept: int = 0) -> Headroom:
    """The room for reads, less so many that are kept for others."""
    falls = ledger.falls(READS, now)
    rooms = [_Room(MOST - kept - sum(n for _, n in falls), falls, slides=True)]
    if (by_server := _left_by_server(ledger, now, kept)) is not None:
        free, seconds = by_server
        rooms.append(_Room(free, [(seconds, inf)], slides=False))
    return Headroom(rooms, now)


def is_ample(ledger: RequestLedger, beside: float, now: float, *, kept: int = 0) -> bool:
    """Whether reads may go on at any pace that is kept free until all that went before has fallen out.

    It is so nearly always, and asked of each read: it is told without looking at when what falls out.
    """
    pace = beside + LONG_PACE
    if MOST - kept - ledger.count(READS) - pace * (COUNTED + SLOT) < 1:
        return False
    by_server = _left_by_server(ledger, now, kept)
    return by_server is None or by_server[0] - pace * by_server[1] >= 1


def _left_by_server(ledger: RequestLedger, now: float, kept: int) -> tuple[float, float] | None:
    """Reads that the server's own count leaves, and in how many seconds it begins anew."""
    if (server_left := ledger.server_left) is None or server_left.quota <= 0:
        return None
    free = server_left.now(ledger.sent) - (unused_by_actions(ledger) + kept) / QUOTA * server_left.quota
    return free, max(0.0, server_left.reset_at - now)


def unused_by_actions(ledger: RequestLedger) -> int:
    """Requests of a window that are kept for actions and not spent by them."""
    return max(0, ACTIONS - ledger.count(ACTS))


def pace_of_screens(ledger: RequestLedger, now: float) -> float:
    """Reads a second that all screens are left beside a long read; never more than half of what there is."""
    since = now - _RECENT
    pace = sum(_SCREEN_PACE if opened > since else _LIST_PACE for opened in ledger.screens(since))
    return min(pace, MOST / WINDOW / 2)
