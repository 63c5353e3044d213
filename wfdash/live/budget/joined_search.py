"""One search in several processes at a time: what does not match is opened by one of them, for all."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import Query
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.live.budget.joined_reads import JoinedReads
from wfdash.live.budget.shared_lines import shared_path

__all__ = ["JoinedSearch", "can_be_joined"]

_MOVES: Final = 60.0
"""Seconds for which it holds of one that can still move: its steps go on without a word in its list row."""


def can_be_joined(query: Query) -> bool:
    """Whether it asks the same in every process: marks, and what the journal names, are one's own."""
    return query.needs_details and not query.needs_marks and not query.batches


class JoinedSearch:
    """Shares whether instances match, and never what they hold: that goes into no shared file.

    What does match each process opens itself, since it shows what is in it.
    """

    def __init__(
        self,
        beside: Path | None,
        account: str,
        workflow: str,
        query: Query,
        *,
        clock: Callable[[], float],
        since: float = float("-inf"),
    ) -> None:
        """`since` is the least time at which another process must have opened one that can still move."""
        self._reads = JoinedReads(
            shared_path(beside, "search", account, workflow, str(query)), bool, clock=clock
        )
        self._query = query
        self._clock = clock
        self._since = since
        self.taken = 0
        """Those that others had opened, and that do not match."""

    def look(self) -> None:
        """Takes in what the others found out."""
        self._reads.look()

    def rules_out(self, row: Instance) -> bool:
        """Whether another process has opened it in this state, and it does not match."""
        ends = is_final(row.status)
        within = float("inf") if ends else min(_MOVES, self._clock() - self._since)
        ruled_out = self._reads.take(row.id, _state(row), within) is False
        self.taken += ruled_out
        return ruled_out

    def share(self, reads: int) -> int:
        """How many of the `reads` still to be done this process opens; the others open the rest."""
        return self._reads.share(reads)

    def is_asked(self, identity: str) -> bool:
        """Whether another process is reading this instance for the same filter now."""
        return self._reads.is_asked(identity)

    def asks(self, identity: str) -> float:
        """Tells the others that this one opens it; when it did."""
        return self._reads.asks(identity)

    def tell(self, row: Instance, fields: DetailFields, asked_at: float) -> None:
        """Tells the others whether it matches, by what it held, unless it moved on since it was listed."""
        if fields.status != row.status:
            return
        matches = self._query.matcher(self._clock(), MatchContext(details={row.id: fields}))(row)
        self._reads.tell(row.id, asked_at, matches, _state(row))

    def close(self) -> None:
        self._reads.close()


def _state(row: Instance) -> str:
    """The state of a row, as a key; "" where the row does not say when it last changed."""
    return f"{row.status} {row.modified}" if row.modified is not None else ""
