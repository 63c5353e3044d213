"""The instances of one workflow by id: what the pages said, latest request first."""

from collections import Counter
from collections.abc import Iterable, Iterator, KeysView, Mapping, Set
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final

__all__ = ["CHANGED", "ENDED", "GONE", "RECORDED", "Delta", "Store"]

CHANGED = "changed?"
ENDED = "ended?"
GONE = "gone"
RECORDED = "recorded"


class Delta(Struct, frozen=True):
    """Ids whose row is new, or tells something else than before; and of rows that are not kept any more."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """Not for what they tell: nobody looks at them, and a list that goes on for weeks brings others."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.dropped)


_DISPUTED: Final = 2
"""Times that list and answer must say otherwise, in turn."""
_LAGS: Final = 60.0
"""Seconds that a list may lag behind an answer."""
_YOUNG: Final = 60.0
"""Seconds after its creation in which an instance may be listed and not be answered yet."""


_DENIED: Final = 1_000
"""Instances of which is remembered that they are not there. Lists were seen to disagree with an instance's
own answer for seconds, as if a replica answered them; none is known to do so for more than minutes."""


class Store:
    """The rows of one workflow by id. A row is replaced and never edited: whoever holds one holds a snapshot.

    `seq` numbers requests in the order they were asked: an answer never overrides what a later request told.
    """

    def __init__(self) -> None:
        self._rows: dict[str, Instance] = {}
        self._active: dict[str, float] = {}
        """Those that can still move by themselves, and when they were told of last, epoch seconds."""
        self._notes: dict[str, str] = {}
        self.gone: set[str] = set()
        """Those that are not there any more; not to be changed."""
        self.departed: dict[str, set[str]] = {ENDED: set(), CHANGED: set()}
        """Those whose row says a status in which the lists do not hold them any more, by their note."""
        self.recorded: set[str] = set()
        """Those that only the record tells of: no answer of the server has, since they are in here."""
        self._statuses: Counter[str] = Counter()
        self._superseded: dict[str, tuple[str, float]] = {}
        """Status and change of list rows that an instance's own answer has overtaken: a replica may
        tell them again."""
        self._disputed: dict[str, tuple[str, int, float]] = {}
        """The final status that the list told of those whose own answers said otherwise, how often, and since
        when."""
        self._denied: dict[str, tuple[float | None, float | None]] = {}
        """Creation and change of rows whose own answer said that they are not there: a replica of the list
        may tell them for minutes more."""
        self._extras: dict[tuple[object, ...], dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, identity: object) -> bool:
        return identity in self._rows

    def __iter__(self) -> Iterator[Instance]:
        return iter(self._rows.values())

    def get(self, identity: str) -> Instance | None:
        return self._rows.get(identity)

    def ids(self) -> Iterable[str]:
        """The ids of all rows, in the order they were first answered."""
        return self._rows.keys()

    @property
    def active(self) -> KeysView[str]:
        """Ids of rows that can still move by themselves."""
        return self._active.keys()

    def seen_at(self, identity: str) -> float | None:
        """When an active row was answered last, epoch seconds; None for one that has ended."""
        return self._active.get(identity)

    @property
    def statuses(self) -> Mapping[str, int]:
        """How many loaded rows have each status; a status that no row has may be there with 0."""
        return self._statuses

    @property
    def counts(self) -> dict[str, int]:
        """How many of those that are there have each status, without those that no row has."""
        return dict(self._statuses - Counter(self._rows[identity].status for identity in self.lost))

    @property
    def lost(self) -> Set[str]:
        """Ids that no server is known to have: gone, or known from the record alone."""
        return self.gone | self.recorded if self.recorded else self.gone

    def note(self, identity: str) -> str:
        """What is doubtful about a row, in a word; "" for nothing.

        `ended?` (two sweeps missed it), `changed?` (two listings of its status did), `gone`, or `recorded`.
        """
        return self._notes.get(identity, "")

    def disputed(self, identity: str) -> str:
        """The final status that the list goes on telling of one whose own answer says otherwise each time.

        Once is no contradiction: it may have been restarted in between.
        """
        status, times, _ = self._disputed.get(identity, ("", 0, 0.0))
        return status if times >= _DISPUTED else ""

    def _note_lag(self, row: Instance, now: float) -> None:
        """Marks a row as disputed once it has contradicted for a minute.

        A replica of the list catches up within seconds, as far as was seen; nothing documents it.
        """
        status, _, since = self._disputed.get(row.id, ("", 0, now))
        if row.status == status and now - since >= _LAGS:
            self._disputed[row.id] = status, _DISPUTED, since

    def departed_for(self, statuses: Set[str] | None) -> Set[str]:
        """Ids whose row says one of these statuses, and which surely have none of them any more."""
        if statuses is None or any(map(is_final, statuses)):
            return frozenset()
        return self.departed[ENDED] | self.departed[CHANGED] if len(statuses) == 1 else self.departed[ENDED]

    def apply(self, items: Iterable[Mapping[str, Any]], *, seq: int, now: float) -> Delta:
        """Takes in rows as the list endpoint sent them at `now`; those without an id are left out.

        A dev session lists neither start nor end: what an instance's own answer told of them stays.
        """
        added: list[str] = []
        changed: list[str] = []
        rows = {row.id: row for row in Instance.from_items(items)}
        for row in rows.values():
            row.seq = seq
            old = self._rows.get(row.id)
            if row.id in self._denied and self._is_denied(row):
                if old is not None:
                    old.seq = max(old.seq, seq)
                continue
            # The list is answered by replicas: one that lags would take back what an instance said of itself
            # a second ago.
            if old is not None and self._lags_behind(row):
                old.seq = max(old.seq, seq)
                self._note_lag(row, now)
                continue
            # Without this each poll of a dev session would take the times away that the detail had brought.
            if old is not None and (old.started is not None or old.ended is not None):
                _keep_times(row, old)
            if row.id in self._disputed and not is_final(row.status):
                del self._disputed[row.id]
            fresh = old is None
            if self._put(row, now):
                (added if fresh else changed).append(row.id)
        return Delta(tuple(added), tuple(changed))

    def amend(
        self,
        identity: str,
        *,
        seq: int,
        now: float,
        status: str,
        created: float | None = None,
        started: float | None = None,
        ended: float | None = None,
        version: str = "",
        trigger: str = "",
    ) -> Delta:
        """Takes in what an instance's own answer told; what that cannot tell stays as the list told it."""
        old = self._rows.get(identity)
        self._denied.pop(identity, None)
        row = replace(old) if old else Instance(identity, created=created)
        # That it answered shows that it is there.
        row.seq, row.seen = seq, None
        row.status = status or row.status
        if is_final(row.status):
            self._disputed.pop(identity, None)
        elif old is not None and is_final(old.status) and seq >= old.seq:
            _, times, since = self._disputed.get(identity, ("", 0, now))
            self._disputed[identity] = old.status, times + 1, since
        row.started, row.ended = started, ended
        if old and row.status != old.status:
            if old.modified is not None and seq >= old.seq:
                self._superseded[identity] = old.status, old.modified
            row.modified = None  # the list's was that of the status before
        row.version, row.trigger = version or row.version, trigger or row.trigger
        row.extra = {key: value for key, value in (row.extra or {}).items() if key not in _AMENDED} or None
        if old and old.extra and (old.started, old.ended, old.status) == (row.started, row.ended, row.status):
            row.extra = old.extra
        if not self._put(row, now):
            return Delta()
        return Delta(changed=(identity,)) if old else Delta(added=(identity,))

    def amend_status(self, identity: str, status: str, *, seq: int, now: float) -> Delta:
        """Takes in what a change of status was answered. It tells no more: an end is not known yet."""
        old = self._rows.get(identity)
        if old is None or not status or status == old.status:
            return Delta()
        started = None if is_final(old.status) else old.started
        return self.amend(identity, seq=seq, now=now, status=status, started=started)

    def doubt(self, identities: Iterable[str], note: str) -> Delta:
        """Puts a note on rows, until something newer is answered of them."""
        changed = [
            instance
            for instance in identities
            if instance in self._rows and self._notes.get(instance, "") != note
        ]
        for identity in changed:
            self._notes[identity] = note
            for kind, departed in self.departed.items():
                (departed.add if kind == note else departed.discard)(identity)
            gone = note == GONE and identity not in self.recorded
            (self.gone.add if gone else self.gone.discard)(identity)
            if note == GONE and identity in self._active:
                self._rows[identity] = replace(self._rows[identity], seen=self._active.pop(identity))
        return Delta(changed=tuple(changed))

    def deny(self, identity: str, now: float) -> Delta:
        """Notes that an instance's own answer is "not there": the same row, listed again, is no news then."""
        row = self._rows.get(identity)
        # The answer may lag behind the list too, for as long as one is young.
        if row is not None and row.created is not None and now - row.created >= _YOUNG:
            self._denied[identity] = row.created, row.modified
            if len(self._denied) > _DENIED:
                del self._denied[next(iter(self._denied))]
        return self.doubt([identity], GONE)

    def add_recorded(self, rows: Iterable[Instance], *, gone: bool) -> Delta:
        """Takes in rows out of the record that no answer told of; `gone` where it is known that none will.

        They stay in the list, since they were looked for, and do not count for those that can move.
        """
        kept = list(rows)
        added = [row for row in kept if row.id not in self._rows]
        # What was listed here until the server erased it is told of by the record from now on.
        erased = [row.id for row in kept if row.id in self.gone]
        self.gone.difference_update(erased)
        self.recorded.update(erased)
        for row in added:
            row.seq = 0
            self._put(row, 0.0)
            self._active.pop(row.id, None)
            self._notes[row.id] = GONE if gone else RECORDED
            self.recorded.add(row.id)
        return Delta(added=tuple(row.id for row in added), changed=tuple(erased))

    def let_go(self, identities: Iterable[str]) -> Delta:
        """Drops rows that nobody lists or looks at any more, for a program that runs for weeks."""
        dropped = []
        for identity in identities:
            row = self._rows.pop(identity, None)
            if row is None:
                continue
            dropped.append(identity)
            self._statuses[row.status] -= 1
            self._active.pop(identity, None)
            self._notes.pop(identity, None)
            self._superseded.pop(identity, None)
            self._disputed.pop(identity, None)
            for group in (self.gone, self.recorded, *self.departed.values()):
                group.discard(identity)
        return Delta(dropped=tuple(dropped))

    def _put(self, row: Instance, now: float) -> bool:
        """Whether the row now tells something else than before."""
        old = self._rows.get(row.id)
        if old is not None:
            # A later question was answered first.
            if row.seq < old.seq:
                return False
            old.seq = row.seq
            if row == old:
                return self._sure(old, now)
            self._statuses[old.status] -= 1
        row.extra = self._share(row.extra)
        self._rows[row.id] = row
        self._statuses[row.status] += 1
        self._sure(row, now)
        return True

    def _is_denied(self, row: Instance) -> bool:
        """Whether it is the row that its own answer denied; another one of that id, or a change, is news."""
        if self._denied[row.id] == (row.created, row.modified):
            return True
        del self._denied[row.id]
        return False

    def _lags_behind(self, row: Instance) -> bool:
        """Whether a list row is the one that was overtaken, or older, although it was asked for later."""
        old, overtaken = self._rows[row.id], self._superseded.get(row.id)
        if overtaken is None:
            return False
        if old.ended is not None and row.modified is not None and row.modified <= old.ended:
            return not is_final(row.status)
        if row.modified is not None and row.modified <= overtaken[1]:
            return True
        del self._superseded[row.id]
        return False

    def _sure(self, row: Instance, now: float) -> bool:
        if is_final(row.status):
            self._active.pop(row.id, None)
        else:
            self._active[row.id] = now
        self.gone.discard(row.id)
        self.recorded.discard(row.id)
        for departed in self.departed.values():
            departed.discard(row.id)
        return self._notes.pop(row.id, None) is not None

    def _share(self, extra: dict[str, Any] | None) -> dict[str, Any] | None:
        """The one dict for all rows with these extras: nearly all have the same few."""
        if extra is None:
            return None
        try:
            # With the type, for 1, 1.0 and True are equal and are not written alike.
            key = tuple((name, type(value), value) for name, value in extra.items())
            # Rows whose extras all differ must not fill the memory for sharing nothing.
            if len(self._extras) > 1000:
                self._extras.clear()
            return self._extras.setdefault(key, extra)
        except TypeError:
            return extra


_AMENDED = {"status", "started_on", "ended_on"}


def _keep_times(row: Instance, old: Instance) -> None:
    """Keeps times that the new row lacks, unless it may be of a new run.

    Only what has ended can begin anew.
    """
    extra = row.extra or {}
    if is_final(old.status) and row.status != old.status:
        return
    if row.started is None and "started_on" not in extra:
        row.started = old.started
    if row.ended is None and "ended_on" not in extra and row.status == old.status:
        row.ended = old.ended
