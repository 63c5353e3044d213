"""What the terminal sends, read so that none of it ends the program."""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

__all__ = ["AT_ONCE", "ForgivingDriver", "Understood"]

_TURN = 0.1
"""Seconds after which the program looks up, and an escape that nothing followed is the key."""
AT_ONCE = 4096
"""Bytes of one read."""


class Understood:
    """Bytes made into events. What makes no sense is passed over, and what comes after it is not.

    An escape read long enough ago was the key, even where a busy program reads the next key late.
    """

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._parser = XTermParser()
        self._full = False

    def feed(self, data: bytes) -> Iterator[Message]:
        """No data: only time went by."""
        if not self._full:  # else a sequence may have been cut: what follows belongs to it, however late
            yield from self._parsed(self._parser.tick())
        self._full = len(data) == AT_ONCE
        for character in self._decode(data):
            yield from self._parsed(self._parser.feed(character))

    def _parsed(self, events: Iterable[Message]) -> Iterable[Message]:
        try:
            return list(events)
        except (ParseError, ArithmeticError, LookupError, ValueError):
            self._parser = XTermParser()
            return ()


class ForgivingDriver(LinuxDriver):
    """Textual's own ends at a byte that is not UTF-8, as a Latin-1 keyboard or an old mouse report has.

    It also divides by the pixels of a terminal that says it has none.
    """

    def run_input_thread(self) -> None:
        """Until the program ends; in a thread of its own."""
        understood = Understood()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            ending = False
            while not ending:
                ending = self.exit_event.is_set()  # then one last look
                data = os.read(self.fileno, AT_ONCE) if selector.select(_TURN) else b""
                for event in understood.feed(data):
                    self.process_message(event)
