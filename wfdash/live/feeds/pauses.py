"""When instances were paused and resumed, as their rows told it: a retry's clock stands still meanwhile."""

from collections.abc import Iterable, Sequence
from typing import Final

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import Delta
from wfdash.core.verbs.rules import RESTARTS
from wfdash.live.polling.context import FeedContext
from wfdash.live.records.journal_entries import JournalEntry, JournalEvent

__all__ = ["Pauses", "all_pauses", "journalled_pauses", "recorded_pauses"]

_KEPT: Final = 2_000
"""Instances whose pauses are remembered."""
_PAUSED: Final = "paused"
_GAP: Final = 15.0
"""Seconds between two lists in which a pause and its resume may go unseen and still move little."""


class Pauses:
    """Follows the rows of the workflow shown."""

    def __init__(self, context: FeedContext) -> None:
        self._context = context
        self._of: dict[str, list[tuple[float, float | None]]] = {}
        self._since: dict[str, float] = {}
        self._listed_at = float("-inf")

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._of, self._since = {}, {}

    def listed(self, instances: Iterable[str], at: float) -> None:
        """Takes note of what the newest page held, answered at that moment: of those no pause goes unseen."""
        if at == self._listed_at:
            return
        before = self._since if at - self._listed_at <= _GAP else {}
        self._since = {identity: before.get(identity, at) for identity in instances}
        self._listed_at = at

    def watched(self, instance: str) -> float | None:
        """Since when every list in a row held the instance; None where a pause may have gone unseen."""
        if self._context.clock() - self._listed_at > _GAP:
            return None
        return self._since.get(instance)

    def of(self, instance: str) -> Sequence[tuple[float, float | None]]:
        """The pauses of an instance, from when to when in epoch seconds; None ends one that lasts."""
        return self._of.get(instance, ())

    def follow(self, delta: Delta) -> None:
        """Takes note of rows that came or changed, and forgets those that are not kept any more."""
        now = self._context.clock()
        for identity in delta.dropped:
            self._of.pop(identity, None)
        for row in self._rows((*delta.added, *delta.changed)):
            pauses = self._of.get(row.id, [])
            lasts = bool(pauses) and pauses[-1][1] is None
            at = row.modified if row.modified is not None and row.modified < now else now
            if row.status == _PAUSED and not lasts:
                unseen = row.id in delta.added and row.modified is None  # it may have been so for long
                self._of[row.id] = [*pauses, (float("-inf") if unseen else at, None)]
            elif is_final(row.status):
                self._of.pop(row.id, None)  # a new run knows nothing of them
            elif row.status != _PAUSED and lasts:
                self._of[row.id] = [*pauses[:-1], (pauses[-1][0], at)]
        while len(self._of) > _KEPT:
            del self._of[next(iter(self._of))]

    def _rows(self, instances: Iterable[str]) -> Iterable[Instance]:
        store = self._context.store
        return [row for instance in instances if (row := store.get(instance)) is not None]


def journalled_pauses(
    entries: Iterable[JournalEntry], workflow: str, instance: str
) -> list[tuple[float, float | None]]:
    """When this machine paused an instance and until when, by its journal, oldest first."""
    pauses: list[tuple[float, float | None]] = []
    for entry in entries:
        if (entry.workflow, entry.id) != (workflow, instance):
            continue
        lasts = bool(pauses) and pauses[-1][1] is None
        if _PAUSED in (entry.after, entry.answered) and not lasts and entry.verb == "pause":
            pauses.append((entry.at, None))
        elif entry.verb == "resume" and entry.event == JournalEvent.ANSWERED and lasts:
            pauses[-1] = (pauses[-1][0], entry.at)
        elif entry.verb in RESTARTS and entry.event == JournalEvent.ANSWERED:
            pauses.clear()
    return pauses


def recorded_pauses(
    statuses: Iterable[tuple[float, str, float | None]],
) -> list[tuple[float, float | None]]:
    """When an instance was listed as paused and until when, by a record's listings, oldest first.

    Where rows have no date it was paused some time before: by how much, nobody can tell.
    """
    pauses: list[tuple[float, float | None]] = []
    for at, status, modified in statuses:
        lasts = bool(pauses) and pauses[-1][1] is None
        if status == _PAUSED and not lasts:
            pauses.append((float("-inf") if modified is None else min(modified, at), None))
        elif is_final(status):
            pauses.clear()
        elif status != _PAUSED and lasts:
            pauses[-1] = (pauses[-1][0], at if modified is None else min(modified, at))
    return pauses


def all_pauses(
    own: Sequence[tuple[float, float | None]], seen: Sequence[tuple[float, float | None]]
) -> list[tuple[float, float | None]]:
    """This machine's own pauses and the seen ones that are none of these, for others pause too.

    Oldest first.
    """
    # What was seen of an own pause begins and ends up to one list later than it did.
    others = [pause for pause in seen if not any(_meet(pause, mine) for mine in own)]
    return sorted([*own, *others], key=lambda pause: pause[0])


def _meet(pause: tuple[float, float | None], other: tuple[float, float | None]) -> bool:
    ends = [end for end in (pause[1], other[1]) if end is not None]
    return not ends or max(pause[0], other[0]) <= min(ends)
