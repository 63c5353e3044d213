"""A panel over the lower part of the screen: the rows it is about stay in sight."""

from textual.strip import Strip

from wfdash.ui.base.beneath import LayeredScreen
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import StatusLine
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import STRONG

__all__ = ["PanelScreen", "Title"]


class PanelScreen(BaseScreen, LayeredScreen, inherit_bindings=False):
    """A panel closed by esc, and by what closes the top layer."""

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

    _hint = ""

    def name_it(self, title: str, hint: str = "") -> None:
        """Draws the rule across the whole width."""
        self._hint = hint
        self.show([(title, STRONG)])

    def _strip(self, y: int) -> Strip:
        return strip_of(ruled(self._left, self.size.width, hint=self._hint), self.size.width)
