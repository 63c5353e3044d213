"""`F`: the watched instances of every workflow, at a glance."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult

from wfdash.core.rows.store import GONE
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import brief, clock, count, spoken
from wfdash.core.text.wrap import wrapped
from wfdash.core.why.why import Why
from wfdash.live.feeds.watched import FINAL_PACE, PACE
from wfdash.live.polling.events import Update
from wfdash.live.records.pins import Pin, PinState
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.pages.watch_table import WatchTable
from wfdash.ui.widgets.header import Header, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN

__all__ = ["WatchedScreen"]

_REASON = 3
"""Lines for the reason of the instance under the cursor: the cells of a row cut it."""


def _paced(*, frozen: bool) -> Sequence[Pieces]:
    """How often they are read, the longest words first."""
    if frozen:
        return [[("‖ frozen: none is refreshed", WARN)], [("‖ frozen", WARN)]]
    running, ended = f"{PACE:.0f} s", spoken(FINAL_PACE)
    said = (
        f"each is refreshed every {running}, one that has ended every {ended}",
        f"every {running}, ended ones every {ended}",
        f"every {running}, ended {ended}",
    )
    return [[(words, QUIET)] for words in said]


class WatchedScreen(BaseScreen):
    """Lists the watched instances. It asks for nothing: they are read at their own pace anyway."""

    opened_by = "watched.open"
    labels: ClassVar[Mapping[str, str]] = {"instance.watch": "unwatch"}
    offers = ("instance.watch",)
    BINDINGS = bindings("row.open", "instance.watch")

    def __init__(self, context: Context, workflow: str = "", instance: str = "") -> None:
        """With an instance the cursor begins on it: the page it was opened from comes back so."""
        super().__init__(context)
        self._came_from = (workflow, instance)

    def compose(self) -> ComposeResult:
        yield Header()
        yield WatchTable(clock=self.context.clock)
        yield TextLines(id="reason")
        yield KeyBar(self.context.pages)

    @property
    def table(self) -> WatchTable:
        return self.query_one(WatchTable)

    def on_mount(self) -> None:
        self.table.focus()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.draw()
        workflow, instance = self._came_from
        if instance:
            self.table.move_to_key(self.context.shift.pin(workflow, instance))

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def live(self, update: Update) -> None:
        if update.watched:
            self.draw()

    def on_line_table_cursor_moved(self) -> None:
        self._draw_reason()

    def tick(self, now: float) -> None:
        self.draw()
        self.table.repaint()

    def draw(self) -> None:
        """Draws all from what the poller holds; nothing is written where nothing differs."""
        poller, context = self.poller, self.context
        if poller is None or not self.is_ready:
            return
        states = poller.watched.states
        here, others = f"watching {count(len(states))}", len(context.shift.pins) - len(states)
        if context.past is not None:  # what is watched now, of this account or others, is not of that moment
            here, others = "watched instances", 0
        self.query_one(Header).tell(
            identity_of(context, here + (f", {count(others)} in other accounts" if others else "")),
            counts={},
            freshness=_paced(frozen=poller.frozen),
            meter=meter_pieces(poller.budget),
        )
        watch = context.keys.key_of("instance.watch")
        self.table.message = (
            f"Nothing is watched yet.\n{watch} watches the instance under the cursor: "
            f"it is read every {PACE:.0f} s wherever you are, every {spoken(FINAL_PACE)} once it has ended, "
            "and a change rings the bell and is shown."
        )
        if context.past is not None:
            self.table.message = "A record stands still: nothing in it can be watched."
        self.table.take(states, self._short)
        self._draw_reason()

    def _draw_reason(self) -> None:
        """The sentence of the instance under the cursor, whole."""
        state, why = self.table.chosen, None
        if state is not None:
            why = self._why(state.pin) or self._last_why(state)
        lines: list[Pieces] = []
        if state is not None and why is not None:
            width = self.size.width
            title: Pieces = [(fit(clean(state.pin.id, 200), width - 20, cut="middle").rstrip(), STRONG)]
            said = wrapped(clean(why.sentence), width - 4, _REASON)
            said += [""] * (_REASON - len(said))  # the table keeps its height while the cursor moves
            hint = f"{self.context.keys.key_of('row.open')} opens it"
            lines = [ruled(title, width, hint=hint), *([("  " + line, PLAIN)] for line in said)]
        self.query_one("#reason", TextLines).show(lines)

    def _short(self, pin: Pin) -> str:
        why = self._why(pin)
        if why is not None and why.short:
            return why.short
        # As in the list, where there is no column for it either.
        poller = self.poller
        row = poller.store.get(pin.id) if poller is not None and pin.workflow == poller.workflow else None
        took = row.lasted(0.0) if row is not None and row.status == "complete" else None
        return f"took {brief(took)}" if took is not None else ""

    def _why(self, pin: Pin) -> Why | None:
        """Why an instance of the workflow listed beneath is where it is; None for another workflow's."""
        poller = self.poller
        if poller is None or pin.workflow != poller.workflow:
            return None
        return poller.row_details.why(pin.id)

    def _last_why(self, state: PinState) -> Why | None:
        """What was said last of an instance that is gone; None for one that is there."""
        poller = self.poller
        if poller is None or state.status != GONE or state.pin.workflow != poller.workflow:
            return None
        fact = poller.row_details.fact(state.pin.id)
        if fact is None:
            return None
        read = clock(fact.read_at, utc=poller.row_details.utc, now=self.context.clock())
        return replace(fact.why, sentence=f"at {read}: {fact.why.sentence}")

    def subject(self) -> tuple[str, str]:
        state = self.table.chosen
        return (state.pin.workflow, state.pin.id) if state is not None else ("", "")

    def why_off(self, action: str) -> str:
        if action in ("row.open", "instance.watch") and self.table.chosen is None:
            return "nothing is watched"
        return super().why_off(action)

    def action_instance_watch(self) -> None:
        self.context.shift.toggle(*self.subject())
        self.draw()

    def action_row_open(self) -> None:
        workflow, instance = self.subject()
        if instance:
            self.context.pages.show_instance(workflow, instance, over="watched")
