"""What `doctor` finds out by asking the server: reach, clock, credential, account and workflows."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from msgspec import Struct, field

from wfdash.api.errors import Forbidden, WorkflowsError
from wfdash.api.interface import Exchange, Workflows
from wfdash.cli.exits import Stop
from wfdash.cli.session import CommandSession, open_session
from wfdash.config.settings import Settings
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.words import count
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.clock_skew import clock_skew

__all__ = ["Examined", "examine"]

TOLERATED = 5.0
"""Seconds of clock skew that are no worry."""


class Examined(Struct):
    facts: list[tuple[str, str]] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    code: int = 0
    names: list[tuple[str, str]] = field(default_factory=list)
    """Kind and name of what is somebody's own in the facts."""
    script: str = ""
    """Of the workflow that was asked about, else of the first one that has one."""


async def examine(settings: Settings) -> Examined:
    """Asks what changes nothing, out of the budget that all processes share, and tells what came of it."""
    examined = Examined()
    async with open_session(settings, what="doctor") as session:
        await _ask(session, examined)
        exchanges = list(session.budget.requests)
        examined.facts += _reach(exchanges)
        if not settings.local:
            examined.facts.append(("reads of wfdash", _spent(session.budget)))
    skew = next(
        (skew for exchange in reversed(exchanges) if (skew := clock_skew(exchange)) is not None), None
    )
    if skew is not None:
        examined.facts.append(("clock", _clock(skew)))
        if abs(skew) > TOLERATED:
            examined.advice.append(
                f"Set this machine's clock: it is {_clock(skew)}. wfdash goes by the server's; others do not."
            )
    if not settings.local:
        # No endpoint tells it without a write, and doctor writes nothing.
        examined.facts.append(("write permission", "unknown until the first action"))
    return examined


async def _ask(session: CommandSession, examined: Examined) -> None:
    """Asks each question once, the next only where the one before leaves something to ask."""
    api, settings = session.api, session.settings

    async def attempt(
        name: str, ask: Callable[[], Awaitable[str]], *, fatal: bool = False, needed_to: str = ""
    ) -> None:
        await _attempt(session, examined, name, ask, fatal=fatal, needed_to=needed_to)

    if not settings.local:
        await attempt("token", lambda: _token(api))
    await attempt("workflows", lambda: _workflows(api, examined), fatal=True)
    # Refused there, the token may be for another account: which ones it reaches is the next thing to know.
    if examined.code == 1 and settings.account_id and not settings.local:
        await attempt("accounts", lambda: _accounts(api, examined))
    if settings.workflow and not examined.code:
        await attempt("workflow", lambda: _workflow(api, examined, settings.workflow), fatal=True)
    if api.account_id and not settings.account_id:
        examined.facts.append(("account", f"{api.account_id} (the only one of GET /accounts)"))
    if settings.local and not examined.code:
        examined.facts += _dev_session(api.watch_only)
    if not examined.code:
        await attempt("logs", lambda: api.log_reader().check(), needed_to="see console lines")
        await _ask_for_tail(session, examined)


async def _ask_for_tail(session: CommandSession, examined: Examined) -> None:
    """Asks whether lines of some workflow's script can be followed as they are printed."""
    script, stream = examined.script, session.api.log_stream()
    if stream is None:
        return  # a dev session has none
    if not script:
        examined.facts.append(("logs, live", f"unknown without a workflow; takes {stream.permission}"))
        return
    ask, purpose = partial(stream.check, script), "see console lines as they are printed"
    await _attempt(session, examined, "logs, live", ask, fatal=False, needed_to=purpose)


def _dev_session(watch_only: str) -> list[tuple[str, str]]:
    """Lines on what can be done in a dev session; an older one is no fault to fix, so it is only told."""
    if watch_only:
        return [("dev session", f"can be watched, not written ({watch_only})"), ("write", "no")]
    return [("dev session", "can be watched and written"), ("write", "yes")]


