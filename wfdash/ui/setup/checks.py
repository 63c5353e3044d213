"""What is asked before there is an account to watch: is the token good, which accounts, which workflows."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import Workflows
from wfdash.config.settings import Settings
from wfdash.core.model.workflow import Workflow
from wfdash.live.budget.budget import Priority
from wfdash.ui.session import Connect, open_session

__all__ = ["Introduction"]

_Answer = TypeVar("_Answer")
_PAGES = 5
"""Pages of workflows that are asked for at most."""


class Introduction:
    """Each question opens a session of its own: the account changes from one to the next.

    All raise WorkflowsError.
    """

    def __init__(self, connector: Callable[[Settings], Connect], clock: Callable[[], float]) -> None:
        self._connector = connector
        self._clock = clock

    async def credential(self, settings: Settings) -> tuple[str, list[dict[str, Any]]]:
        """What the API says of it, in words, and the accounts it sees; none where one is settled."""

        async def question(api: Workflows) -> tuple[str, list[dict[str, Any]]]:
            refused: WorkflowsError | None = None
            words = "accepted"
            try:
                words = _standing(await api.verify_token())
            except WorkflowsError as error:
                refused = error  # a login of wrangler's and an account's own token cannot be verified so
            if settings.account_id:
                if refused is not None:
                    await api.list_workflows(per_page=1)
                return words, []
            return words, await api.list_accounts()

        return await self._ask(settings, question)

    async def workflows(self, settings: Settings) -> list[Workflow]:
        """Those of the account in the settings, in the API's order."""

        async def question(api: Workflows) -> list[Workflow]:
            found: list[Workflow] = []
            for page in range(1, _PAGES + 1):
                answer = await api.list_workflows(page=page)
                found += answer.items
                if not answer.items or page >= (answer.total_pages or 1):
                    break
            return found

        return await self._ask(settings, question)

    async def _ask(self, settings: Settings, question: Callable[[Workflows], Awaitable[_Answer]]) -> _Answer:
        session = await open_session(
            settings, self._connector(settings), clock=self._clock, notify=lambda event: None
        )
        try:
            await session.budget.acquire(Priority.FOREGROUND, "setup")
            return await question(session.api)
        finally:
            await session.close()


def _standing(answer: dict[str, Any]) -> str:
    status, until = answer.get("status"), answer.get("expires_on")
    words = status if isinstance(status, str) else "accepted"
    return f"{words}, until {until}" if isinstance(until, str) else words
