"""Saved views: a filter and an order under a name and a number key."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.worker import Worker

from wfdash.config.settings import SavedView, SettingsError
from wfdash.core.filter.query import MatchContext
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.context import Context
from wfdash.ui.instances.columns import order_of, sort_of
from wfdash.ui.instances.rows import InstanceRows
from wfdash.ui.instances.view_counts import ViewCounts
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import Pieces, StatusLine
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG, clicked

__all__ = ["SaveViewScreen", "SavedViews"]


class SavedViews:
    """The views of the settings that are for the workflow listed, and how many rows each would show."""

    def __init__(self, context: Context, host: Screen[Any], rows: InstanceRows) -> None:
        """`host` runs the counting."""
        self._context, self._host, self._rows = context, host, rows
        self.counts = ViewCounts()
        self._counting: Worker[None] | None = None

    def begin(self) -> None:
        """Lists another workflow: its default view is in force, unless a filter is already."""
        self.counts.reset()
        view = self.default()
        # A filter in force was asked for by somebody; a default never replaces it.
        if view is not None and self._rows.poller is not None and not self._rows.query:
            self.show(view)

    def here(self) -> list[SavedView]:
        """The views with a key, by their key."""
        views = [view for view in self._context.settings.views if view.key]
        return sorted(
            (view for view in views if view.workflow in ("", self._rows.workflow)), key=lambda view: view.key
        )

    def default(self) -> SavedView | None:
        """The one to begin with in the workflow listed."""
        views = [view for view in self._context.settings.views if view.default]
        of_workflow = [view for view in views if view.workflow == self._rows.workflow]
        return next(iter(of_workflow), next((view for view in views if not view.workflow), None))

    def pieces(self) -> Sequence[Pieces]:
        """Each with its key and how many loaded rows it would show."""
        rows, views = self._rows, self.here()
        if rows.poller is not None and views and self.counts.due(self._context.clock()):
            self._counting = self._host.run_worker(self._count, group="view counts", exclusive=True)
        in_force = (rows.query.text, sort_of(rows.order))
        counts = dict(self.counts.by_name)
        # What the table shows is newer than the last count: two numbers for one filter must not differ.
        if rows.view is not None and not rows.view.building:
            shown = [view.name for view in views if view.filter == in_force[0]]
            counts |= dict.fromkeys(shown, len(rows.view))
        return [
            [
                (text, style + clicked("press", f"view.{view.key}"))
                for text, style in (
                    (f"{self._context.keys.key_of(f'view.{view.key}')} ", QUIET),
                    (clean(view.name), STRONG if (view.filter, view.sort) == in_force else PLAIN),
                    (f" {count(counts[view.name])}" if view.name in counts else "", QUIET),
                )
            ]
            for view in views
        ]

    async def _count(self) -> None:
        poller = self._rows.poller
        if poller is not None:
            context = MatchContext(self._rows.marks, poller.row_details.read, self._rows.batches)
            await self.counts.count(self.here(), poller.store, context, self._context.clock())

    def show(self, view: SavedView) -> None:
        """Puts a view's filter and order in force; its workflow too, where it names one."""
        if view.workflow and view.workflow != self._rows.workflow:
            self._context.pages.show_workflow(view.workflow)
        self._rows.set_order(order_of(view.sort))
        error = self._rows.filter_by(view.filter)
        if error:
            self._context.notify(f"view {view.name}: {error}", severity="error")
        else:
            self._context.notify(f"view {view.name}")

    def show_numbered(self, number: int) -> None:
        found = next((view for view in self._context.settings.views if view.key == str(number)), None)
        if found is not None:
            self.show(found)
        else:
            save = self._context.keys.key_of("view.save")
            self._context.notify(
                f"there is no view {number}; {save} saves the present one", severity="warning"
            )

    def save(self) -> None:
        """Asks under which name to keep the filter and the order in force."""
        rows = self._rows
        view = SavedView("", workflow=rows.workflow, filter=rows.query.text, sort=sort_of(rows.order))
        self._host.app.push_screen(SaveViewScreen(self._context, view))


class SaveViewScreen(PanelScreen):
    """Asks for the name; the key is that of a view of this name, or the next free number."""

    DEFAULT_CSS = "SaveViewScreen Field { margin: 0 1; }"

    def __init__(self, context: Context, view: SavedView) -> None:
        super().__init__(context)
        self._view = view

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield Field(placeholder="a name for it", max_length=60)
            yield StatusLine(id="note")

    def on_mount(self) -> None:
        self.query_one(Field).focus()
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        close = self.context.keys.key_of("layer.close")
        self.query_one(Title).name_it("Save this view", f"enter saves, {close} closes")
        words = clean(self._view.filter) or "no filter"
        sort = f", sorted by {self._view.sort}" if self._view.sort else ""
        self.query_one("#note", StatusLine).show(
            [(f" {words}{sort}, on {clean(self._view.workflow)}", QUIET)]
        )

    def on_input_submitted(self) -> None:
        name = self.query_one(Field).value.strip()
        if not name:
            return
        settings = self.context.settings
        # Saving under a name that exists replaces it and keeps its key, which the fingers know.
        key = next((view.key for view in settings.views if view.name == name), "") or self._free_key()
        view = replace(self._view, name=name, key=key)
        # The demo is tried on machines that have a real config, which it must not touch.
        where = "for this session: the demo writes no config"
        if not settings.demo and settings.config_path is not None:
            from wfdash.config.writer import save_view

            try:
                save_view(settings.config_path, view)
            except SettingsError as wrong:
                self.query_one("#note", StatusLine).show([(" ", PLAIN), (clean(str(wrong)), BAD)])
                return
            where = f"in {settings.config_path}"
        others = tuple(saved for saved in settings.views if saved.name != name)
        self.context.settings = replace(settings, views=(*others, view))
        self.close()
        under = self.context.keys.key_of(f"view.{key}") if key else "no key: all nine are taken"
        sentence = f"saved {name} under {under}, {where}"
        self.app.call_after_refresh(self.context.notify, sentence)

    def _free_key(self) -> str:
        taken = {view.key for view in self.context.settings.views}
        return next((str(number) for number in range(1, 10) if str(number) not in taken), "")
