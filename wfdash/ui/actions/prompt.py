"""Asks before anything is written: what it is about, what will be lost, and a y nobody gives by chance."""

from typing import Final

from textual import events
from textual.timer import Timer

from wfdash.api.errors import WorkflowsError
from wfdash.core.text.clean import clean
from wfdash.core.verbs.rules import same_meaning
from wfdash.live.actions.plan import Plan, Progress, Result
from wfdash.live.actions.progress import ActionProgress
from wfdash.ui.actions.prompt_text import Asking, expected_text, prompt_lines
from wfdash.ui.base.dialog import LowerHalf

__all__ = ["ALONE", "PromptScreen"]

ALONE: Final = 0.1
"""Seconds before and after y in which another key makes it no confirmation."""
_TOO_CLOSE = "keys came too close together: press y alone"
_PASTED = "a paste confirms nothing"
_NOT_ENTER = "enter confirms nothing"


class PromptScreen(LowerHalf):
    """Its targets are the plan's, frozen; nothing that happens on screen changes them."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.asking = Asking(plan, 0.0)
        self.progress: ActionProgress | None = None
        self._last_key_at = float("-inf")
        self._pending: Timer | None = None

    @property
    def plan(self) -> Plan:
        return self.asking.plan

    def on_mount(self) -> None:
        self.asking.now = self.dashboard.clock()
        self.asking.production = self.dashboard.in_production
        journal = self.dashboard.session.journal if self.dashboard.session else None
        self.asking.journal_trouble = journal.trouble if journal else ""
        self.draw()
        self.set_interval(0.5, self.watch_targets)
        self.call_after_refresh(self.dashboard.gate.shown)
        if len(self.plan.eligible) == 1 and self.plan.verb != "create":
            self.asking.reading = True
            self.run_worker(self._look(), exit_on_error=False)

    def on_unmount(self) -> None:
        self.dashboard.gate.open()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        if self.is_ready:
            self.panel.show(prompt_lines(self.asking, *self.room))

    async def _look(self) -> None:
        """Read the one target in full, for what it would lose. The prompt can be answered without."""
        session = self.dashboard.session
        identity = self.plan.eligible[0].id
        if session is None:
            return
        try:
            detail = await session.operator.look(self.plan.workflow, identity)
        except WorkflowsError:
            detail = None
        self.asking.reading = False
        if detail is not None:
            self.asking.details = {identity: detail}
            self.asking.statuses = {**self.asking.statuses, identity: detail.status}
        self._judge()
        self.draw()

    def watch_targets(self) -> None:
        """See whether a target changed meanwhile."""
        session = self.dashboard.session
        if session is None or self.asking.sending or self.plan.workflow != session.poller.workflow:
            return
        rows = ((target.id, session.poller.store.get(target.id)) for target in self.plan.targets)
        statuses = {identity: row.status for identity, row in rows if row is not None}
        if not self.asking.details and statuses != self.asking.statuses:
            self.asking.statuses = statuses
        elif changed := {
            identity: status for identity, status in statuses.items() if status != self._was(identity)
        }:
            self.asking.statuses = {**self.asking.statuses, **changed}
        self._judge()
        self.draw()

    def _was(self, identity: str) -> str:
        return next((target.status for target in self.plan.targets if target.id == identity), "")

    def _judge(self) -> None:
        """Once no target means any more what it meant, only esc is left."""
        if self.asking.over or self.asking.sending or not self.plan.eligible:
            return
        changes = [
            (target.status, now)
            for target in self.plan.eligible
            if (now := self.asking.statuses.get(target.id, target.status)) and target.status
            if not same_meaning(self.plan.verb, target.status, now)
        ]
        if len(changes) == len(self.plan.eligible):
            was, now = changes[0]
            whose = "" if len(changes) == 1 else "all of them changed: the first "
            self.asking.over = f"{whose}was {was}, now {now}: nothing sent"
            self._cancel_pending()

    # Keys

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._last_key_at = self.dashboard.gate.stamp(event)
        self._cancel_pending()
        self._hint(_PASTED)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        alone = self.dashboard.gate.stamp(event) - self._last_key_at >= ALONE
        self._last_key_at = self.dashboard.gate.stamp(event)
        if event.key == "escape":
            self._leave()
            return
        if self._cancel_pending():
            self._hint(_TOO_CLOSE)
            return
        if self.asking.over or self.asking.sending:
            return
        if event.key in ("down", "up"):
            self.asking.top = max(0, self.asking.top + (1 if event.key == "down" else -1))
            self.asking.top = min(self.asking.top, len(self.plan.targets))
            self.draw()
        elif not self.plan.eligible:
            self._insist(event)
        else:
            self._type(event, alone)

    def _insist(self, event: events.Key) -> None:
        """Ask the same, although it would do nothing; it has to be confirmed like anything else."""
        guard = self.dashboard.desk.guard
        if event.character == "!" and not (guard.read_only or guard.watch_only):
            self.asking.refused = [target.reason for target in self.plan.targets if target.reason]
            self.asking.plan = self.plan.insist()
            self.asking.hint = ""
            self.dashboard.gate.close()
            self.call_after_refresh(self.dashboard.gate.shown)
            self.draw()

    def _type(self, event: events.Key, alone: bool) -> None:
        expected = expected_text(self.plan, production=self.asking.production)
        if event.character == "y" and self.asking.typed == expected:
            if not alone:
                self._hint(_TOO_CLOSE)
                return
            self._pending = self.set_timer(ALONE, self._confirmed)
            return
        if event.key == "enter":
            self._hint(_NOT_ENTER)
            return
        if event.character == "y" and not _goes_on(self.asking.typed, expected):
            self._hint("" if not expected else f"first type {clean(expected)}")
            return
        self.asking.hint = ""
        if event.key == "backspace":
            self.asking.typed = self.asking.typed[:-1]
        elif expected and event.character and event.is_printable:
            self.asking.typed = (self.asking.typed + event.character)[-80:]
        self.draw()

    def _cancel_pending(self) -> bool:
        """Take back a y that was not alone; whether there was one."""
        if self._pending is None:
            return False
        self._pending.stop()
        self._pending = None
        return True

    def _hint(self, hint: str) -> None:
        self.asking.hint = hint
        self.draw()

    def _leave(self) -> None:
        """Close. What is being sent already goes on; its chip tells."""
        self._cancel_pending()
        self.close()

    # Sending

    def _confirmed(self) -> None:
        self._pending = None
        if self.asking.over or self.asking.sending or not self.on_top:
            return
        self.asking.sending, self.asking.hint = True, ""
        self.progress = self.dashboard.desk.start(self.plan, None)
        if len(self.plan.targets) > 1:
            self.dashboard.show_bulk(self.progress)
            return
        self.draw()

    def on_progress(self, event: Progress | Result) -> None:
        """The app passes on what became of this prompt's own action."""
        if isinstance(event, Progress):
            if event.stage == "sent":
                self._leave()
            return
        if event.sent_at is not None or event.outcome in ("done", "under way", "no effect"):
            self._leave()
        else:
            self.asking.sending = False
            self.asking.over = event.sentence or event.error
            self.draw()


def _goes_on(typed: str, expected: str) -> bool:
    """Whether a y may belong to what has to be typed."""
    return "y" in expected and (bool(typed) or expected.startswith("y"))
