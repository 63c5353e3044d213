"""Carries out a confirmed plan: re-read, send once, follow until it settles. Knows nothing of any screen."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from wfdash.api.interface import DetailAnswer, Workflows
from wfdash.live.plan import Guard, Plan, Progress, Result

__all__ = ["ActionBudget", "OnEvent", "Operator", "Sink"]

OnEvent = Callable[[Progress | Result], None]
Sink = Callable[[str, str, DetailAnswer], None]
"""Takes a re-read (workflow, id, answer) into whatever keeps what is known."""


class ActionBudget(Protocol):
    """Leave to send one request on behalf of an action."""

    async def acquire_action(self) -> None: ...


class Operator:
    """Every write of wfdash goes through here, from the dashboard and from the one-shots alike."""

    def __init__(
        self,
        api: Workflows,
        *,
        budget: ActionBudget,
        journal: object | None,
        clock: Callable[[], float],
        sink: Sink | None = None,
        read_only: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        raise NotImplementedError

    @property
    def guard(self) -> Guard:
        """Hand this to make_plan: why nothing may be written, "" when it may."""
        raise NotImplementedError

    def forbid(self, reason: str) -> None:
        """Turn writes off for good."""
        raise NotImplementedError

    async def carry_out(self, plan: Plan, on_event: OnEvent) -> list[Result]:
        """Do what was confirmed; one Result a target, in the plan's order. Only cancellation is raised."""
        raise NotImplementedError

    def stop(self, plan: str = "") -> None:
        """Send nothing more of this plan (of all, without one); what was sent is still followed."""
        raise NotImplementedError
