"""Follows one write until the instance settles or a deadline passes, and says what truly became of it."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import chain, repeat
from typing import Final

from msgspec import Struct

from wfdash.api.errors import NotFound, WorkflowsError
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import phrase, settled
from wfdash.core.verbs.settle import Judgement
from wfdash.core.verbs.verb import VERBS
from wfdash.live.actions.reread import Rereader, Snapshot

__all__ = ["Followed", "Follower"]

_DEADLINE: Final = 60.0
"""Seconds for which it is looked for what got no answer."""
_ON_THE_WAY: Final = frozenset(filter(None, (verb.on_the_way for verb in VERBS.values())))
# Close together at first, while a person looks on; then rarer, since a pause waits for its running step
# however long that takes.
_DELAYS_OF_FEW = (0.5, 1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 8.0, 13.0, 20.0)
# Lists of a hundred at once, so that following 200 instances costs a few requests a turn.
_DELAYS_OF_MANY = (3.0, 5.0, 8.0, 13.0, 20.0)
_LONGEST = 30.0
"""Seconds between two reads of what has not settled for a while."""


class Followed(Struct, frozen=True):
    """The end of following: `outcome` is a word of rules or `unknown`; `status` the last one read."""

    outcome: Outcome
    sentence: str
    status: str


class Follower(Struct, frozen=True):
    """Reads an instance again and again after a write to it."""

    rereader: Rereader
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    many: bool = False

    async def follow(
        self,
        identity: str,
        verb: str,
        *,
        before: Snapshot,
        answered: str,
        on_status: Callable[[str], None],
    ) -> Followed:
        """Follows a write until it settles; without an answer (`answered` is "") for a minute.

        `on_status` is called with every status read. Failing reads are repeated until the deadline. Never
        raises WorkflowsError.
        """
        began = self.clock()
        # Without an answer the write most likely never arrived, and a person waits to hear so.
        deadline = began + (VERBS[verb].deadline if answered else _DEADLINE)
        outcome = settled(verb, before=before.status, answered=answered, now=answered) if answered else None
        status, failure = answered, ""
        # Of many, an answer that is the end itself costs no read.
        if outcome is not None and outcome.over and outcome.word == Outcome.DONE and self.many:
            return Followed(outcome.word, outcome.sentence, status)
        for delay in self._delays():
            await self.sleep(min(delay, max(0.0, deadline - self.clock())))
            try:
                snapshot = await self.rereader.read(
                    identity, expect=status or before.status, max_age=delay / 2
                )
            # Deleted or expired while it was followed: that it is gone says nothing of the verb.
            except NotFound:
                return _gone(verb, answered, status)
            except WorkflowsError as error:
                failure = str(error)
            else:
                failure, status = "", snapshot.status
                on_status(status)
                outcome = self._judge(verb, before, answered, snapshot)
                if outcome.over:
                    return _settled(verb, before.status, outcome, answered, status)
            if self.clock() >= deadline:
                break
        return _at_the_deadline(verb, before.status, outcome, answered, status, self.clock() - began, failure)

    def _delays(self) -> Iterator[float]:
        return chain(_DELAYS_OF_MANY if self.many else _DELAYS_OF_FEW, repeat(_LONGEST))

    def _judge(self, verb: str, before: Snapshot, answered: str, snapshot: Snapshot) -> Judgement:
        rerun = None
        if VERBS[verb].restarts:
            rerun = snapshot.began_again(before, from_step=bool(VERBS[verb].starts_from))
        return settled(verb, before=before.status, answered=answered, now=snapshot.status, rerun=rerun)


def _settled(verb: str, before: str, outcome: Judgement, answered: str, status: str) -> Followed:
    """The verdict, made `unknown` where no answer came and the status had been on its way before already."""
    # What is queued or waits for its pause is terminated by nothing but a terminate.
    by_itself = status != "terminated" or before == "rollingBack"
    if not answered and before in _ON_THE_WAY and by_itself:
        doubt = f"{status}, but it was {before} before: whether the {phrase(verb)} arrived is not known"
        return Followed(Outcome.UNKNOWN, doubt, status)
    return Followed(outcome.word, outcome.sentence, status)


def _gone(verb: str, answered: str, status: str) -> Followed:
    if answered:
        return Followed(
            Outcome.UNKNOWN, f"{phrase(verb)} was answered {answered}; then the instance was gone", status
        )
    return Followed(
        Outcome.UNKNOWN, f"the instance is gone: whether the {phrase(verb)} arrived is not known", status
    )


def _at_the_deadline(
    verb: str,
    before: str,
    outcome: Judgement | None,
    answered: str,
    status: str,
    seconds: float,
    failure: str,
) -> Followed:
    after = f"after {int(seconds)} s"
    if failure:
        answer_text = f"answered {answered}" if answered else "no answer came"
        return Followed(Outcome.UNKNOWN, f"{answer_text}, and it could not be read again: {failure}", status)
    if status and status == VERBS[verb].on_the_way != before:
        return Followed(Outcome.UNDER_WAY, f"still {status} {after}; it goes on by itself", status)
    if not answered:
        return Followed(
            Outcome.UNKNOWN, f"{status} {after}: whether the {phrase(verb)} arrived is not known", status
        )
    if outcome is not None and outcome.word in (Outcome.NO_EFFECT, Outcome.UNKNOWN):
        return Followed(outcome.word, outcome.sentence, status)
    return Followed(Outcome.UNDER_WAY, f"still {status} {after}; it goes on by itself", status)
