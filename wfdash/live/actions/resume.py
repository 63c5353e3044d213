"""Goes on with a batch that was cut off: what was not sent yet, and what a read shows never arrived."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_hex

from msgspec import Struct

from wfdash.api.errors import WorkflowsError
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.model.times import SAME_END
from wfdash.core.text.words import count
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import RESTARTS, leads_to, phrase
from wfdash.core.verbs.verb import VERBS
from wfdash.live.actions.plan import Plan, Result, Target
from wfdash.live.records.journal import UNDER_WAY
from wfdash.live.records.journal_entries import RUN_FOLLOWED, ActionResult, JournalEntry, JournalEvent
from wfdash.live.records.unfinished import Unfinished

__all__ = [
    "Resumption",
    "has_arrived",
    "plan_resumption",
    "resumable",
    "still_under_way",
    "stopped_at",
    "why_not_resumed",
]


class Resumption(Struct, frozen=True):
    """The rest of a batch that was cut off, as a plan, and what became of those sent before."""

    plan: Plan
    sent_before: tuple[Result, ...]
    held: str = ""
    """Why the rest had waited for a person's word."""

    def notes(self) -> list[str]:
        """What is told of those that had been sent, in sentences: an ended one by its end, then the doubt."""
        arrived = [result for result in self.sent_before if result.outcome == Outcome.DONE]
        said = [self.held] if self.held else []
        if arrived:
            now = Counter(result.after for result in arrived)
            words = ", ".join(f"{number:,} {status} now" for status, number in now.items())
            said.append(f"of those sent before the cut {len(arrived):,} arrived: {words}")
        if doubt := len(self.sent_before) - len(arrived):
            said.append(f"of {doubt:,} it cannot be told whether they arrived: they are not sent again")
        return said

    def statuses(self) -> list[tuple[str, int]]:
        """How many of those that had been sent are in which status now, the most first."""
        return Counter(result.after or str(result.outcome) for result in self.sent_before).most_common()

    def findings(self, *, final: bool = False) -> dict[str, tuple[JournalEvent, ActionResult]]:
        """What was found out of each that had been sent, by id, as event and result for the journal.

        A run that goes on stays to be read, unless this is the `final` word on it.
        """
        return {result.id: _finding(result, final) for result in self.sent_before}


def _finding(result: Result, final: bool) -> tuple[JournalEvent, ActionResult]:
    if result.ended:
        return JournalEvent.ENDED, ActionResult(after=result.ended, reason=result.sentence)
    said = f"{result.outcome}: {result.sentence}"
    # Only a restart begins a run; of the others it is enough that nobody is told of them again.
    if result.outcome != Outcome.DONE or result.verb not in RESTARTS:
        return JournalEvent.TAKEN_OVER, ActionResult(reason=said, outcome=result.outcome)
    said = said if final else f"{said}{RUN_FOLLOWED}"
    return JournalEvent.SETTLED, ActionResult(reason=said, outcome=result.outcome)


def still_under_way(number: int) -> str:
    """What is waited for before a batch that was cut off is read again."""
    way = "its way" if number == 1 else "their way"
    return f"{count(number)} sent a moment before the cut may still be on {way}"


def why_not_resumed(unfinished: Unfinished) -> str:
    """Why nothing of it can be sent from the journal alone; "" when it can."""
    if unfinished.verb in VERBS and VERBS[unfinished.verb].takes_payload:
        # Payloads may hold what is not for the disk, so that the events which are left have to be sent by
        # hand.
        return f"{phrase(unfinished.verb)} is not resumed: the journal keeps no payload"
    return ""


def stopped_at(unfinished: Unfinished) -> str:
    """Which batch was cut off, and where."""
    ids = [identity for identity in unfinished.last if identity not in unfinished.left_out]
    if unfinished.open == unfinished.followed:
        what = f"{phrase(unfinished.verb)} of {len(ids):,} in {unfinished.workflow}"
        return f"{what}: how {len(unfinished.followed):,} ended was not read"
    if len(ids) == 1:
        return f"{phrase(unfinished.verb)} of {ids[0]} in {unfinished.workflow} was cut off"
    reached = f"{len(ids) - len(unfinished.unsent):,}"
    return f"{phrase(unfinished.verb)} of {len(ids):,} in {unfinished.workflow} stopped at {reached}"


