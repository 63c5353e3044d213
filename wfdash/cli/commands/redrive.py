"""`wfdash redrive`: restarts each instance from the step it failed at, a few of many before the rest."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from shlex import quote

from msgspec.structs import replace

from wfdash.api.errors import NotFound
from wfdash.api.interface import ListQuery
from wfdash.cli.commands.change import (
    check_canary,
    check_within,
    confirmed,
    course_of,
    tell_canary,
)
from wfdash.cli.commands.inputs import need_yes, read_given_plan, read_ids, read_planned, read_text
from wfdash.cli.commands.list import Listing
from wfdash.cli.commands.results import (
    Printer,
    carry_out,
    check_writable,
    exit_code,
    operator_of,
    print_plan,
    where_of,
)
from wfdash.cli.exits import Stop, UsageError
from wfdash.cli.output import instant, say
from wfdash.cli.session import CommandSession
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import clean, distinguishable
from wfdash.core.text.words import count, estimated
from wfdash.core.verbs.outcome import HELD
from wfdash.core.verbs.redrive import RedrivePoint, redrive_point, redrive_sentences
from wfdash.core.verbs.rules import phrase
from wfdash.core.why.step_names import shown_name
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import Guard, Plan, Target, make_plan
from wfdash.live.actions.redrive import (
    READ_BEFORE,
    Redrive,
    judge_target,
    plan_redrive,
    spoken_start,
    start_of,
)
from wfdash.live.actions.resume import plan_resumption, resumable, still_under_way, why_not_resumed
from wfdash.live.polling.read_instance import read_answer
from wfdash.live.reads.newest_version import missing_steps
from wfdash.live.records.person import with_seat

__all__ = ["prepare", "run"]


def prepare(parsed: Namespace) -> None:
    """Checks all that can be checked before anything is read."""
    given = [*parsed.ids, *([parsed.instance] if parsed.instance else [])]
    sources = [bool(given), bool(parsed.filter), bool(parsed.plan), parsed.resume]
    if sum(sources) != 1:
        raise UsageError(
            "which ones? IDs, - for stdin, --filter QUERY, --plan FILE or --resume; one of these"
        )
    if parsed.expect is not None and not parsed.filter:
        raise UsageError("--expect belongs to --filter")
    check_within(parsed)
    if parsed.timeout is not None and not parsed.wait:
        raise UsageError("--timeout belongs to --wait")
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    # What a filter finds may be ten times as much as yesterday: where nobody can look, the number has to be
    # said.
    if parsed.filter and parsed.expect is None and not parsed.dry_run and not asked:
        raise UsageError("away from a terminal --filter needs --expect N: how many it has to find")
    parsed.ids = read_ids(given) if given else []
    parsed.plan_text = read_text(parsed.plan, "--plan") if parsed.plan else ""
    # Before a request is spent: a script without --yes shall fail on its first line.
    need_yes(parsed.yes or parsed.dry_run)
    parsed.query = None
    if parsed.filter:
        from wfdash.core.filter.query import parse

        parsed.query = parse(parsed.filter)
        if parsed.query.needs_marks:
            raise UsageError("--filter: marked is of the dashboard; there are no marks here")
        # The list is read to its end: a redrive of the newest hundred would leave the rest errored without a
        # word.
        parsed.limit, parsed.asc, parsed.read_details = 0, False, 0


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Plans, shows or confirms, and carries out a redrive; one object an id on stdout; the exit code."""
    if not parsed.dry_run:
        check_writable(session)
    await session.reach()
    workflow = await session.workflow()
    # With a guard that lets everything through: who may not write may still look at what would be written.
    if parsed.dry_run and not parsed.resume:
        redrive = await _plan(parsed, session, workflow, Guard(local=session.api.local))
        check_canary(parsed, redrive.plan)
        await _warn(redrive.plan, session, workflow)
        return print_plan(redrive.plan, session)
    if not parsed.dry_run:
        check_writable(session)
    operator = operator_of(session, no_journal=parsed.no_journal)
    if parsed.resume:
        return await _resume(parsed, session, operator, workflow)
    redrive = await _plan(parsed, session, workflow, operator.guard)
    plan = redrive.plan
    check_canary(parsed, plan)
    # Before the question: a step that was renamed in the newest version cannot be restarted from there.
    await _warn(plan, session, workflow)
    if not parsed.yes and plan.eligible:
        sentences = redrive_sentences(list(redrive.points.values()), local=session.api.local)
        if not await confirmed(plan, session, lambda: _tell(redrive, sentences, parsed)):
            raise Stop("nothing was sent", 1)
    return await _carry_out(parsed, session, operator, plan)


