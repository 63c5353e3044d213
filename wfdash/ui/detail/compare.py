"""This run against a late complete one of its version, or of the version before."""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from wfdash.core.model.instance import Instance
from wfdash.core.model.step import ABSENT
from wfdash.core.payload.tree import path_text, summary
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock, counted, short_version, spoken
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.compare import Comparison, Difference, compare
from wfdash.live.reads.comparison import PURPOSE, RunPair, read_pair
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.detail.compare_table import CompareTable, first_lines
from wfdash.ui.detail.fill import WIDE
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.rule import Rule, ruled
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["CompareScreen"]

_ROOMY: Final = 20
"""Lines of a screen from which nothing of the sentences is cut for the steps."""
_WORTH: Final = 4
"""Lines from which some of the places are shown with their values."""
_VALUE: Final = 150
"""Characters that are shown of a value."""
_LOOKING: Final = "looking for a complete run to compare with"
_NONE: Final = "no run of this workflow is complete: there is nothing to compare with"
_UNREAD: Final = "nothing of its steps is recorded by then: there is nothing to compare"
_OTHERS_UNREAD: Final = "of no complete run are the steps recorded by then: there is nothing to compare with"
_EXPIRED: Final = "the last complete runs have expired: nothing to compare with"


class CompareScreen(BaseScreen):
    """Reads two runs and compares them step by step.

    Costs up to five requests for runs of which the most alike is taken, and one each for this one and for
    the list of the complete ones, where those are not known yet."""

    DEFAULT_CSS = """
    CompareScreen #beside { height: 1fr; }
    """
    labels: ClassVar[Mapping[str, str]] = {"row.open": "open the other"}
    offers = ("instance.next",)
    BINDINGS: ClassVar[list[BindingType]] = bindings("row.open", "instance.next", "instance.previous")

    def __init__(self, context: Context, workflow: str, instance: str) -> None:
        super().__init__(context)
        self.workflow, self.instance = workflow, instance
        self._said, self._looking = _LOOKING, True
        self._other: Instance | None = None
        self._against = ""
        """What the other run is, in words."""
        self._params: list[Difference] = []

    def compose(self) -> ComposeResult:
        yield TextLines(id="head")
        with Horizontal(id="sides"):
            yield CompareTable(id="pairs")
            yield Rule()
            yield TextLines(id="beside")
        yield TextLines(id="below")
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.query_one("#pairs").focus()
        self.call_after_refresh(self._draw)
        self._find()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @work(exclusive=True, exit_on_error=False)
    async def _find(self) -> None:
        """Reads both runs and compares them; what was found is shown by the screen, outside of the worker."""
        from wfdash.api.errors import WorkflowsError

        session = self.context.session
        if session is None:
            self.call_later(self._tell, "there is no connection yet")
            return
        # An answer that is loaded already saves one of the reads.
        poller, state = session.poller, session.poller.detail(self.instance)
        try:
            pair = await read_pair(
                session.reads,
                poller.store,
                self.workflow,
                self.instance,
                loaded=state.detail if state is not None else None,
                local=poller.local,
                progress=self._progress,
            )
        except WorkflowsError as error:
            self.call_later(self._tell, f"not read: {error}")
            return
        if pair.other is None:
            none = _EXPIRED if pair.expired else _NONE
            if pair.unread:
                none = _UNREAD if pair.mine.unread else _OTHERS_UNREAD
            self.call_later(self._tell, none)
            return
        row, theirs = pair.other
        # In a thread: two runs of 10,000 steps take longer to align than a key may wait.
        found = await asyncio.to_thread(compare, pair.mine, theirs, now=self.context.clock())
        self.call_later(self._show, found, row, pair)

    def _progress(self, done: int, of: int) -> None:
        """Shows how far the reads are; called by a worker, so it hands on to the app's turn."""
        key = self.context.keys.key_of("layer.close")
        self.call_later(self._tell, f"{_LOOKING}: {done} of {of} read, a request each; {key} stops it", True)

    def tick(self, now: float) -> None:
        # What the reads wait for changes by the clock alone.
        if self._looking:
            self._draw()

    @property
    def _waits(self) -> str:
        """What the reads wait for, where they do."""
        poller = self.poller
        slow = poller.budget.slow(PURPOSE) if poller and self._looking else ""
        return f"; slow: {slow}" if slow else ""

    def _tell(self, said: str, looking: bool = False) -> None:
        self._said, self._looking = said, looking
        self._draw()

    def _show(self, found: Comparison, other: Instance, pair: RunPair) -> None:
        self._said, self._looking = found.sentence(), False
        self._other, self._params = other, found.params
        now, utc = self.context.clock(), self.context.utc
        ended = other.ended or other.created
        word = "finished" if other.ended else "created"
        when = f", {word} {spoken(now - ended)} ago" if ended else ""
        alike = f" · of the last {pair.weighed} the one whose params differ least" if pair.weighed > 1 else ""
        self._against = f"compared with {clean(other.id, 200)}, complete"
        self._against += f"{_version_words(pair.version, other.version)}{when}{alike}"
        at = now if pair.other is None else pair.other[1].read_at or now
        self._against += f" · read {clock(at, utc=utc)}"
        self._pairs.fill(found)
        self._draw()
        # By then it has its height: as many steps before the first difference as there is room for.
        self.call_after_refresh(self._pairs.to_first_difference)

    def _draw(self) -> None:
        width, short = self.size.width, self.size.height < _ROOMY
        badges = badge_pieces(identity_of(self.context, ""))
        # The badges come first and are never cut: which account this is matters more than the end of an id.
        room = width - length(badges) - 2
        lines: list[Pieces] = [[(" ", PLAIN), *badges, *self._place(room)]]
        style = STRONG if self._other is not None else WARN
        said = wrapped(clean(self._said + self._waits), width - 2, 2 if short else 3)
        lines += [[(f" {line}", style)] for line in said]
        differ: list[Pieces] = []
        if self._other is not None:
            against = _packed(self._against, width - 2)[: 1 if short else 2]
            lines += [[(f" {line}", QUIET)] for line in against]
            lines += ([] if short else [[]]) + first_lines(self._pairs.comparison, width, short=short)
            differ = self._differences()
        beside, sides = self.query_one("#beside", TextLines), self.query_one("#sides", Horizontal)
        beside.display = self.query_one(Rule).display = bool(differ) and width >= WIDE
        # The bar, and a blank line after what failed where there is room.
        remaining = self.size.height - len(lines) - (1 if short else 2)
        below: list[Pieces] = []
        if beside.display:
            self._pairs.styles.width, sides.styles.height = self._pairs_width, remaining
            beside.show(_cut_to(differ, remaining))
        else:
            # Beneath the steps, in what they leave; how many there are always stands.
            rows = self._pairs.row_count() + 1
            below = _cut_to(differ, max(0, remaining - rows - 1)) if differ else []
            below = [[], *below] if below else self._named_differences()
            self._pairs.styles.width, sides.styles.height = "1fr", max(2, remaining - len(below))
        self.query_one("#below", TextLines).show(below)
        self.query_one("#head", TextLines).show([*lines, *([] if short else [[]])])

    @property
    def _pairs_width(self) -> int:
        return min(self._pairs.wanted_width, self.size.width * 3 // 5)

    @property
    def _pairs(self) -> CompareTable:
        return self.query_one("#pairs", CompareTable)

    def _place(self, room: int) -> Pieces:
        """`orders/order-12`; where room is short the workflow goes, and not a part of the id."""
        name = clean(self.instance, 300)
        before = f"{clean(self.workflow, 100)}/"
        return [
            (before if cells(before) + cells(name) <= room else "", PLAIN),
            (fit(name, max(1, min(cells(name), room))), STRONG),
        ]

    def _differences(self) -> list[Pieces]:
        """Where the params differ: their title, then a line each, or three where a line would be cut."""
        if not self._params:
            return []
        width = self.size.width - (self._pairs_width + 2 if self.size.width >= WIDE else 0)
        title: Pieces = [("PARAMS that differ  ", HEADING), ("this ← other", QUIET)]
        lines: list[Pieces] = [ruled(title, width)]
        for each in self._params:
            path = clean(path_text(each.path).removeprefix("$."))
            mine, theirs = _side(each.mine), _side(each.theirs)
            if cells(path) + cells(mine) + cells(theirs) + 8 <= width:
                lines.append([(f"   {path}  ", PLAIN), (f"{mine} ← {theirs}", QUIET)])
                continue
            room = max(1, width - 8)
            lines.append([(fit(f"   {path}", width).rstrip(), PLAIN)])
            for sign, said in ((" ", mine), ("←", theirs)):
                lines.append([(f"     {sign} {fit(said, room).rstrip()}", QUIET)])
        return lines

    def _named_differences(self) -> list[Pieces]:
        """One line that names the places where the params differ; none without differences."""
        if not self._params:
            return []
        said = "   params differ in "
        names = [clean(path_text(each.path).removeprefix("$.")) for each in self._params]
        for shown in range(len(names), 0, -1):
            more = f" and {len(names) - shown:,} more" if shown < len(names) else ""
            if cells(line := f"{said}{', '.join(names[:shown])}{more}") < self.size.width:
                return [[(line, QUIET)]]
        return [[(f"{said}{counted(len(names), 'place')}", QUIET)]]

    def subject(self) -> tuple[str, str]:
        return self.workflow, self.instance

    def target_workflow(self) -> str:
        return self.workflow

    def action_instance_next(self) -> None:
        self._to(1)

    def action_instance_previous(self) -> None:
        self._to(-1)

    def _to(self, direction: int) -> None:
        """Compares the instance above or below in the list instead."""
        other = self.context.pages.listing.step(self.workflow, self.instance, direction)
        if other is not None:
            self.instance, self._other = other, None
            self._tell(_LOOKING, looking=True)
            self._find()

    def action_row_open(self) -> None:
        """Opens the run this one is compared with."""
        # Over this page: what is looked at is the one that failed, and esc leads back to it. The list may
        # not even have the other one, as where only what errored is listed.
        if self._other is not None:
            self.context.pages.open("detail", self.workflow, self._other.id)


def _packed(text: str, width: int) -> list[str]:
    """The text on lines that end where a part of it ends: a lone time on a second line says nothing."""
    lines = [""]
    for part in text.split(" · "):
        both = f"{lines[-1]} · {part}" if lines[-1] else part
        lines[-1:] = [both] if cells(both) <= width or not lines[-1] else [lines[-1], part]
    return [shown for line in lines for shown in wrapped(line, width, 2)]


def _version_words(mine: str, theirs: str) -> str:
    """Whether the other run is of the same version; nothing where a server, as a dev session, tells none."""
    if not mine or not theirs:
        return ""
    return (
        ", of the same version"
        if mine == theirs
        else f", of another version ({clean(short_version(theirs))})"
    )


def _side(value: Any) -> str:
    return "none" if value is ABSENT else clean(summary(value, _VALUE))


def _cut_to(lines: list[Pieces], room: int) -> list[Pieces]:
    """The first of the lines; the last one that has room counts those that have none."""
    if len(lines) <= room:
        return lines
    if room < _WORTH:
        return []
    rest = len(lines) - room + 1
    return [*lines[: room - 1], [(f"   and {rest:,} more", QUIET)]]
