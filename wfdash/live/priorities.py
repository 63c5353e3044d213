"""All that is asked of the server, most urgent first, and what one answer means for the other questions."""

from collections.abc import Sequence

from wfdash.core.model.detail import Detail
from wfdash.core.model.frozen import freeze
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import Delta
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.core.why.context import WhyContext, why_context
from wfdash.live.feeds.anomalies import Anomalies
from wfdash.live.feeds.anomaly_reads import AnomalyReads
from wfdash.live.feeds.counts import Counts
from wfdash.live.feeds.failures.error_samples import ErrorSamples
from wfdash.live.feeds.instances import NewestInstances, OlderInstances
from wfdash.live.feeds.open_instance import OpenDetail
from wfdash.live.feeds.pauses import Pauses
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.feeds.search.filter_search import FilterSearch
from wfdash.live.feeds.sweep import Sweep
from wfdash.live.feeds.usual_runs import UsualRuns
from wfdash.live.feeds.versions import Versions
from wfdash.live.feeds.watched import Watched
from wfdash.live.feeds.workflow_rows import WorkflowRows
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job

__all__ = ["Feeds", "order"]

_FREEZE_AT = 2000
"""Rows from which the garbage collector is told to leave them alone, again at each doubling."""
_FREEZE_EVERY = 10_000
"""Rows after which it is told again at the latest: what came since is walked while a key waits."""


class Feeds:
    """Every feed of one watcher, each an attribute by its name."""

    def __init__(self, context: FeedContext, interval: float) -> None:
        self._context = context
        self.newest = NewestInstances(context, interval)
        self.history = OlderInstances(context, self.newest)
        self.counts = Counts(
            context,
            listed=lambda: self.newest.counts is not None or self.newest.lists_all,
            coming=lambda: self.newest.freshness.answered_at is None and not self.newest.freshness.missed,
        )
        self.detail = OpenDetail(context)
        self.pauses = Pauses(context)
        self.row_details = RowDetails(
            context,
            self.why_context,
            missed=lambda: self.sweep.missed,
            opened=lambda: self.detail.id,
        )
        self.anomalies = Anomalies(context, self.row_details)
        self.anomaly_reads = AnomalyReads(
            context, self.anomalies, self.row_details, self.row_details.remember
        )
        self.sweep = Sweep(context, skip=lambda: self.newest.complete_at is not None)
        self.search = FilterSearch(context, self.row_details)
        self.error_samples = ErrorSamples(
            context,
            read=self.row_details.remember,
            deployed=lambda: self.versions.appeared,
            all_listed=lambda: self.history.complete,
            errored=lambda: (self.status_counts or {}).get("errored"),
            look_up=lambda created: self.sweep.look_up(created),
        )
        self.versions = Versions(context, wanted=self._versions_that_matter)
        self.usual_runs = UsualRuns(context, opened=self._opened_detail, waits=self._rows_go_first)
        self.watched = Watched(context)
        self.workflow_rows = WorkflowRows(context)
        context.heed = self.apply
        self._frozen_rows = _FREEZE_AT
        self.spared = 0
        """Page of the sweep at which the background had its turn last."""

    @property
    def of_workflow(self) -> Sequence[Job]:
        """The jobs that have nothing to go on with in another workflow."""
        return (
            self.counts,
            self.detail,
            self.row_details,
            self.sweep,
            self.search,
            self.error_samples,
            *self.error_samples.beside,
            self.anomaly_reads,
            self.versions,
            self.usual_runs,
        )

    @property
    def status_counts(self) -> dict[str, int] | None:
        """Instances of the workflow by status, from whichever answer tells them; None until one did."""
        # Counts are asked for every 10 s, and a dev session counts anew every 30 s (measured on the engine):
        # where all rows are on one page they know better, and stand right below the counts.
        if self.newest.lists_all:
            return self._context.store.counts
        return self.newest.counts or self.counts.counts

    @property
    def counted_at(self) -> float | None:
        """When the counts of `status_counts` were answered, epoch seconds."""
        job = self.newest if self.newest.counts or self.newest.lists_all else self.counts
        return job.freshness.answered_at

    def why_context(self, detail: Detail | None, row: Instance | None = None) -> WhyContext:
        """What is known of an instance beside its own answer: the one place where that is put together."""
        answer = detail if detail is not None else row
        context = self._context
        workflow = detail.workflow if detail is not None else context.workflow
        retention = context.retention.get(workflow)
        session = context.session.times(detail.id) if context.local and detail is not None else None
        # What is known beside an answer is known of the workflow that is listed: for a watched instance of
        # another one nothing is made up.
        if workflow != context.workflow:
            return why_context(detail, local=context.local, retention=retention, session=session)
        version = self.versions.by_id.get(answer.version) if answer is not None else None
        return why_context(
            detail,
            local=context.local,
            retention=retention,
            default_retention=version.default_retention if version is not None else None,
            allowed=version.concurrency_limit if version is not None else None,
            counts=self.status_counts,
            session=session,
            paused=self.pauses.of(detail.id) if detail is not None else (),
            watched=self.pauses.watched(detail.id) if detail is not None else None,
            listed=context.store.disputed(detail.id) if detail is not None else "",
            row=row,
        )

    def reset(self) -> None:
        """Begins anew, in another workflow."""
        self._frozen_rows = _FREEZE_AT
        for job in self.of_workflow:
            job.reset()
        self.anomalies.reset()
        self.pauses.reset()

    def _versions_that_matter(self) -> Sequence[str]:
        """Versions to ask for: of failures that are compared, and of an open instance whose why needs it."""
        detail = self._opened_detail()
        matters = detail is not None and (detail.status == "queued" or is_final(detail.status))
        of_open = detail.version if detail is not None and matters else self._version_of_erased()
        return (of_open, *self.error_samples.versions)

    def _version_of_erased(self) -> str:
        """The version of an open instance that the server erased, from its row; "" for any other."""
        state = self.detail.state(self.detail.id) if self.detail.id is not None else None
        if state is None or not state.gone or state.detail is not None:
            return ""
        row = self._context.store.get(state.id)
        return row.version if row is not None and is_final(row.status) else ""

    def _opened_detail(self) -> Detail | None:
        state = self.detail.state(self.detail.id) if self.detail.id is not None else None
        return state.detail if state is not None else None

    def _rows_go_first(self) -> bool:
        """Whether rows that somebody looks at beside the open instance were never read."""
        read, wanted = self.row_details.progress
        return self.detail.beside and read < wanted

    def apply(self, update: Update) -> None:
        """Passes on what one job learnt."""
        if update.delta:
            self._follow(update.delta)
        for identity in update.details:
            state = self.detail.state(identity)
            if state is not None and state.detail is not None:
                self.row_details.remember(state.detail, state.freshness.answered_at)
                self.usual_runs.learn(state.detail)

    def leave_others(self) -> None:
        """Shares nothing any more with other processes: this one ends, and leaves no file behind."""
        for feed in (self.history, self.search, self.error_samples.queue):
            feed.leave_others()

    def settled(self, job: Job) -> None:
        """Passes on that a job was answered, or failed."""
        if job is self.newest:
            self.row_details.look_for(self.newest.has_left)
            if (at := self.newest.freshness.answered_at) is not None:
                self.pauses.listed(self.newest.page, at)
            if self.newest.complete_at is not None and not self.newest.is_unwritten:
                self.sweep.covered(self.newest.complete_at)
        if job is self.row_details:
            self.spared = self.sweep.pages

    def _follow(self, delta: Delta) -> None:
        self.pauses.follow(delta)
        self.row_details.follow(delta)
        self.error_samples.listing.follow(delta)
        self.search.follow(delta)
        self.anomalies.follow(delta)
        self.watched.heed(delta)
        for identity in delta.changed:
            self.detail.row_changed(identity)
        rows = len(self._context.store)
        if rows >= self._frozen_rows:
            self._frozen_rows = min(2 * rows, rows + _FREEZE_EVERY)
            # A full collection walks all that is tracked, and rows never form a cycle.
            freeze()


