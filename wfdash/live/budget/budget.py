"""Who may ask now: what a person waits for first, and never what is kept for actions."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from wfdash.api.errors import LONGEST_PAUSE
from wfdash.api.http.limit_headers import RequestsLeft, parse_ratelimit
from wfdash.api.interface import Exchange
from wfdash.core.text.words import estimated
from wfdash.live.budget.admission import ROOM_FOR_SHORT, Request, is_long, is_sample, refusal, rests
from wfdash.live.budget.headroom import ACTS, MOST, READS, headroom, pace_of_screens
from wfdash.live.budget.ledger import (
    ACTIONS,
    QUOTA,
    WINDOW,
    Pause,
    Priority,
    RequestLedger,
    ServerLeft,
    Spender,
    bucket_of,
)
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.live.budget.waiting import Outlook, Reason, Waiting, elsewhere, others, rest_in_words, scarcity

__all__ = ["Budget"]

KEPT = 200
"""Exchanges that the page of requests can list."""
# A block lasts five minutes (API reference, rate limits); a 429 of something in front may be over at once, so
# the first guess is short.
_LEAST_FREEZE, _MOST_FREEZE = 15.0, 300.0
_AT_ONCE, _DOUBLED = 1.0, 9
"""Seconds below which a pause that was asked for is none, and how often a guess is doubled at the most."""
_LATE = 9
"""Answers that tell how long one takes now."""
_ANSWER = 0.25
"""Seconds that one takes as long as none has told."""
_BETWEEN = 0.03
"""Seconds from an answer to the next question, in which it is read and drawn."""
_SLOW, _NOTICED = 2.0, 5.0
"""How many times as long as its answers a long read takes that is called slow, and by how many seconds."""
_BEFORE_IT = 50
"""Requests by which both counts differ, from which it is worth telling why."""
_SET = 1.0
"""Seconds by which a clock is set rather than slowed down."""
_LONGEST_SLEEP = 1.0
"""Seconds after which who waits looks again: what it waits for may be over."""
_STILL_ASKED = 3.0
"""Seconds after its last try for which something is told as waiting."""


class Budget:
    """Gives leave to send, to this process, out of what all processes on the credential share.

    What runs by itself draws on a token bucket that lets at most `limit` go in a window. What a person waits
    for does not: it may have all but what is kept for actions, by the count and by the server's own word.

    Times are epoch seconds on `clock`, as other processes read them too. `steady`, which nobody sets, tells
    when that clock was: a pause of seconds would last an hour on one that is set back by an hour.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float] | None = None,
        share: float = 0.5,
        counter: SharedCounter | None = None,
        chance: Callable[[], float] = random.random,
        free: bool = False,
    ) -> None:
        """`free` where what is asked is a file: nothing is counted and nothing waits."""
        self.free = free
        # Cloudflare counts by user, not by token: `wrangler deploy` and the dashboard in a browser live on
        # the same 1200, and a 429 blocks them all for five minutes (API reference, rate limits).
        # Below twenty a bucket of a twentieth would hold less than one read, and nothing would ever go.
        self.limit = max(20, min(MOST, round(QUOTA * share)))
        self.requests: deque[Exchange] = deque(maxlen=KEPT)
        self.clock = clock
        self._steady = steady or clock
        self._ahead = clock() - self._steady()
        """How far the clock is ahead of the steady one; it changes only where the clock is set."""
        self._chance = chance
        self._counter = counter or SharedCounter()
        self._server_left: ServerLeft | None = None
        self._frozen_until = 0.0
        """The pause that the server asked of any process, on the steady clock."""
        self._pause: Pause | None = None
        """The one that this process was asked for last."""
        self._refusals = 0
        self._waiting: dict[tuple[Priority, str], Waiting] = {}

    # What is told of it.

    @property
    def meter(self) -> tuple[int, int]:
        """Reads of the last five minutes, by all processes, and what bounds them."""
        reads = self._look().count(READS)
        return reads, self.limit if reads <= self.limit else MOST

    @property
    def actions(self) -> tuple[int, int]:
        """Requests of actions in the last five minutes, by all processes, and what bounds them."""
        return self._look().count(ACTS), ACTIONS

    @property
    def others(self) -> tuple[int, int]:
        """Reads by other processes on this credential, and how many processes they are."""
        return others(self._look(), self._counter.session)

    @property
    def spenders(self) -> list[tuple[bool, Spender]]:
        """Every process that sent something in the last window, this one first and marked, then by number."""
        mine = self._counter.session
        marked = [(name == mine, spender) for name, spender in self._look().spenders.items()]
        return sorted(marked, key=lambda pair: (not pair[0], -pair[1].total(range(len(Priority)))))

    @property
    def elsewhere(self) -> int:
        """Requests of this user that no wfdash here counted, at least: the server's count less ours."""
        return elsewhere(self._look())

    @property
    def server_began(self) -> float | None:
        """Seconds since the server began to count anew, where much of what counts here was sent before."""
        server_left, ours = self.server_left, self._look().count(range(len(Priority)))
        if server_left is None or not 0 <= server_left.reset <= server_left.window:
            return None
        return (
            server_left.window - server_left.reset
            if ours - (server_left.quota - server_left.remaining) >= _BEFORE_IT
            else None
        )

    @property
    def pace(self) -> float:
        """Reads a second at which what runs by itself goes, in all processes together."""
        return bucket_of(self.limit)[1]

    @property
    def shared_file(self) -> Path | None:
        """The file that the processes share; None where nothing is shared."""
        return None if self._counter.trouble else self._counter.path

    @property
    def sharing_trouble(self) -> str:
        """Why nothing is shared with other processes, "" while it is."""
        return self._counter.trouble or self._counter.locked_out

    @property
    def server_left(self) -> RequestsLeft | None:
        """What the server said last, to any process, of the user's whole quota, while that window runs."""
        now, server_left = self._now(), self._look().server_left
        if server_left is None or now > server_left.reset_at:
            return None
        seconds = max(0.0, server_left.reset_at - now)
        return RequestsLeft(server_left.remaining, server_left.quota, seconds, server_left.window)

    @property
    def frozen_until(self) -> float | None:
        """Until when the server said that nothing is to be read, epoch seconds; None where it did not."""
        until = self._look().frozen_until
        return until if until > self._now() else None

    @property
    def rest_is_guessed(self) -> bool:
        """Whether the server gave no time for its pause: one read is tried after ever longer waits."""
        pause = self._look().pause
        return pause is not None and pause.guessed

    @property
    def held_for(self) -> float:
        """Seconds for which nothing is read by itself: the server said so, or has hardly anything left."""
        now = self._now()
        return rests(self._look(), Priority.VISIBLE, now)

    @property
    def waiting(self) -> list[Waiting]:
        """What asks and is refused, most urgent first and longest first."""
        now = self._now()
        for key, waiting in list(self._waiting.items()):
            if not 0 <= now - waiting.tried_at < _STILL_ASKED:
                del self._waiting[key]
        return sorted(self._waiting.values(), key=lambda waiting: (waiting.priority, waiting.since))

    def slow(self, *purposes: str, after: float = 1.0) -> str:
        """Why one of these has waited for longer than `after` seconds, in words; "" where none has.

        Without purposes: anything that is on screen or that somebody waits for.
        """
        now = self._now()
        for waiting in self.waiting:
            wanted = waiting.purpose in purposes if purposes else waiting.priority <= Priority.VISIBLE
            if wanted and now - waiting.since >= after:
                return waiting.refusal.words
        return ""

    # Leave to send.

    def take(
        self, priority: Priority, purpose: str = "", *, late: bool = False, wanted: int | None = None
    ) -> float:
        """Spends one read. 0 when it may go now, else the seconds after which to try again.

        What is `late` leaves less to those before it. Of several in a row that somebody waits for, `wanted`
        is how many are still to go, this one among them: what will end need not be spared for.
        """
        # A record costs the server nothing.
        if self.free:
            return 0.0
        now, key = self._now(), (priority, purpose)
        waiting = self._waiting.get(key)
        asked = 0 <= now - waiting.tried_at < _STILL_ASKED if waiting is not None else False
        # Who is refused keeps its place: it goes by when it first asked, not by when it asks again.
        since = waiting.since if waiting is not None and asked else now
        counter = self._counter
        asks = Request(counter.session, self.limit, priority, since, late, purpose, wanted)
        # Decided and put down under one lock: two processes that looked first and spent later would both take
        # the last read.
        with self._open(now) as ledger:
            long, counts_as_long = None, priority is Priority.FOREGROUND and is_long(ledger, asks)
            if priority is Priority.FOREGROUND:
                ledger.wait_in_front(counter.session, now, self._answer_takes(0.0))
                if wanted is not None or counts_as_long:
                    long = ledger.goes_on(counter.session, purpose, wanted, now)
            refused = refusal(ledger, asks, now)
            if long is not None:
                # By it long reads take turns, in whichever process, however slow the server of one of them
                # is.
                long.waits = refused is not None
            if refused is None:
                if long is not None:
                    ledger.went_on(counter.session, purpose, now)
                ledger.long_at = now if counts_as_long else ledger.long_at
                ledger.leave_queue(counter.session, priority)
                ledger.spend(counter.session, counter.mine, priority, purpose, now)
            elif priority is Priority.FOREGROUND and refused.reason is not Reason.SPENT:
                # While the server rests it holds nothing else back. Where the window is spent it does: what
                # falls out of it would otherwise go to what nobody waits for.
                ledger.leases.pop(counter.session, None)
        if refused is None:
            # A purpose of which one read went waits no more, whatever the rest of it is asked for with.
            self._waiting = {other: kept for other, kept in self._waiting.items() if other[1] != purpose}
            return 0.0
        self._waiting[key] = Waiting(purpose, priority, since, now, refused)
        return refused.seconds

    @contextmanager
    def together(self) -> Iterator[None]:
        """Decides all that is taken in this block under one lock, with one look at the shared file.

        Whenever an answer comes a dashboard asks for all that is due, and most of it is refused: each by
        itself would read and write the file that all processes wait for.
        """
        if self.free:
            yield
            return
        with self._open(self._now()):
            yield

    async def acquire(self, priority: Priority, purpose: str = "") -> None:
        """Waits until one read may go, and spends it."""
        wait = self.take(priority, purpose)
        while wait:
            # Another process may give back what it held, and says so to nobody.
            await asyncio.sleep(min(wait, _LONGEST_SLEEP))
            wait = self.take(priority, purpose)

    def action_slow(self) -> str:
        """What an action waits for now, in words; "" where it waits for nothing."""
        now = self._now()
        ledger = self._look()
        if ledger.count(ACTS) >= ACTIONS:
            wait = ledger.falls_below(ACTIONS, ACTS, now)
            return (
                f"{ACTIONS} requests of actions went in about 5 minutes; the next goes in {estimated(wait)}"
            )
        waits = self.slow("actions")
        return f"waits to read: {waits}" if waits else ""

    def actions_take(self, number: int) -> float:
        """Seconds, at least, until `number` more requests of actions fit into the window."""
        # What has gone leaves the window as it came, all at once after a burst: until then nothing more goes,
        # so that a rate over the whole window would promise too much.
        windows, rest = divmod(number - 1, ACTIONS) if number > 0 else (0, -1)
        ledger, now = self._look(), self._now()
        full = ledger.count(ACTS) + rest + 1 > ACTIONS
        return windows * WINDOW + (ledger.falls_below(ACTIONS - rest, ACTS, now) if full else 0.0)

    def in_turn_take(self, number: int) -> float:
        """Seconds that so many actions take, each read and then sent, by late answers and by the window."""
        return max(
            self.actions_take(number), self._long_takes(number, 2 * self._answer_takes(0.0), "actions")
        )

    def reads_take(
        self, number: int, purpose: str = "", *, each: float | None = None, at_a_time: int = 1
    ) -> Outlook:
        """Seconds that so many reads take for which somebody waits, one after the other or some at a time.

        One takes `each` so many seconds while none is held back; None: as late answers took. Those of this
        purpose that are under way are these.
        """
        if each is None:
            each = (self._answer_takes(_ANSWER) + _BETWEEN) / at_a_time
        takes = self._long_takes(number, each, purpose)
        if self.frozen_until is not None:
            words = rest_in_words(self._look())
            return Outlook(takes, words, "refused" if self.rest_is_guessed else "a pause")
        is_slow = takes > max(_SLOW * number * each, number * each + _NOTICED)
        if not is_slow:
            return Outlook(takes)
        if number > MOST:  # it is slow however little went before
            return Outlook(takes, f"{MOST} reads go in 5 minutes", f"{MOST} in 5 m")
        return Outlook(takes, *scarcity(self._look(), MOST))

    def _long_takes(self, number: int, each: float, purpose: str) -> float:
        """Seconds until so many reads have gone, of which one alone takes `each` so many."""
        now, ledger, session = self._now(), self._look(), self._counter.session
        asks = Request(session, self.limit, Priority.FOREGROUND, now, purpose=purpose, wanted=number)
        # A page's sample is over before anybody has waited for it: nothing need be left beside it.
        if purpose and is_sample(ledger, asks):
            room, beside, others = headroom(ledger, now), 0.0, []
        else:
            room, beside = headroom(ledger, now, kept=ROOM_FOR_SHORT), pace_of_screens(ledger, now)
            others = ledger.longs_want(but=f"{session} {purpose}")
        takes = room.takes(number, others=others, beside=beside, each=each)
        # While the server rests the window empties all the same.
        return max(takes, rests(ledger, Priority.FOREGROUND, now) + number * each)

    def _answer_takes(self, unknown: float) -> float:
        """The median of late answers in seconds; `unknown` where there was none."""
        took = [each.milliseconds for each in self.requests if each.http is not None]
        late = sorted(took[-_LATE:])
        return late[len(late) // 2] / 1000 if late else unknown

    async def acquire_detail(self) -> None:
        """Waits for leave for a read of an action on many, which counts as a read and not as an action."""
        await self.acquire(Priority.FOREGROUND, "actions")

    async def acquire_action(self) -> None:
        """Waits until one request of an action may go, and spends it; a read freeze does not hold it."""
        while True:
            now, counter = self._now(), self._counter
            with self._open(now) as ledger:
                full = ledger.count(ACTS) >= ACTIONS
                wait = ledger.falls_below(ACTIONS, ACTS, now) if full else 0.0
                if not full:
                    ledger.spend(counter.session, counter.mine, Priority.ACTION, "actions", now)
                    return
            await asyncio.sleep(min(wait, _LONGEST_SLEEP))

    def saw(self, exchange: Exchange) -> None:
        """Learns from an answer; the client hands over every one."""
        now = self._now()
        self.requests.append(exchange)
        # What is tidied up (the tail of a log that nobody follows any more) waits for nothing, and counts.
        if exchange.method == "DELETE" and not self.free:
            with self._open(now) as ledger:
                session, mine = self._counter.session, self._counter.mine
                ledger.spend(session, mine, Priority.FOREGROUND, "logs", now)
        if server_left := parse_ratelimit(exchange.ratelimit, exchange.ratelimit_policy):
            # What all processes sent since this answer is taken off it, until the next one tells anew.
            sent = self._counter.ledger.sent
            reset_at = now + max(server_left.reset, 1.0)
            self._server_left = ServerLeft(
                server_left.remaining, server_left.quota, reset_at, now, sent, server_left.window
            )
        wait, guessed = exchange.retry_after, False
        least = _LEAST_FREEZE
        if exchange.http == 429:
            # "At once", or a time that has passed, is no word of how long where it goes on to refuse.
            if wait is not None and wait < _AT_ONCE:
                least, wait = _AT_ONCE, None
            # What went before a pause is refused all together: that is one refusal, and no longer pause.
            if wait is None and self.frozen_until is None:
                wait, guessed = self._guess(least), True
        # One that is gone was looked for: only what may be a block by another name shows nothing.
        elif exchange.http is not None and (exchange.http < 400 or exchange.http == 404):
            self._resume(now, now - exchange.milliseconds / 1000)
        if wait is not None:
            self._freeze(now + min(max(wait, 1.0), LONGEST_PAUSE), now, guessed=guessed)

    def answered(self) -> None:
        """Gives the foreground up: nobody waits in this process any more, and the background may go on."""
        with self._open(self._now()) as ledger:
            ledger.leases.pop(self._counter.session, None)

    def leave(self) -> None:
        """Takes this process out of the shared ledger's waiting as it ends."""
        self._counter.leave(self._now())

    def _guess(self, least: float) -> float:
        """Seconds to keep still when the server did not say: longer each time, never quite the same."""
        self._refusals += 1
        longest = min(_MOST_FREEZE, least * 2.0 ** min(self._refusals, _DOUBLED))
        # Never the same in two processes, or they would all come back in the same moment.
        return float(longest * (0.5 + self._chance() / 2))

    def _freeze(self, until: float, now: float, *, guessed: bool) -> None:
        """Holds the reads of every process on this credential until then."""
        self._frozen_until = max(self._frozen_until, self._steady() + (until - now))
        self._pause = Pause(now, guessed)
        with self._open(now):
            pass

    def _resume(self, now: float, sent_at: float) -> None:
        """Ends a pause that began before `sent_at`: an answer came to what was sent then.

        One that is still to last lasts, if the server said so: what was answered may be an action.
        """
        pause = self._look().pause
        if pause is None:
            self._refusals = 0
        elif sent_at > pause.asked_at and (pause.guessed or self.frozen_until is None):
            self._refusals = 0
            with self._open(now) as ledger:
                ledger.resume(now)
            self._frozen_until = 0.0

    @contextmanager
    def _open(self, now: float) -> Iterator[RequestLedger]:
        with self._counter.open(now) as ledger:
            self._exchange(ledger, now)
            yield ledger

    def _look(self) -> RequestLedger:
        now = self._now()
        ledger = self._counter.look(now)
        self._exchange(ledger, now)
        return ledger

    def _exchange(self, ledger: RequestLedger, now: float) -> None:
        """Tells the others what the server told this process, and keeps what it told them."""
        steady = self._steady()
        if self._pause is not None and ledger.resumed_at > self._pause.asked_at:
            self._frozen_until, self._pause = 0.0, None
        # The file has epoch seconds, for no two processes have a steady clock in common.
        ledger.update(self._server_left, now + (self._frozen_until - steady), now, pause=self._pause)
        self._frozen_until = max(self._frozen_until, steady + (ledger.frozen_until - now))
        # Or it would hold the others again with what they have found to be over.
        if ledger.pause is not None and ledger.frozen_until > now:
            self._pause = replace(ledger.pause)
        self._server_left = ledger.server_left or self._server_left

    def _now(self) -> float:
        """The time in epoch seconds.

        Where the clock was set, what hangs on the old one moves along or is dropped.
        """
        now = self.clock()
        ahead = now - self._steady()
        moved, self._ahead = ahead - self._ahead, ahead
        # A clock that was set back by an hour would hold every read for an hour.
        if abs(moved) > _SET:
            # What the server said last holds for as long as it said, whatever a clock shows now.
            if self._server_left is not None:
                self._server_left = replace(
                    self._server_left,
                    at=self._server_left.at + moved,
                    reset_at=self._server_left.reset_at + moved,
                )
            if self._pause is not None:
                self._pause.asked_at += moved
            self._counter.clock_set(moved)
            # Since when each waits was told by the clock as it was.
            self._waiting.clear()
        return now
