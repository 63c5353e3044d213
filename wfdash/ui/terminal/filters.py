"""The last line filters: whatever a widget forgot, no control character reaches the terminal."""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from wfdash.core.text.clean import cells, masked
from wfdash.ui.widgets.theme import ASCII

__all__ = ["AsciiFilter", "ColourlessFilter", "PrintableFilter", "SecretFilter"]


class PrintableFilter(LineFilter):
    """Replaces every unprintable character by one of the same width, so that the row does not shift."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(text.isprintable() for text, _, control in segments if not control):
            return segments
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment("".join(map(_printable, segment.text)), segment.style)
            for segment in segments
        ]


class SecretFilter(LineFilter):
    """Blots out the credential in use where a field or another widget draws text that was not cleaned."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        text = "".join(text for text, _, control in segments if not control)
        shown = masked(text)
        if shown == text:
            return segments
        return [Segment(shown + " " * (cells(text) - cells(shown)), segments[0].style)]


class ColourlessFilter(LineFilter):
    """Takes every colour out, where Textual's filter names the terminal's own with each piece of text."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, None if style is None else _without_colour(style), control)
            for text, style, control in segments
        ]


class AsciiFilter(LineFilter):
    """Replaces every glyph by its ASCII stand-in, and what else is not ASCII by question marks."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(_ascii(segment.text), segment.style)
            for segment in segments
        ]


@lru_cache(1024)
def _without_colour(style: Style) -> Style:
    return style.without_color


def _printable(character: str) -> str:
    return character if character.isprintable() else " " if character in "\xa0\u3000" else "\ufffd"


def _ascii(text: str) -> str:
    return "".join(
        character if character.isascii() else "?" * cell_len(character) for character in text.translate(ASCII)
    )
