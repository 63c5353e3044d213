"""The instances of a workflow: an ordered view of the store drawn as rows, with marks and ghosts."""

import re
from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from rich.style import Style
from textual.events import Click
from textual.strip import Strip

from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.rows.columns import BY_NAME, BesideRow
from wfdash.core.rows.marks import Marks
from wfdash.core.rows.order import Order
from wfdash.core.rows.store import RECORDED
from wfdash.core.rows.view import TableView
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context
from wfdash.ui.instances.columns import GLYPH, SORTS, TableColumns, columns, order_by_title
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import (
    CHANGED,
    CURSOR,
    CURSOR_AWAY,
    GHOST,
    HEADING,
    PLAIN,
    QUIET,
    STRONG,
    clicked,
    look,
)

__all__ = ["CellFacts", "InstanceTable", "RowSource"]

_WIDEST_STATUS = 17
"""A glyph, a space and `waitingForPause`."""
_SAME_POLL = 0.9
"""Seconds between two changes that count as one poll's."""
_FAINT = 15.0
"""Seconds after which a row's "blocked on" is drawn faint: by then it may be at something else."""
_CUT_FAINT = 5.0
"""The same of one that a reload cut: pause and resume wake it, and its row says `running` all the while."""
_PARKED = ("waiting", "paused", "queued")
"""What these are at lasts until the list tells of another status."""
_OLD = 120.0
"""Seconds after which it is told how old a row's "blocked on" is: by then it should have been read again."""


_CLASS = re.compile(r": [A-Z]\w*(?:Error|Exception): ")


class Blocked(Struct, frozen=True):
    """What a cell says that an instance is blocked on, raw."""

    words: str = ""
    """"" where nothing is known."""
    aside: str = ""
    """The part of the words that goes first where not all have room."""
    past: bool = False
    """Whether the row has moved on since."""
    unread: bool = False
    """Whether nothing was read that says it."""


class CellFacts:
    """Tells what a cell says beside its row: what the instance is blocked on, and how old that is.

    Asks nobody: all of it was read before, or is not there.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def _poller(self) -> Watcher | None:
        return self._context.session.poller if self._context.session is not None else None

    def blocked_on(self, instance: str) -> Blocked:
        """What a row is blocked on in a few words."""
        poller = self._poller
        if poller is None:
            return Blocked()
        why = poller.row_details.why(instance)
        said = why or poller.row_details.was(instance)
        found = Blocked(said.short, said.aside, said.past) if said is not None else Blocked()
        row = poller.store.get(instance)
        read_at = poller.row_details.read_or_held_at(instance)
        old = self._context.clock() - read_at if read_at is not None else 0.0
        # What has ended does not change any more: its age says nothing.
        dated = found.words and old >= _OLD and row is not None and (why is None or not is_final(row.status))
        return replace(found, words=f"{found.words} · read {age(old)} ago") if dated else found

    def blocked_cell(self, row: Instance) -> Blocked:
        """What stands in the row's cell: what it is blocked on, what it was, or that nothing was read."""
        why = self.blocked_on(row.id)
        # What it waited for before it ended is no reason that it did.
        if why.words and not (why.past and is_final(row.status)):
            return why
        if not why.words and self.note(row.id):
            return Blocked(f"was {row.status}")
        # How long a failed one took is no reason, and a blank would say that it waits for nothing.
        return self.unread(row)

    def unread(self, row: Instance) -> Blocked:
        """A word for a row of which nothing was read that says what it is blocked on, where it needs one."""
        poller, is_errored = self._poller, row.status == "errored"
        if poller is None or (is_final(row.status) and not is_errored) or poller.store.note(row.id):
            return Blocked()
        fact = poller.row_details.fact(row.id)
        if fact is not None and (fact.status == row.status or not is_errored):
            return Blocked()
        never = "not read yet" if self._context.past is None else "not read by then"
        return Blocked(poller.refusal(row.id) or never, unread=True)

    def fields(self, instance: str) -> DetailFields | None:
        """What was found in the instance's own answer; None while it was not read."""
        return self._poller.row_details.read.get(instance) if self._poller is not None else None

    def is_old(self, instance: str) -> bool:
        """Whether that was read too long ago to be taken for what it is at now."""
        poller = self._poller
        row = poller.store.get(instance) if poller is not None else None
        if poller is None or row is None or is_final(row.status) or row.status in _PARKED:
            return False
        detail = poller.row_details.fact(instance)
        if detail is None:
            return False
        faint = _CUT_FAINT if detail.why.cut else _FAINT
        read_at = poller.row_details.read_or_held_at(instance) or detail.read_at
        return self._context.clock() - read_at > faint

    def is_behind(self, instance: str) -> bool:
        """Whether the lists of the last while did not hold its row, and nothing else told of it."""
        poller = self._poller
        if poller is None or (seen := poller.store.seen_at(instance)) is None:
            return False
        # Against the list's own age: when nothing is answered at all, every row is as old, and the header
        # says so.
        listed = poller.newest.listed_at
        return listed is not None and listed - seen > _FAINT

    def note(self, instance: str) -> str:
        """A note on what is doubtful about the row; "" for none."""
        if self._poller is None:
            return ""
        store = self._poller.store
        return RECORDED if instance in store.recorded else store.note(instance)


