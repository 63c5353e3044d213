"""Follows a run that an action began until it ends, and says how: what "restarted" alone does not tell."""

from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from math import inf
from typing import Final

from msgspec import Struct

from wfdash.api.errors import NotFound, WorkflowsError
from wfdash.api.interface import RestartFrom
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.model.step import Failure
from wfdash.core.text.words import spoken
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.core.verbs.consequences import StepTarget, split_at
from wfdash.core.why.failure import failing_step, root_failure
from wfdash.core.why.step_names import failure_text, spoken_name
from wfdash.live.actions.reread import Rereader, Snapshot

__all__ = ["CANARY_WITHIN", "Begun", "Course", "EndFollower", "Ending"]

_DELAYS: Final = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0)
"""Seconds between reads of one run: most end within seconds, and then somebody is waiting."""
_DELAYS_OF_MANY: Final = (3.0, 5.0, 8.0, 13.0)
"""The same of one of many, which share the leave to read."""
_LONGEST: Final = 15.0
"""Seconds between two reads of a run that goes on."""
CANARY_WITHIN: Final = 600.0
"""Seconds that the first few of a plan have to end, where nobody says otherwise."""
_APART: Final = 1.0
"""Seconds by which list and instance may date one end apart."""
_BELIEVED: Final = 60.0
"""Seconds by which list and instance may differ about one end, and after which it is believed."""
_FIRST_LOOK: Final = 5.0
"""Seconds until the steps of a run are read for the first time, to see whether it is past the one it began
at."""
_FIRST_LOOK_OF_MANY: Final = 60.0
"""Seconds until the steps of a run are read that has not ended; from then on after twice as many."""


class Course(Struct, frozen=True):
    """How a plan is carried out: by default all at once, until each answer has settled."""

    canary: int = 0
    """So many are sent first; the rest only once these are complete. 0: none."""
    within: float = CANARY_WITHIN
    """Seconds that the canary may take."""
    to_end: bool = False
    """Whether each is followed until its run ends."""
    decide: Callable[[str], Awaitable[bool]] | None = None
    """Asked with the reason where the canary failed: whether the rest is sent all the same."""
    pace: int = 0
    """So many are sent a minute at most; 0: as the limits of requests allow."""
    parallel: int = 0
    """So many of the runs that it began go on at a time; 0: any number."""
    timeout: float | None = None
    """Seconds from its request after which one is followed no further; None: no limit."""


class Ending(Struct, frozen=True):
    """How a run ended; `status` is "" where it had not when the time was up."""

    status: str
    sentence: str
    now: str
    """The status read last."""
    failed_at: str = ""
    """The step it failed at, quoted and cleaned; "" where it did not fail or no step is told."""
    version: str = ""
    """The version it ran, where it was read in full."""

    @property
    def exit_code(self) -> int:
        """0 complete, 1 another end, 4 none in time."""
        return 0 if self.status == "complete" else 1 if self.status else 4


class Begun(Struct, frozen=True):
    """A run that an action began, as far as it was known when that had settled."""

    id: str
    before: Snapshot
    """What was read just before the request: an end in it is not this run's."""
    status: str
    start: RestartFrom | None = None
    """The step it begins at; None: at the beginning."""
    cause: tuple[str, str, str] | None = None
    """What the run before failed with, where that was read."""


