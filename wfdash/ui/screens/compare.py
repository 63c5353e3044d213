"""This run against the latest complete one of its version, or of the version before."""

from collections.abc import Mapping
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from wfdash.core.compare import best_candidates, compare
from wfdash.core.detail import Detail
from wfdash.core.instance import Instance
from wfdash.core.payload import path_text, summary
from wfdash.core.text import clean, fit
from wfdash.core.wording import clock, spoken
from wfdash.core.wrap import wrapped
from wfdash.ui.bindings import bindings
from wfdash.ui.screens.base import BaseScreen
from wfdash.ui.theme import PLAIN, QUIET, STRONG, WARN
from wfdash.ui.widgets.compare_table import CompareTable
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.text_lines import TextLines

__all__ = ["CompareScreen"]

_PARAMS: Final = 4


class CompareScreen(BaseScreen):
    """Costs one request for the other run, and one for this one where it is not known yet."""

    labels: ClassVar[Mapping[str, str]] = {"row.open": "open the other"}
    BINDINGS: ClassVar[list[BindingType]] = bindings("row.open")

    def __init__(self, workflow: str, instance: str) -> None:
        super().__init__()
        self.workflow, self.instance = workflow, instance
        self._said = "looking for a complete run to compare with"
        self._other: Instance | None = None
        self._lines: list[Pieces] = []

    def compose(self) -> ComposeResult:
        yield TextLines(id="head")
        yield CompareTable(id="pairs")
        yield KeyBar(self.dashboard.why_off)

    def on_mount(self) -> None:
        self.query_one("#pairs").focus()
        self.call_after_refresh(self._draw)
        self._find()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @work(exclusive=True, exit_on_error=False)
    async def _find(self) -> None:
        """Read both runs; only the store and the api are touched here."""
        from wfdash.api.errors import WorkflowsError

        poller = self.poller
        if poller is None:
            self.call_later(self._tell, "there is no connection yet")
            return
        row = poller.store.get(self.instance)
        state = poller.detail(self.instance)
        version = (row.version if row else "") or (state.detail.version if state and state.detail else "")
        rows = (poller.store.get(one) for one in poller.store.ids())
        candidates = best_candidates(
            [one for one in rows if one is not None], mine=self.instance, version=version
        )
        if not candidates:
            self.call_later(self._tell, "no complete run is among the loaded rows; scroll down to load more")
            return
        try:
            mine = state.detail if state and state.detail else await self._read(self.instance)
            theirs = await self._read(candidates[0].id)
        except WorkflowsError as error:
            self.call_later(self._tell, f"not read: {error}")
            return
        self.call_later(self._show, mine, theirs, candidates[0], version)

    async def _read(self, instance: str) -> Detail:
        from wfdash.live.budget import Priority
        from wfdash.live.reading import read_answer

        session = self.dashboard.session
        assert session is not None
        await session.budget.acquire(Priority.DETAIL)
        answer = await session.api.get_instance(self.workflow, instance)
        return read_answer(self.workflow, instance, answer)

    def _tell(self, said: str) -> None:
        self._said = said
        self._draw()

    def _show(self, mine: Detail, theirs: Detail, other: Instance, version: str) -> None:
        found = compare(mine, theirs)
        self._said, self._other = found.sentence(), other
        same = "the same version" if version and other.version == version else "another version"
        now, utc = self.dashboard.clock(), self.dashboard.utc
        when = f", {spoken(now - other.created)} ago" if other.created else ""
        when += f" · read {clock(now, utc=utc)}"
        self._lines = [
            [(" against ", QUIET), (clean(other.id[:200]), PLAIN), (f", complete, of {same}{when}", QUIET)]
        ]
        for one in found.params[:_PARAMS]:
            was = f"{summary(one.theirs, 60)} → {summary(one.mine, 60)}"
            self._lines.append(
                [(" params ", QUIET), (clean(path_text(one.path)), PLAIN), (f"  {was}", QUIET)]
            )
        if len(found.params) > _PARAMS:
            self._lines.append([(f" and {len(found.params) - _PARAMS} more places in params", QUIET)])
        self.query_one("#pairs", CompareTable).fill(found)
        self._draw()

    def _draw(self) -> None:
        width = self.size.width
        badges = badge_pieces(self.dashboard.identity(""))
        room = width - length(badges) - 2
        lines: list[Pieces] = [[(" ", PLAIN), *badges, (fit(clean(self.instance[:300]), room), STRONG)]]
        style = STRONG if self._other is not None else WARN
        lines += [[(f" {line}", style)] for line in wrapped(clean(self._said), width - 2, 3)]
        self.query_one("#head", TextLines).show([*lines, *self._lines, []])

    def action_row_open(self) -> None:
        """Open the run this one is compared with."""
        if self._other is not None:
            self.dismiss()
            self.dashboard.show_instance(self.workflow, self._other.id)
