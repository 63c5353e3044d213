"""How many instances have which status: of the workflow shown, or of all while their page is open."""

from collections.abc import Callable

from msgspec.structs import replace

from wfdash.api.errors import NotFound
from wfdash.core.history.count_history import Trends
from wfdash.core.model.workflow import Workflow
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.freshness import Freshness
from wfdash.live.polling.job import Job
from wfdash.live.polling.session_watch import AnswerCost

__all__ = ["Counts"]

# The most that a page may hold (reference, List workflows): totals of a hundred workflows for one request,
# the cheapest there are.
_PER_PAGE = 100
_MOST_PAGES = 20
"""Pages of workflows in one round, a hundred each."""
_INTERVAL = 10.0
"""Seconds between two counts."""


class Counts(Job):
    """Counts by status: one request per 100 workflows while `overview`, else one for the workflow shown."""

    purpose = "counts"
    in_turn = Priority.ROWS
    out_of_turn = Priority.FOREGROUND
    patience = 2.0
    """They stand in the top line of every page: reads of rows must not make them old."""
    on_screen = True
    """Beside a long read as well: seen to stand still for minutes while a page read ten thousand rows."""
    longest = 20.0
    """On the page of all workflows nothing else finds out that the server answers again."""

    def __init__(
        self, context: FeedContext, *, listed: Callable[[], bool], coming: Callable[[], bool] = lambda: False
    ) -> None:
        """`listed` says whether the list itself tells the counts, `coming` whether its first answer may."""
        super().__init__(_INTERVAL)
        self.context = context
        self._listed, self._coming_soon = listed, coming
        self._cost = AnswerCost()
        self.overview = False
        self.workflows: list[Workflow] = []
        self.total: int | None = None
        """How many the server says there are; no more than some 2,000 are read."""
        self.all_at: float | None = None
        """When all of them were last answered, not only the one shown."""
        self.trends = Trends()
        self.counts: dict[str, int] | None = None
        self.shown: Workflow | None = None
        """The workflow shown, as it last told of itself."""
        self._page = 1
        self._coming: list[Workflow] = []

    def reset(self) -> None:
        """Begins anew: another workflow is shown from now on."""
        found = next(
            (workflow for workflow in self.workflows if workflow.name == self.context.workflow), None
        )
        self.counts = found.counts if found and found.counts else None
        self.shown = found
        self.soon()

    @property
    def all_fresh(self) -> Freshness:
        """The freshness of the list of all workflows, which an answer about one of them makes no younger."""
        return replace(self.freshness, answered_at=self.all_at)

    def due(self, now: float) -> float | None:
        """When to ask next; None in a dev session whose list tells the counts.

        A question fills its trace store.
        """
        # Asked while the first list, which tells them, was under way, they were some 300 rows more in that
        # store (measured).
        current_only = self.context.local and self.context.workflow and not self.overview
        return None if current_only and (self._listed() or self._coming_soon()) else super().due(now)

    def pace(self, took: float) -> float:
        if self._page > 1:
            return 0.0
        return max(self.interval, self._cost.rest(took)) if self.context.local else self.interval

    async def ask(self) -> None:
        if self.overview or not self.context.workflow:
            await self._ask_all()
        else:
            await self._ask_workflow(self.context.workflow)
        self.context.notify(Update(workflows=True))

    async def _ask_workflow(self, workflow: str) -> None:
        found = await self.context.api.get_workflow(workflow)
        self.counts, self.shown = found.counts, found
        self.trends.saw([found], self.context.clock())
        self.workflows = [found if listed.name == workflow else listed for listed in self.workflows]

    async def _with_counts(self, listed: Workflow) -> Workflow:
        """The workflow with its counts, which a dev session tells of each by itself and not in its list."""
        try:
            return await self.context.api.get_workflow(listed.name)
        except NotFound:  # it went between the two answers
            return listed

    async def _ask_all(self) -> None:
        page = await self.context.api.list_workflows(page=self._page, per_page=_PER_PAGE)
        if self.context.local:
            page.items = [await self._with_counts(item) for item in page.items]
        if self._page == 1:
            self._coming = []
        names = {item.name for item in self._coming}
        # Pages by number shift when a workflow is deployed between two of them.
        fresh = [item for item in page.items if item.name not in names]
        self._coming += fresh
        # total_count and total_pages were both seen missing: a page that is not full is the end whatever they
        # say.
        more = len(page.items) >= _PER_PAGE and bool(fresh) and (page.total or 0) > len(self._coming)
        if more and self._page < _MOST_PAGES:
            self._page += 1
            return
        self._page = 1
        self.workflows, self.total, self.all_at = self._coming, page.total, self.context.clock()
        self.trends.saw(self.workflows, self.context.clock())
        for workflow in self.workflows:
            if workflow.name == self.context.workflow:
                self.counts, self.shown = workflow.counts or self.counts, workflow