class RowSource(Protocol):
    """The rows in their order and what is known beside them, as the table sees them."""

    view: TableView | None
    order: Order
    marks: Marks
    facts: CellFacts

    @property
    def columns(self) -> tuple[str, ...]:
        """Which columns there are, in their order."""

    def settle(self) -> None:
        """Puts the rows that arrived where they belong."""

    def extend_range(self) -> None:
        """Marks up to the cursor, where a range is being marked."""

    def set_order(self, order: Order, *, announce: bool = False) -> None: ...


class InstanceTable(LineTable):
    """The rows of the list; the cursor is on an instance id, raw."""

    in_order = "rows are not sorted by this column: it is read row by row"

    def __init__(self, source: RowSource, *, clock: Callable[[], float]) -> None:
        super().__init__()
        self.changed: dict[str, float] = {}
        """Ids that changed at the last poll, and when that was seen."""
        self.faded = False
        """The connection is gone: what is shown is only a memory."""
        self._source = source
        self._clock = clock
        self._now = 0.0
        self._longest_id = 0
        self._status_width = 12

    @property
    def view(self) -> TableView | None:
        return self._source.view

    def move_to(self, index: int) -> None:
        """Moves the cursor, and a range with it at once.

        The message would come behind keys of the same burst.
        """
        super().move_to(index)
        self._source.extend_range()

    def action_move_first(self) -> None:
        """Lets arrivals in, then goes to the first row, which is the newest only after that."""
        self._source.settle()
        super().action_move_first()

    def on_click(self, event: Click) -> None:
        """Sorts by the column whose title is clicked, or the other way round."""
        order = order_by_title(self._source.order, event.style.meta.get("sort", ""))
        if order is not None:
            self._source.set_order(order, announce=True)

    def row_count(self) -> int:
        return 0 if self.view is None else len(self.view)

    def row_key(self, index: int) -> str:
        assert self.view is not None
        return self.view[index]

    def index_of(self, key: Hashable) -> int | None:
        return self.view.index_of(str(key)) if self.view is not None else None

    @property
    def instance(self) -> str | None:
        """The id under the cursor."""
        return None if self.cursor_key is None else str(self.cursor_key)

    def marks_off_screen(self) -> int:
        """Marked ids without a row in what is shown now."""
        marks = self._source.marks
        if self.view is None or not marks:
            return len(marks)
        return self.view.count_missing(marks)

    def note_changes(self, ids: Iterable[str]) -> None:
        """Marks these rows as changed, until the next poll."""
        now = self._clock()
        self.changed.update((identity, now) for identity in ids)

    def forget_changes(self, answered_at: float | None) -> None:
        """Takes off the marks that an earlier poll put on."""
        if answered_at is not None and self.changed:
            self.changed = {
                identity: at for identity, at in self.changed.items() if at > answered_at - _SAME_POLL
            }

    def repaint(self) -> None:
        """Repaints what differs, with ages as of now."""
        self._now = self._clock()
        super().repaint()

    def rows_changed(self, *, everything: bool = True) -> None:
        self._measure_ids()
        super().rows_changed(everything=everything)

    def _measure_ids(self) -> None:
        """Widens the id column for what is on screen; it never narrows, so that columns do not jump."""
        longest = max((cells(clean(self.row_key(index), 200)) for index in self.on_screen()), default=0)
        self._longest_id = max(self._longest_id, min(longest, 60))

    def fit_statuses(self, statuses: Iterable[str]) -> None:
        """Makes room for the longest status there is; the column never narrows again."""
        longest = max((cells(clean(status, 40)) + 2 for status in statuses), default=0)
        if min(longest, _WIDEST_STATUS) > self._status_width:
            self._status_width = min(longest, _WIDEST_STATUS)
            self.repaint()

    @property
    def columns_with_room(self) -> Collection[str]:
        """The chosen columns that are drawn at this width."""
        return [name for name, _ in self._layout(self.size.width).widths]

    def _layout(self, width: int) -> TableColumns:
        return columns(width, self._longest_id, self._status_width, self._source.columns)

    def header_line(self, width: int) -> Strip:
        key = ("header", width, self._longest_id, self._status_width, self._source.order)
        return self.cached(key, lambda: self._header(width))

    def _header(self, width: int) -> Strip:
        pieces: list[tuple[str, Style]] = [("  ", HEADING)]
        layout = self._layout(width)
        sorted_by = SORTS.get(self._source.order.column, "")
        for name, room in layout.widths:
            title = layout.title(name)
            style = HEADING
            if name == sorted_by:
                title += "▾" if self._source.order.reverse else "▴"
                style = STRONG
            if name == "status":
                title = "" if room == GLYPH else f"  {title}"
            if name == "blocked":
                pieces.append((" ", PLAIN))
            if name in SORTS.values():
                style += clicked("sort", name)
            pieces += [(title.rjust(room) if BY_NAME[name].right else fit(title, room), style), (" ", PLAIN)]
        return strip_of(pieces, width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        assert self.view is not None
        row = self.view.row(index)
        why = self._source.facts.blocked_cell(row)
        text = self._texts(row, why.words, width)
        ghost = row.id in self.view.ghosts
        old = self._source.facts.is_old(row.id)
        faded = self.faded or self._source.facts.is_behind(row.id)
        flags = (row.id in self._source.marks, row.id in self.changed, ghost, faded, old)
        away = cursor and not self.has_focus
        # Strips are kept by all that shows in them: a row that shows the same is not built, nor sent, again.
        key = (row.id, text, why, flags, cursor, away, width, self._longest_id, self._status_width)
        return self.cached(key, lambda: self._strip(row, text, why, flags, cursor, away, width))

    def _texts(self, row: Instance, why: str, width: int) -> tuple[str, ...]:
        """The texts of the columns that have room."""
        note = self._source.facts.note(row.id)
        now = self._now or self._clock()
        widths = self._layout(width).widths
        beside = BesideRow(now, note, why, self._source.facts.fields(row.id))
        if not why and is_final(row.status) and "took" not in dict(widths):
            beside = replace(beside, why=_lasted(row, beside))
        return tuple(BY_NAME[name].text(row, beside) for name, _ in widths)

    def _strip(
        self,
        row: Instance,
        text: tuple[str, ...],
        why: Blocked,
        flags: tuple[bool, bool, bool, bool, bool],
        cursor: bool,
        away: bool,
        width: int,
    ) -> Strip:
        marked, changed, ghost, faded, read_long_ago = flags
        appearance = look(row.status)
        pieces: list[tuple[str, Style]] = [
            ("▌" if marked else " ", STRONG if marked else PLAIN),
            ("•" if changed else " ", CHANGED if changed else PLAIN),
        ]
        for (name, room), value in zip(self._layout(width).widths, text, strict=True):
            if name == "status":
                # A note stands in the status' place: its glyph would claim what is in doubt.
                glyph = "?" if value != row.status else appearance.glyph
                word = "" if room == GLYPH else fit(clean(value, 100), room - 2) + " "
                pieces.append((f"{glyph} {word}", appearance.style))
                continue
            quiet = BY_NAME[name].quiet or (BY_NAME[name].read and read_long_ago)
            quiet = quiet or (name == "blocked" and why.unread)
            pieces += [(_cell(name, value, room, why.aside), QUIET if quiet else PLAIN), (" ", PLAIN)]
        over = CURSOR_AWAY if away else CURSOR if cursor else None
        if ghost:
            pieces = [(part, GHOST) for part, _ in pieces]
        elif faded:
            pieces = [(part, QUIET) for part, _ in pieces]
        return strip_of(pieces, width, over)


def _lasted(row: Instance, beside: BesideRow) -> str:
    """What the column without room here says of a run that is over; of one that goes on its age does."""
    took = BY_NAME["took"].text(row, beside)
    return f"took {took}" if took else ""


def _cell(column: str, text: str, room: int, aside: str = "") -> str:
    """Cleaned, in exactly `room` cells; what it is blocked on with one more before it."""
    value = clean(text, 500)
    if cells(value) > room:
        value = value.rstrip("…")  # shortened before; one mark is enough
    if BY_NAME[column].right:
        return fit(value, room) if cells(value) > room else value.rjust(room)
    if column == "blocked":
        value = _without_class(_without_aside(value, aside, room), room)
        return f" {fit(_without_half_number(value, room), room)}"
    return fit(value, room, cut="middle" if column == "id" else "end")


def _without_aside(text: str, aside: str, room: int) -> str:
    """The text without which attempt it is, where all has no room: when the next one comes is worth more."""
    if cells(text) <= room or not aside:
        return text
    before, _, after = text.rpartition(aside)
    return before + after


def _without_class(text: str, room: int) -> str:
    """The text without the name of the error's class, where all has no room: its message says more."""
    return text if cells(text) <= room else _CLASS.sub(": ", text, count=1)


def _without_half_number(text: str, room: int) -> str:
    """The text up to the number in which it is cut: half of one is another number."""
    if cells(text) <= room:
        return text
    kept = fit(text, room).rstrip("…")
    head, _, word = kept.rpartition(" ")
    following = text[len(kept) : len(kept) + 1]
    if following == " " or not word:
        return text
    if word[0] in "<~0123456789":
        return f"{head} …" if head else text
    # A number at the end of a name, as a port: the name is worth its room.
    if following.isdigit():
        return f"{kept.rstrip('0123456789').rstrip(':.-_')}…"
    return text
