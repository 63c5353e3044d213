"""Asks before anything is written: what it is about, what will be lost, and a y nobody gives by chance."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from platformdirs import user_state_path
from textual import events

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.config.settings import Settings
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import Store
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, counted
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import RESTARTS, is_grave, same_meaning, stake
from wfdash.live.actions.plan import GONE, Plan, Progress, Result, Stage, make_plan
from wfdash.live.actions.plan_lines import plan_lines, taken_by
from wfdash.live.actions.progress import ActionProgress
from wfdash.live.polling.events import Update
from wfdash.live.records.export_files import file_name, write_first
from wfdash.live.records.journal import Journal
from wfdash.ui.actions.prompt_text import Asking, prompt_lines, said_lines
from wfdash.ui.base.dialog import SHARE, LowerHalf
from wfdash.ui.base.lone_key import LoneKey
from wfdash.ui.context import Context, Prepare
from wfdash.ui.keys.prompt_gate import bare

__all__ = ["PromptScreen"]

_TABLE_SHARE = 2 / 3
"""How much of the screen a plan of steps takes at most: three rows and what it means fit into 24 lines."""
_PASTED = "a paste confirms nothing"
_NOT_ENTER = "enter confirms nothing"
_SOON = 0.02
"""Seconds until the next slice of the targets is looked at."""
_AT_ONCE = 2000
"""Targets that are looked at before other work gets its turn: a few milliseconds."""
_NO_PLAN = "nothing of it would be sent: no plan was written"


class PromptScreen(LowerHalf):
    """Asks to confirm a plan, whose targets are frozen: nothing that happens on screen changes them."""

    def __init__(
        self,
        context: Context,
        plan: Plan,
        prepare: Prepare | None = None,
        *,
        claim: Callable[[], Awaitable[str]] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """`prepare` finds out first what the plan is; it is called with what tells how many were read.

        `claim` is awaited once it is confirmed, and says why nothing is sent. `notes` are shown beside it.
        """
        super().__init__(context)
        self.asking = Asking(plan, 0.0, local=context.settings.local, notes=notes)
        self._unseen = deque(plan.by_id)
        """Targets to be looked at once: rows at hand may be younger than what was chosen."""
        self._news: set[str] = set()
        """Targets of which an answer told since they were looked at last."""
        self._notes = notes
        self._claim = claim
        self._preparing = prepare
        self.progress: ActionProgress | None = None
        self._lone = LoneKey(self, self._hint)

    @property
    def plan(self) -> Plan:
        return self.asking.plan

    def on_mount(self) -> None:
        self.asking.now = self.context.clock()
        self.asking.production = self.context.in_production
        journal = self.context.session.journal if self.context.session else None
        if journal is not None:
            # The last known trouble at once, since the check below may take as long as a slow disk does.
            self.asking.journal_trouble = journal.trouble
            self.run_worker(self._try_journal(journal), exit_on_error=False)
        self.asking.others = self._others()
        if self.plan.verb in RESTARTS:
            self.asking.bounds = _bounds(self.context.settings)
        self._bound()
        self.draw()
        # Targets are frozen, but what they are about may change while the prompt stands.
        self.set_interval(0.5, self.watch_targets)
        self.hold()
        if self._preparing is not None:
            self.asking.answers.of = len(self.plan.eligible)
            self.run_worker(self._prepare(self._preparing), exit_on_error=False)
        elif len(self.plan.eligible) == 1 and self.plan.verb != "create":
            self.asking.reading = True
            self.run_worker(self._look(), exit_on_error=False)

    def on_unmount(self) -> None:
        self.context.gate.leave()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        if self.is_ready:
            self.asking.guarded = self.context.desk.guard.is_shut
            verb = self.plan.verb if self.plan.eligible else ""
            self.panel.warn(stake(verb), grave=is_grave(verb))
            redrive = self.plan.verb == "redrive"
            self.panel.share = 1.0 if self.asking.in_full else _TABLE_SHARE if redrive else SHARE
            self.panel.show(prompt_lines(self.asking, *self.room))

    async def _try_journal(self, journal: Journal) -> None:
        """Sees whether what is confirmed can be written down, off the loop since the disk may be slow."""
        trouble = await asyncio.to_thread(journal.check)
        if trouble != self.asking.journal_trouble and not self.asking.sending:
            # What was typed was typed for another question.
            self.asking.journal_trouble, self.asking.typed = trouble, ""
            self._lone.cancel()
            self.hold()
            self.draw()

    async def _prepare(self, prepare: Prepare) -> None:
        """Reads what the plan rests on; leaving the prompt ends it. What comes of it is shown before a y."""
        answers = self.asking.answers

        def on_read(number: int) -> None:
            answers.read = number
            self.draw()

        try:
            redrive = await prepare(on_read)
        except WorkflowsError as error:
            self.asking.over = f"{error}: nothing sent"
        else:
            self.asking.plan, answers.points = redrive.plan, redrive.points
            self._unseen = deque(redrive.plan.by_id)
            self._bound()
            answers.warning = redrive.warning
            # Of thousands this and what is drawn of them are 25 ms each: keys have a turn between them.
            await asyncio.sleep(0)
        # From here on a y is taken, so what was found has to stand on the screen for a moment first.
        answers.of = 0
        self.hold()
        self._judge()
        self.draw()

    def _bound(self) -> None:
        """How long sending takes at the least."""
        session = self.context.session
        if session is not None:
            budget, number = session.poller.budget, len(self.plan.eligible)
            self.asking.takes = budget.actions_take(number)
            self.asking.answers.takes = budget.in_turn_take(number)

    async def _look(self) -> None:
        """Reads the one target in full, for what it would lose. The prompt can be answered without."""
        session = self.context.session
        identity = self.plan.eligible[0].id
        if session is None:
            return
        detail = None
        try:
            detail = await session.operator.look(self.plan.workflow, identity)
        except InstanceNotFound:
            self.asking.statuses = {**self.asking.statuses, identity: GONE}
        # Not to know what is lost is no reason not to ask: the prompt says that it was not read.
        except WorkflowsError:
            pass
        self.asking.reading = False
        if detail is not None:
            self.asking.details = {identity: detail}
            self.asking.cut = session.poller.why_context(detail).is_cut(detail, self.context.clock())
            self.asking.statuses = {**self.asking.statuses, identity: detail.status}
        self._judge()
        self.draw()

    def live(self, update: Update) -> None:
        self._news.update(self.plan.by_id.keys() & {*update.delta.added, *update.delta.changed})

    def watch_targets(self) -> None:
        """Looks whether targets changed meanwhile: of 15,000 only those that an answer told of."""
        session = self.context.session
        # The rows at hand are another workflow's once somebody has gone there.
        if session is None or self.asking.sending or self.plan.workflow != session.poller.workflow:
            return
        self._look_at_rows(session.poller.store)
        if (others := self._others()) != self.asking.others:
            if len(others) > len(self.asking.others):
                # Somebody began just now: what is new has to be read before a y is taken.
                self._lone.cancel()
                self.hold()
            self.asking.others = others
        self._judge()
        self.draw()

    def _look_at_rows(self, store: Store) -> None:
        """Takes in the statuses of what was told of, and of a slice of those never looked at."""
        news, self._news, targets, lost = self._news, set(), self.plan.by_id, store.lost
        news.update(self._unseen.popleft() for _ in range(min(_AT_ONCE, len(self._unseen))))
        if self._unseen:
            self.set_timer(_SOON, self.watch_targets)
        before, now = self.asking.statuses, dict[str, str]()
        for identity in news:
            if (row := store.get(identity)) is None or identity not in targets:
                continue
            status, was = GONE if identity in lost else row.status, targets[identity].status
            # What the one target said of itself is younger than a row that stayed as it was.
            if status != was if self.asking.details else status != before.get(identity, was):
                now[identity] = status
        if now:
            self.asking.statuses = {**before, **now}

    def _others(self) -> list[str]:
        """Sentences on other people who act on some of these targets now."""
        plan = self.plan
        return [] if plan.verb == "create" else self.context.people.warnings(plan.workflow, plan.eligible_ids)

    def _judge(self) -> None:
        """Leaves esc alone once no target means any more what it meant when the prompt opened."""
        if self.asking.over or self.asking.sending or not self.plan.eligible:
            return
        found = ((self.plan.by_id.get(identity), now) for identity, now in self.asking.statuses.items())
        changes = {
            target.id: (target.status, now)
            for target, now in found
            if target is not None and not target.reason and now and target.status
            if not same_meaning(self.plan.verb, target.status, now)
        }
        self.asking.changed = {identity: now for identity, (_, now) in changes.items()}
        if len(changes) == len(self.plan.eligible):
            was, now = next(iter(changes.values()))
            whose = "" if len(changes) == 1 else "all of them changed: the first "
            self.asking.over = f"{whose}was {was}, now {now}: nothing sent"
            self._lone.cancel()

    # Keys

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._lone.cancel()
        self._hint(_PASTED)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self._leave()
            return
        if self._lone.crowded():
            return
        # Only esc is left where nothing can be sent any more, and while the plan is being made.
        if self.asking.over or self.asking.sending or self.asking.answers.reading:
            return
        if event.key == "ctrl+s" and not self.plan.eligible:
            self._hint(_NO_PLAN)
        elif event.key == "ctrl+s":
            self.run_worker(self._write_plan(), group="plan", exclusive=True, exit_on_error=False)
        elif bare(event) == "!" and self.asking.rolled_back:
            self._take_alone(event, self._restart_rolled_back)
        elif event.key == "tab":
            self.asking.in_full, self.asking.top_said = not self.asking.in_full, 0
            self.draw()
        elif event.key in ("down", "up"):
            self._scroll(1 if event.key == "down" else -1)
        elif not self.plan.eligible:
            self._insist(event)
        else:
            self._type(event)

    def _scroll(self, step: int) -> None:
        asking = self.asking
        if asking.in_full:
            last = len(said_lines(asking, self.room[0])) - 1
            asking.top_said = max(0, min(last, asking.top_said + step))
        else:
            asking.top = min(max(0, asking.top + step), len(self.plan.targets))
        self.draw()

    def _insist(self, event: events.Key) -> None:
        """Asks for an action although it would do nothing; it has to be confirmed like anything else."""
        if self.plan.verb == "redrive":
            return  # there is no step to send: another step than the one it failed at is another verb
        if bare(event) == "!" and not self.context.desk.guard.is_shut:
            self._take_alone(event, self._ask_again)

    def _ask_again(self) -> None:
        # The reasons stay in sight while it is asked all the same.
        self.asking.refused = [target.reason for target in self.plan.targets if target.reason]
        self.asking.plan = self.plan.insist()
        self.hold()
        self.draw()

    def _restart_rolled_back(self) -> None:
        """Asks to restart those of which the kept steps were undone; the redrive is not sent."""
        plan = self.plan
        rows = [Instance(target.id, target.status, target.created) for target in self.asking.rolled_back]
        guard, now = self.context.desk.guard, self.context.clock()
        if self.close():
            self.context.prompts.prompt(make_plan("restart", plan.workflow, rows, now=now, guard=guard))

    async def _write_plan(self) -> None:
        """Writes what would be sent, as --dry-run prints it; nothing is sent by that."""
        context, plan = self.context, self.plan
        session = context.session
        where = context.settings.kept_for or (session.account_id if session is not None else "")
        name = file_name(f"{plan.verb}-{plan.workflow}-plan", "jsonl", context.clock())
        # The folder a person works in first; over SSH that may not be writable.
        folders = (Path.cwd, partial(user_state_path, "wfdash"))

        def make() -> Iterator[str]:
            return (json.dumps(line) + "\n" for line in plan_lines(plan, where))

        try:
            path = await asyncio.to_thread(write_first, folders, name, make)
        except OSError as error:
            said = f"the plan was not written: {error.strerror or error}"
        else:
            said = f"plan of {counted(len(plan.targets), 'instance')} written to {path}"
            file = path.name if path.parent == Path.cwd() else str(path)
            if command := taken_by(plan.verb, plan.workflow, file):
                said += f"; {command} takes it"
            else:
                said += "; it holds no params: wfdash create --batch takes a file of those"
        self.asking.notes = [*self._notes, said]
        self.draw()

    def _take_alone(self, event: events.Key, then: Callable[[], None]) -> None:
        """Goes on once it is certain that this key came alone, unless all is over by then."""

        def go_on() -> None:
            if not self.asking.over and not self.asking.sending:
                then()

        self._lone.take(event, go_on)

    def _type(self, event: events.Key) -> None:
        expected = self.asking.goal
        character = bare(event)
        if character == "y" and self.asking.is_typed:
            self._take_alone(event, self._confirmed)
            return
        if event.key == "enter":
            self._hint(_NOT_ENTER)
            return
        if character == "y" and not _goes_on(self.asking.typed, expected):
            self._hint(self._what_to_type(expected))
            return
        self.asking.hint = ""
        if event.key == "backspace":
            self.asking.typed = self.asking.typed[:-1]
        elif expected and character:
            # Cut from the front, as a field that scrolls does: a key held down must not fill memory.
            self.asking.typed = (self.asking.typed + character)[-80:]
        self.draw()

    def _what_to_type(self, expected: str) -> str:
        """What y waits for; where more than all are to be first, how many there are."""
        there = len(self.plan.eligible)
        if self.asking.first >= there and self.plan.verb in RESTARTS:
            return f"there are {count(there)}: type a smaller number after first, or {clean(expected)}"
        return f"before y type {clean(expected)}" if expected else ""

    def _hint(self, hint: str) -> None:
        self.asking.hint = hint
        self.draw()

    def _leave(self) -> None:
        """Closes the prompt; what is being sent goes on, and its chip tells of it."""
        self._lone.cancel()
        self.close()

    # Sending

    def _confirmed(self) -> None:
        if self.asking.journal_trouble and not self.plan.unrecorded:
            # The typed word was for this: the plan carries it, so that no other check stops it on its way.
            self.asking.plan = self.plan.without_journal()
        self.asking.sending = True
        if self._claim is None:
            self._start()
        else:
            self.run_worker(self._claimed(self._claim), exit_on_error=False)

    async def _claimed(self, claim: Callable[[], Awaitable[str]]) -> None:
        self.draw()
        if reason := await claim():
            self.asking.sending, self.asking.over = False, reason
            self.draw()
        else:
            self._claim = None
            self._start()

    def _start(self) -> None:
        self.progress = self.context.desk.start(self.plan, None, canary=self.asking.canary)
        if len(self.plan.targets) > 1:
            self.context.prompts.show_bulk(self.progress)
            return
        self.draw()

    def _journal_trouble(self) -> str:
        """Why the journal could not be written the last time."""
        session = self.context.session
        return session.journal.trouble if session is not None and session.journal is not None else ""

    def on_progress(self, event: Progress | Result) -> None:
        """Takes an event of this prompt's action from the app, and closes once all is sent."""
        if isinstance(event, Progress):
            # From here the chip above the keys tells the rest, and the rows are free again.
            if event.stage == Stage.SENT:
                self._leave()
            return
        if event.sent_at is not None or event.outcome in (Outcome.DONE, Outcome.UNDER_WAY, Outcome.NO_EFFECT):
            self._leave()
        elif (trouble := self._journal_trouble()) and event.exit_code == 2 and not self.plan.unrecorded:
            self.asking.sending, self.asking.typed = False, ""
            self.asking.journal_trouble = trouble
            self.hold()
            self.draw()
        else:
            self.asking.sending = False
            self.asking.over = event.sentence or event.error
            self.draw()


def _bounds(settings: Settings) -> str:
    """How fast restarts of many are sent at most; "" where nothing bounds that."""
    said = [f"{settings.pace:,} a minute"] if settings.pace else []
    said += [f"{settings.parallel:,} runs at a time"] if settings.parallel else []
    return f"at most {' and '.join(said)}: [actions] in the config" if said else ""


def _goes_on(typed: str, expected: str) -> bool:
    """Whether a y may be a letter of what has to be typed, and not the answer."""
    return "y" in expected and (bool(typed) or expected.startswith("y"))
