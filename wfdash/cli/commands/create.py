"""`wfdash create`: one instance, or a batch of up to a hundred, each id sent with it and told."""

import asyncio
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from wfdash.api.interface import NewInstance
from wfdash.api.validate import check_batch, check_instance_id, check_location_hint, check_retention
from wfdash.cli.commands.inputs import (
    check_size,
    parse_json,
    read_json,
    read_text,
    refused_as_usage,
    retention,
)
from wfdash.cli.commands.results import Printer, check_writable, exit_code, operator_of, print_plan, say_lost
from wfdash.cli.commands.wait_until import TimedOut, until
from wfdash.cli.commands.why_facts import WhyFacts
from wfdash.cli.exits import UsageError
from wfdash.cli.output import say
from wfdash.cli.session import CommandSession
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.plan import Guard, Result, make_creation

__all__ = ["prepare", "run"]

_KEYS = {"instance_id", "id", "params", "instance_retention", "location_hint"}
_RETENTION = {"success_retention", "error_retention"}


def prepare(parsed: Namespace) -> None:
    """Reads and checks everything that would be sent."""
    options = [parsed.params, parsed.success_retention, parsed.error_retention]
    # One instance's params on a hundred would be an accident more often than a wish.
    if parsed.batch and (any(value is not None for value in options) or parsed.id or parsed.location_hint):
        raise UsageError("--batch takes ids, params, retention and hints from its file, not from options")
    if parsed.timeout is not None and not parsed.wait:
        raise UsageError("--timeout belongs to --wait")
    parsed.new = _batch(parsed.batch) if parsed.batch else [_single(parsed)]


def _single(parsed: Namespace) -> NewInstance:
    has_params = parsed.params is not None
    return _checked(
        NewInstance(
            # Always an id of our own: only with one can a lost answer be looked up afterwards.
            parsed.id or str(uuid4()),
            read_json(parsed.params, "--params") if has_params else None,
            has_params,
            retention(parsed.success_retention),
            retention(parsed.error_retention),
            parsed.location_hint,
        )
    )


def _batch(name: str) -> list[NewInstance]:
    """Reads the instances of a JSON array, or of one object a line."""
    text = read_text(name, "--batch")
    if text.lstrip().startswith("["):
        entries = parse_json(text, name)
    else:
        lines = enumerate(text.split("\n"), 1)
        # Not splitlines(), which also ends a line at separators that JSON allows within a text.
        entries = [parse_json(line, name, line=number) for number, line in lines if line.strip()]
    # Before each entry is looked at: of a file of 5,000 the number is what is wrong, not its first entry.
    with refused_as_usage("--batch"):
        check_batch(entries)
    new = [_entry(entry, f"{name}, entry {number}") for number, entry in enumerate(entries, 1)]
    ids = [instance.id for instance in new]
    # The API leaves ids out that exist already (reference, Batch create): of two the same the second would
    # look refused.
    twice = next((identity for identity in ids if ids.count(identity) > 1), None)
    if twice is not None:
        raise UsageError(f"{name}: the id {twice} is there twice")
    return new


def _entry(entry: Any, where: str) -> NewInstance:
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} is not an object with instance_id, params, ...")
    # A misspelt key would be dropped without a word, and the instance run without it.
    if unknown := sorted(set(entry) - _KEYS):
        raise UsageError(f"{where}: unknown {', '.join(unknown)}; there are {', '.join(sorted(_KEYS))}")
    kept = entry.get("instance_retention") or {}
    identity = entry.get("instance_id", entry.get("id", str(uuid4())))
    hint = entry.get("location_hint", "")
    if not isinstance(kept, Mapping) or not isinstance(identity, str) or not isinstance(hint, str):
        raise UsageError(f"{where}: instance_id and location_hint are texts, instance_retention an object")
    if unknown := sorted(set(kept) - _RETENTION):
        words = f"unknown {', '.join(unknown)}; there are {', '.join(sorted(_RETENTION))}"
        raise UsageError(f"{where}: instance_retention: {words}")
    if "params" in entry:
        check_size(entry["params"], f"{where}: params")
    return _checked(
        NewInstance(
            identity,
            entry.get("params"),
            "params" in entry,
            kept.get("success_retention"),
            kept.get("error_retention"),
            hint,
        ),
        where,
    )


def _checked(new: NewInstance, where: str = "") -> NewInstance:
    """Raises UsageError for what the API would refuse, naming the option or the place in a file."""
    checks: tuple[tuple[str, Callable[[Any], None], object], ...] = (
        ("--id", check_instance_id, new.id),
        ("--location-hint", check_location_hint, new.location_hint),
        ("--success-retention", check_retention, new.success_retention),
        ("--error-retention", check_retention, new.error_retention),
    )
    for option, check, given in checks:
        with refused_as_usage(where or option):
            check(given)
    return new


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Creates, and with --wait follows each until it is final. Returns the exit code."""
    if not parsed.dry_run:
        check_writable(session)
    await session.reach()
    workflow = await session.workflow()
    if parsed.dry_run:
        guard = Guard(local=session.api.local)
        # With its random ids: a plan of creates is to be looked at, and no command takes one back.
        return print_plan(make_creation(workflow, parsed.new, now=session.clock(), guard=guard), session)
    check_writable(session)
    operator = operator_of(session, no_journal=parsed.no_journal)
    plan = make_creation(workflow, parsed.new, now=session.clock(), guard=operator.guard)
    if parsed.no_journal:
        plan = plan.without_journal()
    printer = Printer(plan, ended=parsed.wait)
    try:
        if not parsed.wait:
            results = await operator.carry_out(plan, printer.on_event)
            printer.close()
            say_lost(operator)
            return exit_code(result.exit_code for result in results)
        # Held back with --wait: one line an id, and that line says how it ended.
        results = await operator.carry_out(plan, printer.hold)
        # One deadline for all, from when all are made: the last of a hundred has as long as the first.
        deadline = None if parsed.timeout is None else session.clock() + parsed.timeout
        waited = [_wait(session, result, deadline, printer) for result in results]
        codes = await asyncio.gather(*waited)
        printer.close()
        say_lost(operator)
        return exit_code(codes)
    except asyncio.CancelledError:
        printer.interrupted(session.clock())
        raise


async def _wait(session: CommandSession, result: Result, deadline: float | None, printer: Printer) -> int:
    """Follows one until it is final, saying how it comes on.

    Its exit code: 0, 1 for another end, 4 for no end in time.
    """
    # What was not made has its line already, and no run that could be waited for.
    if result.exit_code:
        return result.exit_code
    last_status, facts = "", WhyFacts(session)

    async def read(detail: Detail) -> None:
        nonlocal last_status
        if detail.status != last_status and not is_final(detail.status):
            say(f"wfdash: {result.id}: {detail.status or 'no status'}: {await facts.sentence(detail)}")
        last_status = detail.status

    try:
        status = await until(
            session, result.workflow, result.id, is_final, read=read, deadline=deadline, met=True
        )
    except TimedOut as late:
        error = "not final before the timeout"
        printer.on_event(
            replace(result, at=session.clock(), after=late.status, outcome=Outcome.UNDER_WAY, error=error)
        )
        return 4
    printer.on_event(replace(result, at=session.clock(), after=status, ended=status))
    return 0 if status == "complete" else 1
