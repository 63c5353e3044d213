"""Which account, where the credentials see several and none was named."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfdash.ui.base.menu import MenuItem, MenuScreen
from wfdash.ui.context import Context

__all__ = ["AccountsScreen"]

_KEYS = "123456789abcdefghijklmnopqrstuvwxyz"


class AccountsScreen(MenuScreen):
    def __init__(self, context: Context, accounts: Sequence[Mapping[str, Any]]) -> None:
        self._ids = dict(zip(_KEYS, (str(account.get("id", "")) for account in accounts), strict=False))
        entries = [
            MenuItem(key, str(account.get("name", "")), self._ids[key])
            for key, account in zip(_KEYS, accounts, strict=False)
        ]
        super().__init__(context, f"These credentials see {len(accounts)} accounts", entries)

    def chosen(self, key: str) -> None:
        self.context.connection.take_account(self._ids[key])
