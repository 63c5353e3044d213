"""What the processes on one credential spent, hold and wait for: the content of the file they share."""

from collections import Counter
from enum import IntEnum
from functools import cache
from math import inf

from msgspec import Struct, field
from msgspec.structs import replace

__all__ = [
    "ACTIONS",
    "COUNTED",
    "LATENCY",
    "QUOTA",
    "SLOT",
    "WINDOW",
    "Pause",
    "Priority",
    "RequestLedger",
    "ServerLeft",
    "Spender",
    "TokenBucket",
]

WINDOW = 300.0
"""Seconds over which Cloudflare counts (API reference, rate limits)."""
QUOTA = 1200
"""Requests a window and user."""
ACTIONS = 400
"""Of these, for actions, their re-reads and their follow-up."""
SLOT = 10.0
"""Seconds that are counted together."""
LATENCY = 5.0
"""Seconds that a request may be under way: the server counts it when it arrives."""
COUNTED = WINDOW + LATENCY + SLOT
"""Seconds for which a request counts here at the most."""
_LEASE, _LONGEST_LEASE = 1.5, 15.0
"""Seconds for which a foreground read holds the background back at the least, and at the most: longer than
from one answer to the next."""
_QUEUED = 1.5
"""Seconds after which a process that does not ask again has left the queue."""
_ASKED = 3.0
"""Seconds after which a long read that does not ask again is over, or was stopped."""
_MOST_WANTED = 1e6
"""Reads that a process may claim to want: the file is anybody's, and this much holds back all others
anyway."""
_PROBE = 5.0
"""Seconds for which one read goes alone after a pause: what was due by then would be refused all at once, and
a block begin anew."""
_DOUBTED = 3 * WINDOW
"""Seconds after which a pause that was asked for is over, whether anything was answered since or not."""


class Priority(IntEnum):
    """Who goes first: the lower number. The ledger's keys begin with it."""

    ACTION = 0
    FOREGROUND = 1
    """A person waits for it: a page's first rows, an opened instance, a one-shot."""
    VISIBLE = 2
    """What is on screen, read again in its turn."""
    ROWS = 3
    """What rows on screen are blocked on, where that was never read."""
    SWEEP = 4
    BACKGROUND = 5


_VISIBLE, _ON_SCREEN = range(Priority.VISIBLE, Priority.ROWS), range(Priority.VISIBLE, Priority.SWEEP)
OPENED = "open instance"
"""The purpose of reads of what is open on a screen."""


@cache
def _digits(priorities: range) -> frozenset[str]:
    """The first characters of the ledger's keys for these priorities.

    Worked out once, asked for each request.
    """
    return frozenset(map(str, priorities))


