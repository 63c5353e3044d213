"""The app's own actions: opening pages, closing layers, polling, the zone, leaving."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.app import App, SuspendNotSupported
from textual.screen import Screen

from wfdash.core.verbs.rules import phrase
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.instances.screen import InstancesScreen

if TYPE_CHECKING:
    from wfdash.config.settings import Settings
    from wfdash.ui.handover import Shift
    from wfdash.ui.session import AccountSession

__all__ = ["Navigator"]

_PAGES = {
    "workflows": ("wfdash.ui.pages.workflows", "WorkflowsScreen"),
    "errors": ("wfdash.ui.errors.screen", "ErrorsScreen"),
    "watched": ("wfdash.ui.pages.watched", "WatchedScreen"),
    "budget": ("wfdash.ui.pages.budget", "BudgetScreen"),
    "events": ("wfdash.ui.actions.waits", "EventsScreen"),
    "send_event": ("wfdash.ui.actions.send_event", "SendEventScreen"),
    "create": ("wfdash.ui.actions.create", "CreateScreen"),
    "journal": ("wfdash.ui.pages.journal", "JournalScreen"),
    "profile": ("wfdash.ui.pages.profile", "ProfileScreen"),
    "setup": ("wfdash.ui.setup.screen", "SetupScreen"),
    "accounts": ("wfdash.ui.pages.accounts", "AccountsScreen"),
    "help": ("wfdash.ui.pages.help", "HelpScreen"),
    "bulk": ("wfdash.ui.actions.bulk", "BulkScreen"),
    "palette": ("wfdash.ui.pages.palette", "PaletteScreen"),
    "goto": ("wfdash.ui.pages.goto", "GotoScreen"),
    "detail": ("wfdash.ui.detail.screen", "DetailScreen"),
    "inspector": ("wfdash.ui.detail.inspector", "InspectorScreen"),
    "compare": ("wfdash.ui.detail.compare", "CompareScreen"),
    "export": ("wfdash.ui.pages.export", "ExportScreen"),
    "note": ("wfdash.ui.pages.note", "NoteScreen"),
    "copy": ("wfdash.ui.pages.copy", "CopyScreen"),
}
"""Loaded when first opened."""


class Navigator(App[int], inherit_bindings=False):
    """The part of the app that opens and closes pages."""

    settings: "Settings"
    session: "AccountSession | None" = None
    shift: "Shift"
    utc = True
    lent = False
    """Whether something else has the terminal just now."""
    _leaving = False
    _ending = False

    def key_of(self, action: str) -> str:
        """The first key of an action as it is in force, as a person knows it."""
        raise NotImplementedError

    @property
    def root(self) -> InstancesScreen:
        """The instances, under whatever else is open."""
        root = self.screen_stack[0]
        assert isinstance(root, InstancesScreen)
        return root

    @property
    def at_root(self) -> bool:
        """Whether nothing lies underneath; while no workflow was chosen, the list of them is the root."""
        pages = self.screen_stack[1:]
        bare = not self.root.workflow and self.top is not None and self.top.opened_by == "workflows.open"
        return not pages or (bare and len(pages) == 1)

    @property
    def top(self) -> BaseScreen | None:
        return self.screen if isinstance(self.screen, BaseScreen) else None

    def leave(self, code: int = 0) -> None:
        """End the program with this exit code; once it is ending nothing changes that any more."""
        if self._ending:
            return
        self._ending = True
        self.shift.end()
        self.exit(code, return_code=code)

    def open_page(self, name: str, *arguments: Any) -> None:
        """Open a page by name, once: a page that is open already comes no second time."""
        module, cls = _PAGES[name]
        screen: type[Screen[Any]] = getattr(import_module(module), cls)
        if not isinstance(self.screen, screen):
            self.push_screen(screen(*arguments))

    def show_workflow(self, workflow: str) -> None:
        """Close every page and list this workflow."""
        self.close_pages()
        self.root.show_workflow(workflow)

    def show_instance(self, workflow: str, instance: str) -> None:
        """List the workflow with the detail of this instance open."""
        if workflow != self.root.workflow:
            self.show_workflow(workflow)
        else:
            self.close_pages()
        self.root.put_cursor(instance)
        self.open_page("detail", workflow, instance)

    def close_pages(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def action_layer_close(self) -> None:
        if (self.top is None or not self.top.close_layer()) and not self.at_root:
            self.pop_screen()

    def action_app_quit(self) -> None:
        if self.top is not None and self.top.editing and self.top.close_layer():
            return
        if not self.at_root:
            self.pop_screen()
            return
        running = self.session.operator.running if self.session is not None else ()
        many = [plan for plan in running if len(plan.targets) > 1]
        if many and not self._leaving:
            self._leaving = True
            left = sum(len(plan.eligible) for plan in many)
            shows, leaves = self.key_of("bulk.show"), self.key_of("app.quit")
            self.notify(
                f"{phrase(many[0].verb)} of {left} instances still runs; "
                f"{shows} shows it, {leaves} again leaves it unfinished",
                severity="warning",
            )
            return
        self.leave(0)

    def action_workflows_open(self) -> None:
        self.open_page("workflows")

    def action_errors_open(self) -> None:
        """Those of the workflow that is chosen on the screen on top, where one is."""
        chosen = self.top.chosen_workflow() if self.top is not None else ""
        if chosen and chosen != self.root.workflow:
            self.show_workflow(chosen)
        self.open_page("errors")

    def action_watched_open(self) -> None:
        self.open_page("watched")

    def action_budget_open(self) -> None:
        self.open_page("budget")

    def action_journal_open(self) -> None:
        self.open_page("journal")

    def action_profile_open(self) -> None:
        self.open_page("profile", self.settings, self.root.workflow)

    def action_goto_open(self) -> None:
        self.open_page("goto")

    def action_palette_open(self) -> None:
        self.open_page("palette", self.screen.active_bindings)

    def action_help_open(self) -> None:
        self.open_page("help")

    def action_export_menu(self) -> None:
        workflow, instance = self.subject
        self.open_page("export", workflow, instance, self.export_screenshot(title="wfdash", simplify=True))

    def action_note_write(self) -> None:
        self.open_page("note", *self.subject)

    def action_instance_watch(self) -> None:
        workflow, instance = self.subject
        if instance:
            self.shift.toggle(workflow, instance)

    @property
    def subject(self) -> tuple[str, str]:
        """Workflow and instance that the screen on top is about; "" where it is about none."""
        return self.top.subject() if self.top is not None else ("", "")

    def action_poll_now(self) -> None:
        if self.session is not None:
            self.session.poller.poll_now()
            self.session.poller.search_on()

    def action_poll_freeze(self) -> None:
        if self.session is None:
            return
        poller = self.session.poller
        poller.frozen = not poller.frozen
        self.notify("polling is frozen" if poller.frozen else "polling again")

    def action_time_zone(self) -> None:
        self.utc = not self.utc
        if self.session is not None:
            self.session.poller.utc = self.utc
        self.notify("times are UTC" if self.utc else "times are local")
        for screen in self.screen_stack:
            screen.refresh()

    def action_app_suspend(self) -> None:
        """Stop like any program on ctrl+z. Nothing may be awaited while the terminal is given back."""
        try:
            with self.suspend():
                os.kill(os.getpid(), signal.SIGSTOP)
        except SuspendNotSupported:
            self.notify("this terminal cannot suspend", severity="warning")

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.lent = True
        try:
            with super().suspend():
                yield
        finally:
            self.lent = False

    def retake_terminal(self) -> None:
        """Set it up and draw all anew: what was done to it meanwhile is not known."""
        with suppress(SuspendNotSupported), self.suspend():
            pass
