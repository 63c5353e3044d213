"""How instances fared before the newest version came, and how more of a version fared of which few did."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct, field

from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import OUTCOMES
from wfdash.core.triage.failure_rate import ENOUGH, LEAST_FAILED

__all__ = ["PastVersion"]

AGAIN: Final = 300.0
"""Seconds until that page is listed again: what was open then may have ended since."""
_PER_VERSION: Final = 30
"""Ended instances of another version from which no page is needed to set the newest version against."""
_BELOW: Final = 3
"""Pages below those that are loaded, at most: of a version with one run in thirty ten are there."""


class PastVersion(Struct):
    """Keeps these rows apart from the table's, which would show a gap."""

    version: str = ""
    """The newest one, which the rows are older than."""
    rows: list[Instance] = field(default_factory=list)
    listed_at: float | None = None
    below: list[Instance] = field(default_factory=list)
    """Those that came right before all that is loaded."""
    below_from: float = inf
    """The creation from which back they were listed."""
    below_pages: int = 0
    below_at: float = -inf

    def before(
        self, newest: Iterable[Instance], deployed: Mapping[str, float], now: float
    ) -> tuple[str, float] | None:
        """The newest version and the moment to list back from; None where nothing is to be asked."""
        rows = [row for row in newest if row.version and row.created is not None]
        if not rows:
            return None
        version = max(rows, key=lambda row: row.created or 0.0).version
        at = deployed.get(version)
        others = sum(1 for row in rows if row.version != version and row.ended is not None)
        if at is None or others >= _PER_VERSION or at <= min(deployed.values()):
            return None
        if version == self.version and self.listed_at is not None and now - self.listed_at < AGAIN:
            return None
        return version, at

    def listed(self, version: str, rows: Sequence[Instance], now: float) -> None:
        """Takes in the page of rows from before this version came."""
        self.version, self.listed_at, self.rows = version, now, list(rows)

    def beside(self, newest: Iterable[Instance]) -> list[Instance]:
        """The newest rows with those from before the version, each instance once, as it was listed last."""
        both = {row.id: row for row in self.rows}
        both.update((row.id, row) for row in newest)
        return list(both.values())

    def further(self, newest: Iterable[Instance], deployed: Mapping[str, float], now: float) -> float | None:
        """The moment to list back from, for more of a version that fails and of which few have ended.

        A canary has five runs among the newest hundred: too few to judge it by, though it had more.
        """
        loaded = [row for row in newest if row.created is not None]
        if self.below and now - self.below_at >= AGAIN:
            self.below_pages = 0  # what was open then may have ended since
            return min((row.created or 0.0 for row in loaded), default=None)
        if self.below_pages >= _BELOW and now - self.below_at < AGAIN:
            return None
        rows = self.above(loaded)
        oldest = min((row.created or 0.0 for row in rows), default=0.0)
        ended = Counter((row.version, row.status) for row in rows if row.status in OUTCOMES)
        few = {
            version
            for version, status in ended
            if status == "errored"
            and ended[version, status] >= LEAST_FAILED
            and sum(ended[version, each] for each in OUTCOMES) < ENOUGH
        }
        return oldest if any(deployed.get(version, inf) < oldest for version in few) else None

    def asks_below(self, before: float, now: float) -> None:
        """Notes that this page is asked for: one that fails is not asked for again at once."""
        if not self.below:
            self.below_from = before
        self.below_pages, self.below_at = self.below_pages + 1, now

    def listed_below(self, rows: Sequence[Instance], before: float) -> None:
        """Takes in the page from below the loaded rows; one without anything older ends the list."""
        self.below = list({row.id: row for row in [*self.below, *rows]}.values())
        if all((row.created or 0.0) >= before for row in rows):
            self.below_pages = _BELOW

    def above(self, newest: Iterable[Instance]) -> list[Instance]:
        """The loaded rows with those right below them, each once; without these where a gap came between."""
        loaded = list(newest)
        if not self.below:
            return loaded
        ids = {row.id for row in loaded}
        oldest = min((row.created for row in loaded if row.created is not None), default=inf)
        if oldest > self.below_from:
            return loaded
        return [*loaded, *(row for row in self.below if row.id not in ids and (row.created or 0.0) <= oldest)]
