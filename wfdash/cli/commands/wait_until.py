"""Follows one instance, read as often as its state is worth, until it is where it is wanted."""

import asyncio
from collections.abc import Awaitable, Callable

from wfdash.api.errors import Unauthorized, WorkflowsError
from wfdash.cli.output import say
from wfdash.cli.session import TRANSIENT, CommandSession, again
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.detail_pace import next_read
from wfdash.live.polling.read_instance import read_answer

__all__ = ["TimedOut", "until"]

_STILL = 15.0
"""Seconds between two reads of what is not expected to move by itself."""
_LONGEST = 60.0
"""Seconds that a failure is waited out at most, so that the end of an outage is met within a minute."""


class TimedOut(Exception):
    """The time to wait is up; `status` is the last one read."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


async def until(
    session: CommandSession,
    workflow: str,
    identity: str,
    there: Callable[[str], bool],
    *,
    deadline: float | None = None,
    met: bool = False,
    interval: float | None = None,
    read: Callable[[Detail], Awaitable[None]],
) -> str:
    """The first status that is `there`; `read` is told of every answer. A passing failure is waited out.

    `deadline` in epoch seconds; one that is no longer ahead allows a single read. Of an instance that was not
    `met` yet the first read is given up after a few tries. `interval` is the time between two reads in
    seconds, where it is not to follow from the state. Raises TimedOut, and WorkflowsError for what will not
    pass.
    """
    status = ""
    remaining = None if deadline is None else deadline - session.clock()
    once = remaining is not None and remaining <= 0
    when = None if remaining is None or once else asyncio.get_running_loop().time() + remaining
    try:
        while True:
            async with asyncio.timeout_at(when):
                detail = await _read(session, workflow, identity, stubborn=met or bool(status))
            status = detail.status
            # Not within the time: an answer that came in time counts, however long it takes to say it.
            await read(detail)
            if there(status):
                return status
            if once:
                raise TimedOut(status)
            async with asyncio.timeout_at(when):
                await asyncio.sleep(interval or _pace(detail, session))
    except TimeoutError:
        raise TimedOut(status) from None


def _pace(detail: Detail, session: CommandSession) -> float:
    delay = next_read(detail, now=session.clock(), local=session.api.local).delay
    return _STILL if is_final(detail.status) or delay is None else delay


async def _read(session: CommandSession, workflow: str, identity: str, *, stubborn: bool) -> Detail:
    if not stubborn:
        answer = await session.read(lambda: session.api.get_instance(workflow, identity), Priority.FOREGROUND)
        return read_answer(workflow, identity, answer)
    wait, renewed = 1.0, False
    while True:
        await session.budget.acquire(Priority.VISIBLE, session.purpose)
        try:
            answer = await session.api.get_instance(workflow, identity)
            return read_answer(workflow, identity, answer)
        except WorkflowsError as error:
            # After a 401 the client has looked for a newer token: it gets one more chance.
            if not isinstance(error, TRANSIENT) and (renewed or not isinstance(error, Unauthorized)):
                raise
            renewed = isinstance(error, Unauthorized)
            say(again(error.sentence))
            await asyncio.sleep(error.pause(wait))
            wait = min(2 * wait, _LONGEST)
