"""The themes: what becomes of the sixteen colours that the screens are drawn in.

ansi-dark and ansi-light leave them to the terminal. The others put their own colours in their place, last of
all, so that nothing is ever blended and a test can tell what is readable.
"""

from functools import lru_cache
from typing import Final

from msgspec import Struct
from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Background
from textual.filter import LineFilter

__all__ = ["PALETTES", "Palette", "PaletteFilter", "base_theme"]

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


class Palette(Struct, frozen=True):
    """A theme's colours as rich names them: `#rrggbb`, or one of the sixteen."""

    dark: bool
    text: str
    ground: str
    quiet: str
    """In place of faint text."""
    colours: tuple[str, ...]
    """Eight, in the terminal's own order; bright ones are drawn as these too."""


_DARK: Final = Palette(
    True, "#d8dee4", "#15191e", "#949ea8",
    ("#949ea8", "#ff7b72", "#6cc773", "#dfb44c", "#79b0ff", "#d2a1f5", "#56c9d6", "#d8dee4"),
)  # fmt: skip
_LIGHT: Final = Palette(
    False, "#1f2429", "#fcfcfa", "#5d666f",
    ("#1f2429", "#b3261e", "#1b6e2c", "#7d5700", "#0b57b8", "#8b33a6", "#00687a", "#5d666f"),
)  # fmt: skip
_COLOUR_BLIND: Final = Palette(
    True, "#e4e7ea", "#15181c", "#9aa3ac",
    ("#9aa3ac", "#ff8a33", "#4a9be8", "#f0e442", "#4a9be8", "#f2a7d0", "#a8e0ff", "#e4e7ea"),
)  # fmt: skip
"""After Okabe and Ito: orange for what failed, blue for what runs; none are told apart by red and green."""
_CONTRAST: Final = Palette(
    True, "bright_white", "black", "white",
    ("white", "bright_red", "bright_green", "bright_yellow", "bright_cyan", "bright_magenta", "bright_cyan",
     "bright_white"),
)  # fmt: skip
"""Of the terminal's own sixteen, the bright ones on black, and nothing faint."""

PALETTES: Final = {
    "dark": _DARK,
    "light": _LIGHT,
    "colour-blind": _COLOUR_BLIND,
    "ansi-contrast": _CONTRAST,
}


def base_theme(name: str) -> str:
    """The theme of Textual that is drawn with before the palette comes in."""
    palette = PALETTES.get(name)
    if palette is None:
        return name or "ansi-dark"
    return "ansi-dark" if palette.dark else "ansi-light"


class PaletteFilter(LineFilter):
    """Puts a palette in the place of the terminal's own colours."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    def apply(self, segments: list[Segment], background: Background) -> list[Segment]:
        return [
            segment if segment.control else Segment(segment.text, drawn(self._palette, segment.style))
            for segment in segments
        ]


@lru_cache(4096)
def drawn(palette: Palette, style: Style | None) -> Style:
    """What a style looks like in a palette. What lies under a panel comes by twice and stays as it is."""
    style = style or Style.null()
    if style.bgcolor == Color.parse(palette.ground):
        return style
    colour = _resolve(palette, style.color, palette.text)
    if style.dim and colour == Color.parse(palette.text):
        colour = Color.parse(palette.quiet)
    ground = _resolve(palette, style.bgcolor, palette.ground)
    return style + Style(color=colour, bgcolor=ground, dim=False)


def _resolve(palette: Palette, colour: Color | None, default: str) -> Color:
    if colour is None or colour.type is ColorType.DEFAULT:
        return Color.parse(default)
    if colour.number is not None and colour.number < 16:
        return Color.parse(palette.colours[colour.number % 8])
    return colour
