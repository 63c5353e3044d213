"""What the rest of a plan waits for: the end of its first few, its pace, the runs that go on."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import Workflows
from wfdash.core.model.detail import Detail
from wfdash.core.model.times import MINUTE
from wfdash.core.text.words import count, counted, estimated, short_version
from wfdash.core.verbs.outcome import HELD, Outcome
from wfdash.core.verbs.redrive import redrive_point
from wfdash.core.verbs.verb import VERBS
from wfdash.live.actions.ending import Course
from wfdash.live.actions.plan import Plan, Result, Stage, Target
from wfdash.live.actions.redrive import cause_of, spoken_start, start_of
from wfdash.live.actions.reread import ActionBudget, Rereader

__all__ = ["Canary", "Held", "Turns", "read_unless_halted", "unless_halted"]

_SHORT = 1.0
"""Seconds below which a wait is not worth telling."""
_READ_TO_CHOOSE: Final = 40
"""Of those that failed so many are read at most, to choose the first ones so that they differ."""
_READ_FOR_EACH: Final = 4
"""The same for each of the first ones, where that is more."""


class Held(Struct, frozen=True):
    """Why nothing more is sent after the canary."""

    reason: str
    exit_code: int


def judge_canary(results: Sequence[Result]) -> Held | None:
    """Why the rest is held back by what became of the first ones; None when each ran to its end complete."""
    # A failure goes before what is not known: it is the stronger reason not to send the rest.
    failed = [result for result in results if result.exit_code and result.exit_code != 4]
    unknown = [result for result in results if result.outcome == Outcome.UNKNOWN]
    still_open = [result for result in results if result.exit_code == 4]
    if failed:
        first = failed[0]
        number = f"{len(failed)} of the first {len(results)} did not complete"
        return Held(f"{HELD}{number}; {first.id}: {first.sentence or first.error}", 1)
    if unknown:
        first = unknown[0]
        number = f"of {len(unknown)} of the first {len(results)} it is not known whether they were restarted"
        return Held(f"{HELD}{number}; {first.id}: {first.sentence or first.error}", 4)
    if still_open:
        first = still_open[0]
        number = f"{len(still_open)} of the first {len(results)} had not ended in time"
        return Held(f"{HELD}{number}; {first.id}: {first.sentence or first.error}", 4)
    return None


class Canary:
    """Counts the first ones, and says once they have ended why nothing more is sent, if so."""

    def __init__(
        self, api: Workflows, budget: ActionBudget, plan: Plan, course: Course, halt: asyncio.Event
    ) -> None:
        self._api, self._budget = api, budget
        self._plan, self._course, self._halt = plan, course, halt
        self.sending = course.canary > 0
        """Whether what is sent now belongs to the first ones."""
        self.ids: list[str] = []
        """Those of the first ones that were sent."""
        self.held: Held | None = None
        """Why the rest is not sent, once that is decided."""

    @property
    def complete(self) -> bool:
        """Whether all of the first ones are sent, and nothing was decided yet."""
        return self.sending and len(self.ids) == self._course.canary

    async def choose(self, rereader: Rereader, tell: Callable[[Stage, str], None]) -> Sequence[Target]:
        """The targets in the order in which they are sent: first some that differ in cause and version.

        Reads a few of those that failed where that has to be found out; `tell` takes a stage and a note.
        """
        number, plan = self._course.canary, self._plan
        if not number:
            return plan.targets
        # The first ones are to meet every cause: five of one cause say nothing of the sixth, which is of
        # another.
        ended = [each for each in plan.eligible if each.status in _ENDED_BADLY]
        unread = [target for target in ended if target.cause is None and target.restart_from is None]
        to_read = _evenly(unread, max(_READ_TO_CHOOSE, _READ_FOR_EACH * number))
        # All of those that failed are among the first ones then, and there is nothing to choose.
        if len(ended) <= number or not to_read:
            return plan.spread(number).targets
        found: dict[str, Target] = {}
        chosen_from = {target.id: "" for target in plan.eligible}
        for target in unread:
            # Of what was not read nobody knows the cause: it may be among the first only where it was read.
            del chosen_from[target.id]
        for index, target in enumerate(to_read):
            so_far = f"{count(index)} of {count(len(to_read))} read"
            tell(Stage.CHOOSING, f"to choose the first {number}: {so_far}")
            try:
                detail = await read_unless_halted(self._halt, rereader, target.id)
            except WorkflowsError:
                continue  # it is read again when its turn comes, and what is wrong is told then
            if detail is None:
                break
            found[target.id] = replace(
                target, cause=cause_of(detail), version=detail.version or target.version
            )
            point = redrive_point(detail)
            # A redrive would skip it: as a first one it would say nothing of the rest.
            if VERBS[plan.verb].starts_from != "failed step" or not point.reason:
                chosen_from[target.id] = spoken_start(start_of(point))
        read = replace(plan, targets=tuple(found.get(target.id, target) for target in plan.targets))
        targets = read.spread(number, chosen_from).targets
        tell(Stage.CHOSEN, _how_they_differ(targets[:number], len(found)))
        return targets

    def sent(self, identity: str) -> None:
        """Notes one that was sent, if it is one of the first."""
        if self.sending:
            self.ids.append(identity)

    async def judge(
        self,
        following: Collection["asyncio.Future[Any]"],
        results: Mapping[str, Result],
        tell: Callable[[Stage, str], None],
        on_held: Callable[[str], Awaitable[None]],
    ) -> None:
        """Waits until the first ones have ended and decides on the rest; `tell` takes a stage and a note.

        `on_held` is awaited with the reason before a person is asked.
        """
        # Before the wait: what a person sends on meanwhile is not of the first ones.
        self.sending = False
        await unless_halted(self._halt, tuple(following))
        first = [results[identity] for identity in self.ids if identity in results]
        self.held = judge_canary(first) or await self._on_what_version(first, tell)
        if self.held is not None and await self._goes_on(self.held, tell, on_held):
            self.held = None

    async def _on_what_version(
        self, first: Sequence[Result], tell: Callable[[Stage, str], None]
    ) -> Held | None:
        """Says on which version the first ones completed; holds the rest where that is the one they had.

        Which version a restart runs is not documented: a fix that was deployed may not be in it.
        """
        before = {target.id: target.version for target in self._plan.targets}
        # A restart may go on in the version that the instance had: complete there says nothing of the newest,
        # which may be the fix that all of it waits for.
        ran = {result.id: result.version for result in first if result.version}
        # A dev session has one version, the one it runs.
        if not ran or self._api.local:
            return None
        # As an action: the batch stands until this is answered, and reads that pages make must not go before
        # it.
        await self._budget.acquire_action()
        try:
            versions = await self._api.list_versions(self._plan.workflow)
        except WorkflowsError:
            versions = []  # a credential may not list them: then there is nothing to compare with
        newest = max(versions, key=lambda version: version.created or 0.0, default=None)
        on = " and ".join(sorted({short_version(version) for version in ran.values()}))
        tell(Stage.CANARY, f"the first {len(first)} are complete on version {on}")
        newest_id = newest.id if newest is not None else ""
        old = [each for each, version in ran.items() if newest_id != version == before[each]]
        if newest is None or not old:
            return None
        which = f"on version {on} as before, not on the newest, {short_version(newest.id)}"
        return Held(f"{HELD}the first {len(first)} are complete, but {which}", 1)

    async def _goes_on(
        self, held: Held, tell: Callable[[Stage, str], None], on_held: Callable[[str], Awaitable[None]]
    ) -> bool:
        """Whether a person sends the rest although the first ones failed."""
        if self._course.decide is None or self._halt.is_set():
            return False
        await on_held(held.reason)
        tell(Stage.HELD, held.reason)
        deciding = asyncio.ensure_future(self._course.decide(held.reason))
        await unless_halted(self._halt, [deciding])
        # A stop answers the question too: its dialog would go on waiting for a word that nothing hangs on any
        # more.
        deciding.cancel()
        return deciding.done() and not deciding.cancelled() and deciding.result()


_ENDED_BADLY: Final = ("errored", "terminated")
"""Statuses of which only the steps tell how it came to that."""


def _evenly(targets: Sequence[Target], number: int) -> list[Target]:
    """Picks `number` targets.

    Of each version and status in turn, from all over the time they were made in.
    """
    kinds: dict[object, list[Target]] = {}
    for target in targets:
        kinds.setdefault((target.version, target.status), []).append(target)
    spaced = [
        [kind[index * len(kind) // number] for index in range(number)] if len(kind) > number else kind
        for kind in kinds.values()
    ]
    turns = (target for turn in zip_longest(*spaced) for target in turn if target is not None)
    return [target for target, _ in zip(turns, range(number), strict=False)]


def _how_they_differ(first: Sequence[Target], read: int) -> str:
    """`the first 5 are of 3 causes and 2 versions; 40 were read to choose them`."""
    causes = counted(len({target.cause for target in first}), "cause")
    versions = counted(len({target.version for target in first}), "version")
    return f"the first {len(first)} are of {causes} and {versions}; {count(read)} were read to choose them"


class Turns:
    """Keeps a plan to its pace: so many a minute, or so many runs at a time, where either was asked for."""

    def __init__(
        self,
        course: Course,
        halt: asyncio.Event,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._course, self._halt = course, halt
        self._clock, self._sleep = clock, sleep
        self._going: set[str] = set()
        self._sent_at: float | None = None
        self._moved = asyncio.Event()

    def sent(self, identity: str) -> None:
        """Notes when an instance was sent; its run counts as going on from then."""
        self._sent_at = self._clock()
        self._going.add(identity)

    def saw(self, result: Result) -> None:
        """Gives the place of a run to the next, once it has ended or is past the step it began at."""
        # Past its step a run may sleep for days: what hits a service at once is the step that all of them
        # begin at.
        if not result.followed or result.passed:
            self._going.discard(result.id)
            self._moved.set()

    async def turn(self, tell: Callable[[Stage, str], None]) -> None:
        """Returns when the next one may go, or a person stops it; `tell` takes a stage and a note."""
        while not self._halt.is_set():
            if (rest := self._rest()) > 0:
                said = f"{self._course.pace} a minute: the next is sent in {estimated(rest)}"
                waiting: asyncio.Future[Any] = asyncio.ensure_future(self._sleep(rest))
            elif self._full:
                rest, said = _SHORT, f"the next is sent when one of {self._runs()} ends"
                # Cleared before it is waited for: a run that ended just now is in `_going` no more, and its
                # place was counted above.
                self._moved.clear()
                waiting = asyncio.ensure_future(self._moved.wait())
            else:
                return
            if rest >= _SHORT:
                tell(Stage.TURN, said)
            try:
                await unless_halted(self._halt, [waiting])
            finally:
                waiting.cancel()

    @property
    def _full(self) -> bool:
        return 0 < self._course.parallel <= len(self._going)

    def _runs(self) -> str:
        return counted(len(self._going), "run that goes on", "runs that go on")

    def _rest(self) -> float:
        if not self._course.pace or self._sent_at is None:
            return 0.0
        return self._sent_at + MINUTE / self._course.pace - self._clock()


async def read_unless_halted(halt: asyncio.Event, rereader: Rereader, identity: str) -> Detail | None:
    """Reads the instance with its steps.

    None once a person has stopped it, at once even while a read waits.
    """
    if halt.is_set():
        return None
    reading = asyncio.ensure_future(rereader.read_full(identity))
    try:
        await unless_halted(halt, [reading])
        return reading.result()[1] if reading.done() else None
    finally:
        # A read may wait minutes for the budget: nobody waits for it any more once a person has stopped the
        # batch.
        reading.cancel()


async def unless_halted(halt: asyncio.Event, awaited: Iterable["asyncio.Future[Any]"]) -> None:
    """Waits until all of these are done, or a person stops it."""
    stopping: asyncio.Task[Any] = asyncio.create_task(halt.wait())
    try:
        while not halt.is_set() and (running := [task for task in awaited if not task.done()]):
            await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