async def plan_resumption(
    unfinished: Unfinished,
    read: Callable[[str], Awaitable[Detail]],
    *,
    now: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    on_wait: Callable[[int, float], None] = lambda number, seconds: None,
) -> Resumption:
    """Reads those sent without a word of what became of them; plans the rest and what never came.

    What was sent a moment ago may still be on its way, whoever sent it is gone or not: nothing that a read
    shows unchanged is sent again before that time is over, which `on_wait` is told of.
    """
    key = token_hex(4)
    again: list[Target] = [_target(unfinished.last[identity]) for identity in unfinished.unsent]
    sent: list[Result] = []
    followed, late = frozenset(unfinished.followed), list[JournalEntry]()
    # Read before anything is sent: what the cut-off session sent last may or may not have arrived.
    for identity in unfinished.to_read:
        entry = unfinished.last[identity]
        detail, trouble = await _read(read, identity)
        arrived = None if detail is None else has_arrived(unfinished.verb, entry, detail)
        if identity in followed:
            arrived = True  # its own session had seen it begin
        if arrived is False and identity not in unfinished.answered:
            # The status can show a write only after it was applied: a request of a moment ago may still be on
            # its way.
            late.append(entry)
        else:
            sent.append(_result(key, unfinished, entry, detail, arrived, trouble, now))
    rest = min(UNDER_WAY, max((entry.at + UNDER_WAY - now for entry in late), default=0.0))
    if rest > 0:
        on_wait(len(late), rest)
        await sleep(rest)
    for entry in late:
        if rest > 0:
            detail, trouble = await _read(read, entry.id)
            arrived = None if detail is None else has_arrived(unfinished.verb, entry, detail)
            if arrived is not False:
                sent.append(_result(key, unfinished, entry, detail, arrived, trouble, now))
                continue
        again.append(_target(entry))
    # The plan's own step is for a verb that asks for one; with several, each target keeps what it was
    # confirmed with.
    starts = {target.restart_from for target in again}
    same = next(iter(starts)) if len(starts) == 1 and unfinished.verb == "restart_from" else None
    plan = Plan(key, now, unfinished.verb, unfinished.workflow, tuple(again), restart_from=same)
    return Resumption(plan, tuple(sent), unfinished.held)


async def _read(read: Callable[[str], Awaitable[Detail]], identity: str) -> tuple[Detail | None, str]:
    """The instance as it is now, or why that is not known."""
    try:
        return await read(identity), ""
    except WorkflowsError as error:
        return None, str(error)


def has_arrived(verb: str, entry: JournalEntry, detail: Detail) -> bool | None:
    """Whether the write that `entry` records was carried out; None where status and end cannot tell."""
    # A pause, say, shows in the status alone. A status that leads elsewhere than the verb does tells nothing:
    # somebody else may have acted since.
    if verb not in RESTARTS:
        if detail.status != entry.before:
            return True if detail.status in leads_to(verb) else None
        return False if detail.status not in leads_to(verb) else None
    # A restart of what still ran leaves the same status behind it: whether it is the old run or the new one,
    # nothing tells.
    if not is_final(entry.before):
        return None
    if not is_final(detail.status):
        return True
    if entry.end is None or detail.end is None:
        return None
    # The very end that was noted when `sent` was written: no run has begun since.
    if detail.end == entry.end and detail.status == entry.before:
        return False
    # List and instance date one end a little apart: less than that is no proof of a second run.
    return True if detail.end - entry.end > SAME_END else None


def _target(entry: JournalEntry) -> Target:
    return Target(
        entry.id,
        entry.before,
        ended=entry.end,
        restart_from=entry.start,
        # With its end it is held against the instance as strictly as a line of a file, since nobody has
        # looked at it since.
        given=entry.end is not None,
        checked=False,
    )


def _result(
    key: str,
    unfinished: Unfinished,
    entry: JournalEntry,
    detail: Detail | None,
    arrived: bool | None,
    trouble: str,
    now: float,
) -> Result:
    status = detail.status if detail is not None else ""
    ended = status if arrived and unfinished.verb in RESTARTS and is_final(status) else ""
    if arrived and detail is None:
        outcome, sentence, code = Outcome.UNKNOWN, "restarted before the cut; how it ended is not known", 4
    elif arrived:
        outcome, sentence, code = Outcome.DONE, f"sent before the cut, {status} now", 0
        code = 1 if ended in ("errored", "terminated") else 0
    else:
        outcome, code = Outcome.UNKNOWN, 4
        sentence = "sent before the cut; whether it arrived is not known, so it is not sent again"
    error = "" if not code else f"{sentence}: {trouble}" if trouble else sentence
    return Result(
        key,
        now,
        unfinished.workflow,
        entry.id,
        unfinished.verb,
        entry.before,
        "",
        status,
        outcome,
        error,
        sentence,
        exit_code=code,
        restart_from=entry.start,
        ended=ended,
    )


def resumable(plans: Sequence[Unfinished], workflow: str) -> list[Unfinished]:
    """The cut-off batches of this workflow to go on with, newest first; those only to read come last."""
    found = [
        unfinished
        for unfinished in reversed(plans)
        if unfinished.workflow == workflow and not why_not_resumed(unfinished)
    ]
    return sorted(found, key=lambda unfinished: unfinished.open == unfinished.followed)
