"""`P`: the profiles of the config, read-only for the rest of the run, and the first config of all."""

from collections.abc import Sequence

from msgspec.structs import replace

from wfdash.config.settings import ProfileCard, Settings, SettingsError
from wfdash.config.writer import NewProfile, save_profile
from wfdash.ui.base.menu import MenuItem, MenuScreen
from wfdash.ui.context import Context

__all__ = ["ProfileScreen"]

_READ_ONLY, _KEEP = "r", "k"
_FIRST = "default"
_KEYS = "123456789abcdefghimnop"


class ProfileScreen(MenuScreen):
    """Offers the profiles; choosing one closes the session and opens one for that account."""

    def __init__(self, context: Context, workflow: str) -> None:
        settings = context.settings
        # From a record or the demo no key leads to an account where what is pressed would be sent.
        self._cards = {} if settings.demo else dict(zip(_KEYS, settings.profiles, strict=False))
        self._workflow = workflow
        super().__init__(
            context, _title(settings, in_record=context.past is not None), self._entries_for(settings)
        )

    def chosen(self, key: str) -> None:
        context = self.context
        if key == _READ_ONLY:
            context.connection.forbid_writes()
            self.app.call_after_refresh(context.notify, "read-only until you quit: no action is sent")
        elif key == _KEEP:
            self._keep()
        elif context.acting is not None and context.acting.operator.running:
            self.app.call_after_refresh(
                context.notify,
                "an action still runs; the profile can change once it has settled",
                severity="warning",
            )
        else:
            context.connection.take_profile(self._cards[key].name)

    def _keep(self) -> None:
        """Writes the first config: where we are, and which variable holds the token, never the token."""
        context, settings = self.context, self.context.settings
        assert settings.config_path is not None
        account = settings.account_id or (context.session.account_id if context.session is not None else "")
        source = settings.credential.source if settings.credential is not None else ""
        card = ProfileCard(_FIRST, account, self._workflow, local=settings.local)
        try:
            token_env = source if source.isidentifier() else ""
            save_profile(settings.config_path, NewProfile(card, settings.base_url, token_env))
        except SettingsError as wrong:
            self.app.call_after_refresh(context.notify, str(wrong), severity="error")
            return
        context.settings = replace(settings, profile_name=_FIRST, profiles=(card,))
        self.app.call_after_refresh(context.notify, f"kept as profile {_FIRST} in {settings.config_path}")

    def _entries_for(self, settings: Settings) -> Sequence[MenuItem]:
        entries = [
            MenuItem(key, card.name, _what(card, in_use=card.name == settings.profile_name))
            for key, card in self._cards.items()
        ]
        if not entries and not settings.demo and settings.config_path is not None:
            what = "the account, the workflow" if self._workflow else "the account"
            kept = f"{what} and where the token is, as a profile in {settings.config_path}"
            entries.append(MenuItem(_KEEP, "save what is shown", kept))
        if not settings.read_only:
            entries.append(
                MenuItem(_READ_ONLY, "read-only", "sends no action until you quit; cannot be turned off")
            )
        return entries


def _title(settings: Settings, *, in_record: bool) -> str:
    if settings.demo and in_record:
        return "Profiles: a record has none"
    if settings.demo:
        return "Profiles: the demo has none"
    if not settings.profiles:
        return f"Profiles: there are none in {settings.config_path}"
    return "Profiles"


def _what(card: ProfileCard, *, in_use: bool) -> str:
    words = ["in use"] if in_use else []
    words.append("a dev session" if card.local else card.account_id or "the only account there is")
    words += [card.workflow] if card.workflow else []
    words += ["PRODUCTION"] if card.production else []
    words += ["read-only"] if card.read_only else []
    words += [card.colour] if card.colour else []
    return " · ".join(words)
