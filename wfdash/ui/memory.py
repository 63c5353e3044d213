"""Memory of a dashboard that stays open for days: what is collected and forgotten."""

import gc
from typing import Any, Final

from rich.segment import Segment
from textual._xterm_parser import XTermParser
from textual.css.scalar import Scalar
from textual.geometry import Region

__all__ = ["collect_again", "forget_outgrown"]

_OUTGROWN: Final[tuple[tuple[Any, int], ...]] = (
    # Parts of lines with a character beyond Latin-1, as most have: each age that goes on makes more.
    (Segment._split_cells, 1000),
    # By the parser that asked, of which each return from the shell makes another.
    (XTermParser._parse_extended_key, 250),
    # By places on the screen, for every size that the terminal has had.
    (Region.intersection, 2000),
    (Region.union, 1000),
    (Region.grow, 1000),
    (Region.shrink, 1000),
    (Scalar.resolve, 1000),
)
"""What is cached, and above how many entries it is begun anew. Each has a bound of its own, of 1,024 to
16,384: together these weigh 20 MB, and a busy dashboard reaches most of that in half an hour."""


def collect_again() -> None:
    """Looks for garbage from now on, never among what was loaded: the first look held the loop for 40 ms."""
    gc.freeze()
    gc.enable()


def forget_outgrown() -> None:
    """Empties caches of Textual and rich that fill for hours without being of use.

    Looking costs 10 µs, and the entries in use are made anew in a few ms.
    """
    for cached, most in _OUTGROWN:
        if cached.cache_info().currsize > most:
            cached.cache_clear()