async def _resume(parsed: Namespace, session: CommandSession, operator: Operator, workflow: str) -> int:
    """Goes on with the newest batch that was cut off, else with what a canary held back.

    What had been sent is read first.
    """
    journal = operator.journal
    assert journal is not None
    plans = await asyncio.to_thread(journal.unfinished)
    for other in plans:
        if reason := why_not_resumed(other):
            say(clean(f"wfdash: {other.workflow}: {count(other.remaining)} left: {reason}"))
    unfinished = next(iter(resumable(plans, workflow)), None)
    if unfinished is None:
        # What was cut off goes before what was held back, which waits for a person's word and not for a
        # request.
        unfinished = next(iter(resumable(await asyncio.to_thread(journal.held_back), workflow)), None)
    if unfinished is None:
        raise Stop(f"no batch in {workflow} was cut off or held back: there is nothing to resume", 1)
    states = (
        (unfinished.settled, "answered"),
        (unfinished.skipped, "skipped"),
        ((*unfinished.sent, *unfinished.unknown), "sent and not answered"),
        (unfinished.unsent, "held and not sent" if unfinished.given_up else "not sent"),
        (unfinished.followed, "restarted, how they ended was not read"),
    )
    said = ", ".join(f"{count(len(ids))} {words}" for ids, words in states if ids)
    who = with_seat(unfinished.who, unfinished.seat)
    say(clean(f"{phrase(unfinished.verb)} of {instant(unfinished.at)} by {who}: {said}"))
    if unfinished.held:
        say(clean(f"wfdash: {unfinished.held.removeprefix(HELD)}"))

    def on_wait(number: int, seconds: float) -> None:
        say(f"wfdash: {still_under_way(number)}: read again in {estimated(seconds)}, before anything is sent")

    resumption = await plan_resumption(
        unfinished, _reader(session, workflow), now=session.clock(), on_wait=on_wait
    )
    plan = resumption.plan
    if parsed.dry_run:
        return print_plan(plan, session)
    if not parsed.yes and plan.eligible and not await confirmed(plan, session, lambda: None):
        raise Stop("nothing was sent", 1)
    # Once it is confirmed and not before: two who look at the same batch may both look.
    if not await asyncio.to_thread(journal.take_over, unfinished, resumption.findings()):
        raise Stop("another wfdash goes on with it already: nothing was sent", 1)
    printer = Printer(plan)
    for result in resumption.sent_before:
        # Those sent before the cut too, so that the output has one line for each id of the batch.
        printer.print(result)
    code = await _carry_out(parsed, session, operator, plan)
    return exit_code([code, *(result.exit_code for result in resumption.sent_before)])


def _reader(session: CommandSession, workflow: str) -> Callable[[str], Awaitable[Detail]]:
    async def read(identity: str) -> Detail:
        answer = await session.read(lambda: session.api.get_instance(workflow, identity))
        return read_answer(workflow, identity, answer)

    return read


async def _warn(plan: Plan, session: CommandSession, workflow: str) -> None:
    """Says which steps of the plan the version that is newest now does not seem to have."""

    async def complete() -> list[Instance]:
        page = await session.read(lambda: session.api.list_instances(workflow, ListQuery("complete")))
        return Instance.from_items(page.items)

    # A dev session has one version, the one that it runs.
    if session.api.local:
        return
    if warning := await missing_steps(plan.eligible, complete, _reader(session, workflow)):
        say(clean(f"wfdash: {warning}"))


async def _carry_out(parsed: Namespace, session: CommandSession, operator: Operator, plan: Plan) -> int:
    if parsed.no_journal:
        plan = plan.without_journal()
    again = ""
    if parsed.plan and parsed.plan != "-":
        # Each line of a plan has the end it was made for, so that the same file can be given again without
        # harm.
        again = f"run it again with --plan {quote(parsed.plan)}; what ran again since is left out"
    return await carry_out(plan, operator, course_of(parsed, session), session, again=again)


