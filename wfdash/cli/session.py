"""One connection of a one-shot: its workflow, its share of the budget, and reads that are tried again."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from math import ceil, inf
from typing import Any, TypeVar

from msgspec import Struct, field
from platformdirs import user_state_path

from wfdash.api.connect import connect
from wfdash.api.errors import BadAnswer, NotReached, OtherServer, RateLimited, ServerFailed, WorkflowsError
from wfdash.api.interface import NEWEST, Exchange, InstancePage, ListQuery, Workflows
from wfdash.cli.exits import Stop
from wfdash.cli.output import instant, say
from wfdash.config.settings import Settings
from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import clean, mask_in_text
from wfdash.core.text.words import count, counted, estimated, listed, spoken
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.clock_skew import Skew
from wfdash.live.budget.joined_lists import JoinedLists, page_file
from wfdash.live.budget.ledger import Priority
from wfdash.live.budget.shared_counter import share_counter
from wfdash.live.budget.waiting import Outlook

__all__ = [
    "CommandSession",
    "Extent",
    "Failed",
    "LastingFailure",
    "LongRead",
    "Patient",
    "ProgressWords",
    "again",
    "failures",
    "long_read",
    "open_session",
    "tell_unanswered",
]

T = TypeVar("T")
TRANSIENT = (NotReached, ServerFailed, RateLimited, BadAnswer)
_WAITS = (0.5, 1.0, 2.0)
"""Seconds before a read is tried again; who waits longer is told."""
_SLOW = 20.0
"""Seconds after which a read without an answer is not repeated."""
_PATIENCE = 15.0
"""Seconds a read may wait to be tried again; a server that asks for more is reported instead."""
_HOPELESS = 5
"""Instances in a row that the server fails to answer for after which it is the server that fails."""
_NAMED = 5
"""Of those that it fails to answer for, how many are named."""
_WORTH_TELLING = 2.0
"""Seconds from which a wait is said: a sentence for less would be over before it is read."""
_AGAIN = 30.0
"""Seconds after which it is told anew how long the next read waits."""
_EVERY = 5.0
"""Seconds between two words of how far a long read is."""
_LONGEST_SLEEP = 1.0
"""Seconds after which who waits looks again: what it waits for may be over."""


class LastingFailure(Struct):
    """Counts failures in a row that time does not mend, and keeps the last one."""

    error: WorkflowsError | None = None
    times: int = 0

    @property
    def mends(self) -> bool:
        """Whether there is no failure, or one that is waited out."""
        return self.error is None or isinstance(self.error, TRANSIENT)

    def saw(self, error: WorkflowsError | None) -> bool:
        """Takes in the failure of now, None for none; whether that is news."""
        if error is self.error:
            return False
        self.error = error
        self.times = 0 if self.mends else self.times + 1
        return True


class Failed(Struct):
    code: int = 0


class CommandSession(Struct):
    settings: Settings
    api: Workflows
    budget: Budget
    purpose: str = ""
    """The command, as other processes tell of its reads."""
    clock: Callable[[], float] = time.time
    endings: list[Callable[[], None]] = field(default_factory=list)
    """Called when the session closes."""
    said_at: float = float("-inf")
    """When it was told last how long a read takes or waits."""
    unanswered: list[str] = field(default_factory=list)
    """Ids of instances that the server failed to answer for, however often it was asked."""
    _refused: int = 0
    """Those of them since it last answered for one."""
    _workflow: str = ""

    async def read(
        self,
        ask: Callable[[], Awaitable[T]],
        priority: Priority = Priority.FOREGROUND,
        *,
        wanted: int | None = None,
        waits: Sequence[float] = _WAITS,
        aloud: bool = True,
    ) -> T:
        """Reads within the budget, again after a passing failure. Never for what writes.

        `wanted` is how many reads are still to come, with this one, where that is known.
        """
        delays = iter(waits)
        reported: set[str] = set()
        while True:
            await self.turn(priority, wanted)
            began = self.clock()
            try:
                return await ask()
            # Another server at that address stays another one however often it is asked.
            except OtherServer:
                raise
            except TRANSIENT as error:
                delay = next(delays, None)
                # A script would rather hear of it than stand still for minutes.
                if delay is None or error.pause(0.0) > _PATIENCE or self.clock() - began > _SLOW:
                    error.was_reported = error.sentence in reported
                    raise
                if error.sentence not in reported and aloud:
                    say(again(error.sentence))
                reported.add(error.sentence)
                await asyncio.sleep(error.pause(delay))

    async def read_or_note(
        self, identity: str, ask: Callable[[], Awaitable[T]], *, wanted: int | None = None
    ) -> T | None:
        """Reads an instance; None of one that the server fails to answer for, which is noted.

        What is wrong with one instance is no reason to leave the others unread. Where none is answered for it
        is the server.
        """
        first = not self.unanswered
        try:
            # Each of many that are broken would take as long, and say the same.
            found = await self.read(ask, wanted=wanted, waits=_WAITS if first else _WAITS[:1], aloud=first)
        except ServerFailed as error:
            self._refused += 1
            if self._refused >= _HOPELESS:
                raise
            if first:
                say(f"wfdash: {clean(identity)} could not be read: {clean(error.sentence)}")
            self.unanswered.append(identity)
            return None
        self._refused = 0
        return found

    def note_unanswered(self) -> str:
        """Says which could not be read: `3 could not be read: f15, f30, f45`; "" for none."""
        some = self.unanswered[:_NAMED]
        if not some:
            return ""
        more = f" and {count(len(self.unanswered) - len(some))} more" if len(self.unanswered) > _NAMED else ""
        named = ", ".join(clean(identity) for identity in some)
        return f"{count(len(self.unanswered))} could not be read: {named}{more}"

    async def turn(self, priority: Priority = Priority.FOREGROUND, wanted: int | None = None) -> None:
        """Waits for the budget, however long. Raises Stop (5) where the server asked for a long pause."""
        began = self.clock()
        while wait := self.budget.take(priority, self.purpose, wanted=wanted):
            if wait > _PATIENCE and self.budget.frozen_until is not None:
                if self.budget.rest_is_guessed:
                    refused = "the API refused reads (429) and did not say for how long"
                    raise Stop(f"{refused}; wfdash tries again in {estimated(wait)}", 5)
                raise Stop(f"the API asked for a pause (429): {estimated(wait)} left of it", 5)
            # Each of many that wait would say what was just said of all.
            due = self.clock() - self.said_at >= _AGAIN
            if due and max(wait, self.clock() - began) > _WORTH_TELLING:
                self.said_at = self.clock()
                why = self.budget.slow(self.purpose, after=0.0)
                takes, what = wait, "the next read is in"
                if wanted is not None:
                    outlook = self.budget.reads_take(wanted, self.purpose)
                    takes, what = outlook.seconds, f"{counted(wanted, 'more request')} in about"
                say(f"wfdash: slow: {why}; {what} {estimated(takes)}; ctrl+c stops it")
            await asyncio.sleep(min(wait, _LONGEST_SLEEP))

    async def reach(self) -> None:
        """Finds out what is not known of the server yet: its only account, the dialect of a dev session."""
        if not self.api.account_id:
            await self.read(self.api.prefix)

    @property
    def names_workflow(self) -> bool:
        """Whether an option or the settings name a workflow."""
        return bool(self._workflow or self.settings.workflow)

    async def workflow(self) -> str:
        """The workflow that is named, else the only one there is. Raises Stop (2) naming the choices."""
        if not self._workflow:
            self._workflow = self.settings.workflow or await self._only_workflow()
        return self._workflow

    async def _only_workflow(self) -> str:
        page = await self.read(lambda: self.api.list_workflows(per_page=100))
        names = [workflow.name for workflow in page.items]
        # The only one there is cannot be the wrong one.
        if len(names) == 1:
            return names[0]
        if not names:
            where = (
                "this dev session has no workflows: add one under `workflows` in the Worker's configuration"
            )
            raise Stop(where if self.api.local else "this account has no workflows", 2)
        number = max(page.total or 0, len(names))
        raise Stop(f"there are {number} workflows, name one with -w: {listed(names, 20)}", 2)


class ProgressWords(Struct):
    """Says on stderr, to a terminal, what a long read costs and every few seconds how far it is.

    Nothing of one that is over in a moment.
    """

    session: CommandSession
    aloud: bool = True
    said_at: float = 0.0

    def begin(self, what: str, remaining: int | None) -> None:
        """Says that `what` is read and what that costs, if it takes long enough to say so."""
        self.said_at = self.session.clock()
        if not self.aloud or not remaining:
            return
        outlook = self.session.budget.reads_take(remaining, self.session.purpose)
        if outlook.seconds >= _EVERY:
            self.session.said_at = self.said_at
            say(f"wfdash: {what}, about {estimated(outlook.seconds)}{_slow(outlook)}; ctrl+c stops it")

    def go_on(self, far: str, remaining: int | None, *, at_most: bool = False) -> None:
        """Says how `far` it is and what is still to come, every few seconds."""
        now = self.session.clock()
        if not self.aloud or now - self.said_at < _EVERY:
            return
        self.said_at = self.session.said_at = now
        rest = ""
        if remaining:
            outlook = self.session.budget.reads_take(remaining, self.session.purpose)
            bound = " at most" if at_most else ""
            rest = f", about {estimated(outlook.seconds)} left{bound}{_slow(outlook)}"
        say(f"wfdash: {far}{rest}; ctrl+c stops it")


def _slow(outlook: Outlook) -> str:
    return f"; slow: {outlook.slow}" if outlook.slow else ""


class Extent(Struct, frozen=True):
    """How far a list is read: all of it, so many `rows`, or `back` so many seconds."""

    rows: float = inf
    is_bound: bool = False
    """Whether it may end before: nobody can say which page holds the last row that matches."""
    back: float | None = None


class LongRead(Struct):
    """Lists pages through `lists`, which asks in turn as `turns` says, and tells how far it is."""

    lists: JoinedLists
    turns: "Patient"
    progress: ProgressWords
    extent: Extent = Extent()
    rows: int = 0
    pages: int = 0

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        page = await self.lists.list_instances(workflow, query)
        self.rows += len(page.items)
        self.pages += 1
        if page.cursor is None:
            return page
        extent, floor = self.extent, None
        if extent.back is not None:
            floor = _created(page.items[-1]) if page.items else None
        remaining = self.turns.wanted = self._remaining(page, floor)
        at_most = floor is None and (extent.is_bound or extent.back is not None)
        bound = "about " if floor is not None else "at most " if at_most else ""
        if self.pages == 1 and remaining:
            since = self.progress.session.clock() - (extent.back or 0.0)
            what = f"for {count(page.total or 0)} rows" if floor is None else f"back to {instant(since)}"
            self.progress.begin(f"{bound}{counted(1 + remaining, 'request')} {what}", remaining)
        asked, in_all = self.pages - self.lists.taken, ""
        if remaining:
            in_all = f" of {bound}{count(self.pages + remaining)}"
        of = f" of {count(page.total)}" if page.total is not None and floor is None else ""
        far = f" back to {instant(floor)}" if floor is not None else ""
        requests = f"{count(asked)}{in_all} requests" if in_all else counted(asked, "request")
        self.progress.go_on(f"read {count(self.rows)}{of}{far}, {requests}", remaining, at_most=at_most)
        return page

    def _remaining(self, page: InstancePage, floor: float | None) -> int | None:
        """How many requests are still to come; None where nobody can tell."""
        if not self.rows:
            return None
        rows = None if page.total is None else min(self.extent.rows, page.total) - self.rows
        if floor is not None and self.extent.back is not None:
            # Those further back are taken to lie as close as those that were read.
            age = max(1.0, self.progress.session.clock() - floor)
            further = self.rows * max(0.0, self.extent.back - age) / age
            rows = further if rows is None else min(rows, further)
        return None if rows is None else max(1, ceil(rows * self.pages / self.rows))


def _created(item: Mapping[str, Any]) -> float | None:
    row = Instance.from_item(item)
    return row.created if row is not None else None


def long_read(
    session: CommandSession,
    workflow: str,
    query: ListQuery = NEWEST,
    *,
    extent: Extent,
    aloud: bool = True,
) -> LongRead:
    """Lists pages within the budget, and with other processes that walk the same list now."""
    path = page_file(session.budget.shared_file, session.api.account_id, workflow, query)
    turns = Patient(session)
    # Several shells that list the same at one moment share the pages instead of asking twice.
    lists = JoinedLists(turns, path, clock=session.budget.clock)
    session.endings.append(lists.close)
    progress = ProgressWords(session, aloud and sys.stderr.isatty(), session.clock())
    return LongRead(lists, turns, progress, extent)


class Patient(Struct):
    """Lists pages as the client does, each read within the budget and tried again."""

    session: CommandSession
    wanted: int | None = None
    """Pages that are still to come, where that is known."""

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        session = self.session
        return await session.read(lambda: session.api.list_instances(workflow, query), wanted=self.wanted)


@asynccontextmanager
async def open_session(settings: Settings, *, what: str) -> AsyncIterator[CommandSession]:
    """Connects for the block, and closes the connection after it."""
    counter = None
    # A dev session has no quota to share.
    if settings.credential is not None:
        mask_in_text(settings.credential.mask)
        folder = user_state_path("wfdash")
        counter = share_counter(settings.credential, settings.base_url, folder, what=what)
    budget = Budget(clock=time.time, steady=time.monotonic, share=settings.share, counter=counter)
    # A one-shot makes few requests: one answer has to do, where the dashboard waits for several that agree.
    skew = Skew(time.time, agreeing=1)
    warnings: list[str] = []

    def saw(exchange: Exchange) -> None:
        budget.saw(exchange)
        skew.saw(exchange)
        # An answer that is odd in between must not have it told once more.
        if skew.seconds and not warnings and what != "doctor":
            warnings.append(_wrong_clock(skew.seconds))
            say(warnings[-1])

    api = await connect(settings, observer=saw)
    session = CommandSession(settings, api, budget, what, skew.server_time)
    try:
        yield session
    finally:
        for end in session.endings:
            end()
        await api.close()
        budget.leave()


def _wrong_clock(ahead: float) -> str:
    side = "ahead of" if ahead > 0 else "behind"
    return f"wfdash: this machine's clock is {spoken(abs(ahead))} {side} the server's; times are the server's"


def tell_unanswered(session: CommandSession) -> int:
    """Names the instances that could not be read, and returns the exit code that says so."""
    if not (said := session.note_unanswered()):
        return 0
    say(f"wfdash: {said}")
    return ServerFailed.exit_code


def again(sentence: str) -> str:
    """A sentence on a failure that is waited out."""
    return f"wfdash: {clean(sentence).rstrip('.')}; trying again"


@contextmanager
def failures() -> Iterator[Failed]:
    """Says a failure on stderr and keeps its exit code."""
    failed = Failed()
    try:
        yield failed
    except Stop as stop:
        say(f"wfdash: {clean(str(stop))}")
        failed.code = stop.code
    except WorkflowsError as error:
        # The sentence was said when the first try failed; once more it would look like another failure.
        gave_up = f"wfdash: gave up after {len(_WAITS) + 1} tries"
        say(gave_up if error.was_reported else f"wfdash: {clean(error.sentence)}")
        failed.code = error.exit_code
