"""What `doctor` finds out by asking the server: reach, clock, credential, account and workflows."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct, field

from wfdash.api.connect import connect
from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import Exchange, Workflows
from wfdash.config.settings import Settings
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


async def examine(settings: Settings) -> Examined:
    """Asks for three things that change nothing, and tells what came of each."""
    exchanges: list[Exchange] = []
    examined = Examined()
    api = await connect(settings, observer=exchanges.append)
    try:
        if not settings.local:
            await _attempt(examined, "token", lambda: _token(api), fatal=False)
        await _attempt(examined, "workflows", lambda: _workflows(api, examined), fatal=True)
        if examined.code == 1 and settings.account_id and not settings.local:
            await _attempt(examined, "accounts", lambda: _accounts(api, examined), fatal=False)
        if settings.workflow and not examined.code:
            name = settings.workflow
            await _attempt(examined, "workflow", lambda: _workflow(api, name), fatal=True)
        if api.account_id and not settings.account_id:
            examined.facts.append(("account", f"{api.account_id} (the only one of GET /accounts)"))
        if settings.local and not examined.code:
            examined.facts += _dev_session(api.watch_only)
        if not examined.code:
            await _attempt(examined, "logs", lambda: api.log_reader().check(), fatal=False)
            if not settings.local:
                examined.facts.append(("logs, live", "unknown until followed; takes Workers Tail Read"))
    finally:
        await api.close()
    examined.facts += _reach(exchanges)
    skew = next(
        (skew for exchange in reversed(exchanges) if (skew := clock_skew(exchange)) is not None), None
    )
    if skew is not None:
        examined.facts.append(("clock", _clock(skew)))
        if abs(skew) > TOLERATED:
            examined.advice.append(
                f"Set this machine's clock: it is {_clock(skew)}; ages would be wrong by it."
            )
    if not settings.local:
        examined.facts.append(("write permission", "unknown until the first action"))
    return examined


def _dev_session(watch_only: str) -> list[tuple[str, str]]:
    """What can be done there; an older one is no fault to fix, so it is told and no more."""
    if watch_only:
        return [("dev session", f"can be watched, not written ({watch_only})"), ("write", "no")]
    return [("dev session", "can be watched and written"), ("write", "yes")]


async def _attempt(examined: Examined, name: str, ask: Callable[[], Awaitable[str]], *, fatal: bool) -> None:
    """Notes the answer, or the failure; a `fatal` one decides the exit code and is what has to be fixed."""
    try:
        examined.facts.append((name, await ask()))
    except WorkflowsError as failure:
        examined.facts.append((name, f"{failure}{f' Ray {failure.ray}.' if failure.ray else ''}"))
        if fatal:
            examined.code = failure.exit_code
            examined.advice.append(failure.sentence)


async def _token(api: Workflows) -> str:
    answer: dict[str, Any] = await api.verify_token()
    until = f", until {answer['expires_on']}" if isinstance(answer.get("expires_on"), str) else ""
    status = answer.get("status")
    return f"{status if isinstance(status, str) else 'accepted'}{until}"


async def _workflows(api: Workflows, examined: Examined) -> str:
    page = await api.list_workflows(per_page=10)
    examined.names += [("workflow", workflow.name) for workflow in page.items]
    total = page.total if page.total is not None else len(page.items)
    names = ", ".join(workflow.name for workflow in page.items[:5])
    return f"{total}{f' ({names})' if total <= 5 and names else ''}"


async def _workflow(api: Workflows, name: str) -> str:
    found = await api.get_workflow(name)
    return f"{found.name} is there"


async def _accounts(api: Workflows, examined: Examined) -> str:
    """Those the credential reaches: what refuses one account may be meant for another."""
    seen = [account for account in await api.list_accounts() if isinstance(account.get("id"), str)]
    examined.names += [("account", str(account.get("name") or "")) for account in seen]
    names = ", ".join(
        f"{account['id']} ({account['name']})" if account.get("name") else account["id"]
        for account in seen[:5]
    )
    if seen and all(account["id"] != api.account_id for account in seen):
        examined.advice[:] = [f"Set another account: {api.account_id} is none of those it reaches, {names}."]
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


def _clock(skew: float) -> str:
    zone = time.strftime("%Z")
    if not skew:
        return f"agrees with the server's (local zone {zone})"
    return f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server's (local zone {zone})"
