"""A panel over the lower part of the screen: the rows it is about stay in sight."""

from textual.screen import ModalScreen
from textual.strip import Strip

from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.status_line import StatusLine, length
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import QUIET, STRONG

__all__ = ["PanelScreen", "Title"]


class PanelScreen(BaseScreen, ModalScreen[None], inherit_bindings=False):
    """Closed by esc, and by what closes the top layer."""

    BINDINGS = bindings("layer.close", "app.quit")
    DEFAULT_CSS = """
    PanelScreen { align: left bottom; background: transparent; }
    PanelScreen > .panel { width: 100%; height: auto; background: ansi_default; }
    """

    def action_layer_close(self) -> None:
        self.close()

    def action_app_quit(self) -> None:
        self.close()


class Title(StatusLine):
    """The rule above a panel, with what it is for."""

    def name_it(self, title: str, hint: str = "") -> None:
        """Draws the rule across the whole width."""
        hint_pieces = [(f"  {hint} ", QUIET)] if hint else []
        self.show([("── ", QUIET), (title, STRONG), *hint_pieces, (" ", QUIET)])

    def _strip(self) -> Strip:
        rest = "─" * (self.size.width - length(self._left))
        return strip_of([*self._left, (rest, QUIET)], self.size.width)