def order(feeds: Feeds, now: float) -> Sequence[Job]:
    """The jobs that may be asked now, most urgent first. Pure: it asks and changes nothing."""
    sweep, details = feeds.sweep, feeds.row_details
    # Rows on screen that were never read go before a sweep; and of a long one every fourth turn goes to those
    # that are read again, else they would never be.
    read, wanted = details.progress
    spared = sweep.pages % 4 == 1 and sweep.pages != feeds.spared
    rows_first = read < wanted or spared or details.urgent is not None
    spare = (details, sweep) if rows_first else (sweep, details)
    # The open detail goes before the list, but may not starve it: that one tells that anything is new at all.
    late = feeds.newest.late(now)
    first = (feeds.newest, feeds.detail) if late else (feeds.detail, feeds.newest)
    # A cause first, then what is stuck, then the rest of the sample.
    few = feeds.error_samples.progress[0] < ENOUGH
    samples, oddities = (feeds.error_samples, *feeds.error_samples.beside), feeds.anomaly_reads
    triage = (*samples, oddities) if few else (oddities, *samples)
    asked = (feeds.versions, *triage, feeds.search, feeds.history)
    # What usually comes next is said of the instance that somebody looks at: the first runs go before rows.
    usual = feeds.usual_runs
    spare = (usual, *spare, feeds.watched) if usual.few else (*spare, feeds.watched, usual)
    return (*first, *asked, feeds.counts, feeds.workflow_rows, *spare)
