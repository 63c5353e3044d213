"""One read each, of what somebody waits for: it goes first, and the budget page says what it is for."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from wfdash.api.errors import ChooseAccount, Forbidden, InstanceNotFound, NotFound, WorkflowsError
from wfdash.api.interface import ListQuery, StepAnswer, Version, WorkflowPage, Workflows
from wfdash.api.paging import all_workflows, versions_back_to
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.step_kind import kind_of
from wfdash.core.model.workflow import Workflow
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.read_instance import read_answer_aside

if TYPE_CHECKING:
    from wfdash.core.history.analytics import Analytics
    from wfdash.live.reads.log_lines import InstanceLogs
    from wfdash.live.reads.past_rows import PastRows

__all__ = ["Reads"]

_LOGS = 6
"""Instances whose lines are kept, the last that were looked at."""
_PAGES = 5
"""Pages of workflows that are asked for at most."""


class Reads(Struct, frozen=True):
    """Every method spends one read a request, touches no widget and raises only WorkflowsError."""

    api: Workflows
    budget: Budget
    _logs: "dict[tuple[str, str], InstanceLogs]" = field(default_factory=dict)
    """Of the instances whose lines were looked at last."""

    async def instance(self, workflow: str, instance: str, purpose: str = "instance") -> Detail:
        """Reads one instance in full."""
        await self._turn(purpose)
        answer = await self.api.get_instance(workflow, instance)
        return await read_answer_aside(workflow, instance, answer)

    async def first_instance(
        self, workflow: str, rows: list[Instance], purpose: str = "instance"
    ) -> tuple[Instance, Detail] | None:
        """The first of these that is still there, in full; None when all are gone."""
        for row in rows:
            try:
                return row, await self.instance(workflow, row.id, purpose)
            except InstanceNotFound:
                continue
        return None

    async def complete_instances(self, workflow: str, purpose: str = "comparison") -> list[Instance]:
        """The newest complete ones, as the server lists them."""
        await self._turn(purpose)
        page = await self.api.list_instances(workflow, ListQuery("complete"))
        return Instance.from_items(page.items)

    async def errored_instances(self, workflow: str, purpose: str) -> tuple[list[Instance], int | None]:
        """The newest errored ones, and how many there are in all where the server says."""
        await self._turn(purpose)
        page = await self.api.list_instances(workflow, ListQuery("errored"))
        return Instance.from_items(page.items), page.total

    async def step(
        self, workflow: str, instance: str, name: str, kind: str, *, purpose: str = "step output"
    ) -> StepAnswer:
        """Reads one step by its name and kind, with its output uncut."""
        await self._turn(purpose)
        return await self.api.get_step(workflow, instance, name, type=kind_of(kind).output_type or "step")

    def past_rows(self, workflow: str, *, floor: float | None) -> "PastRows":
        """A reader of rows back in time, below `floor`, down to which all are loaded."""
        # With the pages that processes share: for whoever looks at history.
        from wfdash.live.reads.past_rows import PastRows

        return PastRows(self.api, self.budget, workflow, floor)

    async def versions(self, workflow: str, *, since: float = inf) -> list[Version]:
        """The newest versions of a workflow, back to the one that was in force at `since`.

        None in a dev session, or where the credential may not list them; no more than `MOST_VERSIONS`.
        """
        if self.api.local:
            return []

        async def ask(page: int, per_page: int) -> list[Version]:
            await self._turn("versions")
            return await self.api.list_versions(workflow, page=page, per_page=per_page)

        try:
            return await versions_back_to(since, ask)
        except (Forbidden, NotFound):
            return []

    async def analytics(
        self, workflow: str, *, since: float, until: float, width: float
    ) -> "Analytics | None":
        """Counts of what came and ended in stretches that fit into `width` seconds."""
        if self.api.local:
            return None
        await self._turn("history")
        return await self.api.analytics(workflow, since=since, until=until, width=width)

    async def has_workflow(self, name: str) -> bool:
        await self._turn("go to")
        try:
            await self.api.get_workflow(name)
        except NotFound:
            return False
        return True

    async def accounts_to_choose_from(self) -> Sequence[Mapping[str, Any]]:
        """The accounts that the credential sees where none was named.

        None if there is no choice or no answer.
        """
        await self._turn("accounts")
        try:
            await self.api.prefix()
        except ChooseAccount as choice:
            return choice.accounts
        except WorkflowsError:
            return []  # whoever asks next says what is wrong, and asks again
        return []

    def logs(self, workflow: str, instance: str, clock: Callable[[], float]) -> "InstanceLogs":
        """The gatherer of an instance's lines, with those it had.

        It asks for nothing before it is told to.
        """
        from wfdash.live.reads.log_lines import InstanceLogs

        key = (workflow, instance)
        found = self._logs.pop(key, None)
        self._logs[key] = found or InstanceLogs(
            self.api, workflow, instance, turn=self._turn_for_logs, now=clock
        )
        if len(self._logs) > _LOGS:
            del self._logs[next(iter(self._logs))]
        return self._logs[key]

    async def _turn_for_logs(self, again: bool) -> None:
        await self.budget.acquire(Priority.VISIBLE if again else Priority.FOREGROUND, "logs")

    def gathered_logs(self, workflow: str, instance: str) -> "InstanceLogs | None":
        """The lines of an instance as far as they were gathered before."""
        return self._logs.get((workflow, instance))

    @property
    def logs_were_asked_for(self) -> bool:
        """Whether somebody has opened lines in this session; until then no page reads any by itself."""
        return bool(self._logs)

    # Before there is an account to watch.

    async def credential(self, account_id: str) -> tuple[str, list[dict[str, Any]]]:
        """What the API says of it, in words, and the accounts it sees; none where one is settled."""
        words, refused = "accepted", None
        await self._turn("setup")
        try:
            words = _standing(await self.api.verify_token())
        except WorkflowsError as error:
            refused = error  # a login of wrangler's and an account's own token cannot be verified so
        if account_id and refused is None:
            return words, []
        await self._turn("setup")
        if account_id:
            await self.api.list_workflows(per_page=1)
            return words, []
        return words, await self.api.list_accounts()

    async def workflows(self, purpose: str = "setup") -> list[Workflow]:
        """The workflows of the account, in the API's order."""

        async def ask(page: int) -> WorkflowPage:
            await self._turn(purpose)
            return await self.api.list_workflows(page=page)

        return await all_workflows(ask, _PAGES)

    async def _turn(self, purpose: str) -> None:
        await self.budget.acquire(Priority.FOREGROUND, purpose)


def _standing(answer: dict[str, Any]) -> str:
    status, until = answer.get("status"), answer.get("expires_on")
    words = status if isinstance(status, str) else "accepted"
    return f"{words}, until {until}" if isinstance(until, str) else words
