"""The page of the first run: its steps, what can be chosen in the present one, what is asked or wrong."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.worker import Worker

from wfdash.config.settings import Settings, SettingsError
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import clean
from wfdash.core.text.wrap import wrapped
from wfdash.live.polling.freshness import Freshness
from wfdash.live.reads.reads import Reads
from wfdash.ui.base.empty_messages import no_answer
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.session import Connect, open_session
from wfdash.ui.setup.draft import ProfileDraft
from wfdash.ui.setup.text import (
    account_entries,
    keep_pieces,
    step_pieces,
    token_entries,
    token_pieces,
    workflow_entries,
)
from wfdash.ui.widgets.choices import Choices
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces, StatusLine
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import ACCENT, BAD, PLAIN, QUIET, STRONG

__all__ = ["SetupPage"]


class SetupPage(BaseScreen, ModalScreen[None], inherit_bindings=False):
    """The page of the first run; modal, for there is nothing yet that the app's keys could act on."""

    DEFAULT_CSS = "SetupPage Field { margin: 0 3; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        "row.open", "row.fold", "layer.close", "poll.now", "help.open", "app.quit"
    )
    labels: ClassVar[Mapping[str, str]] = {"row.open": "choose", "layer.close": "skip"}

    def __init__(self, context: Context, settings: Settings, name: str = "") -> None:
        """`name` is what the profile will be called; "" finds one."""
        super().__init__(context)
        self.draft = ProfileDraft(settings, name)
        self.named = settings.account_id
        """The account, where the environment or an option says which: it is not asked for."""
        self.step = "token"
        self.answers: dict[str, str] = {}
        self.asking = ""
        """What is asked of the API now."""
        self._since = Freshness()
        self.trouble = ""
        self.workflows: list[Workflow] = []

    def compose(self) -> ComposeResult:
        yield StatusLine(id="title")
        yield TextLines(id="steps")
        yield TextLines(id="said")
        yield Choices(id="choices")
        yield Field(max_length=500)
        yield TextLines(id="below", height=1)
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        context = self.context
        self.api_checks = ApiChecks(context.connection.connector, context.clock)
        self.field.keys = (("enter", "check it"), (context.keys.key_of("layer.close"), "another source"))
        self.field.display = False
        self.query_one("#below").styles.height = "1fr"
        self.enter("token")

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    @property
    def settings(self) -> Settings:
        """The settings with all that was chosen so far."""
        return self.draft.settings

    @property
    def choices(self) -> Choices:
        return self.query_one(Choices)

    @property
    def field(self) -> Field:
        return self.query_one(Field)

    def enter(self, step: str) -> None:
        """Goes to a step and offers what can be chosen there."""
        self.step, self.trouble = step, ""
        choices, listed = self.choices, step in ("account", "workflow")
        choices.fill(self._entries())
        choices.move_to(0)
        choices.display = step != "keep"
        choices.styles.height = "1fr" if listed else max(1, choices.row_count())
        self.query_one("#below").display = not listed
        self.set_focus(choices if choices.display else None)
        self.call_after_refresh(self.draw)

    def failed(self, sentence: str) -> None:
        """Says what went wrong; the step stays."""
        self.asking, self.trouble = "", sentence
        self.draw()

    def ask(self, question: Callable[[], Coroutine[None, None, None]]) -> None:
        """Asks the API, or a command, beside the drawing; what was asked before is dropped."""
        _: Worker[None] = self.run_worker(question, group="setup", exclusive=True)

    def asks(self, sentence: str) -> None:
        """Says what is asked now."""
        self.asking, self.trouble = sentence, ""
        self._since = Freshness(asking=True, asked_at=self.context.clock())
        self.call_later(self.draw)

    def tick(self, now: float) -> None:
        if self.asking:
            self.draw()

    def why_off(self, action: str) -> str:
        if action == "row.open" and self.step == "keep":
            return "there is nothing to choose: y writes it"
        return super().why_off(action)

    # Drawing.

    def _entries(self) -> list[tuple[str, Pieces]]:
        if self.step == "token":
            credential = self.settings.credential
            return token_entries(credential.source if credential is not None else "")
        if self.step == "account":
            return account_entries(self.draft.accounts)
        return workflow_entries(self.workflows) if self.step == "workflow" else []

    def draw(self) -> None:
        if not self.is_ready or not self.query("#below"):
            return
        width, key_of = self.size.width, self.context.keys.key_of
        keys = f"{key_of('row.fold')} back · {key_of('poll.now')} retry "
        self.query_one("#title", StatusLine).show([(" wfdash: first-time setup", STRONG)], [(keys, QUIET)])
        self.query_one("#steps", TextLines).show([[], *step_pieces(self.step, self.answers, width), []])
        said, style = (self.trouble, BAD) if self.trouble else (self.asking, QUIET)
        if said and not self.trouble and (silent := no_answer(self._since, self.context.clock())):
            said = f"{said} It gave {silent}."
        lines: list[Pieces] = [[(f" {line}", style)] for line in wrapped(clean(said), width - 2, 3)]
        self.query_one("#said", TextLines).show([*lines, []] if lines else [])
        self.query_one("#below", TextLines).show(self._below(width))
        note: Pieces = [("y", ACCENT), (" keep it", PLAIN)] if self.step == "keep" else []
        self.query_one(KeyBar).note(note)

    def _below(self, width: int) -> list[Pieces]:
        path = self.settings.config_path
        if self.step == "token":
            return token_pieces(width)
        if self.step != "keep" or path is None:
            return []
        try:
            lines = self.draft.change()
        except SettingsError as wrong:
            return [[(f" {line}", BAD)] for line in wrapped(clean(str(wrong)), width - 2)]
        return keep_pieces(path, lines, there=path.exists(), width=width)


class ApiChecks:
    """Asks the API before there is an account to watch: is the token good, which accounts, which workflows.

    Each question opens a session of its own: the account changes from one to the next.

    All raise WorkflowsError.
    """

    def __init__(self, connector: Callable[[Settings], Connect], clock: Callable[[], float]) -> None:
        self._connector = connector
        self._clock = clock

    async def credential(self, settings: Settings) -> tuple[str, list[dict[str, Any]]]:
        """What the API says of it, in words, and the accounts it sees; none where one is settled."""
        async with self._reads(settings) as reads:
            return await reads.credential(settings.account_id)

    async def workflows(self, settings: Settings) -> list[Workflow]:
        """The workflows of the account in the settings, in the API's order."""
        async with self._reads(settings) as reads:
            return await reads.workflows()

    @asynccontextmanager
    async def _reads(self, settings: Settings) -> AsyncIterator[Reads]:
        session = await open_session(
            settings, self._connector(settings), clock=self._clock, report=lambda event: None
        )
        try:
            yield session.reads
        finally:
            await session.close()