async def _attempt(
    session: CommandSession,
    examined: Examined,
    name: str,
    ask: Callable[[], Awaitable[str]],
    *,
    fatal: bool,
    needed_to: str,
) -> None:
    """Notes the answer, or the failure; a `fatal` one decides the exit code and is what has to be fixed.

    One without which something else cannot be done, which `needed_to` names, is to be fixed for that alone.
    """
    try:
        await session.turn()
        examined.facts.append((name, await ask()))
    except WorkflowsError as failure:
        examined.facts.append((name, f"{failure}{f' Ray {failure.ray}.' if failure.ray else ''}"))
        if fatal:
            examined.code = failure.exit_code
            examined.advice.append(failure.sentence)
        elif needed_to and isinstance(failure, Forbidden):
            examined.advice.append(f"To {needed_to}, and for nothing else: {failure.sentence}")
    except Stop as pause:
        examined.facts.append((name, f"not asked: {pause}"))
        if fatal:
            examined.code = pause.code
            examined.advice.append(f"Wait: {pause}; wfdash asks nothing until then.")


async def _token(api: Workflows) -> str:
    answer: dict[str, Any] = await api.verify_token()
    until = f", until {answer['expires_on']}" if isinstance(answer.get("expires_on"), str) else ""
    status = answer.get("status")
    return f"{status if isinstance(status, str) else 'accepted'}{until}"


async def _workflows(api: Workflows, examined: Examined) -> str:
    page = await api.list_workflows(per_page=10)
    examined.names += [("workflow", workflow.name) for workflow in page.items]
    examined.script = next((found.script_name for found in page.items if _has_script(found)), "")
    total = page.total if page.total is not None else len(page.items)
    names = ", ".join(workflow.name for workflow in page.items[:5])
    return f"{total}{f' ({names})' if total <= 5 and names else ''}"


async def _workflow(api: Workflows, examined: Examined, name: str) -> str:
    found = await api.get_workflow(name)
    examined.script = found.script_name if _has_script(found) else examined.script
    return f"{found.name} is there"


def _has_script(workflow: Workflow) -> bool:
    return bool(workflow.script_name) and not workflow.script_deleted


async def _accounts(api: Workflows, examined: Examined) -> str:
    """Asks which accounts the credential reaches: what refuses one may be meant for another."""
    seen = [account for account in await api.list_accounts() if isinstance(account.get("id"), str)]
    examined.names += [("account", str(account.get("name") or "")) for account in seen]
    names = ", ".join(
        f"{account['id']} ({account['name']})" if account.get("name") else account["id"]
        for account in seen[:5]
    )
    # In place of the refusal, whose advice would be about the token.
    if seen and all(account["id"] != api.account_id for account in seen):
        examined.advice[:] = [
            f"Set another account: {api.account_id} is not one of those it reaches: {names}."
        ]
    return names or "none that it may list"


def _reach(exchanges: list[Exchange]) -> list[tuple[str, str]]:
    facts = [
        (
            exchange.kind,
            f"{exchange.http or 'no answer'} in {exchange.milliseconds:.0f} ms"
            + (f", ray {exchange.ray}" if exchange.ray else ""),
        )
        for exchange in exchanges
    ]
    limits = next((exchange.ratelimit for exchange in reversed(exchanges) if exchange.ratelimit), "")
    return [(f"asked: {name}", value) for name, value in facts] + ([("Ratelimit", limits)] if limits else [])


def _spent(budget: Budget) -> str:
    """Words on what this credential has spent at this server."""
    reads, (theirs, processes) = budget.meter[0], budget.others
    words = f"{count(reads)} in about 5 minutes"
    if processes:
        words += f", {count(theirs)} of them by {processes} other wfdash"
    trouble = budget.sharing_trouble
    return f"{words}; nothing is shared with other processes: {trouble}" if trouble else words


def _clock(skew: float) -> str:
    zone = time.strftime("%Z")
    if not skew:
        return f"agrees with the server's (local zone {zone})"
    return f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server's (local zone {zone})"
