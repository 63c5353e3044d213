"""Saved views: a filter and an order under a name and a number key."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical

from wfdash.config.settings import SavedView, SettingsError
from wfdash.core.filter.query import MatchContext
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.instances.columns import order_of, sort_of
from wfdash.ui.instances.marks import SelectionScreen
from wfdash.ui.instances.view_counts import ViewCounts
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import StatusLine
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG, clicked

if TYPE_CHECKING:
    from wfdash.live.watcher import Watcher

__all__ = ["SaveViewScreen", "ViewsScreen"]


class ViewsScreen(SelectionScreen):
    """The part of the instances screen that knows saved views."""

    def __init__(self, workflow: str) -> None:
        super().__init__(workflow)
        self._view_counts = ViewCounts()

    def show_workflow(self, workflow: str) -> None:
        """Begins with the workflow's default view, unless a filter is in force already."""
        super().show_workflow(workflow)
        self._view_counts.reset()
        view = self.default_view()
        if view is not None and self.poller is not None and not self.filter_line.query_now:
            self.show_view(view)

    def views_here(self) -> list[SavedView]:
        """Those with a key that are for the workflow shown, by their key."""
        views = [view for view in self.dashboard.settings.views if view.key]
        return sorted(
            (view for view in views if view.workflow in ("", self.workflow)), key=lambda view: view.key
        )

    def count_views(self) -> None:
        """Say beside the filter how many loaded rows each view would show."""
        views = self.views_here()
        if self.poller is not None and views and self._view_counts.due(self.dashboard.clock()):
            self._count_views(views, self.poller)
        in_force = (self.filter_line.query_now.text, sort_of(self.table.order))
        counts = dict(self._view_counts.by_name)
        if self.view is not None and not self.view.building:
            shown = [view.name for view in views if view.filter == in_force[0]]
            counts |= dict.fromkeys(shown, len(self.view))
        self.filter_line.offer(
            [
                [
                    (text, style + clicked("press", f"view.{view.key}"))
                    for text, style in (
                        (f"{self.dashboard.key_of(f'view.{view.key}')} ", QUIET),
                        (clean(view.name), STRONG if (view.filter, view.sort) == in_force else PLAIN),
                        (f" {count(counts[view.name])}" if view.name in counts else "", QUIET),
                    )
                ]
                for view in views
            ]
        )

    @work(group="view counts", exclusive=True)
    async def _count_views(self, views: Sequence[SavedView], poller: "Watcher") -> None:
        context = MatchContext(self.marks, poller.read)
        await self._view_counts.count(views, poller.store, context, self.dashboard.clock())

    def show_view(self, view: SavedView) -> None:
        """Put a view's filter and order in force; its workflow too, where it names one."""
        if view.workflow and view.workflow != self.workflow:
            self.dashboard.show_workflow(view.workflow)
        self.set_order(order_of(view.sort))
        self.filter_line.put(view.filter)
        if self.filter_line.error:
            self.dashboard.notify(f"view {view.name}: {self.filter_line.error}", severity="error")
        else:
            self.dashboard.notify(f"view {view.name}")

    def default_view(self) -> SavedView | None:
        """The one to begin with in the workflow shown."""
        views = [view for view in self.dashboard.settings.views if view.default]
        of_workflow = [view for view in views if view.workflow == self.workflow]
        return next(iter(of_workflow), next((view for view in views if not view.workflow), None))

    def _show_numbered(self, number: int) -> None:
        found = next((view for view in self.dashboard.settings.views if view.key == str(number)), None)
        if found is not None:
            self.show_view(found)
        else:
            save = self.dashboard.key_of("view.save")
            self.dashboard.notify(
                f"there is no view {number}; {save} saves the present one", severity="warning"
            )

    def action_view_save(self) -> None:
        view = SavedView(
            "", workflow=self.workflow, filter=self.filter_line.query_now.text, sort=sort_of(self.table.order)
        )
        self.dashboard.push_screen(SaveViewScreen(view))

    def action_view_1(self) -> None:
        self._show_numbered(1)

    def action_view_2(self) -> None:
        self._show_numbered(2)

    def action_view_3(self) -> None:
        self._show_numbered(3)

    def action_view_4(self) -> None:
        self._show_numbered(4)

    def action_view_5(self) -> None:
        self._show_numbered(5)

    def action_view_6(self) -> None:
        self._show_numbered(6)

    def action_view_7(self) -> None:
        self._show_numbered(7)

    def action_view_8(self) -> None:
        self._show_numbered(8)

    def action_view_9(self) -> None:
        self._show_numbered(9)


class SaveViewScreen(PanelScreen):
    """Asks for the name; the key is that of a view of this name, or the next free number."""

    DEFAULT_CSS = "SaveViewScreen Field { margin: 0 1; }"

    def __init__(self, view: SavedView) -> None:
        super().__init__()
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
        close = self.dashboard.key_of("layer.close")
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
        settings = self.dashboard.settings
        key = next((view.key for view in settings.views if view.name == name), "") or self._free_key()
        view = replace(self._view, name=name, key=key)
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
        self.dashboard.settings = replace(settings, views=(*others, view))
        self.close()
        under = self.dashboard.key_of(f"view.{key}") if key else "no key: all nine are taken"
        sentence = f"saved {name} under {under}, {where}"
        self.dashboard.call_after_refresh(self.dashboard.notify, sentence)

    def _free_key(self) -> str:
        taken = {view.key for view in self.dashboard.settings.views}
        return next((str(number) for number in range(1, 10) if str(number) not in taken), "")
