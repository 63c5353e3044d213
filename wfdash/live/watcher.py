"""The one facade the screens read: what is shown, how fresh it is, and what to ask for next."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from wfdash.api.interface import Workflows
from wfdash.core.filter.query import Query
from wfdash.core.history.usual_run import UsualRun
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import Store
from wfdash.core.triage.anomalies import Oddity
from wfdash.core.why.context import WhyContext
from wfdash.live.budget.budget import Budget
from wfdash.live.feeds.instances import pushed
from wfdash.live.feeds.search.progress import Reached
from wfdash.live.feeds.search.record_search import IdRecall, Recall
from wfdash.live.kept_rows import KeptRows
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.freshness import DetailState
from wfdash.live.polling.job import Job
from wfdash.live.polling.scheduler import Scheduler
from wfdash.live.priorities import Feeds, order
from wfdash.live.store_sink import StoreSink

__all__ = ["Watcher"]


class Watcher:
    """Reads what the screens ask for.

    All is called on the event loop, and so is `notify`, which must not wait.
    """

    def __init__(
        self,
        api: Workflows,
        *,
        clock: Callable[[], float],
        budget: Budget,
        interval: float = 3.0,
        local: bool = False,
        retention: Mapping[str, float] | None = None,
        notify: Callable[[Update], None],
        stands: bool = False,
        unattended: bool = False,
    ) -> None:
        """`stands` where the clock does: then each question is asked once; `unattended` without a screen."""
        self._context = FeedContext(api, clock, notify, retention=retention or {}, shared=budget.shared_file)
        self.budget = budget
        self._feeds = feeds = Feeds(self._context, interval)
        # What each of them found may be read by its name; what it is to ask changes through the methods
        # below alone, for they take an answer that is under way back and wake the scheduler.
        self.newest, self.history, self.counts = feeds.newest, feeds.history, feeds.counts
        self.sweep, self.row_details, self.search = feeds.sweep, feeds.row_details, feeds.search
        self.error_samples, self.anomaly_reads = feeds.error_samples, feeds.anomaly_reads
        self.search.free = stands
        self.versions, self.watched = feeds.versions, feeds.watched
        self.workflow_rows = feeds.workflow_rows
        self.sink = StoreSink(self._context, feeds)
        self._kept = KeptRows(self._context, feeds)
        self._scheduler = Scheduler(
            lambda: order(feeds, clock()),
            clock=clock,
            budget=budget,
            settled=self._settled,
            stands=stands,
            unattended=unattended,
        )
        self._begun: tuple[str, Query | None] | None = None

    async def run(self) -> None:
        """Polls until cancelled. The network never raises here."""
        try:
            await self._scheduler.run()
        finally:
            # Files that processes share are removed by the last one to leave: one that stays open would keep
            # them for ever.
            self._feeds.leave_others()

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
    def total(self) -> int | None:
        """Instances of the workflow, all of them when the server says; else as many as answer the filter."""
        counts = self.status_counts
        # The counts are of the whole workflow; a list's total is of what the filter asked the API for.
        return sum(counts.values()) if counts else self.newest.total

    @property
    def partial(self) -> bool:
        """Whether it is a record that holds only a part of what was there."""
        return self.newest.partial

    @property
    def status_counts(self) -> dict[str, int] | None:
        """Instances of the workflow by status; None until an answer told them."""
        return self._feeds.status_counts

    @property
    def counted_at(self) -> float | None:
        """When they were counted, epoch seconds."""
        return self._feeds.counted_at

    def why_context(self, detail: Detail | None, row: Instance | None = None) -> WhyContext:
        """What is known of an instance beside its own answer, or its row without one; asks nobody."""
        return self._feeds.why_context(detail, row)

    def refusal(self, identity: str) -> str:
        """What the server answers instead of an instance of the workflow, in a few words; "" for nothing."""
        return self._context.refusals.words(self.workflow, identity)

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
        return self.counts.overview

    @overview.setter
    def overview(self, overview: bool) -> None:
        if overview and not self.counts.overview:
            # What is under way asks about one workflow: its answer would stand as that of all.
            self._scheduler.withdraw(self.counts)
            self.counts.soon()
        self.counts.overview = overview
        self._scheduler.wake()

    def begin(self, workflow: str, query: Query | None = None) -> None:
        """Asks for the first page before there is a screen.

        The first `show` of the same takes its answer over.
        For nothing else before `go_on`: each answer would take its time from what draws these rows.
        """
        self.show(workflow, query)
        self._begun = workflow, query
        self._scheduler.alone = self.newest

    def go_on(self) -> None:
        """Lets everything be asked for, once the first rows are drawn.

        Until then the first page goes alone.
        """
        self._scheduler.alone = None
        self._scheduler.wake()

    def picture(self, workflows: Sequence[str]) -> None:
        """Has the newest rows of these workflows read, once a minute each at most; none for an empty list."""
        self.workflow_rows.wanted = tuple(workflows)
        self._scheduler.wake()

    def show(self, workflow: str, query: Query | None = None) -> None:
        """Changes what is listed; late answers to the old question are dropped."""
        begun, self._begun = self._begun, None
        # The first page was asked for while the screens were still loading; asked again here it would be read
        # twice.
        if begun == (workflow, query):
            return
        # Withdrawn first, since an answer under way is to the old question.
        context, other = self._context, workflow != self._context.workflow
        context.query = query
        self._scheduler.withdraw(self.newest)
        self._scheduler.withdraw(self.history)
        if other:
            for job in self._feeds.of_workflow:
                self._scheduler.withdraw(job)
            context.workflow = workflow
            context.leave_rows()
            self._feeds.reset()
        self.newest.reset()
        self.history.reset()
        self._scheduler.wake()

    def look_for(
        self,
        query: Query | None,
        marks: Container[str] = (),
        *,
        waits: bool = False,
        reached: Reached | None = None,
    ) -> None:
        """Reads the loaded rows that this filter cannot tell from their rows alone, as budget allows.

        One that `waits` asks the server nothing before `search_on`; one that had `reached` something goes on.
        """
        self._scheduler.withdraw(self.search)
        self.search.look_for(query, marks, waits=waits, reached=reached)
        self._scheduler.wake()

    def look_up(self, recall: Recall) -> None:
        """Has filters look in this recall first, from now on, before an instance is read."""
        self.search.record.recall = self.search.ids.recall = recall

    def look_up_ids(self, recall: IdRecall) -> None:
        """Looks there for ids alone that no list tells of."""
        self.search.ids.recall = recall

    def search_on(self) -> None:
        """Reads on for the filter, where that was left off after enough of them."""
        self.search.go_on()
        self._scheduler.wake()

    def attend(self, attended: bool) -> None:
        """Takes in whether the list is looked at; only then are a filter's finds kept up to date."""
        if attended != self.search.attended:
            self.search.attended = attended
            self._scheduler.wake()

    def open(self, instance: str | None, *, beside: bool = False) -> None:
        """Polls the detail of this instance; None for none. With `beside` the list's rows are read too."""
        self._feeds.detail.beside = beside
        if instance == self._feeds.detail.id:
            return
        # An answer that is under way is about the instance before; taken in, it would be shown under this
        # one's name.
        self._scheduler.withdraw(self._feeds.detail)
        self._feeds.detail.open(instance)
        self._scheduler.wake()

    @property
    def opened(self) -> str | None:
        """The instance whose detail is polled."""
        return self._feeds.detail.id

    def want(self, ids: Sequence[str], on_screen: Sequence[str] = ()) -> None:
        """Has read what these visible active rows wait for, the first ones first, as budget allows.

        None of those `on_screen` is let go of.
        """
        self.row_details.wanted = tuple(ids)
        self._kept.on_screen = frozenset(on_screen)
        self._scheduler.wake()

    def prioritise(self, ids: Iterable[str]) -> None:
        """Reads these first, watched and marked as they are at any moment, when a sweep misses them."""
        self.row_details.watched = ids

    def poll_now(self) -> None:
        """Asks for what is due out of turn, once even while polling is frozen."""
        # A dev session at rest is listed seldom: who presses refresh has done something in it a moment ago.
        self._context.session.moved_at = self._context.clock()
        jobs = (self.newest, self.counts, self._feeds.detail)
        for job in jobs:
            job.soon()
        # A person who froze polling and presses refresh wants one look, and no more after it.
        self._scheduler.once(job for job in jobs if job.due(0.0) is not None)
        self._scheduler.wake()

    def focus(self, focused: bool) -> None:
        """Takes in whether the terminal has the focus; without it the list is polled every 30 s."""
        if focused and not self.newest.focused:
            self.newest.soon()
        self.newest.focused = focused
        self._scheduler.wake()

    def load_more(self) -> None:
        """Asks for one more page of older rows."""
        self.history.wanted = True
        self._scheduler.wake()

    def detail(self, instance: str) -> DetailState | None:
        return self._feeds.detail.state(instance)

    def usual_run(self, detail: Detail) -> UsualRun | None:
        """What runs of the version of an open instance have in common, as far as they were read."""
        return self._feeds.usual_runs.of(detail)

    def contiguous(self) -> Sequence[Instance]:
        """Loaded rows between which no instance is missing."""
        return self._context.contiguous.rows(self.store)

    def contiguous_slices(self, size: int) -> Iterator[list[Instance]]:
        """Yields the rows of `contiguous`, found among `size` loaded rows at a time."""
        rows = list(self.store)
        for at in range(0, len(rows), size):
            yield self._context.contiguous.within(rows[at : at + size])

    @property
    def filtered(self) -> bool:
        """Whether the API is asked for a part of the list only: the contiguous range then stands still."""
        return pushed(self._context)

    def oddities(self) -> Sequence[Oddity]:
        """What is stuck or odd, worst first, told from what was read so far."""
        return self._feeds.anomalies.found(self.counts.trends, self.counts.shown)

    def tell(self, notify: Callable[[Update], None]) -> None:
        """Hands every update to this callback from now on."""
        self._context.draw = notify

    @property
    def kept_above(self) -> float:
        """Creation of the newest row that is not kept any more: one listed from there on is no news."""
        return self._context.kept_above

    def let_go(self, rows: Sequence[Instance]) -> None:
        """Keeps nothing of these any more."""
        self._kept.let_go(rows)

    def _settled(self, job: Job) -> None:
        self._feeds.settled(job)
        if job is self.newest:
            # Here and not in the list's own job: what may go depends on all feeds, and on what the screens
            # show.
            self._kept.bound()
        # Also where nothing changed: freshness and totals may be others after each answer.
        self._context.notify(Update())
