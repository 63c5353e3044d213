"""What the writing commands print: one object an id, and the exit code of them all."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from shlex import quote
from typing import Any

from msgspec.structs import replace
from platformdirs import user_state_path

from wfdash.cli.exits import Stop
from wfdash.cli.output import json_line, say
from wfdash.cli.session import CommandSession
from wfdash.core.model.status import is_final
from wfdash.core.model.times import iso
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, estimated
from wfdash.core.verbs.outcome import HELD, Outcome
from wfdash.core.verbs.rules import RESTARTS
from wfdash.live.actions.ending import Course
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import Plan, Progress, Result, Stage
from wfdash.live.actions.plan_lines import plan_lines, start_object
from wfdash.live.budget.budget import Budget
from wfdash.live.records.journal import Journal

__all__ = [
    "Printer",
    "carry_out",
    "check_writable",
    "exit_code",
    "operator_of",
    "print_plan",
    "say_lost",
    "where_of",
]

FAILED_AGAIN = "failed again"
_WORST_FIRST = (4, 3, 2, 5, 1)
"""Exit codes by what a script must not miss: unknown, credentials, usage, network, refused."""


def print_plan(plan: Plan, session: CommandSession) -> int:
    """Prints the plan as --dry-run does: what would be sent, what skipped and why. Sends nothing."""
    for line in plan_lines(plan, where_of(session)):
        json_line(line)
    say(f"{count(len(plan.eligible))} would be sent, {count(len(plan.skipped))} skipped; nothing was sent")
    return 0


def where_of(session: CommandSession) -> str:
    """The account, or the origin of a dev session, that a plan or a journal entry is for."""
    return session.settings.kept_for or session.api.account_id


def exit_code(codes: Iterable[int]) -> int:
    """The exit code that a script must see first of several: unknown, then credentials, network, refusals."""
    # Not the highest number: "it may have been sent" must not hide behind "it was refused".
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), max(found, default=0))


def check_writable(session: CommandSession) -> None:
    """Raises Stop where this person, or this server, takes no writes at all."""
    if session.settings.is_read_only(session.api.account_id):
        raise Stop("nothing is written: this profile is read-only", 2)
    if session.api.watch_only:
        raise Stop(f"this server can be watched, not written to: {session.api.watch_only}", 1)


def operator_of(session: CommandSession, *, no_journal: bool) -> Operator:
    """Makes the operator with its journal; called once the account is known.

    Raises Stop where the journal cannot be written, unless that is accepted.
    """
    settings = session.settings
    account = where_of(session)
    journal = Journal(
        user_state_path("wfdash"), profile=settings.profile_name, account=account, clock=session.clock
    )
    session.endings.append(journal.close)
    # Before anything is sent: a batch that the disk does not take could not be gone on with.
    if trouble := journal.check():
        if not no_journal:
            raise Stop(f"nothing was sent: {trouble}. --no-journal sends it all the same", 2)
        say(f"wfdash: {trouble}")
    return Operator(
        session.api,
        budget=session.budget,
        journal=journal,
        clock=session.clock,
        # Deadlines hang on a clock that nobody sets; what is printed and written bears the other one.
        steady=time.monotonic,
    )


def say_lost(operator: Operator) -> None:
    """Says, after the last result, that the journal lacks what came of it."""
    if operator.journal is not None and operator.journal.trouble:
        say(f"wfdash: not all of this is in the journal: {operator.journal.trouble}")


class Printer:
    """Prints each result once, as it comes; after an interruption, what is known of the others.

    Where stdout takes no more, what was asked for is carried out to its end all the same.
    """

    def __init__(self, plan: Plan, *, ended: bool = False) -> None:
        """`ended` says that each object has how the run ended that was begun."""
        self._ended = ended or plan.verb == "redrive"
        self._starts = {target.id: target.restart_from for target in plan.targets}
        self._choosing = False
        self._lost: BrokenPipeError | Stop | None = None
        # Filled at once: at ctrl+c each id is printed with what is known of it, also one whose turn never
        # came.
        self._results = {target.id: _not_sent(plan, target.id) for target in plan.targets}

    def on_event(self, event: Progress | Result) -> None:
        """Takes an event of the operator, and prints a result."""
        if isinstance(event, Result) and event.followed:
            error = "interrupted before it ended"
            self._results[event.id] = replace(event, outcome=Outcome.UNDER_WAY, error=error)
            return
        if isinstance(event, Result):
            self._results.pop(event.id, None)
            self.print(event)
            return
        if event.stage == Stage.WAITING and event.note:
            say(clean(f"wfdash: {event.id}: {event.note}"))
        # Once: dozens are read to choose the first ones, and stderr is no progress bar.
        if event.stage == Stage.CHOOSING and not self._choosing:
            self._choosing = True
            say(clean(f"wfdash: {event.note}"))
        if event.stage in (Stage.CHOSEN, Stage.CANARY):
            say(clean(f"wfdash: {event.note}"))
        if result := self._results.get(event.id):
            self._results[event.id] = _moved_on(result, event)

    def hold(self, event: Progress | Result) -> None:
        """Takes an event of the operator; a success is kept for a later word, anything else printed."""
        if isinstance(event, Result) and not event.exit_code:
            error = "interrupted before it was final"
            self._results[event.id] = replace(event, outcome=Outcome.UNDER_WAY, error=error)
        else:
            self.on_event(event)

    @property
    def unsent(self) -> int:
        """How many of those without a result wait for their turn."""
        return sum(result.outcome == Outcome.SKIPPED for result in self._results.values())

    def close(self) -> None:
        """Raises, after the last result, what kept one from being printed."""
        if self._lost is not None:
            raise self._lost

    def print(self, result: Result) -> None:
        if self._lost is not None:
            return
        try:
            self._print(result)
        except (BrokenPipeError, Stop) as lost:
            self._lost = lost

    def _print(self, result: Result) -> None:
        line: dict[str, Any] = {
            "at": iso(result.at),
            "workflow": result.workflow,
            "id": result.id,
            "verb": result.verb,
            "before": result.before or None,
            "answered": result.answered or None,
            "after": result.after or None,
            "outcome": _outcome(result),
            "error": result.error or None,
        }
        if result.verb == "redrive":
            line["from"] = start_object(result.restart_from or self._starts.get(result.id))
        if self._ended:
            line["ended"] = result.ended or None
        json_line(line, of_a_write=True)

    def interrupted(self, at: float) -> None:
        """Prints the last that is known of ids whose result never came."""
        for result in self._results.values():
            self.print(replace(result, at=at))


async def carry_out(
    plan: Plan,
    operator: Operator,
    course: Course,
    session: CommandSession,
    *,
    ended: bool = False,
    again: str = "",
) -> int:
    """Sends a plan, prints a result an id as it comes, and returns the exit code of them all.

    `again` is what to do next where the first ones held the others back, if not what the journal offers.
    """
    if not again:
        resume = f"wfdash redrive -w {quote(plan.workflow)} --resume sends them"
        # Without a journal there is nothing that --resume could read.
        again = "give the ids again that are printed as skipped" if plan.unrecorded else resume
    printer = Printer(plan, ended=ended)
    telling = asyncio.create_task(_tell_waits(printer, session.budget))
    try:
        results = await operator.carry_out(plan, printer.on_event, course)
    except asyncio.CancelledError:
        # What was sent was sent: each id is printed with what is known of it before the process ends.
        printer.interrupted(session.clock())
        raise
    finally:
        telling.cancel()
    printer.close()
    _say_held(results, again)
    say_lost(operator)
    # A restart that was taken and failed again is no success to a script, though the API said yes.
    return exit_code(result.exit_code or (_outcome(result) == FAILED_AGAIN) for result in results)


async def _tell_waits(printer: Printer, budget: Budget) -> None:
    """Says each time that the limits of requests hold it up, and how long the rest takes by them."""
    waits = False
    while True:
        await asyncio.sleep(1.0)
        slow = budget.action_slow()
        # When it begins to wait, not every second: the words are the same until it goes on.
        if slow and not waits:
            takes = budget.in_turn_take(printer.unsent)
            rest = (
                f"; the {count(printer.unsent)} that are left take about {estimated(takes)}"
                if takes >= 1
                else ""
            )
            say(clean(f"wfdash: {slow}{rest}"))
        waits = bool(slow)


def _say_held(results: Sequence[Result], again: str) -> None:
    """Says how many the first ones held back, why, and how to go on: stdout may be a file."""
    sent = [result for result in results if result.outcome != Outcome.SKIPPED]
    held = [result for result in results if result.held]
    if held:
        numbers = f"{count(len(sent))} sent, {count(len(held))} held and not sent"
        why = held[0].error.removeprefix(HELD).rstrip(".")
        say(clean(f"wfdash: {numbers}: {why}. To go on: {again}"))


def _outcome(result: Result) -> str:
    """The outcome as its run bears it out: what failed again, or is only queued again, is not done."""
    began = result.verb in RESTARTS and result.outcome in (Outcome.DONE, Outcome.UNDER_WAY)
    settled = result.after if result.outcome == Outcome.DONE and is_final(result.after) else ""
    ended = result.ended or settled
    if not began or ended == "complete":
        return result.outcome
    # With "done" for one that is only queued again, a script would count as repaired what has not run yet.
    return FAILED_AGAIN if ended == "errored" else ended or Outcome.UNDER_WAY


def _not_sent(plan: Plan, identity: str) -> Result:
    """The result before anything is heard.

    Skipped, but unknown for a creation, which tells nothing until it is over.
    """
    # A batch of creates is one request: cut off amid it, no id of it is known to be unsent.
    unknown = plan.verb == "create"
    return Result(
        plan.key,
        plan.at,
        plan.workflow,
        identity,
        plan.verb,
        "",
        "",
        "",
        Outcome.UNKNOWN if unknown else Outcome.SKIPPED,
        "interrupted: whether it was made is not known" if unknown else "interrupted before it was sent",
    )


def _moved_on(result: Result, event: Progress) -> Result:
    if event.stage == Stage.SENT:
        error = "interrupted: whether it arrived is not known"
        return replace(result, before=event.before, outcome=Outcome.UNKNOWN, error=error)
    if event.stage == Stage.ANSWERED:
        settling = "interrupted before it settled"
        return replace(result, answered=event.status, outcome=Outcome.UNDER_WAY, error=settling)
    return replace(result, after=event.status) if event.stage == Stage.FOLLOWING else result
