"""Opens pages, closes layers, leaves: what stands over the instances, and in which order."""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any

from msgspec import Struct
from textual.app import App

from wfdash.core.text.words import counted
from wfdash.core.verbs.rules import phrase
from wfdash.keymap.actions import BY_ID, textual_action
from wfdash.ui.base.screen import BaseScreen, ReadyScreen, ShownAgain
from wfdash.ui.context import Context
from wfdash.ui.instances.rows import InstanceRows
from wfdash.ui.instances.screen import InstancesScreen

__all__ = ["Navigator"]

_PAGES = {
    "workflows": ("wfdash.ui.workflows.screen", "WorkflowsScreen"),
    "errors": ("wfdash.ui.errors.screen", "ErrorsScreen"),
    "account_errors": ("wfdash.ui.errors.account_screen", "AccountErrorsScreen"),
    "steps": ("wfdash.ui.history.steps", "StepsScreen"),
    "history": ("wfdash.ui.history.screen", "HistoryScreen"),
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
    "cut_off": ("wfdash.ui.actions.cut_off", "CutOffScreen"),
    "read_all": ("wfdash.ui.actions.read_all", "ReadAllScreen"),
    "bulk": ("wfdash.ui.actions.bulk", "BulkScreen"),
    "palette": ("wfdash.ui.pages.palette", "PaletteScreen"),
    "goto": ("wfdash.ui.pages.goto", "GotoScreen"),
    "detail": ("wfdash.ui.detail.screen", "DetailScreen"),
    "logs": ("wfdash.ui.logs.screen", "LogsScreen"),
    "inspector": ("wfdash.ui.detail.inspector", "InspectorScreen"),
    "compare": ("wfdash.ui.detail.compare", "CompareScreen"),
    "export": ("wfdash.ui.pages.export", "ExportScreen"),
    "note": ("wfdash.ui.pages.note", "NoteScreen"),
    "display": ("wfdash.ui.pages.display", "DisplayScreen"),
    "copy": ("wfdash.ui.pages.copy", "CopyScreen"),
}
"""Loaded when first opened."""
_AHEAD = (
    "wfdash.ui.actions.prompt_text",
    "wfdash.ui.actions.prompt",
    _PAGES["errors"][0],
    "wfdash.core.timeline.timeline",
    "wfdash.ui.detail.timeline_table",
    "wfdash.ui.widgets.field",
    "wfdash.ui.logs.pane",
    "wfdash.ui.detail.screen",
    _PAGES["read_all"][0],
    _PAGES["bulk"][0],
)
"""Loaded before that, once nobody types: what keys open that must answer at once, 2 to 10 ms each.

On the loop: of two threads that import what imports each other one finds modules without their names.
"""
_QUIET = 1.0
"""Seconds without a key, after which nobody types."""
_LOOK = 0.1
"""Seconds between two looks whether there is a bottom line to say something on."""
_PATIENCE = 100
"""Looks after which what was to be said is old."""
_READ = 0.5
"""Seconds that the question whether to leave stands before the same key answers it."""
_FORGOTTEN = 30.0
"""Seconds after which it is asked again."""


class _ListedFrom(Struct, frozen=True):
    """The page that the list was opened from, and how page and list looked then."""

    page: str
    arguments: Sequence[Any]
    filter: str
    """What it put in force."""
    workflow: str
    """What was listed before, and under which filter."""
    filter_before: str


