"""The event desk: which events are waited for, by whom and since when; one payload goes to one or to many."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import ClassVar

from textual.app import ComposeResult
from textual.strip import Strip

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, brief, count, counted
from wfdash.core.why.step_names import numbered_name
from wfdash.core.why.waits import Answer, OpenWait, OpenWaits
from wfdash.live.polling.events import Update
from wfdash.ui.actions.chips import ActionChips
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.list_table import ListTable
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import CURSOR, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["EventsScreen", "WaitTable"]

_MOST = 300
"""Instances asked about at most, so that a desk does not drain the budget."""
_SOON = 3600.0


class WaitTable(ListTable[OpenWait]):
    """Open waits by event type, oldest first; the marked ones have a bar."""

    in_order = "grouped by event, those that wait longest first"

    def __init__(self) -> None:
        super().__init__()
        self.marked: set[str] = set()
        self.read_at: Mapping[str, float] = {}
        """When each instance was read, epoch seconds: it may have been sent its event since."""
        self.now = 0.0
        self._longest_id = self._longest_type = 8

    def take(self, waits: list[OpenWait]) -> None:
        """Shows these waits in place of those before."""
        self.rows = waits
        self._longest_id = max((cells(clean(wait.instance)) for wait in waits), default=8)
        self._longest_type = max((cells(clean(wait.event_type)) for wait in waits), default=8)

    @property
    def labels(self) -> Mapping[str, str]:
        """The word for `enter` where some are marked: it is about those, not the row under the cursor."""
        marked = len({row.instance for row in self.rows} & self.marked)
        return {"row.open": f"send event to the {count(marked)} marked"} if marked else {}

    def key_for(self, row: OpenWait) -> tuple[str, str]:
        # With the step: one instance may wait for several events side by side.
        return row.instance, row.step

    def header_line(self, width: int) -> Strip:
        return strip_of(
            [(self._columns("EVENT", "INSTANCE", "WAITS", "LEFT", "READ", "STEP", width), HEADING)], width
        )

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        wait = self.rows[index]
        ahead = None if wait.deadline is None else wait.deadline - self.now
        due_in = "" if ahead is None else brief(ahead) if ahead > 0 else "due"
        read_at = self.read_at.get(wait.instance)
        read = "" if read_at is None else age(self.now - read_at)
        since = "" if wait.since is None else age(self.now - wait.since)
        named = clean(wait.event_type) or "not known"
        text = self._columns(
            named, clean(wait.instance), since, due_in, read, numbered_name(wait.step), width
        )
        soon = ahead is not None and ahead < _SOON
        style = STRONG if wait.instance in self.marked else WARN if soon else PLAIN
        mark = "▌" if wait.instance in self.marked else " "
        return strip_of([(mark, STRONG), (text[1:], style)], width, CURSOR if cursor else None)

    def _columns(
        self, event: str, instance: str, since: str, due_in: str, read: str, step: str, width: int
    ) -> str:
        room = max(30, width - 25)
        first = min(room - 20, max(10, self._longest_id))
        second = max(10, min(self._longest_type, room - first - 16))
        last = max(8, width - first - second - 26)
        columns = (
            f" {fit(event, second)} {fit(instance, first, cut='middle')} {since:>7} {due_in:>7} {read:>5}"
        )
        return f"{columns}  {fit(step, last)}"


class EventsScreen(BaseScreen):
    """Lists open waits and opens the form for an event: to the marked ones, else to the one under the cursor.

    Until somebody moves the cursor it goes to the one the desk was opened for, whatever is read meanwhile.
    """

    BINDINGS = bindings("row.open", "mark.toggle", "instance.send_event")
    wants_rows = True
    labels: ClassVar[Mapping[str, str]] = {"row.open": "send event"}
    offers = ("mark.toggle",)

    def __init__(self, context: Context, workflow: str, rows: Sequence[Instance] = ()) -> None:
        super().__init__(context)
        self.workflow = workflow
        self._chosen = tuple(rows)
        self._waits = OpenWaits()
        self._left_at: Hashable | None = None
        """What the cursor was left on; once it is on something else, somebody moved it."""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="desk-title")
        yield WaitTable()
        yield ActionChips(self.context.keys)
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.table.focus()
        self.table.marked = {row.id for row in self._chosen} if len(self._chosen) > 1 else set()
        # The page stands first: what is known already is drawn before anything is asked.
        self.call_after_refresh(self._ask)
        self.call_after_refresh(self.fill)

    @property
    def _aim(self) -> str:
        """The id the desk was opened for, until the cursor is moved; "" then, or where it is for many."""
        moved = self.table.cursor_key != self._left_at
        return "" if moved or len(self._chosen) != 1 else self._chosen[0].id

    def _place_cursor(self, aim: str) -> bool:
        """Puts the cursor on the one it was opened for; False, and no cursor, where that has no row."""
        table = self.table
        at = next((at for at, row in enumerate(table.rows) if row.instance == aim), None)
        if at is None:
            table.cursor, table.cursor_key = -1, None
        else:
            table.move_to(at)
        self._left_at = table.cursor_key
        return at is not None

    @property
    def table(self) -> WaitTable:
        return self.query_one(WaitTable)

    def why_off(self, action: str) -> str:
        return super().why_off("instance.send_event" if action == "row.open" else action)

    def live(self, update: Update) -> None:
        if update.delta:
            self._ask()
        self.fill()

    def tick(self, now: float) -> None:
        self.fill()

    def on_line_table_cursor_moved(self) -> None:
        self.fill()

    def _ask(self) -> None:
        """Has the first active ones read that may wait for an event, as many as _MOST."""
        if (poller := self.poller) is not None:
            poller.want(list(islice(filter(self._may_wait, poller.store.active), _MOST)))

    def fill(self) -> None:
        """Takes what has been read by now. Nothing here looks at every row: that would hold the loop."""
        poller = self.poller
        if poller is None or not self.is_ready:
            return
        read = list(self._read(filter(self._may_wait, poller.row_details.read)))
        active = _active(poller.store.statuses)
        if counts := poller.status_counts:
            # Rows far below the newest are listed now and then: of thousands some hundred have ended since.
            active = max(len(read), min(active, _active(counts)))
        aim = self._aim
        self.table.read_at = {identity: at for identity, _, at in read}
        self.table.now = self.context.clock()
        if self._waits.take((identity, answer) for identity, answer, _ in read):
            # Marked elsewhere, perhaps for something else: whom the event would go to stands in sight.
            brought = {row.id for row in self._chosen} if len(self._chosen) > 1 else set()
            self.table.take(sorted(self._waits.rows, key=lambda wait: wait.instance not in brought))
        self.table.message = self._nothing(len(read), active)
        # With an aim the cursor is placed by that below, whatever came above it meanwhile.
        self.table.rows_changed(everything=not aim)
        lost = bool(aim) and not self._place_cursor(aim)
        self.table.repaint()
        types = len({row.event_type for row in self.table.rows})
        checked = f"{count(len(read))} of {count(active)} checked"
        title = f"events in {clean(self.workflow)}  "
        waits = len(self.table.rows)
        so_far = " so far" if len(read) < active else ""
        waiting = f"{count(waits)} waiting{so_far}"
        # A narrow line tells at least how many there are, and how many are marked.
        summaries = [f"{waiting}, {counted(types, 'event type')} · {checked} ", f"{waiting} · {checked} "]
        summaries += [f"{waiting} "]
        badges = badge_pieces(identity_of(self.context, self.workflow))
        whom = [(self._lost(aim, (identity for identity, *_ in read)), WARN)] if lost else []
        if marked := len(self._marked):
            summaries = [f"{count(marked)} marked · {summary}" for summary in summaries]
        left: Pieces = [(" ", PLAIN), *badges, (title, STRONG), *whom]
        room = self.size.width - length(left) - 1
        fitting = next((each for each in summaries if cells(each) <= room), summaries[-1])
        self.query_one("#desk-title", StatusLine).show(left, [(fitting, QUIET)])

    def _lost(self, aim: str, read: Iterable[str]) -> str:
        """Why what it was opened for has no row, the reason first: a narrow line is cut at its end."""
        row = self.poller.store.get(aim) if self.poller is not None else None
        # The reason first, in the order of how sure it is: an end is certain, a row may lag, and the rest was
        # not read.
        if row is not None and is_final(row.status):
            return f"it is {clean(row.status)} and takes no event: {clean(aim)}"
        if row is not None and (row.status == "queued" or aim in read):
            return f"waits for no event now: {clean(aim)}"
        return f"not read yet: {clean(aim)}"

    def _nothing(self, read: int, of: int) -> str:
        if read < of:
            return f"No wait among the {count(read)} read so far.\nThe others are read as the budget allows."
        back, create = (self.context.keys.key_of(action) for action in ("layer.close", "instance.create"))
        return f"Nothing waits for an event.\n{back} goes back; {create} creates an instance."

    def _may_wait(self, identity: str) -> bool:
        row = self.poller.store.get(identity) if self.poller is not None else None
        # What is queued has not run a line yet, so that it can wait for nothing.
        return row is not None and not is_final(row.status) and row.status != "queued"

    def _read(self, ids: Iterable[str]) -> Iterator[tuple[str, Answer, float]]:
        """Yields the newest answer of each and when it came: the open one's is kept as it was then."""
        assert self.poller is not None
        for identity in ids:
            state, fact = self.poller.detail(identity), self.poller.row_details.fact(identity)
            opened = state.freshness.answered_at if state is not None else None
            # Of the two places in which an answer may be kept the newer one counts: the list reads on while a
            # page is closed.
            if fact is not None and fact.is_kept and fact.read_at >= (opened or 0.0):
                yield identity, fact, fact.read_at
            elif state is None or state.detail is None or state.detail.simple or opened is None:
                continue
            elif fact is None or opened >= fact.read_at:
                yield identity, state.detail, opened

    def target_workflow(self) -> str:
        return self.workflow

    def targets(self, most: int | None = None) -> list[Instance]:
        """The marked ones, else the one it was opened for or the cursor was moved to, else all it is for."""
        if self.poller is None:
            return []
        table = self.table
        ids = self._marked
        if not ids and table.chosen is not None and not self._aim:
            # Not while it is about the one it was opened for: what is read meanwhile moves rows under the
            # cursor.
            ids = [table.chosen.instance]
        if not ids:
            return list(self._chosen)
        return [row for identity in ids if (row := self.poller.store.get(identity)) is not None]

    def printed_by(self) -> tuple[str, str]:
        """The instance under the cursor, whatever is marked."""
        wait = self.table.chosen
        return (self.workflow, wait.instance) if wait is not None else super().printed_by()

    @property
    def _marked(self) -> Sequence[str]:
        """The marked ids that have a row here; a mark on one that waits for nothing has none."""
        here = {row.instance for row in self.table.rows}
        return sorted(self.table.marked & here)

    def action_mark_toggle(self) -> None:
        if (wait := self.table.chosen) is not None:
            self.table.marked ^= {wait.instance}
            self.table.move(1)
            self.fill()
            self.refresh_bindings()

    def chosen_event_type(self) -> str | None:
        """The type that all marked wait for, else that under the cursor; "" for several, None for no wait."""
        table, wait = self.table, self.table.chosen
        types = {row.event_type for row in table.rows if row.instance in table.marked}
        if wait is not None and (not types or wait.event_type in types):
            return wait.event_type
        return next(iter(types)) if len(types) == 1 else ""

    def action_row_open(self) -> None:
        self.context.prompts.write("instance.send_event")


def _active(statuses: Mapping[str, int]) -> int:
    """How many of these may wait for an event."""
    return sum(rows for status, rows in statuses.items() if not is_final(status) and status != "queued")
