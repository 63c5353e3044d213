"""What goes between program and terminal, so that nothing typed ends the program and a lost terminal does."""

import io
import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

__all__ = ["AT_ONCE", "InputDecoder", "TolerantDriver"]

_TURN = 0.1
"""Seconds after which the program looks up, and an escape that nothing followed is the key."""
AT_ONCE = 4096
"""Bytes of one read."""


class InputDecoder:
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


class SafeWriter(io.TextIOBase):
    """A terminal to write to that may go: what is written after that is nobody's.

    Textual's writing thread would end there, and the program wait for ever until that has room for more.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def fileno(self) -> int:
        return int(self._file.fileno())

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


class TolerantDriver(LinuxDriver):
    """Textual's own ends at a byte that is not UTF-8, as a Latin-1 keyboard or an old mouse report has.

    It also divides by the pixels of a terminal that says it has none, and reads one that is gone again and
    again; who looks after the terminal ends the program then.
    """

    _file: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = SafeWriter(self._file)

    def run_input_thread(self) -> None:
        """Until the program ends; in a thread of its own."""
        understood = InputDecoder()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            ending = False
            while not ending:
                ending = self.exit_event.is_set()  # then one last look
                for event in understood.feed(self._sent(selector)):
                    self.process_message(event)

    def _sent(self, selector: selectors.BaseSelector) -> bytes:
        """What came within a turn, if anything did."""
        if not selector.select(_TURN):
            return b""
        with suppress(OSError):
            if data := os.read(self.fileno, AT_ONCE):
                return data
        self.exit_event.wait(_TURN)  # it is gone, and would say so at once each time
        return b""