async def _plan(parsed: Namespace, session: CommandSession, workflow: str, guard: Guard) -> Redrive:
    if parsed.plan:
        targets = read_given_plan(parsed, "redrive", where=where_of(session), workflow=workflow)
        plan = make_plan("redrive", workflow, [], now=session.clock(), guard=guard)
        # Of thousands what was read first would be old before the last is sent: each is read just before it
        # goes.
        if len(targets) > READ_BEFORE and not parsed.dry_run:
            _say_late(len(targets), session)
            return Redrive(replace(plan, targets=tuple(targets)), {})
        return await _judge_again(parsed, plan, targets, _reader(session, workflow))
    rows: Sequence[Instance] = [Instance(identity) for identity in parsed.ids]
    if parsed.query is not None:
        rows = await _found(parsed, session)
    late = len(rows) > READ_BEFORE and not parsed.dry_run
    if late:
        _say_late(len(rows), session)
    reader, missing = _reader(session, workflow), list[NotFound]()

    async def read(identity: str) -> Detail:
        try:
            return await reader(identity)
        except NotFound as error:
            missing.append(error)
            raise

    redrive = await plan_redrive(
        workflow,
        rows,
        read,
        now=session.clock(),
        guard=guard,
        late=late,
        on_read=lambda number: _progress(number, len(rows)),
    )
    if missing and parsed.ids and not parsed.dry_run:
        # An id of another workflow says that the others may not be those that were meant either.
        more = f" And {count(len(missing) - 1)} more are not there." if missing[1:] else ""
        raise UsageError(f"{missing[0]}{more} --dry-run shows what is. Nothing was sent")
    return redrive


async def _judge_again(
    parsed: Namespace, plan: Plan, targets: Sequence[Target], read: Callable[[str], Awaitable[Detail]]
) -> Redrive:
    """The targets of the file as they are now, whatever it says of them; what it leaves out stays out.

    Raises UsageError for an id that is not there, or a step that it does not have.
    """
    judged: list[Target] = []
    points: dict[str, RedrivePoint] = {}

    def right(detail: Detail) -> str:
        return f"it failed at {spoken_start(start_of(redrive_point(detail)))}"

    async for target, detail in read_planned(parsed, targets, read, right):
        if detail is None:
            judged.append(target)
            continue
        _progress(len(judged) + 1, len(targets))
        found, point = judge_target(target, detail)
        judged.append(replace(found, status=detail.status, version=detail.version, checked=True))
        if not found.reason:
            points[target.id] = point
            judged[-1] = replace(judged[-1], ended=detail.end)
    return Redrive(replace(plan, targets=tuple(judged)), points)


async def _found(parsed: Namespace, session: CommandSession) -> list[Instance]:
    """The rows that the filter finds in all of the list; terminated ones only where it asks for them."""
    # What somebody terminated on purpose is not started again because a filter for a customer happens to
    # match it.
    wanted = {"errored", "terminated"} if "terminated" in parsed.filter.casefold() else {"errored"}
    if parsed.query.doubt:
        say(f"wfdash: --filter: {parsed.query.doubt}")
    listing = Listing(parsed, session)
    found = {row.id: row async for _, row in listing.matching() if row.status in wanted}
    if not found:
        raise Stop(f"--filter: nothing that {' or '.join(sorted(wanted))} matches; nothing was sent", 2)
    # More than expected may be other people's instances, fewer an outage that goes on: neither is what was
    # decided on.
    if parsed.expect is not None and parsed.expect != len(found):
        raise Stop(f"--expect {parsed.expect}: {count(len(found))} match; nothing was sent", 2)
    return list(found.values())


def _say_late(number: int, session: CommandSession) -> None:
    takes = session.budget.in_turn_take(number)
    time = f", about {estimated(takes)}" if takes >= 1 else ""
    say(f"wfdash: {count(number)} are read, each just before it is sent{time}")


def _progress(number: int, total: int) -> None:
    if total > 20 and (number % 50 == 0 or number == total):
        say(f"wfdash: reading {count(number)} of {count(total)}")


def _tell(redrive: Redrive, sentences: Sequence[str], parsed: Namespace) -> None:
    """The plan as a table: the step each begins at, how many it keeps, which run again, or why not."""
    plan = redrive.plan
    say(f"redrive {count(len(plan.eligible))} of {plan.workflow}, each from the step it failed at:")
    names = distinguishable([target.id for target in plan.targets])
    for name, target in zip(names, plan.targets, strict=True):
        point = redrive.points.get(target.id)
        if target.reason:
            say(clean(f"  {name}  skipped: {target.reason}"))
        elif point is None:
            where = spoken_start(target.restart_from) if target.restart_from else "the step it failed at"
            say(clean(f"  {name}  from {where}"))
        else:
            twice = "".join(f', "{shown_name(step)}" twice' for step in point.repeated[:4])
            kept = f"keeps {len(point.kept)}, runs {len(point.again)} again{twice}"
            say(clean(f"  {name}  from {spoken_start(target.restart_from)}: {kept}"))
    for sentence in sentences:
        say(clean(f"  {sentence}"))
    tell_canary(parsed)
