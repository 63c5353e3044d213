"""What both dialects of the Workflows API offer, and the shape of each answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from msgspec import Struct, field

from wfdash.core.model.step_kind import OutputType, RestartType
from wfdash.core.model.workflow import Workflow

if TYPE_CHECKING:
    from wfdash.api.log_source import LogReader, LogStream
    from wfdash.core.history.analytics import Analytics
    from wfdash.core.history.past_instance import PastInstance
    from wfdash.core.verbs.verb import ApiVerb

__all__ = [
    "MOST_VERSIONS",
    "NEWEST",
    "AnswerListener",
    "Created",
    "DetailAnswer",
    "Exchange",
    "InstancePage",
    "ListQuery",
    "NewInstance",
    "Observer",
    "RestartFrom",
    "StatusAnswer",
    "StepAnswer",
    "Version",
    "WorkflowPage",
    "Workflows",
]


class ListQuery(Struct, frozen=True):
    """Which page of a workflow's list is asked for, and of which of its instances.

    The API takes one status and one span of creation; what else a filter says is applied here (reference,
    List instances).
    """

    status: str = ""
    date_start: float | None = None
    date_end: float | None = None
    direction: Literal["", "asc", "desc"] = ""
    """Newest first unless it is asc."""
    cursor: str | None = None
    page: int | None = None
    """Unused with a cursor."""
    per_page: int = 100


MOST_VERSIONS: Final = 1000
"""Versions of a workflow that are read at most."""
NEWEST: Final = ListQuery()


class Exchange(Struct, frozen=True):
    """One request and its answer, for the budget, the request log and `--debug`; no header of the request."""

    at: float
    """When it was sent, epoch seconds."""
    kind: str
    """Which endpoint, in a word or two: `list`, `get`, `get simple`, `workflows`, `change status`, ..."""
    method: str
    path: str
    http: int | None
    """None when no answer came."""
    milliseconds: float
    size: int
    ray: str
    ratelimit: str
    ratelimit_policy: str
    retry_after: float | None
    """Seconds that the server asks to be left alone."""
    server_date: str
    """The answer's Date header, to tell clock skew."""
    failure: str = ""


Observer = Callable[[Exchange], None]


class WorkflowPage(Struct):
    items: list[Workflow]
    total: int | None = None
    page: int | None = None
    total_pages: int | None = None
    left_out: int = 0
    """Of one answer: workflows beyond those that are read."""


class InstancePage(Struct):
    items: list[dict[str, Any]]
    """The rows as the API sent them; each is an object. Read with Instance.from_item."""
    cursor: str | None = None
    """The next page's, or None at the end (absent, null and "" all mean the end)."""
    total: int | None = None
    counts: dict[str, int] | None = None
    """Local servers only: instances by status, up to 30 s old (measured on the engine)."""
    hidden: int = 0
    """Local servers only: rows left out for want of a status (ids asked for but never made)."""
    left_out: int = 0
    """Rows beyond those that are read of one answer: the server sent more than it was asked for."""
    unbroken: float = float("-inf")
    """Creation down to which no row is missing: of a server all, of a record as far as was seen."""
    recorded: int | None = None
    """How many instances a record holds by then; None of a server."""


class DetailAnswer(Struct):
    result: dict[str, Any]
    refusal: str = ""
    """The envelope's words when it said success:false and carried this result all the same."""
    milliseconds: float = 0.0
    size: int = 0
    read_at: float | None = None
    """When it was given, of one that comes out of a record; None for now."""
    unread: bool = False
    """Whether the record has its row alone: what is here is what the list said."""


class StatusAnswer(Struct):
    status: str
    """The status after acceptance; "" when the answer did not say."""
    timestamp: float | None = None
    http: int = 200
    ray: str = ""


class StepAnswer(Struct):
    """One step in full: `content` bytes when it returned a stream, else `result`."""

    result: dict[str, Any] | None = None
    content: bytes | None = None


class RestartFrom(Struct, frozen=True, gc=False):
    """The step to restart from: `name` without its -N, `count` which of that name and type it is, from 1.

    What is None is not sent: the server takes the first, and a `do`.
    """

    name: str
    count: int | None = None
    type: RestartType | None = None


