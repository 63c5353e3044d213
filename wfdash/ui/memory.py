"""Memory of a dashboard that stays open for days: what is collected, given back and forgotten."""

import ctypes
import gc
import sys
from collections.abc import Sequence
from contextvars import Context, copy_context
from typing import Any, Final

from rich.segment import Segment
from textual._context import active_message_pump, visible_screen_stack
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.css.scalar import Scalar
from textual.geometry import Region
from textual.screen import Screen

from wfdash.core.model.frozen import freeze, times_frozen

__all__ = ["Collector", "context_of", "forget_outgrown", "give_back", "trim"]

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

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of `mallopt` in glibc's malloc.h."""
_THRESHOLD = 128 * 1024
"""Bytes: glibc's own to begin with."""

_MOST_FOUND = 100
"""Widgets that a screen remembers to have found by their ids. It does so anew with each change of what is
mounted, up to 1,024 times, of 400 bytes; and each widget below it does the same."""

_AWAY, _EVERY = 60.0, 600.0
"""Seconds without a key after which all is looked through, and until it is again."""
_TRIMMED_EVERY = 60.0
"""Seconds between two times that what is free is given back."""


class Collector:
    """Collects garbage among what is young, and among what was frozen only while nobody is at the keys.

    What is loaded is frozen at the start, for a first look at it held the loop for 40 ms; then all there is,
    when many rows have come and when many are sent. A page that was open by then would stay for ever: its
    widgets hold each other.
    """

    def __init__(self) -> None:
        self._frozen = 0
        self._looked_at = self._trimmed_at = float("-inf")

    def begin(self) -> None:
        """Looks for garbage from now on."""
        freeze()
        gc.enable()
        self._frozen = times_frozen()

    def tick(self, now: float, last_key_at: float) -> None:
        """Looks through what is frozen too, some 150 ms, where it has grown and no key was pressed lately.

        Gives back what is free, which takes less than 1 ms, whether keys are pressed or not.
        """
        if not 0 <= now - self._trimmed_at < _TRIMMED_EVERY:
            self._trimmed_at = now
            trim()
        if 0 <= now - self._looked_at < _EVERY or 0 <= now - last_key_at < _AWAY:
            return
        self._looked_at = now
        if times_frozen() == self._frozen:
            return
        gc.unfreeze()
        gc.collect()
        freeze()
        self._frozen = times_frozen()


def context_of(app: App[Any]) -> Context:
    """The context to begin a task in that outlives the page which begins it.

    Each task keeps a copy of the context that it is begun in, and there Textual notes the page: a prompt of
    half a megabyte stayed for the hour in which the runs that it had restarted were followed.
    """
    context = copy_context()
    context.run(active_message_pump.set, app)
    context.run(visible_screen_stack.set, [])
    return context


def give_back() -> None:
    """Has glibc give large blocks back to the system when they are freed.

    It raises the size from which it does with each large answer that is freed, up to 32 MB; what is smaller
    then comes from its heap, between what lives long, and the gaps stay. Other C libraries are left alone.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)
    mallopt(_M_TRIM_THRESHOLD, _THRESHOLD)
    # Each thread that reads a file would have a heap of its own, and leave it half empty.
    mallopt(_M_ARENA_MAX, 1)


def trim() -> None:
    """Gives pages back to the system that lie free within glibc's heap.

    By itself it gives back the end of its heap alone. Each page that was open leaves holes between what lives
    longer: after half an hour of opening pages a quarter of the heap, 5 MB, was free, and still growing.
    """
    if sys.platform.startswith("linux") and (giving := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        giving(0)


def forget_outgrown(screens: Sequence[Screen[Any]] = ()) -> None:
    """Empties caches of Textual and rich that fill for hours without being of use.

    Looking costs 10 µs, and the entries in use are made anew in a few ms.
    """
    for cached, most in _OUTGROWN:
        if cached.cache_info().currsize > most:
            cached.cache_clear()
    for screen in screens:
        if len(screen._query_one_cache) > _MOST_FOUND:
            for node in screen.walk_children(with_self=True):
                node._query_one_cache.clear()
