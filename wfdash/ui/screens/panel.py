"""A panel over the lower part of the screen: the rows it is about stay in sight."""

from textual.screen import ModalScreen

from wfdash.ui.bindings import bindings
from wfdash.ui.screens.base import BaseScreen
from wfdash.ui.theme import QUIET, STRONG
from wfdash.ui.widgets.status_line import Pieces, StatusLine

__all__ = ["PanelScreen", "Title"]


class PanelScreen(BaseScreen, ModalScreen[None], inherit_bindings=False):
    """Closed by esc, and by what closes the top layer."""

    BINDINGS = bindings("layer.close", "app.quit")
    DEFAULT_CSS = """
    PanelScreen { align: left bottom; background: transparent; }
    PanelScreen > .panel { width: 100%; height: auto; background: ansi_default; }
    """

    def action_layer_close(self) -> None:
        self.dismiss()

    def action_app_quit(self) -> None:
        self.dismiss()


class Title(StatusLine):
    """The rule above a panel, with what it is for."""

    def name_it(self, title: str, hint: str = "") -> None:
        """Draw the rule across the whole width."""
        line: Pieces = [("── ", QUIET), (title, STRONG), (" " + "─" * 400, QUIET)]
        self.show(line) if not hint else self.show([*line[:2], (f"  {hint} ", QUIET), line[2]])
