"""The first step: which token, from where, and what the API says of it."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_state_path

from wfdash.api.errors import WorkflowsError
from wfdash.config.credential_sources import CredentialError
from wfdash.config.first_run import COMMAND, FORM, VARIABLE, TokenSource, source_of, with_login, with_token
from wfdash.config.settings import Settings
from wfdash.ui.setup.page import SetupPage
from wfdash.ui.setup.text import FOUND, NEW, WRANGLER
from wfdash.ui.terminal.clipboard import copy_text

__all__ = ["TokenStep"]

_HINTS = {
    VARIABLE: "the name of the variable, such as OPS_CLOUDFLARE_TOKEN",
    COMMAND: "the command, such as op read op://ops/cloudflare/token; run without a shell",
}


class TokenStep:
    """Finds the token of a setup page and checks it. The token itself is never typed, shown or kept."""

    def __init__(self, page: SetupPage, on_accounts: Callable[[], None]) -> None:
        """`on_accounts` is called once the token is good and its accounts are known."""
        self._page = page
        self._on_accounts = on_accounts
        self._typing = ""
        """What is named in the field: a variable or a command."""

    def verify(self) -> None:
        """Asks what the token may do, and which accounts it sees."""
        host = urlsplit(self._page.settings.base_url).netloc
        self._page.asks(f"Asking {host} what the token may do.")
        self._page.ask(partial(self._ask_worth, host))

    async def _ask_worth(self, host: str) -> None:
        try:
            words, accounts = await self._page.api_checks.credential(self._page.settings)
        except WorkflowsError as refused:
            self._page.call_later(self._page.failed, refused.sentence)
        else:
            self._page.call_later(self._verified, f"{words}, asked at {host}", accounts)

    def _verified(self, words: str, accounts: list[dict[str, Any]]) -> None:
        assert self._page.settings.credential is not None
        self._page.asking = ""
        self._page.answers["token"] = f"{self._page.settings.credential.source}: {words}"
        self._page.draft.accounts = [account for account in accounts if isinstance(account.get("id"), str)]
        self._on_accounts()

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
            self._page.field.value, self._page.field.placeholder = "", _HINTS[kind]
            self._page.field.display = True
            self._page.field.focus()

    def leave_field(self) -> None:
        """Gives the keys back; what was typed is not kept."""
        self._page.field.value, self._page.field.display = "", False
        self._page.choices.focus()

    def take_typed(self, typed: str) -> None:
        """Takes the name of a variable, or a command, as it was typed."""
        self.leave_field()
        try:
            source = source_of(self._typing, typed)
        except CredentialError as wrong:
            self._page.failed(str(wrong))
        else:
            self._page.asks("Reading the token.")
            self._page.ask(partial(self._read, source))

    async def _read(self, source: TokenSource) -> None:
        read = partial(with_token, self._page.settings, self._page.draft.profile, source, os.environ)
        try:
            settings = await asyncio.to_thread(read)
        except CredentialError as wrong:
            self._page.call_later(self._page.failed, str(wrong))
        else:
            self._page.call_later(self._use, settings, source)

    def _take_login(self) -> None:
        try:
            self._use(with_login(self._page.settings, os.environ), TokenSource())
        except CredentialError as wrong:
            self._page.failed(str(wrong))

    def _use(self, settings: Settings, source: TokenSource) -> None:
        self._page.draft.use(settings, source)
        self._page.enter("token")
        self.verify()

    def _copy_address(self) -> None:
        context, folder = self._page.context, user_state_path("wfdash")
        write = context.terminal.write
        context.notify(copy_text(FORM, write=write, environ=os.environ, folder=folder, name="the address"))
