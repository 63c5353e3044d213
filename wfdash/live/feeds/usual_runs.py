"""Recent successes of the open instance's version, read out of spare budget: what its run is held against."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterable
from typing import Final

from wfdash.api.errors import Forbidden, NotFound
from wfdash.api.interface import ListQuery
from wfdash.core.history.run_sample import RunSample, sample_of, settled_first
from wfdash.core.history.usual_run import UsualRun
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import GONE
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance

__all__ = ["UsualRuns"]

ENOUGH: Final = 20
"""Runs of a version that are read for it: a tenth and a ninetieth of a hundred mean little of fewer."""
_FIRST: Final = 10
"""Of these the first, which are read at once: some took another way and tell nothing of the open one."""
_MANY: Final = 1000
"""Active rows up to which the first runs are read before rows on screen: of more, looking at each takes all
there is."""
_KEPT: Final = 60
"""Runs of a version that are kept, the newest read: whoever reads one adds to them."""
_VERSIONS: Final = 8
"""Versions whose runs are kept, those that were read last."""
_LONGEST: Final = 2000
"""Steps of a run that are learned from: more would hold the loop for what nobody reads to its end."""
_LOOK: Final = 1.0
"""Seconds for which it holds whether one is left to read."""
_AGAIN: Final = 600.0
"""Seconds until the complete ones are listed again where too few of that version were among them."""


class UsualRuns(Job):
    """Reads recent successes of the open instance's version in the cloud.

    In a dev session each read would cost.
    """

    purpose = "usual runs"
    in_turn = out_of_turn = Priority.BACKGROUND
    patience = float("inf")
    """It never goes before a sweep, without which rows on screen would be old."""

    def __init__(
        self, context: FeedContext, *, opened: Callable[[], Detail | None], waits: Callable[[], bool]
    ) -> None:
        """`opened` is the instance that somebody looks at; `waits` whether rows go first."""
        super().__init__(1.0)
        self.context = context
        self._opened, self._waits = opened, waits
        self._runs: dict[str, OrderedDict[str, RunSample | None]] = defaultdict(OrderedDict)
        """By version and id; None of one that nothing could be learned from."""
        self._listed: dict[str, tuple[float, list[Instance]]] = {}
        """By version: complete ones that no list of the table has shown, and when they were listed."""
        self._usual: tuple[str, int, UsualRun] | None = None
        self._wanted: tuple[tuple[str, int], float, bool] | None = None
        """For which version and how many of its runs it was looked last, when, and what came of it."""

    @property
    def priority(self) -> Priority:
        """ROWS for the first few, without which nothing is said of what comes next; then BACKGROUND."""
        return Priority.ROWS if self.few else Priority.BACKGROUND

    @property
    def few(self) -> bool:
        """Whether so few runs of the open instance's version were read that little can be said of it.

        Where the rows that move are many, to look at each of them takes all there is.
        """
        opened = self._opened()
        if len(self.context.store.active) > _MANY:
            return False
        return opened is not None and len(self._runs.get(opened.version, ())) < _FIRST

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._runs.clear()
        self._listed.clear()
        self._usual = self._wanted = None
        self.next_at = 0.0

    def learn(self, detail: Detail) -> None:
        """Takes in a complete run for its version, whoever read it."""
        if detail.status != "complete" or detail.simple or not detail.version:
            return
        runs = self._runs[detail.version]
        runs.pop(detail.id, None)
        runs[detail.id] = sample_of(detail) if len(detail.steps) <= _LONGEST else None
        while len(runs) > _KEPT:
            runs.popitem(last=False)
        # In front of a Worker that is deployed every hour each version would leave its runs behind.
        self._runs[detail.version] = self._runs.pop(detail.version)
        while len(self._runs) > _VERSIONS:
            oldest = next(iter(self._runs))
            del self._runs[oldest]
            self._listed.pop(oldest, None)
        self._usual = None

    def of(self, detail: Detail) -> UsualRun | None:
        """What runs of the instance's version have in common, as far as read; None of one that is over."""
        if is_final(detail.status) or not (runs := self._runs.get(detail.version)):
            return None
        if self._usual is None or self._usual[0] != detail.version:
            samples = UsualRun(sample for sample in runs.values() if sample is not None)
            self._usual = (detail.version, len(runs), samples)
        return self._usual[2]

    def due(self, now: float) -> float | None:
        quiet = self.context.local or self._waits() or not self._wants(now)
        return None if quiet else super().due(now)

    def _wants(self, now: float) -> bool:
        """Whether there is a run to read, as of this second.

        Each turn of the poller asks, some ten a second, and it takes a look at all rows that are loaded.
        """
        opened = self._opened()
        version = opened.version if opened is not None else ""
        about = (version, len(self._runs.get(version, ())))
        if self._wanted is None or self._wanted[0] != about or not 0 <= now - self._wanted[1] < _LOOK:
            self._wanted = (about, now, self._next(now) is not None)
        return self._wanted[2]

    def pace(self, took: float) -> float:
        return 0.0

    async def ask(self) -> None:
        # What was seen before holds no longer: of a moment in the past, whose clock stands, it never ends.
        self._wanted = None
        context = self.context
        wanted = self._next(context.clock())
        if wanted is None:
            return
        version, identity = wanted
        if identity:
            detail = await read_instance(context, identity)
            if detail is None:
                self._runs[version][identity] = None
                return
            self.learn(detail)
        else:
            self._listed[version] = (context.clock(), [])
            try:
                page = await context.api.list_instances(context.workflow, ListQuery("complete"))
            except (Forbidden, NotFound):
                return
            found = [row for row in Instance.from_items(page.items) if row.version == version]
            self._listed[version] = (context.clock(), found)
        if (opened := self._opened()) is not None:
            context.notify(Update(details=(opened.id,)))

    def _next(self, now: float) -> tuple[str, str] | None:
        """The version and the run of it to read now; no run where they have to be listed first."""
        opened = self._opened()
        if opened is None or opened.status not in ("running", "waiting") or not opened.version:
            return None
        version = opened.version
        runs: Container[str] = self._runs.get(version, ())
        if len(self._runs.get(version, ())) >= ENOUGH:
            return None
        at, listed = self._listed.get(version, (float("-inf"), []))
        # The table may have a row that was listed too, and newer.
        rows = {row.id: row for row in (*listed, *self._loaded(version))}
        for row in settled_first(rows.values(), now):
            if row.id not in runs:
                return version, row.id
        return (version, "") if now - at >= _AGAIN else None

    def _loaded(self, version: str) -> Iterable[Instance]:
        store = self.context.store
        return (row for row in store if row.version == version and store.note(row.id) != GONE)
