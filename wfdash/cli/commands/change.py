"""`wfdash pause | resume | terminate | restart | send`: one verb on the ids that were named, once each."""

from argparse import Namespace
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from wfdash.api.errors import NotFound, Refused
from wfdash.api.interface import RestartFrom
from wfdash.api.validate import check_event_type, production_doubt
from wfdash.cli.commands.inputs import (
    need_yes,
    read_given_plan,
    read_ids,
    read_json,
    read_planned,
    read_text,
    refused_as_usage,
)
from wfdash.cli.commands.results import carry_out, check_writable, operator_of, print_plan, where_of
from wfdash.cli.exits import Stop, UsageError
from wfdash.cli.output import say
from wfdash.cli.question import wait_for_answer
from wfdash.cli.session import CommandSession
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.step_kind import OWN
from wfdash.core.text.clean import clean, distinguishable
from wfdash.core.text.words import count, spoken
from wfdash.core.verbs.consequences import StepTarget
from wfdash.core.verbs.rules import RESTARTS, consequence, destroys, phrase
from wfdash.core.why.step_names import base_name
from wfdash.live.actions.ending import CANARY_WITHIN, Course
from wfdash.live.actions.plan import Guard, Plan, make_plan
from wfdash.live.actions.plan_lines import verb_of
from wfdash.live.actions.redrive import READ_BEFORE
from wfdash.live.actions.send import NOTHING_SENT
from wfdash.live.polling.read_instance import read_answer

__all__ = [
    "check_canary",
    "check_within",
    "confirmed",
    "course_of",
    "prepare",
    "run",
    "tell_canary",
]

_READ_BEFORE_ASKING = 20
"""Ids up to which each is read to be confirmed: of more, nobody reads the lines."""
_STEPS_NAMED = 8
"""Steps that a sentence names; with more it would fill the terminal."""


def prepare(parsed: Namespace) -> str:
    """Checks all that can be checked before anything is asked; returns what only a dev session would take."""
    parsed.verb = _verb(parsed)
    if parsed.command == "send":
        with refused_as_usage("--type"):
            # By what a dev session takes, since which server it is, is found out later; `_only_local` says
            # what production refuses.
            check_event_type(parsed.type, local=True)
        parsed.payload = {} if parsed.payload is None else read_json(parsed.payload, "--payload")
    if parsed.command == "restart" and not parsed.from_step and (parsed.count or parsed.type):
        raise UsageError("--count and --type belong to --from-step")
    given = [*parsed.ids, *([parsed.instance] if parsed.instance else [])]
    if given and parsed.plan:
        raise UsageError("--plan FILE names the ids: give either")
    parsed.plan_text = read_text(parsed.plan, "--plan") if parsed.plan else ""
    if parsed.plan and parsed.verb == "restart_from":
        raise UsageError("--plan FILE says from which step: --from-step belongs to ids")
    # The plan says which of the two restarts it is: nobody has to repeat that as an option.
    if parsed.command == "restart" and verb_of(parsed.plan_text) == "restart_from":
        parsed.verb = "restart_from"
    parsed.ids = [] if parsed.plan else read_ids(given)
    need_yes(parsed.yes or parsed.dry_run)
    if parsed.timeout is not None and not parsed.wait:
        raise UsageError("--timeout belongs to --wait")
    check_within(parsed)
    return _only_local(parsed)


def _only_local(parsed: Namespace) -> str:
    if parsed.command != "send":
        return ""
    try:
        check_event_type(parsed.type)
    except Refused as refused:
        return f"--type: {refused.sentence}"
    return ""