class NewInstance(Struct, frozen=True):
    id: str
    params: Any = None
    has_params: bool = False
    success_retention: str | int | None = None
    error_retention: str | int | None = None
    location_hint: str = ""


class Created(Struct):
    id: str
    status: str = ""
    version: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


class Version(Struct):
    id: str
    created: float | None = None
    modified: float | None = None
    language: str = ""
    default_retention: Any = None
    concurrency_limit: float | None = None
    raw: dict[str, Any] = field(default_factory=dict)


class AnswerListener:
    """Hears what each read was answered, whoever asked; called from the event loop, and must not wait.

    This one lets all of it go by.
    """

    def saw_workflows(self, workflows: Sequence[Workflow]) -> None: ...
    def saw_instances(self, workflow: str, query: ListQuery, page: InstancePage) -> None: ...
    def saw_instance(self, workflow: str, instance: str, answer: DetailAnswer, *, simple: bool) -> None: ...
    def saw_versions(self, workflow: str, versions: Sequence[Version]) -> None: ...


class Workflows(Protocol):
    """One server. Every method raises only WorkflowsError (and CancelledError).

    Reads may be repeated by the caller; nothing here repeats anything. Ids are raw and are encoded here.
    """

    account_id: str
    """"" until the first request has found the only one of `GET /accounts`; "" for a dev session."""
    local: bool
    """A dev session: no sweep, no status pushdown, no `simple`, list every 5 s."""
    listener: AnswerListener

    @property
    def watch_only(self) -> str:
        """Why this server cannot be written to ("needs wrangler 4.133 or later"); "" when it can."""
        ...

    async def prefix(self) -> str:
        """What every path begins with; asks for the only account, or the dialect, when it is unknown."""
        ...

    async def list_workflows(
        self, *, page: int = 1, per_page: int = 100, search: str = ""
    ) -> WorkflowPage: ...
    async def get_workflow(self, workflow: str) -> Workflow: ...
    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage: ...
    async def get_instance(
        self, workflow: str, instance: str, *, simple: bool = False, order: Literal["", "asc", "desc"] = ""
    ) -> DetailAnswer: ...
    async def change_status(
        self,
        workflow: str,
        instance: str,
        verb: "ApiVerb",
        *,
        rollback: bool = False,
        restart_from: RestartFrom | None = None,
    ) -> StatusAnswer: ...
    async def send_event(
        self, workflow: str, instance: str, event_type: str, payload: Any
    ) -> Mapping[str, Any]: ...
    async def create_instance(self, workflow: str, new: NewInstance) -> Created: ...
    async def create_instances(self, workflow: str, new: Sequence[NewInstance]) -> list[Created]: ...
    async def get_step(
        self,
        workflow: str,
        instance: str,
        name: str,
        *,
        type: OutputType = "step",
        attempt: int | None = None,
    ) -> StepAnswer: ...
    async def list_versions(self, workflow: str, *, page: int = 1, per_page: int = 50) -> list[Version]: ...
    async def session_started(self) -> float | None:
        """When a dev session's code began to run, epoch seconds; None where that cannot be seen."""
        ...

    async def session_still(self, workflow: str) -> float | None:
        """Seconds for which a dev session has written nothing of its instances; None if that is not seen."""
        ...

    async def analytics(
        self, workflow: str, *, since: float, until: float, width: float
    ) -> "Analytics | None":
        """Counts from beyond what the list still holds; None of a server that keeps none.

        Of all workflows where `workflow` is "".
        """
        ...

    async def past_instance(self, workflow: str, instance: str, *, now: float) -> "PastInstance | None":
        """What became of an id that is not there any more; None of a server that cannot tell."""
        ...

    def log_reader(self) -> "LogReader":
        """The reader of lines that were printed already."""
        ...

    def log_stream(self) -> "LogStream | None":
        """The stream of lines as they are printed; None where reading again is as fast."""
        ...

    async def verify_token(self) -> dict[str, Any]: ...
    async def list_accounts(self) -> list[dict[str, Any]]: ...
    async def close(self) -> None: ...
