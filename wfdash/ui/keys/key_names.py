"""What screens show of the app itself: its keys as they are in force, and whose data it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.widget import Widget

from wfdash.core.text.words import age
from wfdash.keymap.actions import BY_ID, key_text, split_keys
from wfdash.ui.widgets.header import Identity

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["KeyNames", "shown_key"]


def shown_key(widget: Widget, action: str) -> str:
    """The first key of an action as it is in force in the widget's app; its own in an app that has none."""
    if isinstance(widget.app, KeyNames):
        return cast("WfdashApp", widget.app).key_of(action)
    return key_text(BY_ID[action].keys[0])


class KeyNames:
    """Mixed into the app."""

    def key_of(self: "WfdashApp", action: str) -> str:  # type: ignore[misc]
        """The first key of an action as it is in force, as a person knows it."""
        return key_text(self._keys_in_force(action)[0], ascii=self.settings.ascii)

    def keys_of(self: "WfdashApp", action: str) -> str:  # type: ignore[misc]
        """All keys of an action as they are in force, as a person knows them."""
        return " ".join(key_text(key, ascii=self.settings.ascii) for key in self._keys_in_force(action))

    def _keys_in_force(self: "WfdashApp", action: str) -> Sequence[str]:  # type: ignore[misc]
        remapped = self.settings.keys.get(action)
        return split_keys(remapped) if remapped else BY_ID[action].keys

    def write_to_terminal(self: "WfdashApp", sequence: str) -> None:  # type: ignore[misc]
        """Hand a control sequence of our own to the terminal as it is."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def identity(self: "WfdashApp", workflow: str) -> Identity:  # type: ignore[misc]
        """Whose data is shown, for the top line of every screen."""
        settings = self.settings
        badges = [f"DEMO {settings.demo}"] if settings.demo else []
        if self.in_production:
            badges.append("PRODUCTION")
        guard = self.desk.guard
        if settings.read_only or (self.session is not None and guard.read_only):
            badges.append("read-only")
        elif guard.watch_only:
            badges.append("watch only")
        if self.session is not None and (ahead := self.session.skew.seconds):
            badges.append(f"clock {age(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}")
        where = settings.profile_name or ("local" if settings.local else settings.account_id[:8])
        return Identity(workflow, "" if settings.demo else where, settings.colour, tuple(badges))
