"""Follows a run that an action began until it ends, and says how: what "restarted" alone does not tell."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, repeat
from typing import Final

from msgspec import Struct

from wfdash.api.errors import NotFound, WorkflowsError
from wfdash.core.model.status import is_final
from wfdash.core.text.words import spoken
from wfdash.core.why.failure import failing_step, root_failure
from wfdash.core.why.step_names import failure_text, spoken_name
from wfdash.live.actions.plan import Result
from wfdash.live.actions.reread import Rereader, Snapshot

__all__ = ["Course", "EndFollower", "Ending"]

_DELAYS: Final = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0)
_DELAYS_OF_MANY: Final = (3.0, 5.0, 8.0, 13.0)
_LONGEST: Final = 15.0


class Course(Struct, frozen=True):
    """How a plan is carried out: by default all at once, until each answer has settled."""

    canary: int = 0
    """So many are sent first; the rest only once these are complete. 0: none."""
    within: float = 600.0
    """Seconds that the canary may take."""
    to_end: bool = False
    """Whether each is followed until its run ends."""
    decide: Callable[[str], Awaitable[bool]] | None = None
    """Asked with the reason where the canary failed: whether the rest is sent all the same."""
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

    @property
    def exit_code(self) -> int:
        """0 complete, 1 another end, 4 none in time."""
        return 0 if self.status == "complete" else 1 if self.status else 4


class Held(Struct, frozen=True):
    """Why nothing more is sent after the canary."""

    reason: str
    exit_code: int


def judge_canary(results: Sequence[Result]) -> Held | None:
    """None when each of the first ones ran to its end and is complete."""
    failed = [result for result in results if result.exit_code and result.exit_code != 4]
    open_ones = [result for result in results if result.exit_code == 4]
    if failed:
        first = failed[0]
        number = f"{len(failed)} of the first {len(results)} did not complete"
        return Held(f"held: {number}; {first.id}: {first.sentence or first.error}", 1)
    if open_ones:
        first = open_ones[0]
        number = f"{len(open_ones)} of the first {len(results)} had not ended in time"
        return Held(f"held: {number}; {first.id}: {first.sentence or first.error}", 4)
    return None


class EndFollower(Struct, frozen=True):
    """Reads instances that were set going until they are final."""

    rereader: Rereader
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    many: bool = False

    async def until_end(
        self, identity: str, *, before: Snapshot, status: str, deadline: float | None
    ) -> Ending:
        """From `status`, in which it settled. An end seen before the request is not this run's.

        Failing reads are repeated until the deadline. Never raises WorkflowsError.
        """
        delays = chain(_DELAYS_OF_MANY if self.many else _DELAYS, repeat(_LONGEST))
        began, trouble = self.clock(), ""
        while not is_final(status):
            delay = next(delays)
            if deadline is not None:
                left = deadline - self.clock()
                if left <= 0:
                    after = f"still {status} after {spoken(self.clock() - began)}"
                    return Ending("", f"{after}; {trouble}" if trouble else after, status)
                delay = min(delay, left)
            await self.sleep(delay)
            try:
                snapshot = await self.rereader.read(
                    identity, expect=status, max_age=delay / 2 if self.many else 0.0
                )
            except NotFound:
                return Ending("", "the instance is gone", status)
            except WorkflowsError as error:
                trouble = f"it could not be read: {error}"
                continue
            trouble = ""
            if not (is_final(snapshot.status) and self._is_old_end(before, snapshot)):
                status = snapshot.status
        sentence, failed_at = await self._sentence(identity, status)
        return Ending(status, sentence, status, failed_at)

    @staticmethod
    def _is_old_end(before: Snapshot, now: Snapshot) -> bool:
        return now.source == before.source and now.ended is not None and now.ended == before.ended

    async def _sentence(self, identity: str, status: str) -> tuple[str, str]:
        if status != "errored":
            return status, ""
        try:
            _, detail = await self.rereader.read_full(identity)
        except WorkflowsError:
            return "failed again", ""
        step, failure = failing_step(detail), root_failure(detail)
        named = spoken_name(step) if step is not None else ""
        where = f" at {named}" if named else ""
        said = f"failed again{where}" + (f": {failure_text(failure)}" if failure is not None else "")
        return said, named
