"""The one facade the screens read: what is shown, how fresh it is, and what to ask for next."""

from collections.abc import Callable, Container, Mapping, Sequence

from msgspec.structs import replace

from wfdash.api.interface import Version, Workflows
from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.filter.query import Query
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Workflow
from wfdash.core.rows.contiguous_range import ContiguousRange
from wfdash.core.rows.store import Store
from wfdash.core.triage.anomalies import Oddity
from wfdash.core.why.context import WhyContext
from wfdash.core.why.diagnose import Why
from wfdash.live.budget.budget import Budget
from wfdash.live.feeds.count_history import Trends
from wfdash.live.feeds.filter_search import Searched
from wfdash.live.feeds.instances import pushed
from wfdash.live.feeds.row_details import RowDetail
from wfdash.live.feeds.sweep import Sweep
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import BudgetChanged, Event, HealthChanged, WatchedChanged
from wfdash.live.polling.freshness import DetailState, Freshness
from wfdash.live.polling.job import Job
from wfdash.live.polling.scheduler import Scheduler
from wfdash.live.priorities import Feeds
from wfdash.live.store_sink import StoreSink

__all__ = ["Watcher"]


class Watcher:
    """Everything is called from the event loop; `notify` is called from there too and must not wait."""

    def __init__(
        self,
        api: Workflows,
        *,
        clock: Callable[[], float],
        budget: Budget,
        interval: float = 3.0,
        local: bool = False,
        retention: Mapping[str, float] | None = None,
        notify: Callable[[Event], None],
    ) -> None:
        self._notify = notify
        self._context = FeedContext(api, clock, self._emit, retention=retention or {})
        self.budget = budget
        self._feeds = Feeds(
            self._context, interval, watched_changed=lambda state: notify(WatchedChanged(state))
        )
        self.error_samples, self.watched = self._feeds.error_samples, self._feeds.watched
        self.anomaly_reads = self._feeds.anomaly_reads
        self.sink = StoreSink(self._context, self._feeds)
        self._scheduler = Scheduler(self._feeds.in_order, clock=clock, budget=budget, settled=self._settled)
        budget.on_change = lambda: notify(BudgetChanged())

    async def run(self) -> None:
        """Forever; cancel to stop. The network never raises here."""
        await self._scheduler.run()

    @property
    def workflow(self) -> str:
        return self._context.workflow

    @property
    def store(self) -> Store:
        return self._context.store

    @property
    def local(self) -> bool:
        """Whether a dev session is asked, which takes no filter."""
        return self._context.local

    @property
    def list(self) -> Freshness:
        return self._feeds.newest.freshness

    @property
    def total(self) -> int | None:
        """Instances of the workflow, all of them when the server says; else as many as answer the filter."""
        counts = self.counts
        return sum(counts.values()) if counts else self._feeds.newest.total

    @property
    def matching_total(self) -> int | None:
        """What the server says answers the part of the filter it was asked."""
        return self._feeds.newest.total

    @property
    def counts(self) -> dict[str, int] | None:
        return self._feeds.status_counts

    @property
    def hidden(self) -> int:
        """Rows a dev server lists without a status: ids that were asked for but never made."""
        return self._feeds.newest.hidden

    @property
    def left_out(self) -> int:
        """Rows of the newest page beyond those that are read of one answer."""
        return self._feeds.newest.left_out

    @property
    def workflows(self) -> Sequence[Workflow]:
        return self._feeds.counts.workflows

    @property
    def workflows_total(self) -> int | None:
        """How many the server says there are; no more than some 2,000 are read."""
        return self._feeds.counts.total

    @property
    def shown(self) -> Workflow | None:
        """The workflow shown, as it last told of itself."""
        return self._feeds.counts.shown

    @property
    def workflows_fresh(self) -> Freshness:
        """How old the list of all workflows is; an answer about the one shown makes the others no younger."""
        return replace(self._feeds.counts.freshness, answered_at=self._feeds.counts.all_at)

    @property
    def trends(self) -> Trends:
        return self._feeds.counts.trends

    @property
    def sweep(self) -> Sweep:
        return self._feeds.sweep

    @property
    def complete(self) -> bool:
        """Whether everything that answers the filter is loaded, down to the oldest."""
        return self._feeds.history.complete

    @property
    def loading_more(self) -> bool:
        return self._feeds.history.wanted

    def why_context(self, detail: Detail | None) -> WhyContext:
        """What is known of an instance beside its own answer; asks nobody."""
        return self._feeds.why_context(detail)

    @property
    def details_read(self) -> tuple[int, int]:
        """Of the visible active rows: how many were read for what they are blocked on, and of how many."""
        return self._feeds.row_details.progress

    @property
    def utc(self) -> bool:
        """How instants in the sentences are written; else in local time."""
        return self._feeds.row_details.utc

    @utc.setter
    def utc(self, utc: bool) -> None:
        self._feeds.row_details.utc = utc

    @property
    def frozen(self) -> bool:
        return self._scheduler.frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._scheduler.frozen = frozen
        self._scheduler.wake()

    @property
    def overview(self) -> bool:
        """Whether all workflows are asked about, not only the one shown."""
        return self._feeds.counts.overview

    @overview.setter
    def overview(self, overview: bool) -> None:
        if overview and not self._feeds.counts.overview:
            self._scheduler.withdraw(self._feeds.counts)
            self._feeds.counts.soon()
        self._feeds.counts.overview = overview
        self._scheduler.wake()

    def show(self, workflow: str, query: Query | None = None) -> None:
        """Changes what is listed; late answers to the old question are dropped."""
        context, other = self._context, workflow != self._context.workflow
        context.query = query
        self._scheduler.withdraw(self._feeds.newest)
        self._scheduler.withdraw(self._feeds.history)
        if other:
            for job in self._feeds.of_workflow:
                self._scheduler.withdraw(job)
            context.workflow, context.store, context.contiguous = workflow, Store(), ContiguousRange()
            context.session.reset()
            self._feeds.reset()
        self._feeds.newest.reset()
        self._feeds.history.reset()
        self._scheduler.wake()

    def look_for(self, query: Query | None, marks: Container[str] = ()) -> None:
        """Reads the loaded rows that this filter cannot tell from their rows alone, as budget allows."""
        self._scheduler.withdraw(self._feeds.search)
        self._feeds.search.look_for(query, marks)
        self._scheduler.wake()

    def search_on(self) -> None:
        """Reads on for the filter, where that was left off after enough of them."""
        self._feeds.search.go_on()
        self._scheduler.wake()

    @property
    def searched(self) -> Searched | None:
        """How far that is; None for a filter that rows alone can answer."""
        return self._feeds.search.searched

    @property
    def searching(self) -> bool:
        return self._feeds.search.busy

    def open(self, instance: str | None) -> None:
        """Which detail is polled; None for none."""
        if instance == self._feeds.detail.id:
            return
        self._scheduler.withdraw(self._feeds.detail)
        self._feeds.detail.open(instance)
        self._scheduler.wake()

    @property
    def opened(self) -> str | None:
        """The instance whose detail is polled."""
        return self._feeds.detail.id

    def want(self, ids: Sequence[str]) -> None:
        """The visible active rows, most important first: what they wait for is read as budget allows."""
        self._feeds.row_details.wanted = tuple(ids)
        self._scheduler.wake()

    def prioritise(self, ids: Container[str]) -> None:
        """The watched and the marked ones, as they are at any moment: read first when a sweep misses them."""
        self._feeds.row_details.watched = ids

    def poll_now(self) -> None:
        """Out of turn, and once even while polling is frozen."""
        self._context.session.moved_at = self._context.clock()
        jobs = (self._feeds.newest, self._feeds.counts, self._feeds.detail)
        for job in jobs:
            job.soon()
        self._scheduler.once(job for job in jobs if job.due(0.0) is not None)
        self._scheduler.wake()

    def focus(self, focused: bool) -> None:
        """Whether the terminal has the focus; without it the list is polled every 30 s."""
        if focused and not self._feeds.newest.focused:
            self._feeds.newest.soon()
        self._feeds.newest.focused = focused
        self._scheduler.wake()

    def load_more(self) -> None:
        """Asks for one more page of older rows."""
        self._feeds.history.wanted = True
        self._scheduler.wake()

    def detail(self, instance: str) -> DetailState | None:
        return self._feeds.detail.state(instance)

    def details(self) -> Sequence[DetailState]:
        """Every instance that was opened and is still remembered."""
        return self._feeds.detail.states()

    def fact(self, instance: str) -> RowDetail | None:
        """What was last read of a row, with when."""
        return self._feeds.row_details.fact(instance)

    def why(self, instance: str) -> Why | None:
        return self._feeds.row_details.why(instance)

    def contiguous(self) -> Sequence[Instance]:
        """Loaded rows between which no instance is missing."""
        return self._context.contiguous.rows(self.store)

    @property
    def filtered(self) -> bool:
        """Whether the API is asked for a part of the list only: the stretch then stands still."""
        return pushed(self._context)

    def oddities(self) -> Sequence[Oddity]:
        """What is stuck or odd, worst first, told from what was read so far."""
        return self._feeds.anomalies.found(self.trends, self.shown)

    @property
    def read(self) -> Mapping[str, DetailFields]:
        """What filters can ask of the instances that were read, by id; follows along, not to be changed."""
        return self._feeds.row_details.read

    def version(self, version: str) -> Version | None:
        """What is known of this version of the workflow; asked for when it matters."""
        return self._feeds.versions.by_id.get(version)

    @property
    def appeared(self) -> Mapping[str, float]:
        """When each version came, in epoch seconds, of those that are known."""
        return self._feeds.versions.appeared

    def _emit(self, event: Event) -> None:
        self._feeds.apply(event)
        self._notify(event)

    def _settled(self, job: Job) -> None:
        self._feeds.settled(job)
        self._notify(HealthChanged())
