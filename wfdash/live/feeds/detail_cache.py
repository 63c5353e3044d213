"""What was read of instances for their rows: of some the answer, of the others what was made of it."""

from collections import OrderedDict, deque
from collections.abc import Iterator

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.why.why import Why
from wfdash.live.polling.packed_detail import PackedDetail

__all__ = ["DetailCache", "RowDetail"]

_ROWS = 2000
_OPEN = 500
"""Details of rows that can still move that are kept, those looked at last: what is odd is found in these
alone. Of the others stands what was said when they were read."""
_UNPACKED = 100
"""Of those the ones that are kept as they are drawn, 12 kB each, where no more rows are on screen; the others
are packed, to 1 kB."""
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
    unpacked: Detail | None = None
    """None while it is packed, when it is too long to be kept, or was let go of for others."""
    moved: float | None = None
    """When it last showed something happen."""
    packed: PackedDetail | None = None
    """What stands for `unpacked` while nobody looks at it."""

    @property
    def is_kept(self) -> bool:
        """Whether the answer is kept, whole or packed."""
        return self.unpacked is not None or self.packed is not None

    @property
    def detail(self) -> Detail | None:
        """The answer; while it is packed it is made anew for each question."""
        if self.unpacked is None and self.packed is not None:
            return self.packed.detail()
        return self.unpacked

    def pack(self) -> None:
        """Keeps the answer as text, where it comes back as it was."""
        if self.unpacked is not None and (packed := PackedDetail.of(self.unpacked)) is not None:
            self.unpacked, self.packed = None, packed

    def unpack(self) -> None:
        """Keeps the answer as it is drawn."""
        self.unpacked, self.packed = self.detail, None

    def let_go(self) -> None:
        """Keeps no answer."""
        self.unpacked = self.packed = None


class DetailCache:
    """Keeps what was read of each of the newest rows, and lets go of details that are looked at no more."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, RowDetail] = OrderedDict()
        self._open: OrderedDict[str, None] = OrderedDict()
        """Of those that have not ended the ones whose detail is kept, by when they were looked at."""
        self._unpacked: OrderedDict[str, None] = OrderedDict()
        """Of these the ones that are not packed, in the same order."""
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
        self._unpacked.clear()

    def put(self, identity: str, read: RowDetail, *, unseen: bool, on_screen: int = 0) -> None:
        """Takes in what was read of a row, and lets go of others for it; of more where all are `unseen`.

        `on_screen` is how many rows are.
        """
        self._rows[identity] = read
        self._rows.move_to_end(identity)
        if unseen or is_final(read.status):
            self._open.pop(identity, None)
            self._unpacked.pop(identity, None)
            self._ended.append(identity)
        else:
            self._open[identity] = None
            self._open.move_to_end(identity)
            self._keep_unpacked(identity, on_screen)
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

    def looked_at(self, identity: str, *, on_screen: int) -> None:
        """Keeps the detail of one that can still move whole, and for longer than those nobody looks at."""
        read = self._rows.get(identity)
        if identity in self._open and read is not None and read.is_kept:
            self._open.move_to_end(identity)
            if read.unpacked is None:
                read.unpack()
            self._keep_unpacked(identity, on_screen)

    def _keep_unpacked(self, identity: str, on_screen: int) -> None:
        """Notes that this one is whole, and packs those that were looked at longest ago."""
        self._unpacked[identity] = None
        self._unpacked.move_to_end(identity)
        # Twice as many as are on screen: else each key that scrolls there and back would unpack them.
        while len(self._unpacked) > max(_UNPACKED, 2 * on_screen):
            read = self._rows.get(self._unpacked.popitem(last=False)[0])
            if read is not None:
                read.pack()

    def let_go(self, identity: str) -> None:
        """Keeps of a row when it was read, in which status, and what was said: by that it is read again."""
        self._open.pop(identity, None)
        self._unpacked.pop(identity, None)
        if (read := self._rows.get(identity)) is not None:
            read.let_go()

    def drop(self, identity: str) -> None:
        """Forgets all that was read of a row."""
        self._rows.pop(identity, None)
        self._open.pop(identity, None)
        self._unpacked.pop(identity, None)
