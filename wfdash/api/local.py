"""The same interface over a `wrangler dev` or miniflare session on this machine.

Three things differ from the cloud beyond the shapes: asking for an id that does not exist makes a ghost of
it, a status or date filter wakes every instance, and the two older generations cannot be written to safely.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from wfdash.api.answers.created import read_new_instances
from wfdash.api.answers.envelope import rows
from wfdash.api.answers.rows import count_of, read_counts, read_workflow
from wfdash.api.endpoints import Endpoints
from wfdash.api.errors import AlreadyExists, BadAnswer, InstanceNotFound, NotFound, Refused, WorkflowsError
from wfdash.api.http.client import Http, encoded, segment
from wfdash.api.http.request_info import RequestInfo
from wfdash.api.interface import (
    NEWEST,
    Created,
    DetailAnswer,
    InstancePage,
    ListQuery,
    NewInstance,
    RestartFrom,
    StatusAnswer,
    StepAnswer,
    Version,
    WorkflowPage,
)
from wfdash.api.local_probe import DevSession, probe
from wfdash.api.paging import walk
from wfdash.api.validate import check_batch, check_instance_id, check_payload_size
from wfdash.core.model.detail import read_detail
from wfdash.core.model.json_values import fields_of, text
from wfdash.core.model.step_kind import OutputType
from wfdash.core.model.times import parse_time
from wfdash.core.model.workflow import Workflow

if TYPE_CHECKING:
    from wfdash.api.local_process import SessionProcess
    from wfdash.api.log_source import LogReader
    from wfdash.core.verbs.verb import ApiVerb

__all__ = ["LocalWorkflows"]


class LocalWorkflows(Endpoints):
    """A dev session. It is probed at the first request, and again after it went away."""

    local = True
    account_id = ""
    write_read = 120.0

    def __init__(self, http: Http) -> None:
        super().__init__(http)
        self._session: DevSession | None = None
        self._listed: dict[str, set[str]] = {}
        self._process: SessionProcess | None = None

    @property
    def watch_only(self) -> str:
        """Why this session cannot be written to; "" when it can, and before its first answer."""
        return self._session.watch_only if self._session else ""

    async def prefix(self) -> str:
        if self._session is None:
            self._session = await probe(self.http)
        return self._session.base

    def failed(self, failure: WorkflowsError) -> None:
        """Has a session that went away probed anew: another may answer at its port."""
        # `wrangler dev` restarts with each save of the Worker, and another one may take its port.
        if failure.http is None or isinstance(failure, BadAnswer) or _is_text_404(failure):
            self._session = None

    async def session_started(self) -> float | None:
        """When the code that is served now began to run, where this machine's processes show it."""
        from wfdash.api.local_process import SessionProcess

        self._process = self._process or SessionProcess(urlsplit(self.http.base).port or 80)
        return await asyncio.to_thread(self._process.started)

    async def session_still(self, workflow: str) -> float | None:
        """Seconds without a write, by this machine's files: to ask the session would wake each instance."""
        return await asyncio.to_thread(self._process.still, workflow) if self._process is not None else None

    async def list_workflows(self, *, page: int = 1, per_page: int = 100, search: str = "") -> WorkflowPage:
        """Lists all workflows at once: names alone, without counts."""
        _, envelope = await self.ask("workflows", "GET", "/workflows", RequestInfo("list the workflows"))
        items, left_out = rows(envelope.result)
        found = [read_workflow(item) for item in items] if page == 1 else []
        found = [workflow for workflow in found if workflow.name and search in workflow.name]
        self.listener.saw_workflows(found)
        return WorkflowPage(found, total=len(found) + left_out, page=1, total_pages=1, left_out=left_out)

    async def get_workflow(self, workflow: str) -> Workflow:
        asked = RequestInfo("read the workflow", workflow=workflow)
        _, envelope = await self.ask("workflow", "GET", f"/workflows/{segment(workflow)}", asked)
        found = read_workflow(envelope.result if isinstance(envelope.result, dict) else {})
        found.name = found.name or workflow
        found.counts.pop("unknown", None)  # ids that were asked for but never made
        self.listener.saw_workflows([found])
        return found

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        """Asks for one page, newest first. The cursor is the next page's number; filters are applied here."""
        # The local explorer has no `direction`: the list would come newest first without a word.
        if query.direction == "asc":
            raise Refused("A dev session lists newest first only.", sent=False)
        number = int(query.cursor) if query.cursor and query.cursor.isdigit() else query.page or 1
        parameters = [("page", str(number)), ("per_page", str(query.per_page))]
        asked = RequestInfo("list the instances", workflow=workflow)
        path = f"/workflows/{segment(workflow)}/instances"
        answer, envelope = await self.ask("list", "GET", path, asked, parameters)
        if not isinstance(envelope.result, list):
            raise BadAnswer("The dev session answered without the list that was asked for.", http=answer.http)
        found, left_out = rows(envelope.result)
        # A GET of an id that is not there leaves an empty object, listed from then on with its id alone
        # (measured on wrangler 4.164).
        real = [item for item in found if text(item.get("id")) and text(item.get("status"))]
        self._listed.setdefault(workflow, set()).update(item["id"] for item in real)
        counts = read_counts(envelope.result_info.get("status_counts"))
        total = count_of(envelope.result_info.get("total_count"))
        # The list's totals count such objects, under the status `unknown`.
        ghosts = max(len(found) - len(real), counts.pop("unknown", 0))
        last = count_of(envelope.result_info.get("total_pages")) or 0
        page = InstancePage(
            # Asked with a filter, the session would wake every instance to look (local explorer's source).
            [item for item in real if _matches(item, query)],
            cursor=str(number + 1) if found and number < last else None,
            total=None if total is None else max(total - ghosts, 0),
            counts=counts if "status_counts" in envelope.result_info else None,
            hidden=len(found) - len(real),
            left_out=left_out,
        )
        self.listener.saw_instances(workflow, query, page)
        return page

    async def get_instance(
        self, workflow: str, instance: str, *, simple: bool = False, order: Literal["", "asc", "desc"] = ""
    ) -> DetailAnswer:
        """One instance, if a list has shown it. `simple` and `order` are not known here and not sent."""
        # A GET would make the instance exist, as a row without a status.
        await self._must_be_listed(workflow, instance)
        try:
            return await super().get_instance(workflow, instance)
        except NotFound:
            self._forget(workflow, instance)
            raise

    async def change_status(
        self,
        workflow: str,
        instance: str,
        verb: "ApiVerb",
        *,
        rollback: bool = False,
        restart_from: RestartFrom | None = None,
    ) -> StatusAnswer:
        """Changes the status as the cloud does; terminate with rollback answers once all handlers ran."""
        await self._must_be_listed(workflow, instance, writes=True)
        return await super().change_status(
            workflow, instance, verb, rollback=rollback, restart_from=restart_from
        )

    async def send_event(
        self, workflow: str, instance: str, event_type: str, payload: Any
    ) -> Mapping[str, Any]:
        await self._must_be_listed(workflow, instance, writes=True)
        return await super().send_event(workflow, instance, event_type, payload)

    async def create_instance(self, workflow: str, new: NewInstance) -> Created:
        """Sends one POST once the lists have shown the id to be free.

        Raises AlreadyExists where it is not.
        """
        check_instance_id(new.id)
        if new.success_retention is not None or new.error_retention is not None or new.location_hint:
            raise Refused(
                "A dev session knows no retention and no location hint: leave them out.", sent=False
            )
        # The key is `id` here, `instance_id` in the cloud; a wrong one silently makes a random id (measured).
        body = {"id": new.id, "params": new.params} if new.has_params else {"id": new.id}
        check_payload_size(encoded(body.get("params")), "params")
        await self._must_be_writable()
        # Some sessions answer 200 for any id, so that a taken one would look created.
        if await self._find(workflow, new.id):
            raise AlreadyExists(f"The id {new.id} is taken by an instance of {workflow}.", sent=False)
        asked = RequestInfo("create the instance", workflow=workflow, instance=new.id, writes=True)
        path = f"/workflows/{segment(workflow)}/instances"
        answer, envelope = await self.ask("create", "POST", path, asked, body=body)
        (created,) = read_new_instances([envelope.result], answer, [new])
        self._listed.setdefault(workflow, set()).add(created.id)
        return created

    async def create_instances(self, workflow: str, new: Sequence[NewInstance]) -> list[Created]:
        """Creates one after the other, for a dev session has no batch endpoint; taken ids are left out.

        Any other failure ends it, and its sentence says how many had been made.
        """
        check_batch(new)
        answers: list[Created] = []
        for instance in new:
            try:
                answers.append(await self.create_instance(workflow, instance))
            except AlreadyExists:
                continue
            except WorkflowsError as failure:
                if not answers:
                    raise
                names = ", ".join(created.id for created in answers)
                raise failure.after(f"Made before it: {names}.") from failure
        return answers

    async def get_step(
        self,
        workflow: str,
        instance: str,
        name: str,
        *,
        type: OutputType = "step",
        attempt: int | None = None,
    ) -> StepAnswer:
        """Reads from the detail, which is not truncated here: a dev session has no endpoint for one step."""
        detail = read_detail(workflow, instance, (await self.get_instance(workflow, instance)).result)
        columns = detail.steps.columns
        at = next(
            (at for at, pair in enumerate(zip(columns.names, columns.kinds)) if pair == (name, type)), None
        )
        if at is None:
            raise NotFound(f"{instance} has no {type} named {name}.")
        return StepAnswer(result=dict(fields_of(detail.steps[at].raw)))

    async def list_versions(self, workflow: str, *, page: int = 1, per_page: int = 50) -> list[Version]:
        """Lists no versions: a dev session runs whatever was saved last."""
        return []

    async def analytics(self, workflow: str, *, since: float, until: float, width: float) -> None:
        """None: a dev session keeps no counts of what is gone."""
        return

    async def past_instance(self, workflow: str, instance: str, *, now: float) -> None:
        return

    def log_reader(self) -> "LogReader":
        from wfdash.api.logs.local import LocalLogs

        return LocalLogs(self)

    def log_stream(self) -> None:
        """None: a dev session's store has each line at once, and nothing tells it sooner."""

    async def verify_token(self) -> dict[str, Any]:
        """Verifies nothing: no credential is ever sent to a dev session."""
        return {}

    async def list_accounts(self) -> list[dict[str, Any]]:
        return []

    async def _must_be_writable(self) -> None:
        await self.prefix()
        if self.watch_only:
            raise Refused(f"This dev session can be watched, not written: it {self.watch_only}.", sent=False)

    async def _must_be_listed(self, workflow: str, instance: str, *, writes: bool = False) -> None:
        """Raises InstanceNotFound ourselves for an id that no list has shown: asking would make a ghost."""
        if writes:
            await self._must_be_writable()
        if instance in self._listed.get(workflow, ()) or await self._find(workflow, instance):
            return
        raise InstanceNotFound(
            f"{workflow} has no instance {instance}: deleted or mistyped (no list shows it).",
            http=404,
            sent=False,
        )

    async def _find(self, workflow: str, instance: str) -> bool:
        """Whether a fresh walk through the list meets the id."""
        async for page in walk(self, workflow):
            if any(item["id"] == instance for item in page.items):
                return True
        self._forget(workflow, instance)
        return False

    def _forget(self, workflow: str, instance: str) -> None:
        self._listed.get(workflow, set()).discard(instance)


def _matches(item: Mapping[str, Any], query: ListQuery) -> bool:
    start, end = query.date_start, query.date_end
    if query.status and item.get("status") != query.status:
        return False
    if start is None and end is None:
        return True
    created = parse_time(item.get("created_on"))
    return created is not None and (start is None or created >= start) and (end is None or created <= end)


def _is_text_404(failure: WorkflowsError) -> bool:
    """404 without the envelope: a route that this session does not have, or another server."""
    return failure.http == 404 and failure.code is None and not failure.message and failure.sent
