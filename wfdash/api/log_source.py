"""What every source of log lines offers, and how its lines and its reservations come."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct, field

from wfdash.api.errors import WorkflowsError
from wfdash.core.logs.calls import Call
from wfdash.core.logs.cloud_runs import CloudRun
from wfdash.core.logs.line import LogLine, Source
from wfdash.core.logs.objects import TracedObjects

__all__ = ["RUN_CUT", "LogPage", "LogQuery", "LogReader", "LogStream", "Turn", "at_once"]


RUN_CUT = "cut: a run printed more than the 256 kB that are kept of it"
"""Of an invocation that is marked `truncated` (Workers limits)."""

Turn = Callable[[], Awaitable[None]]
"""Waits until one request may go."""


async def at_once() -> None:
    """A turn that never waits, for callers who have no budget to ask."""


class LogQuery(Struct, frozen=True):
    """Which lines: of one instance, printed from `since` to `until` (epoch seconds)."""

    workflow: str
    instance: str
    since: float
    until: float
    script: str = ""
    class_name: str = ""
    requests: Sequence[str] = ()
    """Runs that named it in an earlier read: in this time they may print without naming it again."""
    lived: tuple[float, float] | None = None
    """When it ran, once that is over and told: then a source may say what else went on beside its runs."""


class LogPage(Struct):
    lines: Sequence[LogLine]
    notes: list[str] = field(default_factory=list)
    """What this source could not tell, each a sentence."""
    unnamed: str = ""
    """Says that none of these names the instance, where that is so."""
    requests: Sequence[str] = ()
    """The runs of code that named it, the newest last."""
    instance: str = ""
    """The one that all of this is of; "" where the source does not say."""
    calls: Sequence[Call] = ()
    """Those of a dev session that have ended since the last read, in which its lines were printed."""
    invocations: Sequence[CloudRun] = ()
    """Of the cloud, where it was asked for `lived`: all runs of the class in its time, with the words of
    those that may have gone on beside one that named it; none where it does not tell of all."""
    objects: TracedObjects = TracedObjects()
    """What it has told since then of whose they are."""


class LogReader(Protocol):
    """Reads what was printed. Raises only WorkflowsError."""

    name: Source
    permission: str
    """The token's permission that it takes; "" for none."""
    pace: float
    """Seconds between two reads while it is followed."""
    lag: float
    """Seconds by which a line may come late: what was read so recently is read again."""
    kept: float
    """Seconds for which a line is kept at most; infinity where nothing says so."""
    kept_surely: float
    """Seconds for which it is kept under whatever plan."""

    async def read(self, query: LogQuery, turn: Turn) -> LogPage:
        """Reads the lines that match; `turn` is awaited before each request."""
        ...

    async def check(self) -> str:
        """Whether it answers at all, in words; asks once, for as little as can be."""
        ...


class LogStream(Protocol):
    """Sends what is printed from now on. Raises only WorkflowsError."""

    name: Source
    permission: str

    def follow(self, script: str, workflow: str, turn: Turn) -> AsyncIterator[LogPage]:
        """Pages of one workflow of the script, or of all for "".

        `turn` is awaited whenever it connects anew.
        """
        ...

    def trouble(self, script: str) -> WorkflowsError | None:
        """Why nothing is sent just now, though it is tried again and again."""
        ...

    async def check(self, script: str) -> str:
        """Whether the credential may follow this script, in words; begins nothing."""
        ...
