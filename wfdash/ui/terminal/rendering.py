"""The terminal: the theme, the filters that every line goes through, what is written, what is read."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.app import App, SuspendNotSupported
from textual.driver import Driver
from textual.events import Event, Resize
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from wfdash.config.settings import Settings
from wfdash.ui.keys.prompt_gate import ALONE
from wfdash.ui.keys.text_field import as_field
from wfdash.ui.terminal.drag import DragSelection
from wfdash.ui.terminal.drawn import DrawnScreen
from wfdash.ui.terminal.filters import AsciiFilter, ColourlessFilter, PrintableFilter, SecretFilter
from wfdash.ui.terminal.palettes import PALETTES, PaletteFilter, base_theme

__all__ = ["FONTS", "NarrowUpdate", "Rendering", "TerminalApp", "TerminalLine", "redress"]


FONTS = "DejaVu Sans Mono, Menlo, Consolas, monospace"
"""Of a picture: whichever of these is there. No server is asked for one."""


class Rendering:
    """The theme, colours and characters that the settings want. NO_COLOR goes before any theme."""

    def __init__(self, settings: Settings, *, no_color: bool) -> None:
        self.no_color = no_color or settings.no_color
        self.theme = "ansi-dark" if self.no_color else base_theme(settings.theme)
        self._last: list[LineFilter] = [SecretFilter(), PrintableFilter()]
        if self.no_color:
            self._last.append(ColourlessFilter())
        elif settings.theme in PALETTES:
            self._last.append(PaletteFilter(PALETTES[settings.theme]))
        if settings.ascii:
            self._last.append(AsciiFilter())

    def line_filters(self, textual: Sequence[LineFilter]) -> Sequence[LineFilter]:
        """Textual's line filters and then ours: none behind ours can add a control character."""
        # Textual chose greys before the theme was set, and those come out black on 16 colours.
        kept = (line_filter for line_filter in textual if not isinstance(line_filter, Monochrome | NoColor))
        return [*kept, *self._last]


class TerminalApp(App[int], inherit_bindings=False):
    """The base of the app that treats the terminal otherwise than Textual: driver, frames, suspension."""

    rendering: Rendering | None = None
    _styled_for = ""
    """The theme whose variables the stylesheet was last given."""
    lent = False
    """Whether something else has the terminal just now."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn = DrawnScreen()
        self.drag = DragSelection(self, self._drawn)

    def on_resize(self, event: Resize) -> None:
        if self._drawn.resized(event.size):
            self.refresh(layout=True)

    def dress(self, rendering: Rendering) -> None:
        """Takes on a rendering: theme, colours, filters."""
        # Every frame of an animation is bytes over SSH.
        self.animation_level = "none"
        self.no_color = rendering.no_color
        self.theme = rendering.theme
        self.rendering = rendering
        if not self._running:
            self._styled_for = rendering.theme
            self.stylesheet.set_variables(self.get_css_variables())

    def refresh_css(self, animate: bool = True) -> None:
        """Styles everything anew, but not for the theme that it is styled for from the start.

        Textual sets variables for its own theme first, and parses all again for the first change: 8 ms.
        """
        if self.theme != self._styled_for:
            self._styled_for = self.theme
            super().refresh_css(animate)

    def get_driver_class(self) -> type[Driver]:
        """The driver that Textual chose, or ours in place of its usual one."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from wfdash.ui.terminal.driver import TolerantDriver  # its modules are not there on Windows

        return TolerantDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return filters if self.rendering is None else self.rendering.line_filters(filters)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG, without the font that Rich would have fetched from a server."""
        svg = super().export_screenshot(title=title, simplify=simplify)
        # Whoever opens the picture would otherwise tell a font server about it.
        svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.S)
        return re.sub(r"Fira Code(, monospace)?", FONTS, svg)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual 8 crops a marked stretch on one side only: a digit at the end of a line cost the whole line,
        # 760 bytes a second of a steady screen instead of 65.
        if isinstance(renderable, CompositorUpdate) and not self.is_headless:
            # One that takes nothing gets whole frames: that it is given back at the end rests on them. And
            # what is painted within a batch is not written at all.
            if self._batch_count or getattr(self._driver, "stalled", False):
                self._drawn.forget()
            else:
                if self._drawn.lacks(screen, renderable):
                    renderable = screen._compositor.render_full_update()
                renderable = self._drawn.narrowed(screen, renderable)
        if isinstance(renderable, ChopsUpdate):
            renderable = NarrowUpdate.of(renderable)
        # An input method opens where the terminal's own cursor is; Textual leaves it where the field stood
        # when it was focused, before it had its place.
        if (field := as_field(screen.focused)) is not None:
            self.cursor_position = field.cursor_screen_offset
        super()._display(screen, renderable)

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.lent = True
        self._drawn.forget()
        try:
            with super().suspend():
                yield
        finally:
            self.lent = False
            self._drawn.forget()

    def retake_terminal(self) -> None:
        """Sets the terminal up and draws all anew: what was done to it meanwhile is not known."""
        with suppress(SuspendNotSupported), self.suspend():
            pass


def redress(app: TerminalApp, settings: Settings) -> None:
    """Takes on theme, colours and mouse as these settings have them, and draws everything anew."""
    app.dress(Rendering(settings, no_color=app.no_color))
    TerminalLine(app).take_mouse(settings.mouse)
    for screen in app.screen_stack:
        for widget in (screen, *screen.walk_children()):
            widget.notify_style_update()
            widget.refresh()


class TerminalLine:
    """Writes to the terminal past Textual, and tells what it has taken."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def write(self, sequence: str) -> None:
        """Hands the terminal a control sequence of our own as it is."""
        driver = self._app._driver
        if driver is not None:
            driver.write(sequence)
            driver.flush()

    def take_mouse(self, taken: bool) -> None:
        """Takes the mouse from the terminal, or gives it back."""
        driver: Any = self._app._driver
        if getattr(driver, "_mouse", taken) == taken or not hasattr(driver, "_disable_mouse_support"):
            return
        # Both do nothing while the driver holds that no mouse was asked for.
        driver._mouse = True
        (driver._enable_mouse_support if taken else driver._disable_mouse_support)()
        driver._mouse = taken
        driver.flush()

    def bell(self) -> None:
        self._app.bell()

    def is_drawn(self) -> bool:
        """Whether it has taken all that was written to it; one that was held takes nothing."""
        return bool(getattr(self._app._driver, "drained", True))

    def came_alone(self, event: Event) -> bool:
        """Whether this key is all that the terminal sent for a moment, be it still on its way here."""
        came_alone = getattr(self._app._driver, "came_alone", None)
        return came_alone is None or came_alone(event.time, ALONE)

    @property
    def pasting(self) -> bool:
        """Whether a key may be the rest of a paste that the line holds up."""
        return bool(getattr(self._app._driver, "pasting", False))

    def give_up(self) -> None:
        """Restores of the terminal what can be restored without waiting for it."""
        if (give_up := getattr(self._app._driver, "give_up", None)) is not None:
            give_up()


class NarrowUpdate(ChopsUpdate):
    """An update of the screen, cropped on both sides."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> "NarrowUpdate":
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """The control sequences and text for the terminal."""
        sequences: list[str] = []
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items()):
                start, stop = max(x, left), min(end, right)
                if strip is None or start >= stop:
                    continue
                sequences.append(Control.move_to(start, y).segment.text)
                sequences.append(strip.crop(start - x, stop - x).render(console))
        return "".join(sequences)
