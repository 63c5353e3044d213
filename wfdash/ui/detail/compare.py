"""This run against a late complete one of its version, or of the version before."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from wfdash.core.model.instance import Instance
from wfdash.core.payload.tree import path_text, summary
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import clock, short_version, spoken
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.compare import Comparison, Difference, compare
from wfdash.live.reads.comparison import PURPOSE, RunPair, read_pair
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.detail.compare_table import CompareTable
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN

__all__ = ["CompareScreen"]

_PARAMS: Final = 5
"""Lines that the params have at least."""
_LOOKING: Final = "looking for a complete run to compare with"
_NONE: Final = "no run of this workflow is complete: there is nothing to compare with"
_UNREAD: Final = "nothing of its steps is recorded by then: there is nothing to compare"
_OTHERS_UNREAD: Final = "of no complete run are the steps recorded by then: there is nothing to compare with"
_EXPIRED: Final = "the last complete runs have expired: nothing to compare with"


class CompareScreen(BaseScreen):
    """Reads two runs and compares them step by step.

    Costs up to five requests for runs of which the most alike is taken, and one each for this one and for
    the list of the complete ones, where those are not known yet."""

    labels: ClassVar[Mapping[str, str]] = {"row.open": "open the other"}
    offers = ("instance.next",)
    BINDINGS: ClassVar[list[BindingType]] = bindings("row.open", "instance.next", "instance.previous")

    def __init__(self, context: Context, workflow: str, instance: str) -> None:
        super().__init__(context)
        self.workflow, self.instance = workflow, instance
        self._said = _LOOKING
        self._other: Instance | None = None
        self._against = ""
        """What the other run is, in words."""
        self._params: list[Difference] = []

    def compose(self) -> ComposeResult:
        yield TextLines(id="head")
        yield CompareTable(id="pairs")
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
        """From the worker, which touches no widget."""
        key = self.context.keys.key_of("layer.close")
        self.call_later(self._tell, f"{_LOOKING}: {done} of {of} read, a request each; {key} stops it")

    def tick(self, now: float) -> None:
        # What the reads wait for changes by the clock alone.
        if self._said.startswith(_LOOKING):
            self._draw()

    @property
    def _waits(self) -> str:
        """What the reads wait for, where they do."""
        poller = self.poller
        slow = poller.budget.slow(PURPOSE) if poller and self._said.startswith(_LOOKING) else ""
        return f"; slow: {slow}" if slow else ""

    def _tell(self, said: str) -> None:
        self._said = said
        self._draw()

    def _show(self, found: Comparison, other: Instance, pair: RunPair) -> None:
        self._said, self._other, self._params = found.sentence(), other, found.params
        now, utc = self.context.clock(), self.context.utc
        ended = other.ended or other.created
        word = "finished" if other.ended else "created"
        when = f", {word} {spoken(now - ended)} ago" if ended else ""
        alike = f" · of the last {pair.weighed} the one most like it in params" if pair.weighed > 1 else ""
        self._against = f"compared with {clean(other.id[:200])}, complete"
        self._against += f"{_version_words(pair.version, other.version)}{when}{alike}"
        at = now if pair.other is None else pair.other[1].read_at or now
        self._against += f" · read {clock(at, utc=utc)}"
        self.query_one("#pairs", CompareTable).fill(found)
        self._draw()

    def _draw(self) -> None:
        width = self.size.width
        badges = badge_pieces(identity_of(self.context, ""))
        # The badges come first and are never cut: which account this is matters more than the end of an id.
        room = width - length(badges) - 2
        lines: list[Pieces] = [[(" ", PLAIN), *badges, (fit(clean(self.instance[:300]), room), STRONG)]]
        style = STRONG if self._other is not None else WARN
        lines += [[(f" {line}", style)] for line in wrapped(clean(self._said + self._waits), width - 2, 3)]
        if self._other is not None:
            lines += [[(f" {line}", QUIET)] for line in wrapped(self._against, width - 2, 2)]
            # A blank line, the title of the steps and the keys stand below.
            pairs = self.query_one("#pairs", CompareTable).row_count()
            lines += self._differences(max(_PARAMS, self.size.height - len(lines) - pairs - 3))
        self.query_one("#head", TextLines).show([*lines, []])

    def _differences(self, room: int) -> list[Pieces]:
        """Where the params differ, as far as there is room for it beside the steps."""
        # The last line is kept for the count of those that have no room.
        shown = self._params if len(self._params) <= room else self._params[: room - 1]
        lines: list[Pieces] = []
        for each in shown:
            was = f"{summary(each.theirs, 60)} → {summary(each.mine, 60)}"
            lines.append([(" params ", QUIET), (clean(path_text(each.path)), PLAIN), (f"  {was}", QUIET)])
        if more := len(self._params) - len(shown):
            lines.append([(f" and {more} more places in params", QUIET)])
        return lines

    def subject(self) -> tuple[str, str]:
        return self.workflow, self.instance

    def target_workflow(self) -> str:
        return self.workflow

    def action_instance_next(self) -> None:
        self._to(1)

    def action_instance_previous(self) -> None:
        self._to(-1)

    def _to(self, direction: int) -> None:
        """Compares the instance above or below in the table beneath."""
        other = self.context.pages.listing.step(self.workflow, self.instance, direction)
        if other is not None:
            self.instance, self._other = other, None
            self._tell(_LOOKING)
            self._find()

    def action_row_open(self) -> None:
        """Opens the run this one is compared with."""
        # Closed first: esc from the other run leads to the list, not back through a chain of comparisons.
        if self._other is not None and self.close():
            self.context.pages.show_instance(self.workflow, self._other.id)


def _version_words(mine: str, theirs: str) -> str:
    """Whether the other run is of the same version; nothing where a server, as a dev session, tells none."""
    if not mine or not theirs:
        return ""
    return (
        ", of the same version"
        if mine == theirs
        else f", of another version ({clean(short_version(theirs))})"
    )
