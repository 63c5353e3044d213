"""The first run: from a token over account and workflow to a profile in the config, each checked live."""

from platformdirs import user_state_path
from textual import events
from textual.widgets import Input

from wfdash.api.errors import WorkflowsError
from wfdash.config.first_run import remember_led
from wfdash.config.settings import Settings, SettingsError
from wfdash.core.model.workflow import Workflow
from wfdash.ui.context import Context
from wfdash.ui.keys.prompt_gate import bare
from wfdash.ui.setup.page import SetupPage
from wfdash.ui.setup.text import ALL, STEPS
from wfdash.ui.setup.token import TokenStep

__all__ = ["SetupScreen"]


class SetupScreen(SetupPage):
    """Leads through the first run. Nothing is watched meanwhile, nothing written before the last step's y."""

    def __init__(self, context: Context, settings: Settings, name: str = "") -> None:
        super().__init__(context, settings, name)
        self._token_step = TokenStep(self, self._accounts_seen)

    def on_mount(self) -> None:
        if self.settings.credential is not None:
            self._token_step.verify()

    # Account and workflow.

    def _accounts_seen(self) -> None:
        accounts = self.draft.accounts
        if self.named:
            self._to_workflows(f"{self.named} ({self.settings.sources.get('account', '')})")
        elif len(accounts) == 1:
            self._take_account(accounts[0]["id"], " (the only one)")
        elif accounts:
            self.enter("account")
        else:
            self.failed("The token sees no account: give it one, or set CLOUDFLARE_ACCOUNT_ID.")

    def _take_account(self, account_id: str, note: str = "") -> None:
        self.draft.take_account(account_id)
        name = self.draft.account_name
        self._to_workflows(f"{name} · {account_id}{note}" if name else f"{account_id}{note}")

    def _to_workflows(self, choice: str) -> None:
        self.answers["account"] = choice
        self.workflows = []
        self.enter("workflow")
        self._list()

    def _list(self) -> None:
        self.asks("Loading its workflows.")
        self.ask(self._read_workflows)

    async def _read_workflows(self) -> None:
        try:
            found = await self.api_checks.workflows(self.settings)
        except WorkflowsError as refused:
            self.call_later(self.failed, refused.sentence)
        else:
            self.call_later(self._listed, found)

    def _listed(self, found: list[Workflow]) -> None:
        self.asking, self.workflows = "", found
        if self.step == "workflow":
            self.enter("workflow")
            if not found:
                self.failed("This account has no workflows yet: deploy a Worker with one.")

    def _take_workflow(self, workflow: str) -> None:
        self.draft.take_workflow(workflow)
        self.answers["workflow"] = workflow or "all of them"
        self.enter("keep")

    # Keep.

    def _keep(self) -> None:
        try:
            kept = self.draft.keep()
        except SettingsError as wrong:
            self.failed(str(wrong))
            return
        key = self.context.keys.key_of("profile.open")
        self._over(kept, f"kept as profile {kept.profile_name}; {key} changes profiles")

    def _over(self, settings: Settings, said: str) -> None:
        """Leaves the first run and watches the workflow that was chosen."""
        context = self.context
        remember_led(user_state_path("wfdash"))
        context.connection.reconnect(settings, workflow=settings.workflow)
        self.app.call_after_refresh(context.notify, said)

    # Keys.

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._token_step.take_typed(event.value.strip())

    def on_key(self, event: events.Key) -> None:
        if self.step == "keep" and bare(event) == "y":
            event.stop()
            self._keep()

    def action_row_open(self) -> None:
        if off := self.why_off("row.open"):
            self.context.notify(off)
        choice = self.choices.choice
        if choice is None:
            return
        if self.step == "token":
            self._token_step.take_source(choice)
        elif self.step == "account":
            self._take_account(choice)
        elif self.step == "workflow":
            self._take_workflow("" if choice == ALL else choice.removeprefix("w:"))

    def action_row_fold(self) -> None:
        """Goes a step back, past one where there was nothing to choose."""
        index = STEPS.index(self.step) - 1
        if STEPS[index] == "account" and (self.named or len(self.draft.accounts) < 2):
            index -= 1
        if index < 0:
            return
        if STEPS[index] != "workflow" and not self.named:
            self.draft.take_account("")
        for step in STEPS[index:]:
            self.answers.pop(step, None)
        self.enter(STEPS[index])

    def action_poll_now(self) -> None:
        if self.step == "token" and self.settings.credential is not None:
            self._token_step.verify()
        elif self.step == "workflow":
            self._list()

    def action_layer_close(self) -> None:
        """Leaves the field; else goes on with what was chosen so far, and keeps nothing."""
        if self.editing:
            self._token_step.leave_field()
        elif self.settings.credential is None:
            self.context.pages.leave(3)
        else:
            self._over(self.settings, "nothing was saved; `wfdash setup` starts again")

    def action_app_quit(self) -> None:
        if self.editing:
            self._token_step.leave_field()
        else:
            self.context.pages.leave(0 if self.settings.credential is not None else 3)

    def action_help_open(self) -> None:
        self.context.pages.open("help", self.active_bindings)
