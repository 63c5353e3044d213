"""How instances fared before the newest version came: one page of the list from before its deploy."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from wfdash.core.model.instance import Instance

__all__ = ["PastVersion"]

AGAIN: Final = 300.0
"""Seconds until that page is listed again: what was open then may have ended since."""
_PER_VERSION: Final = 30
"""Ended instances of another version from which no page is needed to set the newest version against."""


class PastVersion(Struct):
    """Keeps these rows apart from the table's, which would show a gap."""

    version: str = ""
    """The newest one, which the rows are older than."""
    rows: list[Instance] = field(default_factory=list)
    listed_at: float | None = None

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
        """Takes in the page from before this version."""
        self.version, self.listed_at, self.rows = version, now, list(rows)

    def beside(self, newest: Iterable[Instance]) -> list[Instance]:
        """The rows of both stretches, each instance once and as it was listed last."""
        both = {row.id: row for row in self.rows}
        both.update((row.id, row) for row in newest)
        return list(both.values())
