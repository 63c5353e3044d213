"""What was chosen in the first run so far, and the profile it makes."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from wfdash.config.first_run import TokenSource
from wfdash.config.settings import ProfileCard, Settings
from wfdash.config.writer import NewProfile, profile_change, save_profile

__all__ = ["ProfileDraft"]


class ProfileDraft(Struct):
    """The profile to be: `settings` grow from step to step, `name` is what it is to be called, or ""."""

    settings: Settings
    name: str = ""
    source: TokenSource = TokenSource()
    accounts: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        credential = self.settings.credential
        if credential is not None and credential.source.isidentifier():
            self.source = TokenSource(env=credential.source)

    def use(self, settings: Settings, source: TokenSource) -> None:
        """Takes the credential of these settings."""
        self.settings, self.source = settings, source

    def take_account(self, account_id: str) -> None:
        self.settings = replace(self.settings, account_id=account_id)

    def take_workflow(self, workflow: str) -> None:
        self.settings = replace(self.settings, workflow=workflow)

    @property
    def account_name(self) -> str:
        """The account's name as the API tells it; "" where it was not asked."""
        mine = self.settings.account_id
        return next(
            (str(account.get("name", "")) for account in self.accounts if account.get("id") == mine), ""
        )

    @property
    def profile(self) -> str:
        """The profile's name: as asked.

        Else `default` for the first, or the account's, numbered where taken.
        """
        taken = {card.name for card in self.settings.profiles}
        if self.name or not taken:
            return self.name or "default"
        plain = "".join(
            character if character.isascii() and character.isalnum() else " "
            for character in self.account_name.lower()
        )
        base = "-".join(plain.split())[:40] or "account"
        free = (f"{base}-{number}" if number > 1 else base for number in range(1, len(taken) + 2))
        return next(name for name in free if name not in taken)

    def change(self) -> list[str]:
        """The lines `keep` would write. Raises SettingsError."""
        assert self.settings.config_path is not None
        return profile_change(self.settings.config_path, self._new())

    def keep(self) -> Settings:
        """Writes the profile into the config; returns the settings that use it. Raises SettingsError."""
        assert self.settings.config_path is not None
        new = self._new()
        save_profile(self.settings.config_path, new)
        others = (profile for profile in self.settings.profiles if profile.name != new.card.name)
        return replace(self.settings, profile_name=new.card.name, profiles=(*others, new.card))

    def _new(self) -> NewProfile:
        card = ProfileCard(self.profile, self.settings.account_id, self.settings.workflow)
        return NewProfile(card, self.settings.base_url, self.source.env, self.source.command)
