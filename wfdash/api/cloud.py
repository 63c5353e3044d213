"""The Workflows API of api.cloudflare.com, one method an endpoint."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from wfdash.api.answers.created import read_new_instances
from wfdash.api.answers.envelope import Envelope, rows
from wfdash.api.answers.rows import count_of, create_body, read_version, read_workflow
from wfdash.api.endpoints import Endpoints
from wfdash.api.errors import BadAnswer, ChooseAccount, Unauthorized, WorkflowNotFound
from wfdash.api.http import client
from wfdash.api.http.answer import Answer
from wfdash.api.http.client import Http, encoded, segment
from wfdash.api.http.request_info import RequestInfo
from wfdash.api.interface import (
    NEWEST,
    Created,
    InstancePage,
    ListQuery,
    NewInstance,
    StepAnswer,
    Version,
    WorkflowPage,
)
from wfdash.api.validate import check_batch, check_instance_id, check_location_hint, check_payload_size
from wfdash.core.model.json_values import text
from wfdash.core.model.step_kind import OutputType
from wfdash.core.model.times import iso
from wfdash.core.model.workflow import Workflow

if TYPE_CHECKING:
    from wfdash.api.log_source import LogReader, LogStream
    from wfdash.api.logs.socket_factory import SocketFactory
    from wfdash.core.history.analytics import Analytics
    from wfdash.core.history.past_instance import PastInstance

__all__ = ["CloudWorkflows"]

_OWN_ADDRESSES = ("settings", "concurrency")
"""Names of workflows whose address below /workflows is the API's own (reference, Workflows)."""


