"""The session on its way: opened, and its first rows asked for, before there is a screen."""

import asyncio
import time
from collections.abc import Callable

from wfdash.config.settings import Settings
from wfdash.core.filter.query import Query
from wfdash.live.polling.events import Event, RecordChanged
from wfdash.ui.session import AccountSession, Connect, open_session

__all__ = ["BegunSession"]


class BegunSession:
    """A session on its way: it may ask for its first rows before there is a screen to show them.

    The answer takes its time, the modules of the screens take theirs: one after the other would be both.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Connect,
        *,
        first: tuple[str, Query | None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`first` is the workflow, and the filter, whose rows are asked for at once."""
        self.notify: Callable[[Event], None] = self._keep
        self._unsaid: list[Event] = []
        # Where the account is still to be found out, a person may have to choose it first.
        self._first = first if settings.account_id or settings.local or settings.demo else None
        self._closed = False
        self._polling: asyncio.Task[None] | None = None
        self._opening = asyncio.create_task(self._open(settings, connect, clock))

    async def _open(self, settings: Settings, connect: Connect, clock: Callable[[], float]) -> AccountSession:
        session = await open_session(settings, connect, clock=clock, notify=lambda event: self.notify(event))
        if self._first is not None:
            session.poller.begin(*self._first)
            self._polling = asyncio.create_task(session.poller.run())
        return session

    def _keep(self, event: Event) -> None:
        """A screen begins by drawing all there is; what is only said waits for one."""
        if isinstance(event, RecordChanged):
            self._unsaid.append(event)

    def tell(self, notify: Callable[[Event], None]) -> None:
        """Hands all news to this one from now on."""
        self.notify = notify
        for event in self._unsaid:
            notify(event)

    async def opened(self) -> AccountSession:
        return await self._opening

    async def poll(self) -> None:
        """Polls until the end; cancel to stop."""
        await (self._polling or (await self._opening).poller.run())

    async def close(self) -> None:
        """Asks nothing more and closes the connections; a second time changes nothing."""
        opening, polling = self._opening, self._polling
        opening.cancel()
        if polling is not None:
            polling.cancel()
        await asyncio.gather(opening, *filter(None, [polling]), return_exceptions=True)
        if not self._closed and not opening.cancelled() and opening.exception() is None:
            self._closed = True
            await opening.result().close()
