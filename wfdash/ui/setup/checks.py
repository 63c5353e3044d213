"""What is asked before there is an account to watch: is the token good, which accounts, which workflows."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from wfdash.config.settings import Settings
from wfdash.core.model.workflow import Workflow
from wfdash.live.reads.reads import Reads
from wfdash.ui.session import Connect, open_session

__all__ = ["ApiChecks"]


class ApiChecks:
    """Each question opens a session of its own: the account changes from one to the next.

    All raise WorkflowsError.
    """

    def __init__(self, connector: Callable[[Settings], Connect], clock: Callable[[], float]) -> None:
        self._connector = connector
        self._clock = clock

    async def credential(self, settings: Settings) -> tuple[str, list[dict[str, Any]]]:
        """What the API says of it, in words, and the accounts it sees; none where one is settled."""
        async with self._reads(settings) as reads:
            return await reads.credential(settings.account_id)

    async def workflows(self, settings: Settings) -> list[Workflow]:
        """The workflows of the account in the settings, in the API's order."""
        async with self._reads(settings) as reads:
            return await reads.workflows()

    @asynccontextmanager
    async def _reads(self, settings: Settings) -> AsyncIterator[Reads]:
        session = await open_session(
            settings, self._connector(settings), clock=self._clock, said=lambda event: None
        )
        try:
            yield session.reads
        finally:
            await session.close()