class CloudWorkflows(Endpoints):
    """The cloud's dialect. Without an account id, the first request takes the only one of `GET /accounts`."""

    local = False
    watch_only = ""

    def __init__(
        self, http: Http, account_id: str = "", *, sockets: "Callable[[], SocketFactory] | None" = None
    ) -> None:
        super().__init__(http)
        self.account_id = account_id
        self._sockets = sockets
        self._tail: LogStream | None = None

    async def prefix(self) -> str:
        if not self.account_id:
            accounts = await self.list_accounts()
            # Of several none is guessed: a dashboard on the wrong account looks just like one on the right.
            if len(accounts) != 1 or not text(accounts[0].get("id")):
                raise _choose(accounts)
            self.account_id = text(accounts[0].get("id"))
        return f"/accounts/{segment(self.account_id)}"

    async def list_workflows(self, *, page: int = 1, per_page: int = 100, search: str = "") -> WorkflowPage:
        query = [("page", str(page)), ("per_page", str(per_page))]
        if search:
            query.append(("search", search))
        asked = RequestInfo("list the workflows")
        answer, envelope = await self.ask("workflows", "GET", "/workflows", asked, query)
        info = envelope.result_info
        items, left_out = _listed(envelope, answer)
        found = [workflow for item in items if (workflow := read_workflow(item)).name]
        self.listener.saw_workflows(found)
        return WorkflowPage(
            found,
            count_of(info.get("total_count")),
            count_of(info.get("page")),
            count_of(info.get("total_pages")),
            left_out,
        )

    async def get_workflow(self, workflow: str) -> Workflow:
        if workflow in _OWN_ADDRESSES:
            return await self._listed_workflow(workflow)
        asked = RequestInfo("read the workflow", workflow=workflow)
        _, envelope = await self.ask("workflow", "GET", f"/workflows/{segment(workflow)}", asked)
        found = read_workflow(envelope.result if isinstance(envelope.result, dict) else {})
        found.name = found.name or workflow
        self.listener.saw_workflows([found])
        return found

    async def _listed_workflow(self, workflow: str) -> Workflow:
        """Finds a workflow in the list of all, for a name whose own address is another endpoint's."""
        page = await self.list_workflows(search=workflow)
        found = next((listed for listed in page.items if listed.name == workflow), None)
        if found is None:
            sentence = f"No workflow {workflow} is listed, and its own address is the API's {workflow}."
            raise WorkflowNotFound(sentence)
        return found

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        """Asks for one page of instances, newest first unless the query says otherwise."""
        parameters = [("per_page", str(query.per_page))]
        if query.status:
            parameters.append(("status", query.status))
        if query.date_start is not None:
            parameters.append(("date_start", iso(query.date_start)))
        if query.date_end is not None:
            parameters.append(("date_end", iso(query.date_end)))
        if query.direction:
            parameters.append(("direction", query.direction))
        if query.cursor:
            parameters.append(("cursor", query.cursor))
        # `page` and `cursor` exclude each other, and page numbers skip and repeat rows while instances
        # arrive: wrangler calls them "best effort" (workers-sdk, cfetch/index.ts).
        elif query.page is not None:
            parameters.append(("page", str(query.page)))
        asked = RequestInfo("list the instances", workflow=workflow)
        path = f"/workflows/{segment(workflow)}/instances"
        answer, envelope = await self.ask("list", "GET", path, asked, parameters)
        info = envelope.result_info
        items, left_out = _listed(envelope, answer)
        # The end of the list is a cursor that is absent, null or "" (workers-sdk, hasCursor): all three are
        # None here.
        cursor = text(info.get("cursor")) or None
        page = InstancePage(items, cursor, count_of(info.get("total_count")), left_out=left_out)
        self.listener.saw_instances(workflow, query, page)
        return page

    async def create_instance(self, workflow: str, new: NewInstance) -> Created:
        """Sends one POST, always with the caller's own id.

        Sent again, it raises AlreadyExists and makes no second.
        """
        # The key is `instance_id` here and `id` in a dev session: the wrong one silently makes a random id
        # (measured).
        body = _create_body(new)
        asked = RequestInfo("create the instance", workflow=workflow, instance=new.id, writes=True)
        path = f"/workflows/{segment(workflow)}/instances"
        answer, envelope = await self.ask("create", "POST", path, asked, body=body)
        return read_new_instances([envelope.result], answer, [new])[0]

    async def create_instances(self, workflow: str, new: Sequence[NewInstance]) -> list[Created]:
        """POST 1 to 100 at once. Ids that exist already are left out of the answer by the server."""
        check_batch(new)
        body = [_create_body(instance) for instance in new]
        asked = RequestInfo("create the instances", workflow=workflow, writes=True)
        path = f"/workflows/{segment(workflow)}/instances/batch"
        answer, envelope = await self.ask("create batch", "POST", path, asked, body=body)
        return read_new_instances(envelope.result, answer, new)

    async def get_step(
        self,
        workflow: str,
        instance: str,
        name: str,
        *,
        type: OutputType = "step",
        attempt: int | None = None,
    ) -> StepAnswer:
        """Reads one step in full; `name` as it is displayed, with its -N.

        A stream comes back as raw bytes.
        """
        query = [("name", name), ("type", type)]
        if attempt is not None:
            query.append(("attempt", str(attempt)))
        asked = RequestInfo("read the step", workflow=workflow, instance=instance)
        target = f"{await self.prefix()}{self.instance_path(workflow, instance)}/step"
        answer = await self.http.ask("step", "GET", target, query, most=client.LARGEST_INSTANCE)
        # A step that returned a stream has its bytes here and nowhere else (reference, Get step).
        if answer.http == 200 and answer.media == "application/octet-stream":
            return StepAnswer(content=answer.body)
        envelope = await self.envelope(answer, asked)
        return StepAnswer(result=envelope.result if isinstance(envelope.result, dict) else {})

    async def session_started(self) -> None:
        """None: the cloud has no dev session whose start could cut a step."""

    async def session_still(self, workflow: str) -> None:
        """None: the cloud's instances lie in no files of this machine."""

    async def list_versions(self, workflow: str, *, page: int = 1, per_page: int = 50) -> list[Version]:
        asked = RequestInfo("list the versions", workflow=workflow)
        query = [("page", str(page)), ("per_page", str(per_page))]
        _, envelope = await self.ask(
            "versions", "GET", f"/workflows/{segment(workflow)}/versions", asked, query
        )
        found = [read_version(item) for item in rows(envelope.result)[0]]
        self.listener.saw_versions(workflow, found)
        return found

    async def analytics(
        self, workflow: str, *, since: float, until: float, width: float
    ) -> "Analytics | None":
        from wfdash.api.analytics import KEPT, read_analytics

        await self.prefix()
        since = max(since, until - KEPT)
        return await read_analytics(
            self, workflow, account=self.account_id, since=since, until=until, width=width
        )

    async def past_instance(self, workflow: str, instance: str, *, now: float) -> "PastInstance | None":
        from wfdash.api.analytics import KEPT, read_past_instance

        await self.prefix()
        # A minute less than is kept: it goes on while the request is under way, and older is refused whole.
        since = now - KEPT + 60.0
        return await read_past_instance(
            self, workflow, instance, account=self.account_id, since=since, until=now
        )

    def log_reader(self) -> "LogReader":
        from wfdash.api.logs.telemetry import TelemetryLogs

        return TelemetryLogs(self)

    def log_stream(self) -> "LogStream | None":
        """The tail that all who follow share, for a script has one of ours at most; None without sockets."""
        if self._tail is None and self._sockets is not None:
            from wfdash.api.logs.tail import TailLogs

            self._tail = TailLogs(self, self._sockets())
        return self._tail

    async def verify_token(self) -> dict[str, Any]:
        """What the API says of the credential: `{"status": "active", ...}`, or the user behind an API key."""
        key = self.http.credential is not None and self.http.credential.scheme == "key"
        try:
            # A user's token and an account's are verified at different addresses; the other one answers 401.
            return await self._read_item("verify token", "/user" if key else "/user/tokens/verify")
        except Unauthorized:
            if key or not self.account_id:
                raise
        return await self._read_item("verify token", f"/accounts/{segment(self.account_id)}/tokens/verify")

    async def _read_item(self, kind: str, path: str) -> dict[str, Any]:
        answer = await self.http.ask(kind, "GET", path)
        envelope = await self.envelope(answer, RequestInfo("verify the token"))
        return envelope.result if isinstance(envelope.result, dict) else {}

    async def list_accounts(self) -> list[dict[str, Any]]:
        """The accounts the credential sees, at most 50."""
        answer = await self.http.ask("accounts", "GET", "/accounts", [("per_page", "50")])
        envelope = await self.envelope(answer, RequestInfo("list the accounts"))
        return _listed(envelope, answer)[0]


def _listed(envelope: Envelope, answer: Answer) -> tuple[list[dict[str, Any]], int]:
    """The rows of a list answer, and how many were left out.

    Raises BadAnswer for an answer without a list.
    """
    if not isinstance(envelope.result, list):
        raise BadAnswer(
            f"The API answered {answer.http} without the list that was asked for.",
            http=answer.http,
            ray=answer.ray,
        )
    return rows(envelope.result)


def _create_body(new: NewInstance) -> dict[str, Any]:
    """The body of one create, checked as far as it can be before it is sent."""
    check_instance_id(new.id)
    check_location_hint(new.location_hint)
    if new.has_params:
        check_payload_size(encoded(new.params), "params")
    return create_body(new)


def _choose(accounts: list[dict[str, Any]]) -> ChooseAccount:
    names = ", ".join(f"{text(account.get('id'))} ({text(account.get('name'))})" for account in accounts[:10])
    failure = ChooseAccount(
        f"These credentials see {len(accounts)} accounts: {names}. Choose one with --account-id or "
        "CLOUDFLARE_ACCOUNT_ID."
        if accounts
        else "These credentials see no account. Set --account-id or CLOUDFLARE_ACCOUNT_ID."
    )
    failure.accounts = accounts
    return failure
