"""The terminal: the theme, the filters that every line goes through, what is written, what is read."""

import re
from collections.abc import Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.driver import Driver
from textual.events import Event
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from wfdash.config.settings import Settings
from wfdash.ui.terminal.filters import AsciiFilter, ColourlessFilter, PrintableFilter, SecretFilter
from wfdash.ui.terminal.palettes import PALETTES, PaletteFilter, base_theme

__all__ = ["FONTS", "NarrowUpdate", "Rendering"]


FONTS = "DejaVu Sans Mono, Menlo, Consolas, monospace"
"""Of a picture: whichever of these is there. No server is asked for one."""


class Rendering(App[int], inherit_bindings=False):
    """The part of the app that knows what a frame looks like."""

    _last_filters: Sequence[LineFilter] = ()

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice; in place of the usual one, one that outlives whatever is sent to it."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from wfdash.ui.terminal.driver import TolerantDriver  # its modules are not there on Windows

        return TolerantDriver

    def is_drawn(self) -> bool:
        """Whether the terminal has taken all that was written to it; one that was held takes nothing."""
        return bool(getattr(self._driver, "drained", True))

    def typed_since(self, event: Event) -> bool:
        """Whether something was typed after this event, be it still on its way here."""
        typed_since = getattr(self._driver, "typed_since", None)
        return typed_since is not None and typed_since(event.time)

    def give_up_terminal(self) -> None:
        """Restore of the terminal what can be restored without waiting for it."""
        if (give_up := getattr(self._driver, "give_up", None)) is not None:
            give_up()

    def dress(self, settings: Settings) -> None:
        """Take theme, colours and characters from the settings. NO_COLOR goes before any theme."""
        self.animation_level = "none"
        self.no_color = self.no_color or settings.no_color
        self.theme = "ansi-dark" if self.no_color else base_theme(settings.theme)
        filters: list[LineFilter] = [SecretFilter(), PrintableFilter()]
        if self.no_color:
            filters.append(ColourlessFilter())
        elif settings.theme in PALETTES:
            filters.append(PaletteFilter(PALETTES[settings.theme]))
        if settings.ascii:
            filters.append(AsciiFilter())
        self._last_filters = filters

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Ours after Textual's, so that nothing can add a control character behind them."""
        filters = super().get_line_filters()
        # Textual chose greys before the theme was set, and those come out black on 16 colours.
        kept = (filter for filter in filters if not isinstance(filter, Monochrome | NoColor))
        return [*kept, *self._last_filters]

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG, without the font that Rich would have fetched from a server."""
        svg = super().export_screenshot(title=title, simplify=simplify)
        svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.S)
        return re.sub(r"Fira Code(, monospace)?", FONTS, svg)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(renderable, ChopsUpdate):
            renderable = NarrowUpdate.of(renderable)
        super()._display(screen, renderable)


class NarrowUpdate(ChopsUpdate):
    """The same update, cropped on both sides."""

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