def _verb(parsed: Namespace) -> str:
    if parsed.command == "terminate":
        return "terminate_rollback" if parsed.rollback else "terminate"
    if parsed.command == "restart":
        return "restart_from" if parsed.from_step else "restart"
    return "send_event" if parsed.command == "send" else str(parsed.command)


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Asks, sends, follows; one object an id on stdout. Returns the exit code."""
    # Twice: a guard that is known at once costs no request; one of the account needs it to be found out.
    if not parsed.dry_run:
        check_writable(session)
    await session.reach()
    workflow = await session.workflow()
    if parsed.dry_run:
        return await _dry_run(parsed, session, workflow)
    check_writable(session)
    # A dev session takes event types that production refuses, so it is sent there, with a warning.
    if parsed.command == "send" and (doubt := production_doubt(parsed.type)):
        say(f"wfdash: {clean(doubt)}")
    operator = operator_of(session, no_journal=parsed.no_journal)
    rows: Sequence[Instance | str] = parsed.ids
    details: list[Detail] = []
    if parsed.plan:
        plan, details = await _given(parsed, session, workflow, operator.guard)
    # With --yes nobody looks, and each is read just before it is sent anyway.
    elif not parsed.yes and len(parsed.ids) <= _READ_BEFORE_ASKING:
        # All its steps only for one, of which is told what would be lost.
        simple = len(parsed.ids) > 1
        details = [await _look(session, workflow, identity, simple=simple) for identity in parsed.ids]
        rows = [
            Instance(detail.id, detail.status, detail.queued, None, detail.start, detail.end)
            for detail in details
        ]
    if not parsed.plan:
        plan = _plan(parsed, workflow, rows, now=session.clock(), guard=operator.guard)
    check_canary(parsed, plan)
    detail = details[0] if len(details) == 1 else None

    def tell() -> None:
        _tell(plan, detail)
        tell_canary(parsed)

    if not parsed.yes and plan.eligible and not await confirmed(plan, session, tell):
        # 1 and not 0: a script that goes on must not take a no for done.
        raise Stop("nothing was sent", 1)
    if parsed.no_journal:
        plan = plan.without_journal()
    course = Course(to_end=parsed.wait, timeout=parsed.timeout)
    if plan.verb in RESTARTS:
        course = course_of(parsed, session)
    return await carry_out(plan, operator, course, session, ended=parsed.wait or course.canary > 0)


def check_within(parsed: Namespace) -> None:
    """Raises UsageError where a time is given for first ones that nobody asked for."""
    if getattr(parsed, "within", None) is not None and parsed.canary is None:
        raise UsageError("--within belongs to --canary")


def check_canary(parsed: Namespace, plan: Plan) -> None:
    """Raises UsageError where more are to be sent first than there are."""
    canary = getattr(parsed, "canary", None)
    if canary is not None and canary > len(plan.eligible):
        what = "redriven" if plan.verb == "redrive" else "restarted"
        raise UsageError(f"--canary {canary}: only {count(len(plan.eligible))} can be {what}")


def tell_canary(parsed: Namespace) -> None:
    """Says how many are sent first, where some are."""
    if getattr(parsed, "canary", None):
        within = spoken(CANARY_WITHIN if parsed.within is None else parsed.within)
        say(f"  the first {count(parsed.canary)} are sent, the rest once these are complete, within {within}")


def course_of(parsed: Namespace, session: CommandSession) -> Course:
    """How the restarts that were asked for are carried out; the config decides where the options do not."""
    return Course(
        parsed.canary or 0,
        CANARY_WITHIN if parsed.within is None else parsed.within,
        to_end=parsed.wait,
        timeout=parsed.timeout,
        pace=parsed.pace or session.settings.pace,
        parallel=parsed.parallel or session.settings.parallel,
    )


async def _dry_run(parsed: Namespace, session: CommandSession, workflow: str) -> int:
    guard = Guard(local=session.api.local)
    if parsed.plan:
        plan, _ = await _given(parsed, session, workflow, guard)
        check_canary(parsed, plan)
        return print_plan(plan, session)
    rows: list[Instance] = []
    missing: dict[str, str] = {}
    for identity in parsed.ids:
        try:
            detail = await _look(session, workflow, identity, simple=True)
        except NotFound as error:
            missing[identity] = str(error)
            # A dry run tells of every id: one that is not there is a line of its output, and no end to it.
            rows.append(Instance(identity))
        else:
            rows.append(Instance(identity, detail.status, ended=detail.end))
    plan = _plan(parsed, workflow, rows, now=session.clock(), guard=guard)
    targets = (replace(target, reason=target.reason or missing.get(target.id, "")) for target in plan.targets)
    plan = replace(plan, targets=tuple(targets))
    check_canary(parsed, plan)
    return print_plan(plan, session)


async def _given(
    parsed: Namespace, session: CommandSession, workflow: str, guard: Guard
) -> tuple[Plan, list[Detail]]:
    """Reads the plan of the file, and the instances of a few targets to hold the plan against.

    Of many each is read just before it is sent, as without a file.
    """
    given = read_given_plan(parsed, parsed.verb, where=where_of(session), workflow=workflow)
    rows = [Instance(target.id, target.status, ended=target.ended) for target in given]
    plan = _plan(parsed, workflow, rows, now=session.clock(), guard=guard)
    judged = [
        replace(target, reason=target.reason or planned.reason)
        for target, planned in zip(given, plan.targets, strict=True)
    ]
    details: list[Detail] = []
    if len(judged) <= READ_BEFORE or parsed.dry_run:

        async def read(identity: str) -> Detail:
            # Whether a step is there, only the steps say; for another verb of many they are megabytes for
            # nothing.
            simple = len(given) > 1 and parsed.verb != "restart_from"
            return await _look(session, workflow, identity, simple=simple)

        targets, judged = judged, []
        async for target, detail in read_planned(parsed, targets, read, _steps_of):
            if detail is not None:
                details.append(detail)
                # Somebody looked at this line when it said something else: what changed its meaning since is
                # left out.
                moved = target.moved_on(parsed.verb, detail.status, detail.end)
                reason = moved and f"{moved}: {NOTHING_SENT}"
                target = replace(target, status=detail.status, reason=reason, checked=True)
            judged.append(target)
    return replace(plan, targets=tuple(judged)), details


def _steps_of(detail: Detail) -> str:
    """A clause on the steps that the instance could be restarted from in place of one it has not."""
    names = list(dict.fromkeys(base_name(step.name) for step in detail.steps if step.kind in OWN))
    more = f" and {len(names) - _STEPS_NAMED} more" if len(names) > _STEPS_NAMED else ""
    return f"it has {', '.join(map(ascii, names[:_STEPS_NAMED]))}{more}" if names else "it has no step"


def _plan(
    parsed: Namespace, workflow: str, rows: Sequence[Instance | str], *, now: float, guard: Guard
) -> Plan:
    start = None
    if parsed.verb == "restart_from" and parsed.from_step:
        start = RestartFrom(parsed.from_step, parsed.count, parsed.type)
    event = parsed.verb == "send_event"
    return make_plan(
        parsed.verb,
        workflow,
        rows,
        now=now,
        guard=guard,
        restart_from=start,
        event_type=parsed.type if event else "",
        payload=parsed.payload if event else None,
    )


async def _look(session: CommandSession, workflow: str, identity: str, *, simple: bool) -> Detail:
    """Reads the instance as it is now, to be confirmed."""
    answer = await session.read(lambda: session.api.get_instance(workflow, identity, simple=simple))
    return read_answer(workflow, identity, answer, simple=simple)


def _tell(plan: Plan, detail: Detail | None) -> None:
    """Says the ids as they are now, which are skipped and why, and what will be lost."""
    say(f"{phrase(plan.verb)} {count(len(plan.eligible))} of {plan.workflow}:")
    # Ids that look alike once cleaned are told apart here as in the dashboard's prompt.
    names = distinguishable([target.id for target in plan.targets])
    for name, target in zip(names, plan.targets, strict=True):
        note = f"skipped: {target.reason}" if target.reason else ""
        say(clean(f"  {name}  {target.status or 'status not read'}  {note}".rstrip()))
    start = plan.restart_from
    step = StepTarget(start.name, start.count or 1, start.type or "do") if start else None
    for sentence in consequence(plan.verb, detail, step=step):
        say(clean(f"  {sentence}"))


async def confirmed(plan: Plan, session: CommandSession, tell: Callable[[], None]) -> bool:
    """Tells what will be done and asks: y for one, the number for many, the workflow's name in production."""
    number = len(plan.eligible)
    what = phrase(plan.verb)
    tell()
    # By the account that was found, not the one configured: a guard must not depend on how one came to it.
    production = session.settings.is_production(session.api.account_id)
    if production and destroys(plan.verb):
        wanted, question = plan.workflow, f"this is production: type {plan.workflow} to {what}: "
    # The number is typed, not `y`: it proves that the number was read.
    elif number > 1:
        wanted, question = str(number), f"type {number} to {what} them: "
    else:
        wanted, question = "y", f"{what} it? y/n: "
    return await wait_for_answer(question) == wanted
