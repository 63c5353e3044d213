"""What was read of instances for their rows: of some the answer, of the others what was made of it."""

from collections import OrderedDict, deque
from collections.abc import Iterator

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.why.why import Why

__all__ = ["DetailCache", "RowDetail"]

_ROWS = 2000
_OPEN = 500
"""Details of rows that can still move that are kept whole, those looked at last: 9 kB each, and what is odd
is found in these alone. Of the others stands what was said when they were read."""
_ENDED = 50
"""Details that are kept whole of runs that have ended, whose sentence stands still: an action reads thousands
of those, 16 kB each; and where nothing is shown, until what changed in them was looked at."""


class RowDetail(Struct):
    """What an instance's own answer said, and the why that was made of it. Times are epoch seconds."""

    read_at: float
    asked_at: float
    """When it was asked for: of what a record holds later than when it was read, and then never again."""
    modified: float | None
    why: Why
    status: str
    detail: Detail | None = None
    """None when it is too long to be kept, or was let go of for others."""
    moved: float | None = None
    """When it last showed something happen."""


class DetailCache:
    """Keeps what was read of each of the newest rows, and lets go of details that are looked at no more."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, RowDetail] = OrderedDict()
        self._open: OrderedDict[str, None] = OrderedDict()
        """Of those that have not ended the ones whose detail is kept, by when they were looked at."""
        self._ended: deque[str] = deque()
        """Of those that have ended, or of all where nothing is shown, the same, by when they were read."""

    def __contains__(self, identity: str) -> bool:
        return identity in self._rows

    def __iter__(self) -> Iterator[RowDetail]:
        return iter(self._rows.values())

    def get(self, identity: str) -> RowDetail | None:
        return self._rows.get(identity)

    def newest_first(self) -> Iterator[tuple[str, RowDetail]]:
        return reversed(self._rows.items())

    def clear(self) -> None:
        self._rows.clear()
        self._open.clear()

    def put(self, identity: str, read: RowDetail, *, unseen: bool) -> None:
        """Takes in what was read of a row, and lets go of others for it; of more where all are `unseen`."""
        self._rows[identity] = read
        self._rows.move_to_end(identity)
        if unseen or is_final(read.status):
            self._open.pop(identity, None)
            self._ended.append(identity)
        else:
            self._open[identity] = None
            self._open.move_to_end(identity)
        while len(self._ended) > _ENDED:
            oldest = self._ended.popleft()
            # It may have been read again since, or run again and not ended yet.
            found = None if oldest in self._ended else self._rows.get(oldest)
            if found is not None and (unseen or is_final(found.status)):
                self.let_go(oldest)
        while len(self._open) > _OPEN:
            self.let_go(next(iter(self._open)))
        while len(self._rows) > _ROWS:
            self.drop(next(iter(self._rows)))

    def looked_at(self, identity: str) -> None:
        """Keeps the detail of one that can still move for longer than those that nobody looks at."""
        if identity in self._open:
            self._open.move_to_end(identity)

    def let_go(self, identity: str) -> None:
        """Keeps of a row when it was read, in which status, and what was said: by that it is read again."""
        self._open.pop(identity, None)
        if (read := self._rows.get(identity)) is not None:
            read.detail = None

    def drop(self, identity: str) -> None:
        """Forgets all that was read of a row."""
        self._rows.pop(identity, None)
        self._open.pop(identity, None)
