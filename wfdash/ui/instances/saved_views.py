"""Saved views: a filter and an order under a name and a number key."""

from collections.abc import Sequence
from typing import Any

from textual.screen import Screen
from textual.worker import Worker

from wfdash.config.schema import SavedView
from wfdash.core.filter.fields import MatchContext
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count
from wfdash.ui.context import Context
from wfdash.ui.instances.columns import order_of, sort_of
from wfdash.ui.instances.rows import InstanceRows
from wfdash.ui.instances.view_counts import ViewCounts
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, clicked

__all__ = ["SavedViews"]


class SavedViews:
    """The saved views for the workflow listed, and how many rows each would show."""

    def __init__(self, context: Context, host: Screen[Any], rows: InstanceRows) -> None:
        """`host` runs the counting."""
        self._context, self._host, self._rows = context, host, rows
        self.counts = ViewCounts()
        self._counting: Worker[None] | None = None

    def begin(self) -> None:
        """Puts the default view of another workflow in force, unless a filter is already."""
        self.counts.reset()
        view = self.default()
        # A filter in force was asked for by somebody; a default never replaces it.
        if view is not None and self._rows.poller is not None and not self._rows.query:
            self.show(view)

    def here(self) -> list[SavedView]:
        """The views with a key that are for this workflow or for all, by their key."""
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
        """Each view as text, with its key and how many loaded rows it would show."""
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
        from wfdash.ui.instances.save_view import SaveViewScreen

        self._host.app.push_screen(SaveViewScreen(self._context, view))
