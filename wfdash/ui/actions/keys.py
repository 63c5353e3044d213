"""The keys that write: they freeze what they are about and open a prompt; nothing is sent from here."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from textual.events import Key
from textual.widgets import Input

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import RestartFrom
from wfdash.core.model.instance import Instance
from wfdash.core.model.lazy_steps import UnparsedValue
from wfdash.core.model.step import Step
from wfdash.core.verbs.consequences import step_target
from wfdash.core.verbs.rules import phrase, refusal
from wfdash.keymap.actions import textual_action
from wfdash.live.actions.plan import Plan, Progress, make_plan
from wfdash.live.actions.progress import ActionProgress
from wfdash.ui.keys.bindings import bound

if TYPE_CHECKING:
    from wfdash.live.records.journal import Journal
    from wfdash.ui.actions.desk import ActionMoved
    from wfdash.ui.app import WfdashApp

__all__ = ["NO_BULK", "VERB_ACTIONS", "WRITING", "ActionHost", "Verbs", "starts_action"]

VERB_ACTIONS: Final = {
    "instance.pause": "pause",
    "instance.resume": "resume",
    "instance.terminate": "terminate",
    "instance.terminate_rollback": "terminate_rollback",
    "instance.restart": "restart",
    "instance.restart_from": "restart_from",
    "instance.send_event": "send_event",
    "instance.create": "create",
    "instance.create_again": "create",
}


WRITING: Final = tuple(action for action in VERB_ACTIONS if action != "instance.restart_from")
"""The actions of a screen that shows instances."""
NO_BULK: Final = "nothing was done to many instances yet"
_STARTING = frozenset(map(textual_action, VERB_ACTIONS))


def starts_action(app: "WfdashApp", event: Key) -> bool:
    """Whether this key is about to open a prompt, so that keys after it belong to nothing yet."""
    return not isinstance(app.focused, Input) and bound(app.screen, event.key) in _STARTING


class Verbs:
    """Mixed into the screens. A screen says what an action is about in `targets` and `target_workflow`."""

    @property
    def dashboard(self) -> "WfdashApp":
        raise NotImplementedError

    def targets(self) -> list[Instance]:
        return []

    def target_workflow(self) -> str:
        return ""

    def step_under_cursor(self) -> tuple[Instance, Sequence[Step], int] | None:
        """The instance, its steps oldest first and the position of the one under the cursor, if any."""
        return None

    def why_verb_off(self, action: str) -> str:
        """Why this action would do nothing to what it would be about now; "" when it is on."""
        verb = VERB_ACTIONS.get(action)
        if verb is None:
            return ""
        guard = self.dashboard.desk.guard
        guarded = refusal(verb, "", read_only=guard.read_only, watch_only=guard.watch_only)
        if guarded or verb == "create":
            return guarded or ""
        rows = self.targets()
        if not rows:
            return "there is no instance here"
        reasons = [refusal(verb, row.status, local=guard.local) for row in rows]
        return "" if None in reasons else (reasons[0] or "")

    def ask(self, verb: str, rows: Sequence[Instance], **options: Any) -> None:
        """Freeze these rows and open the prompt. Says so instead when nothing is written here at all."""
        guard = self.dashboard.desk.guard
        reason = refusal(verb, "", read_only=guard.read_only, watch_only=guard.watch_only)
        if reason is None and not rows:
            reason = "there is no instance here"
        if reason is not None:
            self.dashboard.gate.open()
            self.dashboard.notify(f"{phrase(verb)}: {reason}", severity="warning")
            return
        plan = make_plan(
            verb, self.target_workflow(), rows, now=self.dashboard.clock(), guard=guard, **options
        )
        self.dashboard.prompt(plan)

    def action_instance_pause(self) -> None:
        self.ask("pause", self.targets())

    def action_instance_resume(self) -> None:
        self.ask("resume", self.targets())

    def action_instance_terminate(self) -> None:
        self.ask("terminate", self.targets())

    def action_instance_terminate_rollback(self) -> None:
        self.ask("terminate_rollback", self.targets())

    def action_instance_restart(self) -> None:
        self.ask("restart", self.targets())

    def action_instance_restart_from(self) -> None:
        found = self.step_under_cursor()
        target = step_target(found[1], found[2]) if found is not None else None
        if found is None or target is None:
            self.dashboard.gate.open()
            advice = "restart from a step: put the cursor on a step, sleep or wait"
            self.dashboard.notify(advice, severity="warning")
            return
        start = RestartFrom(target.name, target.count, target.type)
        self.ask("restart_from", [found[0]], restart_from=start)

    def action_instance_send_event(self) -> None:
        """Open the event desk for what the action is about."""
        if self._writes("send_event"):
            self.dashboard.open_page("events", self.target_workflow(), tuple(self.targets()))

    def compose_event(self, event_type: str) -> None:
        """Ask for the payload of an event to what the action is about."""
        rows = self.targets()
        if self._writes("send_event", rows):
            self.dashboard.open_page("send_event", self.target_workflow(), rows, event_type)

    def action_instance_create(self) -> None:
        if self._writes("create"):
            self.dashboard.open_page("create", self.target_workflow())

    def action_instance_create_again(self) -> None:
        rows = self.targets()
        if self._writes("create", rows):
            self.dashboard.create_like(self.target_workflow(), rows[0].id)

    def _writes(self, verb: str, rows: Sequence[Instance] | None = None) -> bool:
        """Whether this verb may be asked for now; says why not. No prompt follows at once."""
        self.dashboard.gate.open()
        guard = self.dashboard.desk.guard
        reason = refusal(verb, "", read_only=guard.read_only, watch_only=guard.watch_only)
        if reason is None and (not self.target_workflow() or (rows is not None and not rows)):
            reason = "there is nothing here to do it to"
        if reason is not None:
            self.dashboard.notify(f"{phrase(verb)}: {reason}", severity="warning")
        return reason is None


class ActionHost:
    """Mixed into the app: opens prompts and tells the screens what became of actions."""

    def prompt(self: "WfdashApp", plan: Plan) -> None:  # type: ignore[misc]
        """Ask for confirmation; every key but esc is dropped until the prompt could be read."""
        from wfdash.ui.actions.prompt import PromptScreen

        self.gate.close()
        self.push_screen(PromptScreen(plan))

    def create_like(self: "WfdashApp", workflow: str, instance: str) -> None:  # type: ignore[misc]
        """Open the form for a new instance with the params of this one, read now if they are not known."""
        state = self.session.poller.detail(instance) if self.session is not None else None
        if state is not None and state.detail is not None:
            self.open_page("create", workflow, state.detail.params, instance)
        else:
            self.run_worker(self._read_and_create(workflow, instance), exit_on_error=False)

    async def _read_and_create(self: "WfdashApp", workflow: str, instance: str) -> None:  # type: ignore[misc]
        assert self.session is not None
        try:
            detail = await self.session.operator.look(workflow, instance)
        except WorkflowsError as error:
            self.notify(f"create again: {error}", severity="warning")
            return
        if isinstance(detail.params, UnparsedValue):
            self.notify("create again: its params are larger than the API takes", severity="warning")
            return
        self.open_page("create", workflow, detail.params, instance)

    def tell_unfinished(self: "WfdashApp") -> None:  # type: ignore[misc]
        """Say what a session that ended too early left behind, and mark what it never sent."""
        journal = self.session.journal if self.session is not None else None
        if journal is None:
            return
        if trouble := journal.check():
            self.notify(f"actions will not be recorded: {trouble}", severity="warning")
        self.run_worker(self._tell_unfinished(journal), group="unfinished", exclusive=True)

    async def _tell_unfinished(self: "WfdashApp", journal: "Journal") -> None:  # type: ignore[misc]
        """In a thread, for the first rows wait for nothing: the journal may have 60 MB."""
        for left in await asyncio.to_thread(journal.unfinished):
            parts = [
                f"{len(ids)} {word}"
                for word, ids in (
                    ("settled", left.settled),
                    ("sent, outcome not recorded", left.sent),
                    ("unknown", left.unknown),
                    ("unsent and marked now", left.unsent),
                )
                if ids
            ]
            self.root.mark_later(left.workflow, left.unsent)
            sentence = f"{phrase(left.verb)} in {left.workflow} was left unfinished: {', '.join(parts)}"
            self.notify(sentence, severity="warning")
            journal.close_unfinished(left)

    def show_bulk(self: "WfdashApp", progress: ActionProgress) -> None:  # type: ignore[misc]
        """Put the progress of a bulk where its prompt was."""
        from wfdash.ui.actions.bulk import BulkScreen

        self.switch_screen(BulkScreen(progress))

    def action_bulk_show(self: "WfdashApp") -> None:  # type: ignore[misc]
        """The panel of the action on many, hidden or over."""
        if self.desk.bulk is None:
            self.notify(NO_BULK, severity="warning")
        else:
            self.open_page("bulk", self.desk.bulk)

    @property
    def in_production(self: "WfdashApp") -> bool:  # type: ignore[misc]
        """Whether the account in use, which the API may have told only later, is guarded as production."""
        account = self.settings.account_id
        if self.session is not None:
            account = self.session.api.account_id or account
        return self.settings.is_production(account)

    def on_action_moved(self: "WfdashApp", message: "ActionMoved") -> None:  # type: ignore[misc]
        from wfdash.ui.actions.bulk import BulkScreen
        from wfdash.ui.actions.prompt import PromptScreen

        progress, event = message.progress, message.event
        for screen in self.screen_stack:
            if isinstance(screen, PromptScreen) and screen.progress is progress:
                screen.on_progress(event)
            elif isinstance(screen, BulkScreen) and screen.progress is progress:
                screen.draw()
        self.draw_actions()
        if not isinstance(event, Progress) and self.session is not None and progress.over:
            self.session.poller.poll_now()
            self.shift.acted(progress)
            self.action_ended(progress)

    def draw_actions(self: "WfdashApp") -> None:  # type: ignore[misc]
        """Draw what runs and what has just ended on every screen that shows it."""
        from wfdash.ui.actions.chips import ActionChips

        now = self.clock()
        shown = self.desk.shown(now)
        for screen in self.screen_stack:
            for chips in screen.query(ActionChips):
                chips.show(shown, now, utc=self.utc)

    def action_ended(self: "WfdashApp", progress: ActionProgress) -> None:  # type: ignore[misc]
        """Those that went well are marked no longer; those worth another try stay marked."""
        marks = self.root.marks
        marks.unmark({result.id for result in progress.results.values()} - set(progress.failed))
