"""The first step: which token, from where, and what the API says of it."""

import asyncio
import os
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_state_path
from textual import work
from textual.widgets import Input

from wfdash.api.errors import WorkflowsError
from wfdash.config.first_run import FORM, CredentialError, TokenSource, source_of, with_login, with_token
from wfdash.config.settings import Settings
from wfdash.ui.setup.page import SetupPage
from wfdash.ui.setup.text import COMMAND, FOUND, NEW, VARIABLE, WRANGLER
from wfdash.ui.terminal.clipboard import copy_text

__all__ = ["SetupToken"]

_HINTS = {
    VARIABLE: "the name of the variable, such as OPS_CLOUDFLARE_TOKEN",
    COMMAND: "the command, such as op read op://ops/cloudflare/token; run without a shell",
}


class SetupToken(SetupPage):
    """The token itself is never typed, shown or kept."""

    _typing = ""
    """What is named in the field: a variable or a command."""

    def on_mount(self) -> None:
        if self.settings.credential is not None:
            self.verify()

    def accounts_seen(self) -> None:
        """The token is good; its accounts are known."""
        raise NotImplementedError

    def verify(self) -> None:
        """Asks what the token may do, and which accounts it sees."""
        host = urlsplit(self.settings.base_url).netloc
        self.asks(f"Asking {host} what the token may do.")
        self._ask_worth(host)

    @work(group="setup", exclusive=True)
    async def _ask_worth(self, host: str) -> None:
        try:
            words, accounts = await self.introduction.credential(self.settings)
        except WorkflowsError as refused:
            self.call_later(self.failed, refused.sentence)
        else:
            self.call_later(self._verified, f"{words}, asked at {host}", accounts)

    def _verified(self, words: str, accounts: list[dict[str, Any]]) -> None:
        assert self.settings.credential is not None
        self.asking = ""
        self.answers["token"] = f"{self.settings.credential.source}: {words}"
        self.draft.accounts = [account for account in accounts if isinstance(account.get("id"), str)]
        self.accounts_seen()

    def take_source(self, kind: str) -> None:
        """Takes the source of the token that was chosen."""
        if kind == FOUND:
            self.verify()
        elif kind == NEW:
            self._copy_address()
        elif kind == WRANGLER:
            self._take_login()
        else:
            self._typing = kind
            self.field.value, self.field.placeholder = "", _HINTS[kind]
            self.field.display = True
            self.field.focus()

    def leave_field(self) -> None:
        """Gives the keys back; what was typed is not kept."""
        self.field.value, self.field.display = "", False
        self.choices.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        self.leave_field()
        try:
            source = source_of(self._typing, typed)
        except CredentialError as wrong:
            self.failed(str(wrong))
        else:
            self.asks("Reading the token.")
            self._read(source)

    @work(group="setup", exclusive=True)
    async def _read(self, source: TokenSource) -> None:
        read = partial(with_token, self.settings, self.draft.profile, source, os.environ)
        try:
            settings = await asyncio.to_thread(read)
        except CredentialError as wrong:
            self.call_later(self.failed, str(wrong))
        else:
            self.call_later(self._use, settings, source)

    def _take_login(self) -> None:
        try:
            self._use(with_login(self.settings, os.environ), TokenSource())
        except CredentialError as wrong:
            self.failed(str(wrong))

    def _use(self, settings: Settings, source: TokenSource) -> None:
        self.draft.use(settings, source)
        self.enter("token")
        self.verify()

    def _copy_address(self) -> None:
        context, folder = self.context, user_state_path("wfdash")
        write = context.terminal.write
        context.notify(copy_text(FORM, write=write, environ=os.environ, folder=folder, name="the address"))
