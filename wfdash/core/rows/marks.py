"""Which instances are marked: ids, kept apart for each list, so that no hidden mark is acted on."""

from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Marks"]


class Marks:
    """The marks of one scope at a time. Nothing marked means no targets, never all."""

    def __init__(self) -> None:
        self._scope = ("", "")
        self._sets: dict[tuple[str, str], dict[str, None]] = {}
        self._anchor: str | None = None
        self._before_range: dict[str, None] = {}

    @property
    def scope(self) -> tuple[str, str]:
        return self._scope

    def show(self, workflow: str, filter: str) -> None:
        """Switches to the marks of this workflow and filter; those of others are out of reach until then."""
        if (workflow, filter) != self._scope:
            self._scope = (workflow, filter)
            self.end_range()

    @property
    def _marked(self) -> dict[str, None]:
        return self._sets.setdefault(self._scope, {})

    @property
    def ids(self) -> tuple[str, ...]:
        """The marked ids, in the order in which they were marked."""
        return tuple(self._marked)

    def __contains__(self, identity: object) -> bool:
        return identity in self._marked

    def __len__(self) -> int:
        return len(self._marked)

    def __iter__(self) -> Iterator[str]:
        return iter(self._marked)

    def toggle(self, identity: str) -> bool:
        """Marks or unmarks an instance; whether it is marked now."""
        self.end_range()
        if identity in self._marked:
            del self._marked[identity]
            return False
        self._marked[identity] = None
        return True

    def mark(self, identities: Iterable[str]) -> None:
        self._marked.update(dict.fromkeys(identities))

    def mark_in(self, workflow: str, filter: str, identities: Iterable[str], *, alone: bool = False) -> int:
        """Marks in a list that may not be the one shown, `alone` in place of its marks; how many it has."""
        marked = self._sets.setdefault((workflow, filter), {})
        if alone:
            marked.clear()
        marked.update(dict.fromkeys(identities))
        return len(marked)

    def unmark(self, identities: Iterable[str]) -> None:
        for identity in identities:
            self._marked.pop(identity, None)

    def clear(self) -> None:
        self.end_range()
        self._marked.clear()

    @property
    def in_range(self) -> bool:
        """Whether a range is being drawn."""
        return self._anchor is not None

    def begin_range(self, anchor: str) -> None:
        """Anchors a range here: from now on `extend` marks what lies between this row and the cursor."""
        self._anchor = anchor
        self._before_range = dict(self._marked)
        self._marked[anchor] = None

    def extend(self, order: Sequence[str], index_of: Callable[[str], int | None], cursor: str) -> None:
        """Marks from the anchor to the cursor in the present order, and unmarks what the range left again.

        An anchor that left the list ends the range; what it marked stays.
        """
        if self._anchor is None:
            return
        start, end = index_of(self._anchor), index_of(cursor)
        if start is None or end is None:
            self.end_range()
            return
        low, high = min(start, end), max(start, end)
        self._sets[self._scope] = self._before_range | dict.fromkeys(order[low : high + 1])

    def end_range(self) -> None:
        self._anchor = None
        self._before_range = {}

    def drop_all(self) -> None:
        """Drops the marks of every list."""
        self.end_range()
        self._sets.clear()
