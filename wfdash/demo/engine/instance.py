"""One instance: its status, where it stands in the queue, and the execution behind it."""

from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from wfdash.demo.engine.execution import Event, Execution
from wfdash.demo.engine.log import LogEntry
from wfdash.demo.engine.program import RunContext, StepFailure
from wfdash.demo.worlds.track import Track

if TYPE_CHECKING:
    from wfdash.demo.engine.workflow import SimulatedVersion, SimulatedWorkflow

__all__ = ["FINAL", "STATUSES", "CronFire", "Retention", "SimulatedInstance"]

FINAL = ("complete", "errored", "terminated")
STATUSES = ("queued", "running", "waiting", "paused", "waitingForPause", "rollingBack", *FINAL)


@dataclass(frozen=True, slots=True)
class Retention:
    """How many seconds a finished instance is kept."""

    success: float
    error: float


@dataclass(frozen=True, slots=True)
class CronFire:
    """The cron expression that started an instance, and when it was dispatched (epoch seconds)."""

    cron: str
    dispatched: float


@dataclass(slots=True, eq=False)
class SimulatedInstance:
    """Times are epoch seconds. With a `track` and no `run`, its life is known but not yet told in full."""

    id: str
    workflow: "SimulatedWorkflow"
    seq: int
    """Its place in the order of creation, within its workflow."""
    seed: int
    version: "SimulatedVersion"
    created: float
    trigger: str = "api"
    params: Any = None
    status: str = "queued"
    modified: float = 0.0
    queued: float = 0.0
    started: float | None = None
    ended: float | None = None
    run: Execution | None = None
    track: Track | None = None
    mark: int = 0
    """How many of the track's changes have happened."""
    paused_at: float | None = None
    parked: bool = False
    """Back in the queue with its execution: it would go on, but as many as may run are running."""
    by_client: bool = False
    """Made over the API: what a world does by itself leaves it alone."""
    events: dict[str, deque[Event]] = field(default_factory=dict)
    restarts: int = 0
    kept: list[LogEntry] = field(default_factory=list)
    """What a restart from a step leaves to the next execution."""
    terminating: bool = False
    schedule: CronFire | None = None
    retention: Retention | None = None
    stamp: int = 0
    """Goes up whenever its next moment changes, so that an older entry of the agenda counts for nothing."""
    expired: bool = False

    @property
    def final(self) -> bool:
        return self.status in FINAL

    def story(self) -> RunContext:
        return RunContext(self.id, self.seed, self.params, self.version.index, self.restarts, self.created)

    def become(self, status: str, at: float) -> None:
        """Takes on a status and lets the workflow count it."""
        if status == self.status:
            return
        counts = self.workflow.counts
        counts[self.status] -= 1
        counts[status] += 1
        self.status = status
        self.modified = at

    # Its execution

    def begin(self, at: float) -> None:
        """Leaves the queue: start, or go on where a pause stopped it."""
        if self.run is not None and self.paused_at is not None:
            self.go_on(at)
            return
        if self.run is not None and self.parked:
            self.parked = False
            self.run.not_before = at
            self.become("running", at)
            return
        if self.started is None:
            self.started = at
        writer = self.workflow.writer
        self.run = Execution(writer, self.story(), at, kept=self.kept, events=self.events)
        self.kept = []
        self.become("running", at)

    def go_on(self, at: float) -> None:
        assert self.run is not None
        assert self.paused_at is not None
        self.run.shift(at - self.paused_at)
        self.paused_at = None
        self.run.held = False
        self.run.collect(at)
        self.become("waiting" if self.run.idle else "running", at)

    def next_due(self) -> float:
        """When its execution does something by itself; infinity while queued, paused or final."""
        if self.track is not None and self.run is None:
            return (
                self.created + self.track.changes[self.mark][0]
                if self.mark < len(self.track.changes)
                else inf
            )
        if self.run is None or self.run.over or self.parked or self.paused_at is not None:
            return inf
        return self.run.next_due()

    def advance(self, to: float) -> None:
        """Lets everything happen that is due up to `to`."""
        if self.track is not None and self.run is None:
            self._follow(to)
            return
        run = self.run
        while run is not None and self.next_due() <= to:
            self.settle(run.step())

    def settle(self, at: float) -> None:
        """Reads the status off the execution."""
        run = self.run
        assert run is not None
        if run.over:
            self._end(at)
        elif run.rolling_back:
            self.parked = False
            self.become("rollingBack", at)
        elif run.held:
            if self.paused_at is None and not run.busy:
                self.paused_at = at
            self.become("waitingForPause" if self.paused_at is None else "paused", at)
        elif self.status == "waiting" and not run.idle and not self.workflow.slot_free():
            self._park(at)
        elif not self.parked:
            self.become("waiting" if run.idle else "running", at)

    def _park(self, at: float) -> None:
        """Puts it in the queue for a slot; one that waits there holds none (docs: concurrency limits)."""
        self.parked = True
        self.become("queued", at)
        self.stamp += 1
        self.workflow.backlog.append((self, self.stamp))

    def _end(self, at: float) -> None:
        run = self.run
        assert run is not None
        self.ended = at
        self.paused_at, self.parked = None, False
        if self.terminating:
            run.entries.append(LogEntry("termination", "", "", at, source="api"))
            self.become("terminated", at)
        else:
            self.become("errored" if run.error else "complete", at)

    def _follow(self, to: float) -> None:
        assert self.track is not None
        changes = self.track.changes
        while self.mark < len(changes) and self.created + changes[self.mark][0] <= to:
            after, status = changes[self.mark]
            self.mark += 1
            at = self.created + after
            if status == "running" and self.started is None:
                self.started = at
            if status in FINAL:
                self.ended = at
            self.become(status, at)

    def tell(self, to: float) -> None:
        """Runs through a tracked life in full, so that it can be read and acted on."""
        if self.track is None:
            return
        self.track = None
        if not self.by_client and self.workflow.params is not None:
            self.params = self.workflow.params(self.story())
        if self.started is None:
            return
        self.run = Execution(self.workflow.writer, self.story(), self.started, events=self.events)
        while not self.run.over and self.run.next_due() <= to:
            self.run.step()
        if not self.final:
            self.settle(to)

    @property
    def failure(self) -> StepFailure | None:
        return self.run.error if self.run else None

    def expires(self) -> float:
        """When it is forgotten; infinity while it is not final."""
        if self.ended is None or not self.final:
            return inf
        kept = self.retention or self.workflow.retention
        return self.ended + (kept.success if self.status == "complete" else kept.error)