class Spender(Struct):
    """One process, and its requests by `PRIORITY purpose` and slot of ten seconds."""

    what: str = ""
    """Its command: `dashboard`, `list`, ..."""
    who: str = ""
    pid: int = 0
    spent: dict[str, dict[int, int]] = field(default_factory=dict)

    def add(self, priority: Priority, purpose: str, now: float) -> None:
        slots = self.spent.setdefault(f"{priority.value} {purpose}", {})
        # Slots, for the file is read and written at every request: 1200 times of day would be 20 kB of it.
        slot = int(now // SLOT)
        slots[slot] = slots.get(slot, 0) + 1

    def move(self, seconds: float) -> None:
        """Moves all that it spent along with a clock that was set by so many seconds."""
        by = round(seconds / SLOT)
        self.spent = {key: {slot + by: n for slot, n in slots.items()} for key, slots in self.spent.items()}

    def forget(self, now: float) -> None:
        """Drops the slots of which nothing still counts, and those that a clock set back has left ahead."""
        oldest, newest = (now - WINDOW - LATENCY) // SLOT, (now + SLOT) // SLOT
        for key, slots in list(self.spent.items()):
            # At nearly every request nothing has grown old since the last one.
            if slots and oldest <= min(slots) and max(slots) <= newest:
                counts = slots.values()
                if min(counts) > 0 and max(counts) <= QUOTA:
                    continue
            # A file that was spoilt once held Infinity: a count that nobody can have spent is none.
            kept = {slot: n for slot, n in slots.items() if oldest <= slot <= newest and 0 < n <= QUOTA}
            if len(kept) != len(slots):
                self.spent[key] = kept
            if not kept:
                del self.spent[key]

    def by_purpose(self, priorities: range) -> list[dict[int, int]]:
        """What was spent by slot, of each purpose with one of these priorities."""
        digits = _digits(priorities)
        return [slots for key, slots in self.spent.items() if key[:1] in digits]

    def total(self, priorities: range) -> int:
        digits = _digits(priorities)  # and no list of them first: half of what a decision takes is to count
        return sum([sum(slots.values()) for key, slots in self.spent.items() if key[:1] in digits])

    def last(self, priorities: range, purpose: str = "") -> float:
        """When the last of these, or those of this purpose, may have gone at the latest."""
        if purpose:
            kept = [self.spent.get(f"{priority} {purpose}", {}) for priority in priorities]
        else:
            kept = self.by_purpose(priorities)
        return (max([max(slots) for slots in kept if slots], default=-inf) + 1) * SLOT

    def spent_on(self, priority: Priority, purpose: str) -> int:
        return sum(self.spent.get(f"{priority.value} {purpose}", {}).values())

    @property
    def purposes(self) -> list[tuple[str, int]]:
        """Requests by purpose, most first."""
        counted: Counter[str] = Counter()
        for key, slots in self.spent.items():
            counted[key.partition(" ")[2]] += sum(slots.values())
        return counted.most_common()


class ServerLeft(Struct):
    """What an answer's `Ratelimit` told, and how many requests all processes had sent by then."""

    remaining: float
    quota: float
    reset_at: float
    at: float
    sent: int
    window: float = WINDOW

    def now(self, sent: int) -> float:
        """Requests left once so many have been sent."""
        return max(0.0, self.remaining - max(0, sent - self.sent))


class LongDemand(Struct):
    """Many reads in a row that somebody waits for, of one process and purpose. Times are epoch seconds."""

    at: float
    """When it asked last."""
    wanted: float = -1.0
    """Reads it still wants; below nothing where it cannot tell."""
    most: float = 0.0
    """Those it wanted at once at the most."""
    went: float = 0.0
    """When the last of them went."""
    waits: bool = False
    """Whether it was refused since."""

    @property
    def is_sane(self) -> bool:
        return max(self.wanted, self.most) <= _MOST_WANTED and self.went <= self.at


class TokenBucket(Struct):
    """A bucket for reads that nobody waits for; it held `tokens` at `at`."""

    at: float
    tokens: float

    def fill(self, now: float, limit: int) -> None:
        burst, rate = bucket_of(limit)
        passed = max(0.0, now - self.at) if self.at <= now else 0.0
        tokens = self.tokens if abs(self.tokens) <= burst else 0.0
        # What lies further than a burst from nothing was written by a clock or a hand, and is none.
        self.at, self.tokens = now, min(burst, tokens + passed * rate)


class Pause(Struct):
    """A pause that the server asked for, until an answer shows that it is over. Times are epoch seconds."""

    asked_at: float
    guessed: bool = False
    """Whether the server did not say for how long."""
    probed_at: float = 0.0
    """When one read went, once it was over by the clock: the others wait for what comes of it."""


class _Added(Struct):
    """What was added up of all that was spent, until more is: each decision asks for it several times."""

    kept_from: tuple[float, float] | None = None
    """The oldest and the newest slot that count, by which the others were dropped."""
    counts: dict[range, int] = field(default_factory=dict)
    slots: dict[range, dict[int, int]] = field(default_factory=dict)
    lasts: list[tuple[float, float]] | None = None


class RequestLedger(Struct, dict=True):
    """What each process spent, holds and waits for.

    Times are epoch seconds, sessions the processes' names.
    """

    spenders: dict[str, Spender] = field(default_factory=dict)
    buckets: dict[int, TokenBucket] = field(default_factory=dict)
    """By limit: two processes may have been given different shares."""
    frozen_until: float = 0.0
    """Until when the server told any of them to keep still."""
    leases: dict[str, float] = field(default_factory=dict)
    """Until when each waits for an answer in the foreground."""
    queue: dict[str, dict[int, tuple[float, float]]] = field(default_factory=dict)
    """By session and priority: since when it waits for a token, and when it asked for it last."""
    long_at: float = 0.0
    """When a long read that somebody waits for went last."""
    longs: dict[str, LongDemand] = field(default_factory=dict)
    """Those under way, by `SESSION purpose`."""
    sent: int = 0
    """Requests by all of them, ever."""
    server_left: ServerLeft | None = field(default=None, name="left")
    """What the server said last; `left` in the file, which other releases read too."""
    pause: Pause | None = None
    """The one in force, or the last as long as nothing was answered since."""
    resumed_at: float = 0.0
    """When an answer showed that it was over: one that was asked for before holds nobody any more."""

    @property
    def _added(self) -> _Added:
        # No field: it is nothing that other processes need.
        found: _Added | None = self.__dict__.get("added")
        if found is None:
            found = self.__dict__["added"] = _Added()
        return found

    def changed(self) -> None:
        """Says that something was spent, or moved: what was added up is no more."""
        self.__dict__.pop("added", None)

    def forget(self, now: float) -> None:
        """Drops what concerns nobody any more; a clock that was set back keeps nobody waiting."""
        counting = (now - WINDOW - LATENCY) // SLOT, (now + SLOT) // SLOT
        if self._added.kept_from != counting:
            self.changed()
            for session, spender in list(self.spenders.items()):
                spender.forget(now)
                if not spender.spent:
                    del self.spenders[session]
            self._added.kept_from = counting
        # One that ends later than any can was written before a clock was set back: it would hold all others.
        longest = now + _LONGEST_LEASE
        self.leases = {name: until for name, until in self.leases.items() if now < until <= longest}
        for session, asked in list(self.queue.items()):
            kept = {p: turn for p, turn in asked.items() if now - _QUEUED <= turn[1] <= now}
            if kept:
                self.queue[session] = kept
            else:
                del self.queue[session]
        self.long_at = min(self.long_at, now)
        kept_on = {
            key: each for key, each in self.longs.items() if now - _ASKED <= each.at <= now and each.is_sane
        }
        self.longs = kept_on
        # No pause is put down that is longer: what a damaged file says must not stop all reads for good.
        self.frozen_until = 0.0 if self.frozen_until <= now else min(self.frozen_until, now + 2 * WINDOW)
        if self.server_left is not None and not self.server_left.at <= now <= self.server_left.reset_at:
            self.server_left = None
        self.resumed_at = min(self.resumed_at, now)
        # Nobody has asked for long: who does now learns by itself what the server thinks of it.
        if self.pause is not None and not now - _DOUBTED <= self.pause.asked_at <= now:
            self.pause = None

    def void(self, now: float) -> None:
        """Drops what a clock that was set makes untrue.

        Times to come were told by the old one, and nobody can say how long ago a bucket was filled.
        """
        self.changed()
        for bucket in self.buckets.values():
            bucket.at = now
        self.frozen_until, self.long_at, self.server_left = 0.0, 0.0, None
        self.leases, self.queue, self.longs = {}, {}, {}
        self.pause, self.resumed_at = None, 0.0

    def count(self, priorities: range) -> int:
        """Requests of these priorities in the last window, by all."""
        counts = self._added.counts
        if (found := counts.get(priorities)) is None:
            found = counts[priorities] = sum([each.total(priorities) for each in self.spenders.values()])
        return found

    def screens(self, since: float) -> list[float]:
        """When each process that has read since then what is on its screen last read what is opened there."""
        added = self._added
        if added.lasts is None:
            added.lasts = [
                (each.last(_VISIBLE), each.last(_ON_SCREEN, OPENED)) for each in self.spenders.values()
            ]
        return [opened for visible, opened in added.lasts if visible > since]

    def by_slot(self, priorities: range) -> dict[int, int]:
        """Requests of these priorities by all of them."""
        if (found := self._added.slots.get(priorities)) is not None:
            return found
        summed = self._added.slots[priorities] = {}
        for spender in self.spenders.values():
            for slots in spender.by_purpose(priorities):
                for slot, n in slots.items():
                    summed[slot] = summed.get(slot, 0) + n
        return summed

    def falls(self, priorities: range, now: float) -> list[tuple[float, float]]:
        """Pairs of seconds from now and requests that no longer count after them, soonest first."""
        slots = self.by_slot(priorities)
        # From the end of its slot, and as late as it may have arrived: the server must never count more than
        # is counted here.
        return [((slot + 1) * SLOT + WINDOW + LATENCY - now, slots[slot]) for slot in sorted(slots)]

    def falls_below(self, most: int, priorities: range, now: float) -> float:
        """Seconds until fewer than `most` of these are in the window, if no more are sent."""
        falls = self.falls(priorities, now)
        excess = sum(n for _, n in falls) - most + 1
        for seconds, n in falls:
            excess -= n
            if excess <= 0:
                # Never 0, which says that it may go.
                return max(0.1, seconds)
        return 0.1

    def spend(self, session: str, spender: Spender, priority: Priority, purpose: str, now: float) -> None:
        kept_from = self._added.kept_from
        spender.add(priority, purpose, now)
        self.spenders[session] = spender
        self.changed()
        self._added.kept_from = kept_from
        # Counts up for ever, so that each process can tell how many all of them sent since an answer.
        self.sent += 1
        if priority is Priority.ACTION:
            return
        if self.pause is not None:
            self.pause.probed_at = now
        for limit, bucket in self.buckets.items():
            bucket.fill(now, limit)
            # A foreground read may go without a token, but takes one where there is one.
            if bucket.tokens >= 1 or priority is not Priority.FOREGROUND:
                bucket.tokens -= 1

    def bucket(self, limit: int, now: float) -> TokenBucket:
        """The bucket of this limit as it is now; a new one holds what was not spent just before."""
        burst, rate = bucket_of(limit)
        bucket = self.buckets.get(limit)
        # A new process would otherwise have a burst of its own, and twenty of them twenty.
        if bucket is None:
            since = (now - burst / rate) // SLOT
            slots = self.by_slot(range(Priority.FOREGROUND, len(Priority)))
            recent = sum(n for slot, n in slots.items() if slot >= since)
            bucket = self.buckets[limit] = TokenBucket(now, max(0.0, burst - recent))
        bucket.fill(now, limit)
        return bucket

    def wait_in_front(self, session: str, now: float, takes: float = 0.0) -> None:
        """Says that somebody waits in the foreground of this session for an answer that takes so long."""
        self.leases[session] = now + min(max(_LEASE, 1.5 * takes), _LONGEST_LEASE)

    def in_front(self, session: str) -> str:
        """A session whose foreground waits, this one rather than another; "" for none."""
        if session in self.leases:
            return session
        return max(self.leases, key=lambda name: self.leases[name], default="")

    def update(
        self, server_left: ServerLeft | None, frozen_until: float, now: float, *, pause: Pause | None = None
    ) -> None:
        """Takes in what the server told one process, where no other was told anything newer."""
        if server_left is not None and server_left.at <= now <= server_left.reset_at:
            self.server_left = (
                server_left
                if self.server_left is None or server_left.at >= self.server_left.at
                else self.server_left
            )
        if now < frozen_until <= now + 2 * WINDOW:
            self.frozen_until = max(self.frozen_until, frozen_until)
            if pause is not None and (self.pause is None or pause.asked_at > self.pause.asked_at):
                self.pause = replace(pause, probed_at=0.0)

    def probes(self, now: float) -> float:
        """Seconds for which others wait for the one read that shows whether a pause is over; 0 for none."""
        if self.pause is None or self.frozen_until > now or not 0 <= now - self.pause.probed_at < _PROBE:
            return 0.0
        return _PROBE - (now - self.pause.probed_at)

    def resume(self, now: float) -> None:
        """Ends the pause, in every process, once the server has answered again."""
        self.frozen_until, self.pause, self.resumed_at = 0.0, None, now

    def goes_on(self, session: str, purpose: str, wanted: int | None, now: float) -> LongDemand:
        """Notes that a long read of this process and purpose asks again, with what it still wants."""
        key = f"{session} {purpose}"
        long = self.longs.setdefault(key, LongDemand(now))
        long.at, long.wanted = now, -1.0 if wanted is None else float(max(1, wanted))
        long.most = max(long.most, _MOST_WANTED if wanted is None else long.wanted)
        return long

    def wanted_at_most(self, session: str, purpose: str) -> float:
        """Reads that it wanted at once at the most; 0 of one that has not begun."""
        long = self.longs.get(f"{session} {purpose}")
        return long.most if long is not None else 0.0

    def went_on(self, session: str, purpose: str, now: float) -> None:
        """Notes that one read of this long read went; the last one ends it."""
        key = f"{session} {purpose}"
        if (long := self.longs.get(key)) is None:
            return
        long.went, long.waits = now, False
        if long.wanted >= 0:
            long.wanted -= 1
        if long.wanted == 0:
            del self.longs[key]

    def has_waited_longer(self, session: str, purpose: str, since: float) -> bool:
        """Whether another long read that has asked since then went before this one did, and waits."""
        mine = self.longs.get(f"{session} {purpose}")
        went = mine.went if mine is not None else 0.0
        return any(each.waits and each.at >= since and each.went < went for each in self.longs.values())

    def longs_want(self, *, but: str = "") -> list[float]:
        """How many reads each long read under way still wants, `but` one; inf where it did not say."""
        others = [long.wanted for key, long in self.longs.items() if key != but]
        return [inf if wanted < 0 else wanted for wanted in others]

    def queue_up(self, session: str, priority: Priority, since: float, now: float) -> None:
        asked = self.queue.setdefault(session, {})
        # Refused again, it keeps the moment at which it first asked.
        asked[priority.value] = (min(since, asked.get(priority.value, (since, 0.0))[0]), now)

    def leave_queue(self, session: str, priority: Priority) -> None:
        asked = self.queue.get(session, {})
        asked.pop(priority.value, None)
        if not asked:
            self.queue.pop(session, None)

    def goes_before(self, session: str, priority: Priority, since: float, *, late: bool) -> bool:
        """Whether another process has waited longer for the next token, or for something more urgent.

        What is late heeds only those that wait for the same: it would otherwise never have its turn.
        """
        for other, asked in self.queue.items():
            for theirs, (began, _) in asked.items() if other != session else ():
                if (theirs < priority and not late) or (theirs == priority and began < since):
                    return True
        return False


def bucket_of(limit: int) -> tuple[float, float]:
    """The burst and the tokens a second of a bucket that lets at most `limit` go in any window."""
    # Enough for a start or a page at once; the rest comes evenly.
    burst = limit / 20
    return burst, (limit - burst) / WINDOW
