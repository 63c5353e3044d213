"""A screen that is on its way out or not there yet: it has lost its parts, or never had them."""

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

__all__ = ["ReadyScreen"]


class ReadyScreen(Screen[None], inherit_bindings=False):
    """What each screen of ours knows of itself."""

    @property
    def is_ready(self) -> bool:
        """Whether it is open and has its parts: it is off the stack before Textual takes those away."""
        return self.is_mounted and not self._pruning and self in self.app.screen_stack

    @property
    def on_top(self) -> bool:
        """Whether keys come here; `is_current` also holds for what lies under a panel."""
        return self.is_running and self.app.screen is self

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """As Textual does, unless the screen was closed or has lost its parts until then."""
        return super().call_after_refresh(lambda: callback(*args, **kwargs) if self.is_ready else None)

    def close(self) -> bool:
        """Take it off; False when it is not on top, as after a second key in the same turn.

        `dismiss` takes off whatever is on top, and fails at the root.
        """
        if not self.on_top:
            return False
        self.dismiss()
        return True
