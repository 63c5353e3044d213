"""The keys that write: they freeze what they are about and open a prompt; nothing is sent from here."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace
from textual.app import App
from textual.events import Key

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import RestartFrom
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.lazy_steps import UnparsedValue
from wfdash.core.verbs.consequences import step_target
from wfdash.core.verbs.rules import phrase, refusal
from wfdash.core.verbs.verb import VERBS
from wfdash.keymap.actions import textual_action
from wfdash.live.actions.plan import Plan, Progress, Result, make_plan
from wfdash.live.actions.progress import ActionProgress
from wfdash.live.actions.redrive import READ_BEFORE, Redrive, plan_redrive
from wfdash.live.reads.newest_version import missing_steps
from wfdash.live.reads.remainder import Remainder
from wfdash.ui.actions.chips import ActionChips
from wfdash.ui.base.screen import GLANCE, BaseScreen, PartShown
from wfdash.ui.context import Context, Prepare
from wfdash.ui.keys.bindings import bound
from wfdash.ui.keys.text_field import as_field

if TYPE_CHECKING:
    from wfdash.live.records.journal import Journal
    from wfdash.ui.actions.own_commands import OwnCommands

__all__ = ["VERB_ACTIONS", "WRITING", "ActionHost", "starts_action"]

VERB_ACTIONS: Final = {
    **{f"instance.{verb}": verb for verb in VERBS},
    "instance.create_again": "create",
}


WRITING: Final = tuple(action for action in VERB_ACTIONS if action != "instance.restart_from")
"""The actions of a screen that shows instances."""
_NO_BULK: Final = "you have sent no action to many instances yet"
_STARTING = frozenset(map(textual_action, VERB_ACTIONS))
_OWN: Final = "own."
"""How the actions of a person's own commands begin, with the command's place behind it."""
_PRESSED: Final = f"app.write('{_OWN}"
"""How Textual calls what their keys press."""


def starts_action(app: App[Any], event: Key) -> bool:
    """Whether this key is about to open a prompt, so that keys after it belong to nothing yet."""
    action = bound(app.screen, event.key)
    return as_field(app.focused) is None and (action in _STARTING or action.startswith(_PRESSED))


class ActionHost:
    """Opens the prompt of a key that writes, about the screen on top, and tells screens what became of it."""

    def __init__(self, app: App[Any], context: Context) -> None:
        self._app = app
        self._context = context
        for index, command in enumerate(context.settings.commands):
            app.bind(command.key, f"app.write({_OWN + str(index)!r})", description=command.name, show=False)

    @cached_property
    def own_commands(self) -> "OwnCommands":
        """The person's own commands, loaded at the first press: few have any, and that takes 2 ms."""
        from wfdash.ui.actions.own_commands import OwnCommands

        return OwnCommands(self._app, self._context)

    # What a key asks for.

    def write(self, action: str) -> None:
        """Opens the prompt or form of a key that writes, on what the screen on top has chosen."""
        if self._context.moving:
            # Whoever pressed `<` before it looks at the record by the time a prompt of now would stand there.
            self._context.notify(
                "the record is being opened: nothing is done with this key", severity="warning"
            )
            return
        if action.startswith(_OWN):
            self.own_commands.press(int(action.removeprefix(_OWN)))
            return
        screen, verb = self._app.screen, VERB_ACTIONS[action]
        if not isinstance(screen, BaseScreen):
            return
        if action == "instance.restart_from":
            self._restart_from(screen)
        elif (unfinished := screen.cut_off()) is not None and action == "instance.redrive":
            self._context.gate.open()
            self._context.pages.open("cut_off", [unfinished])
        elif isinstance(screen, PartShown) and verb in VERBS and (rest := screen.remainder()) is not None:
            self._ask_how_many(verb, screen, rest, screen.all_read())
        elif action == "instance.redrive":
            self._ask_redrive(screen, screen.targets())
        elif action == "instance.send_event":
            self._send_event(screen)
        elif action == "instance.create_again":
            self._create_again(screen)
        elif action == "instance.create":
            if self._may("create", screen):
                self._context.pages.open("create", screen.target_workflow())
        else:
            self._ask(verb, screen, screen.targets())

    def why_off(self, action: str, targets: Callable[[], Sequence[Instance]]) -> str:
        """Why this action would do nothing to these now; "" when it is on."""
        if action == "bulk.show" and not self._context.desk.may_show:
            return _NO_BULK
        verb = VERB_ACTIONS.get(action)
        if verb is None:
            return ""
        guard = self._context.desk.guard
        guarded = refusal(verb, "", read_only=guard.read_only, watch_only=guard.watch_only)
        # A new instance is about nothing that is chosen.
        if guarded or verb == "create":
            return guarded or ""
        rows = targets()
        if not rows:
            return "there is no instance here"
        # Each status once: hundreds may be marked, and the bottom line asks this of every verb.
        statuses = dict.fromkeys(row.status for row in rows)
        reasons = [refusal(verb, status, local=guard.local) for status in statuses]
        # Of more than were looked at, which can be acted on is what the prompt says.
        return "" if None in reasons or len(rows) >= GLANCE else (reasons[0] or "")

    def _ask_how_many(
        self, verb: str, screen: BaseScreen, rest: Remainder, rows: Callable[[], list[Instance]]
    ) -> None:
        """Asks whether those that were read are meant, or all that belong to them on the server."""
        if not self._may(verb, screen, screen.targets()):
            return

        def ask() -> None:
            if verb == "redrive":
                self._ask_redrive(screen, rows())
            else:
                self._ask(verb, screen, rows())

        self._context.pages.open("read_all", phrase(verb), rest, ask)

    def _ask_redrive(self, screen: BaseScreen, rows: Sequence[Instance]) -> None:
        self._ask("redrive", screen, rows, prepare=self._redrive(screen, rows))

    def _redrive(self, screen: BaseScreen, rows: Sequence[Instance]) -> Prepare:
        """A function that reads the rows' steps in the foreground and makes the plan of them."""
        session, workflow = self._context.session, screen.target_workflow()
        # A page that reads on may list an instance twice; it must not be sent twice.
        rows = list({row.id: row for row in rows}.values())

        async def read(identity: str) -> Detail:
            assert session is not None
            return await session.reads.instance(workflow, identity, "redrive")

        async def prepare(on_read: Callable[[int], None]) -> Redrive:
            assert session is not None
            redrive = await plan_redrive(
                workflow,
                rows,
                read,
                now=self._context.clock(),
                guard=self._context.desk.guard,
                late=sum(
                    times
                    for status, times in Counter(row.status for row in rows).items()
                    if refusal("redrive", status) is None
                )
                > READ_BEFORE,
                on_read=on_read,
            )
            # A dev session has one version, whose steps no other one lacks.
            if session.local:
                return redrive
            complete = partial(session.reads.complete_instances, workflow, "redrive")
            return replace(redrive, warning=await missing_steps(redrive.plan.eligible, complete, read))

        return prepare

    def _ask(
        self,
        verb: str,
        screen: BaseScreen,
        rows: Sequence[Instance],
        *,
        prepare: Prepare | None = None,
        **options: Any,
    ) -> None:
        """Freezes these rows and opens the prompt. Says so instead when nothing is written here at all."""
        guard = self._context.desk.guard
        reason = refusal(verb, "", read_only=guard.read_only, watch_only=guard.watch_only)
        if reason is None and not rows:
            reason = "there is no instance here"
        if reason is not None:
            self._context.gate.open()
            self._context.notify(f"{phrase(verb)}: {reason}", severity="warning")
            return
        now = self._context.clock()
        # Ids that a read did not find are named in the prompt as gone, rather than left out silently.
        session = self._context.session
        gone = session.poller.store.lost if session is not None else ()
        workflow = screen.target_workflow()
        plan = make_plan(verb, workflow, rows, now=now, guard=guard, gone=gone, **options)
        # Where nothing may be sent, nothing is read for it.
        self.prompt(plan, prepare if plan.eligible else None)

    def _restart_from(self, screen: BaseScreen) -> None:
        found = screen.step_under_cursor()
        # The API takes a name, a count and a type, and no position (reference, Change status).
        target = step_target(found[1], found[2]) if found is not None else None
        if found is None or target is None:
            self._context.gate.open()
            advice = "restart from a step: put the cursor on a step, sleep or wait"
            self._context.notify(advice, severity="warning")
            return
        start = RestartFrom(target.name, target.count, target.type)
        self._ask("restart_from", screen, [found[0]], restart_from=start)

    def _send_event(self, screen: BaseScreen) -> None:
        """Opens the event desk for what the action is about; on the desk asks for the payload."""
        event_type, workflow = screen.chosen_event_type(), screen.target_workflow()
        rows = screen.targets()
        if event_type is None:
            if self._may("send_event", screen):
                self._context.pages.open("events", workflow, tuple(rows))
        elif self._may("send_event", screen, rows):
            self._context.pages.open("send_event", workflow, rows, event_type)

    def _create_again(self, screen: BaseScreen) -> None:
        """Opens the form for a new instance with the params of this one, read now if no answer has them."""
        rows, workflow, session = screen.targets(), screen.target_workflow(), self._context.session
        if not self._may("create", screen, rows):
            return
        state = session.poller.detail(rows[0].id) if session is not None else None
        if state is not None and state.detail is not None:
            self._context.pages.open("create", workflow, state.detail.params, rows[0].id)
        else:
            self._app.run_worker(self._read_and_create(workflow, rows[0].id), exit_on_error=False)

    async def _read_and_create(self, workflow: str, instance: str) -> None:
        session = self._context.session
        assert session is not None
        try:
            detail = await session.operator.look(workflow, instance)
        except WorkflowsError as error:
            self._context.notify(f"create again: {error}", severity="warning")
            return
        if isinstance(detail.params, UnparsedValue):
            self._context.notify("create again: its params are larger than the API takes", severity="warning")
            return
        self._context.pages.open("create", workflow, detail.params, instance)

    def _may(self, verb: str, screen: BaseScreen, rows: Sequence[Instance] | None = None) -> bool:
        """Whether this verb may be asked for now; says why not. No prompt follows at once."""
        self._context.gate.open()
        guard = self._context.desk.guard
        reason = refusal(verb, "", read_only=guard.read_only, watch_only=guard.watch_only)
        if reason is None and (not screen.target_workflow() or (rows is not None and not rows)):
            reason = "there is nothing here to do it to"
        if reason is not None:
            self._context.notify(f"{phrase(verb)}: {reason}", severity="warning")
        return reason is None

    # Prompts and progress.

    def prompt(self, plan: Plan, prepare: Prepare | None = None) -> None:
        """Asks for confirmation; every key but esc is dropped until the prompt could be read."""
        from wfdash.ui.actions.prompt import PromptScreen

        self._context.gate.close()
        self._app.push_screen(PromptScreen(self._context, plan, prepare))

    def show_bulk(self, progress: ActionProgress) -> None:
        """Puts the progress of a bulk where its prompt was."""
        from wfdash.ui.actions.bulk import BulkScreen

        self._app.switch_screen(BulkScreen(self._context, progress))

    def show_last_bulk(self) -> None:
        """Shows the last own action on many while its line stands, else what was cut off, else the own.

        Others may have been killed since the start: the journal is read again whatever was offered. A long
        one takes a second, for which the own action does not wait: what is found then has its line.
        """
        desk = self._context.desk
        own = any(desk.bulk is each for each in desk.shown(self._context.clock()))
        cut_off = not own and (bool(desk.offered) or desk.bulk is None)
        if not cut_off:
            self._show_own_bulk()
        self._app.run_worker(self._look_again(show=cut_off), group="unfinished", exclusive=True)

    def _show_own_bulk(self) -> None:
        bulk = self._context.desk.bulk
        if bulk is None:
            self._context.notify(_NO_BULK, severity="warning")
        else:
            self._context.pages.open("bulk", bulk)

    async def _look_again(self, *, show: bool) -> None:
        desk = self._context.desk
        offered = bool(desk.cut_off)
        await desk.look_again()
        self._app.call_later(self.draw)
        if not show:
            return
        if desk.cut_off:
            self._context.pages.open("cut_off")
            return
        if offered:
            self._context.notify("what was cut off was carried out, or dropped, elsewhere meanwhile")
        if desk.bulk is not None or not offered:
            self._show_own_bulk()

    def moved(self, progress: ActionProgress, event: Progress | Result) -> None:
        """Tells every screen that shows this action, and marks no longer those that went well.

        Those worth another try stay marked.
        """
        from wfdash.ui.actions.bulk import BulkScreen
        from wfdash.ui.actions.prompt import PromptScreen

        for screen in self._app.screen_stack:
            if isinstance(screen, PromptScreen) and screen.progress is progress:
                screen.on_progress(event)
            elif isinstance(screen, BulkScreen) and screen.progress is progress:
                screen.draw_soon()
        self.draw()
        session = self._context.session
        if not isinstance(event, Progress) and session is not None and progress.answered:
            # Not for each of many runs that end one by one: the list is polled often enough for those.
            if progress.single or progress.over:
                session.poller.poll_now()
            self._context.shift.acted(progress)

    def draw(self) -> None:
        """Draws what runs and what has just ended on every screen that shows it."""
        context = self._context
        now = context.clock()
        shown = context.desk.shown(now)
        for screen in self._app.screen_stack:
            for chips in screen.query(ActionChips):
                chips.show(
                    shown, now, utc=context.utc, cut_off=context.desk.offered, long_read=context.long_read
                )

    def offer_unfinished(self) -> None:
        """Offers to go on with what a session that ended too early left behind."""
        session = self._context.session
        journal = session.journal if session is not None else None
        if journal is None:
            return
        self._app.run_worker(self._offer_unfinished(journal), group="unfinished", exclusive=True)

    async def _offer_unfinished(self, journal: "Journal") -> None:
        """Looks for batches that were cut off, in threads: the journal may have 60 MB, the disk be slow."""
        desk = self._context.desk
        if trouble := await asyncio.to_thread(journal.check):
            self._context.notify(f"actions will not be recorded: {trouble}", severity="warning")
        desk.offer(list(reversed(await asyncio.to_thread(journal.unfinished))))
        self._app.call_later(self.draw)
        if desk.offered:
            key = self._context.keys.key_of("bulk.show")
            self._context.notify(f"{desk.offered}: {key} resumes or drops it", severity="warning")