class Navigator:
    """Opens and closes the pages of the app by name, and gives each the context."""

    def __init__(self, app: App[int], context: Context) -> None:
        self._app = app
        self._context = context
        self._warned_at: float | None = None
        self._ending = False
        self.awaited = ""
        """A page that was asked for before it was clear of which workflow; "" for none."""
        self._listed_from: _ListedFrom | None = None
        self._list_unopened = False
        """Whether the list beneath the workflows is there for a page of the chosen one: nobody opened it."""
        self._ahead = list(_AHEAD)

    @property
    def root(self) -> InstancesScreen:
        """The instances, under whatever else is open."""
        root = self._app.screen_stack[0]
        assert isinstance(root, InstancesScreen)
        return root

    @property
    def listing(self) -> InstanceRows:
        return self.root.rows

    @property
    def in_ascii(self) -> bool:
        return self._context.settings.ascii

    @property
    def at_root(self) -> bool:
        """Whether nothing lies underneath; while no workflow was chosen, the list of them is the root."""
        pages = self._app.screen_stack[1:]
        on_workflows = self.top is not None and self.top.opened_by == "workflows.open"
        bare = on_workflows and (not self.listing.workflow or self._list_unopened)
        return not pages or (bare and len(pages) == 1)

    @property
    def top(self) -> BaseScreen | None:
        """The screen a person looks at; None while it is not ours, and once the app has closed them all."""
        # News of a poll or a thread may still come while the app closes: then there is no screen to ask for.
        stack = self._app.screen_stack
        return stack[-1] if stack and isinstance(stack[-1], BaseScreen) else None

    @property
    def opened_by(self) -> str:
        """The action that opens the page on top; "" for the root."""
        return self.top.opened_by if self.top is not None else ""

    @property
    def arranging(self) -> bool:
        """Whether rows of the screen on top are being put in another order."""
        return self.top is not None and self.top.arranging

    @property
    def place(self) -> tuple[str, str]:
        """The workflow that is listed and the instance that is open over it; "" for none."""
        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, BaseScreen) and screen.opened_instance:
                return screen.target_workflow(), screen.opened_instance
        return self.listing.workflow, ""

    @property
    def subject(self) -> tuple[str, str]:
        """Workflow and instance that the screen on top is about; "" where it is about none."""
        return self.top.subject() if self.top is not None else ("", "")

    def leave(self, code: int = 0) -> None:
        """Ends the program with this exit code; once it is ending nothing changes that any more."""
        if self._ending:
            return
        self._ending = True
        self._context.shift.end()
        self._app.exit(code, return_code=code)

    def open(self, name: str, *arguments: Any) -> None:
        """Opens a page by name, once: a page that is open already comes no second time."""
        if name != "workflows":
            self.awaited = ""
        module, cls = _PAGES[name]
        screen: type[ReadyScreen] = getattr(import_module(module), cls)
        if not isinstance(self._app.screen, screen):
            self._app.push_screen(screen(self._context, *arguments))

    def show_workflow(self, workflow: str) -> None:
        """Closes every page and lists this workflow."""
        self.close_all()
        self.root.show_workflow(workflow)

    def show_instance(self, workflow: str, instance: str, *, over: str = "") -> None:
        """Lists the workflow with the detail of this instance open, `over` that page where it names one."""
        if workflow != self.listing.workflow:
            self.show_workflow(workflow)
        else:
            self.close_all()
        self.listing.put_cursor(instance)
        if over:
            self.open(over, workflow, instance)
        self.open("detail", workflow, instance)

    def list_found(self, filter: str, workflow: str = "") -> None:
        """Lists what this filter shows in place of the page on top; `go_back` leads there again."""
        page = next((name for name, (_, cls) in _PAGES.items() if cls == type(self.top).__name__), "")
        arguments = self.top.reopened_with() if isinstance(self.top, ShownAgain) else ()
        workflow_before, filter_before = self.listing.workflow, self.listing.query.text
        if workflow and workflow != workflow_before:
            self.show_workflow(workflow)
        else:
            self.close_all()
        self.listing.look_from_top()
        self.listing.filter_by(filter)
        self._listed_from = (
            _ListedFrom(page, arguments, self.listing.query.text, workflow_before, filter_before)
            if page
            else None
        )

    def go_back(self) -> bool:
        """Goes back from the list to the page that opened it; False where the filter is another by now."""
        before = self._listed_from
        if before is None or self.listing.query.text != before.filter:
            return False
        self._listed_from = None
        if self.listing.workflow != before.workflow:
            self.show_workflow(before.workflow)
        self.listing.filter_by(before.filter_before)
        self.open(before.page, *before.arguments)
        return True

    def show_of_chosen(self, page: str) -> None:
        """Opens this page of the workflow that is chosen on the screen on top, where one is.

        Before the workflows have come there is none to choose: the page opens once they are there.
        """
        chosen = self.top.chosen_workflow() if self.top is not None else ""
        if not chosen and self._is_listing_due:
            self.close_all()
            self.open("workflows")
            self.awaited = page
            return
        if chosen and chosen != self.listing.workflow:
            # Beneath the page on top, so that the way back from this one leads to where it was chosen.
            self._list_unopened = self.at_root and self.top is not self.root
            self.root.show_workflow(chosen)
        self.open(page)

    def show_awaited(self, workflow: str) -> None:
        """The workflows have come, the cursor on this one: opens the page of it that was asked for before."""
        page, self.awaited = self.awaited, ""
        if page:
            self.show_workflow(workflow)
            self.open(page)

    def load_ahead(self) -> None:
        """Loads the next part of what a first key opens: all of it would hold that key for 20 to 50 ms."""
        session, now = self._context.session, self._context.clock()
        if not self._ahead or session is None or session.poller.newest.freshness.answered_at is None:
            return
        if now - self._context.last_key_at >= _QUIET:
            import_module(self._ahead.pop(0))

    def list_workflows(self) -> None:
        """Opens the list of workflows in place of a list of no workflow."""
        alone = len(self._app.screen_stack) == 1 and self._context.session is not None
        # Not over a filter that is being typed: it is put on the workflow that is opened.
        if alone and not self.listing.workflow and not self.root.filter_line.editing:
            self.open("workflows")
            if filter := self.listing.query.text:
                self.say(f"the filter is put on the workflow that you open: {filter}")

    @property
    def _is_listing_due(self) -> bool:
        """Whether no workflow is chosen, and some are about to be listed of which one can be."""
        session, in_setup = self._context.session, self.top is not self.root and not self.opened_by
        if self.listing.workflow or in_setup or self._context.failure:
            return False
        if session is None:
            return True
        counts = session.poller.counts
        return counts.all_fresh.answered_at is None or bool(counts.workflows)

    def say(
        self, message: str, severity: str = "information", looks: int = _PATIENCE, *, aside: bool = False
    ) -> None:
        """Says a sentence on the bottom line, once there is one.

        A page may be on its way, or a prompt in between.
        `aside` is for what nobody asked for: it waits until nothing else is said there, so that it never
        covers what came of a key.
        """
        if not self._app.screen_stack:
            return  # the app has closed
        bar = self.top.key_bar if self.top is not None else None
        if bar is not None and bar.is_mounted and not (aside and bar.is_saying):
            bar.say(message, severity)
        elif looks:
            remaining = looks if aside else looks - 1
            self._app.set_timer(_LOOK, partial(self.say, message, severity, remaining, aside=aside))

    def close_all(self) -> None:
        self.awaited, self._list_unopened = "", False
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()

    def close_layer(self) -> None:
        self.awaited = ""
        if (self.top is None or not self.top.close_layer()) and not self.at_root:
            self._app.pop_screen()
            self.list_workflows()

    def quit(self) -> None:
        """Closes the top layer; at the root leaves, at the second time where an action on many still runs."""
        if self.top is not None and self.top.editing and self.top.close_layer():
            return
        if not self.at_root:
            self._app.pop_screen()
            self.list_workflows()
            return
        if (warning := self._unfinished()) and not self._asked_before():
            self._context.notify(warning, severity="warning")
            return
        self.leave(0)

    def _unfinished(self) -> str:
        """What leaving would leave: an action on many, or the runs that are followed; "" for nothing."""
        desk, key_of = self._context.desk, self._context.keys.key_of
        shows, leaves = key_of("bulk.show"), key_of("app.quit")
        if many := desk.unsettled:
            number = sum(len(plan.eligible) for plan in many)
            what = f"{phrase(many[0].verb)} of {counted(number, 'instance')} still runs"
            return f"{what}; {shows} shows it, {leaves} again leaves it unfinished"
        if runs := desk.followed_runs:
            return f"{counted(runs, 'run')} not ended yet; {shows} shows them, {leaves} again leaves them"
        return ""

    def _asked_before(self) -> bool:
        """Whether the question stands, for long enough to be read: a double click may send ctrl+c twice."""
        now, before = self._context.clock(), self._warned_at
        asked = before is not None and _READ <= now - before <= _FORGOTTEN
        if not asked and (before is None or now - before > _FORGOTTEN):
            self._warned_at = now
        return asked

    def press(self, action: str) -> None:
        """Presses the key of an action, if it has one here: what guards keys guards this too."""
        name = textual_action(action)
        active = self._app.screen.active_bindings.items()
        key = next((key for key, found in active if found.binding.action == name and found.enabled), "")
        # In a field, enter belongs to the field.
        if key or action == "row.open":
            # Not at once: Textual lets no event climb past whoever it was made by, here the screen.
            self._app.call_later(self._app.simulate_key, key or "enter")

    @property
    def in_record(self) -> bool:
        """Whether a moment of the record is shown, from which nothing can be sent."""
        return self._context.past is not None

    @property
    def back_to(self) -> str:
        """Where `esc` leads from there, in a word; "" where it closes a layer as anywhere."""
        return self._context.back_to

    def why_off(self, action: str) -> str:
        """Why an action would do nothing now; "" when it is on."""
        if action in BY_ID and self._context.session is None and BY_ID[action].dangerous:
            return "there is no connection yet"
        return self.top.why_off(action) if self.top is not None and self.top.is_ready else ""
