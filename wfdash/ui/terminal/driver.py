"""What goes between program and terminal, so that nothing typed ends the program and a lost terminal does."""

import asyncio
import io
import os
import select
import selectors
import signal
import termios
import threading
import time
from contextlib import suppress
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from wfdash.ui.terminal.decoder import AT_ONCE, InputDecoder

__all__ = ["TolerantDriver"]

_TURN = 0.1
"""Seconds after which the program looks up."""
_FIRST_LINES = 1000
"""Characters of a page that go ahead of the rest. Of what sshd reads in one go nothing is seen at the other
end until all of it has arrived: 4 kB, at 20 kB/s, are a fifth of a second without an answer to the key."""
_TAKEN_IN = 0.002
"""Seconds in which sshd reads them."""


class SafeWriter(io.TextIOBase):
    """Writes to a terminal that may go away; what is written after that is dropped.

    Textual's writing thread would end there, and the program wait for ever until that has room for more.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._written = 0
        self._muted = False
        self.taken = 0
        """Writes that the terminal has taken."""
        self.taken_at = time.monotonic()

    def fileno(self) -> int:
        return int(self._file.fileno())

    def mute(self) -> int:
        """Writes nothing more; the descriptor it was written to."""
        self._muted = True
        return self.fileno()

    def write(self, text: str) -> int:
        # A terminal that is gone raises in Textual's writing thread, and nobody hears of it.
        with suppress(OSError):
            if not self._muted:
                self._file.write(self._behind_first_lines(text))
        self._written += 1
        self.taken_at = time.monotonic()
        return len(text)

    def _behind_first_lines(self, text: str) -> str:
        """Writes a page's first lines at once, and gives what is left to be written."""
        if len(text) < 2 * _FIRST_LINES or (end := text.find("\n", _FIRST_LINES) + 1) == 0:
            return text
        self._file.write(text[:end])
        self._file.flush()
        time.sleep(_TAKEN_IN)
        return text[end:]

    def flush(self) -> None:
        with suppress(OSError):
            if not self._muted:
                self._file.flush()
        self.taken, self.taken_at = self._written, time.monotonic()


_STALLED = 1.0
"""Seconds without a byte taken after which a terminal is held, or its line dead."""
_TRIES = 20
"""Turns for a terminal that takes nothing: two seconds, in which a signal has to end the program."""
_RESTORED = (
    b"\x18\x1b\\"  # ends what was written in part
    b"\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l"
    b"\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""What Textual's driver writes at the end, in one piece."""


class TolerantDriver(LinuxDriver):
    """A driver that survives bytes that are not UTF-8, as from a Latin-1 keyboard or an old mouse report.

    It also divides by the pixels of a terminal that says it has none, and reads one that is gone again and
    again; who looks after the terminal ends the program then.
    """

    _file: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = self._writer = SafeWriter(self._file)
        self._handed = 0
        """Writes handed to the thread that does them."""
        self._waits_since = 0.0
        """When what is not taken yet began to be handed over."""
        self._decoder = InputDecoder()
        self._given_up: threading.Event | None = None

    def start_application_mode(self) -> None:
        """Starts, and from then on tells the terminal's sizes in the order it had them.

        Textual tells one within the signal's handler. A second change cuts in between its look and its word,
        and is told first: the size of before stands until the next change.
        """
        before = self._get_terminal_size()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        tell = signal.getsignal(signal.SIGWINCH)
        if not callable(tell):
            return  # stopped again at once, as a program in the background is
        loop = asyncio.get_running_loop()

        def later(*_: Any) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, signal.SIGWINCH, None)

        signal.signal(signal.SIGWINCH, later)
        if self._get_terminal_size() != before:
            later()

    def disable_input(self) -> None:
        """Stops input, and still takes the signal that ends a blocked write: by default it wakes nobody."""
        super().disable_input()
        with suppress(ValueError):  # not on the main thread
            signal.signal(signal.SIGWINCH, lambda *_: None)

    def write(self, data: str) -> None:
        if self.drained:
            self._waits_since = time.monotonic()
        self._handed += 1
        super().write(data)

    @property
    def drained(self) -> bool:
        """Whether the terminal has taken all that was written."""
        return self._writer.taken >= self._handed

    @property
    def stalled(self) -> bool:
        """Whether it has taken nothing for a while of what waits for it; a slow line takes some in each."""
        since = max(self._waits_since, self._writer.taken_at)
        return not self.drained and time.monotonic() - since > _STALLED

    def came_alone(self, at: float, margin: float) -> bool:
        """Whether nothing else was read with the key made then, nor shortly before, since, or waits now."""
        with suppress(OSError, ValueError):
            if select.select([self.fileno], [], [], 0)[0]:
                return False
        return self._decoder.came_alone(at, margin)

    @property
    def pasting(self) -> bool:
        """Whether a paste began whose end was never read: a key may be its rest, held up by the line."""
        return self._decoder.pasting

    def give_up(self) -> None:
        """Gives the terminal back without waiting for what is still to be written; any thread may ask."""
        self._given_up = threading.Event()
        try:
            self._give_up(self._writer.mute())
        finally:
            self._given_up.set()

    def close(self) -> None:
        """Closes, and waits while the terminal is being given back: nothing else may be written."""
        super().close()
        if self._given_up is not None:
            self._given_up.wait(_TRIES * _TURN)

    def _give_up(self, output: int) -> None:
        with suppress(OSError, termios.error):
            # Held by ctrl+s it would take nothing, and hold the shell up too.
            termios.tcflow(output, termios.TCOON)
        with suppress(OSError, termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        with suppress(OSError):
            os.set_blocking(output, False)
            for _ in range(_TRIES):
                self._wake_writer()
                with suppress(OSError, termios.error):
                    # What is queued would be written first, and a held terminal takes none of it.
                    termios.tcflush(output, termios.TCOFLUSH)
                with suppress(BlockingIOError):
                    if os.write(output, _RESTORED) == len(_RESTORED):
                        break
                time.sleep(_TURN / 10)
            os.set_blocking(output, True)  # the shell has it with the same setting

    def _wake_writer(self) -> None:
        """Lets the write that waits for the terminal end: until then the kernel takes no other one."""
        thread = self._writer_thread
        if thread is not None and thread.ident is not None and thread.is_alive():
            with suppress(OSError):
                # Any signal ends the blocked write with EINTR; to this one Textual only looks at the size.
                signal.pthread_kill(thread.ident, signal.SIGWINCH)

    def run_input_thread(self) -> None:
        """Reads the terminal until the program ends; in a thread of its own."""
        decoder = self._decoder = InputDecoder()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            ending = False
            while not ending:
                ending = self.exit_event.is_set()  # then one last look
                # A whole turn more for an escape would be felt each time somebody goes back.
                for event in decoder.feed(self._sent(selector, min(_TURN, decoder.decided_in))):
                    self.process_message(event)

    def _sent(self, selector: selectors.BaseSelector, turn: float) -> bytes:
        """Reads what comes within so many seconds; b"" for nothing."""
        if not selector.select(turn):
            return b""
        with suppress(OSError):
            if data := os.read(self.fileno, AT_ONCE):
                return data
        # select says at once that a closed terminal can be read: without a pause this thread would take a
        # whole core.
        self.exit_event.wait(_TURN)  # it is gone, and would say so at once each time
        return b""