class EndFollower(Struct, frozen=True):
    """Reads instances that an action set going, until they are final."""

    rereader: Rereader
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    many: bool = False
    close: bool = False
    """Whether each is read in full at its end, whatever that is: for its version."""

    async def until_end(
        self, run: Begun, *, deadline: float | None, on_passed: Callable[[], Awaitable[None]]
    ) -> Ending:
        """Follows a run to its end; `on_passed` is awaited once the step that it began at has succeeded.

        Failing reads are repeated until the deadline. Never raises WorkflowsError.
        """
        delays = chain(_DELAYS_OF_MANY if self.many else _DELAYS, repeat(_LONGEST))
        began, trouble, status = self.clock(), "", run.status
        # A run that sleeps for a day may be past its step long before its end: only its steps can tell.
        look = _FIRST_LOOK_OF_MANY if self.many else _FIRST_LOOK
        while not is_final(status):
            delay = next(delays)
            if deadline is not None:
                remaining = deadline - self.clock()
                if remaining <= 0:
                    after = f"still {status} after {spoken(self.clock() - began)}"
                    return Ending("", f"{after}; {trouble}" if trouble else after, status)
                delay = min(delay, remaining)
            await self.sleep(delay)
            full = run.start is not None and self.clock() - began >= look
            try:
                if full:
                    snapshot, detail = await self.rereader.read_full(run.id)
                    look = look * 2
                    if run.start is not None and _has_passed(detail, run.start, snapshot):
                        look = inf
                        await on_passed()
                else:
                    age = delay / 2 if self.many else 0.0
                    snapshot = await self.rereader.read(run.id, expect=status, max_age=age)
            except NotFound:
                return Ending("", "the instance is gone", status)
            except WorkflowsError as error:
                trouble = f"it could not be read: {error}"
                continue
            trouble = ""
            if not (is_final(snapshot.status) and _is_old_end(run.before, snapshot, self.clock() - began)):
                status = snapshot.status
        return await self._ending(run, status)

    async def _ending(self, run: Begun, status: str) -> Ending:
        if status != "errored" and not self.close:
            return Ending(status, status, status)
        detail = await self._read_at_end(run)
        if detail is None:
            return Ending(status, "failed again" if status == "errored" else status, status)
        if status != "errored":
            return Ending(status, status, status, version=detail.version)
        step = failing_step(detail)
        named = spoken_name(step) if step is not None else ""
        return Ending(status, _failed_again(detail, named, run.cause), status, named, detail.version)

    async def _read_at_end(self, run: Begun) -> Detail | None:
        """The run in full, once its own end is in it; None where that does not come."""
        began = self.clock()
        for delay in (0.0, *_DELAYS):
            await self.sleep(delay)
            try:
                snapshot, detail = await self.rereader.read_full(run.id)
            except WorkflowsError:
                return None
            # The list may tell of an end that the instance itself does not know of for some seconds: its
            # steps, its error and its version are those of the run before.
            if is_final(snapshot.status) and not _is_old_end(run.before, snapshot, self.clock() - began):
                return detail
        return None


def _is_old_end(before: Snapshot, now: Snapshot, looked: float) -> bool:
    """Whether this is the end of the run before, which answers go on telling for some seconds.

    `before` may come from the list and `now` from the instance: of one end they may tell times that differ
    a little. A run that did end so soon after is believed once it was looked at for a minute.
    """
    if before.ended is None or now.ended is None:
        return False
    apart = _APART if now.source != before.source and looked < _BELIEVED else 0.0
    return now.ended <= before.ended + apart


def _failed_again(detail: Detail, named: str, before: tuple[str, str, str] | None) -> str:
    """`failed again at "charge card", same cause: TimeoutError: ...`; another cause with the one before."""
    failure = root_failure(detail)
    said = f"failed again{f' at {named}' if named else ''}"
    with_what = f": {failure_text(failure)}" if failure is not None else ""
    if before is None:
        return f"{said}{with_what}"
    if fingerprint(detail).cause == before:
        return f"{said}, same cause{with_what}"
    error, message, step = before
    was = failure_text(Failure(error, message)) + (f' at "{step}"' if step else "")
    return f"{said}, another cause{with_what}; before: {was}"


def _has_passed(detail: Detail, start: RestartFrom, now: Snapshot) -> bool:
    """Whether the step of a run that is under way has succeeded: until then it is the old one, or open."""
    if is_final(now.status):
        return False
    split = split_at(detail.steps, StepTarget(start.name, start.count or 1, start.type or "do"))
    return split is not None and split.again[0].success is True
