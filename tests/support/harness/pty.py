"""The real program in a pseudo-terminal: press keys, read the screen, count bytes, see how it leaves."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.support.harness.program import ROOT, TOKEN, environment
from tests.support.harness.screen import Screen
from tests.support.harness.warm import Leader, fits, lead

__all__ = ["KEYS", "OpenTerminal", "Terminal", "Wanted", "watch_together"]

KEYS = {
    "enter": "\r", "escape": "\x1b[27u", "tab": "\t", "shift+tab": "\x1b[Z",
    "space": " ", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "insert": "\x1b[2~", "delete": "\x1b[3~", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "f1": "\x1bOP", "f2": "\x1bOQ", "f5": "\x1b[15~",
    "focus": "\x1b[I", "blur": "\x1b[O",
}  # fmt: skip
"""The escape key as the keyboard mode has it that wfdash asks for: the bare one is told from the start of a
sequence by how soon something follows, which a busy machine changes."""
PATIENCE = 90
"""Seconds for what comes in one of them on a machine that has nothing else to do."""
_FRAME = 0.02
"""Seconds without output after which a screen is taken for drawn to its end."""
_MARK = b"\0all that was written before has been read\0"
_LEADER = Path(__file__).with_name("session_leader.py")

Wanted = str | re.Pattern[str] | Callable[[Screen], object]


def encoded(key: str) -> bytes:
    """What a terminal sends for a key name ("enter", "ctrl+d") or for a single character."""
    if key in KEYS:
        return KEYS[key].encode()
    if key.startswith("ctrl+") and len(key) == 6:
        return bytes([ord(key[-1].upper()) & 0x1F])
    assert len(key) == 1, f"no key is called {key!r}"
    return key.encode()


class Terminal:
    """A program on a terminal of its own, behind a stand-in for the shell, read without ever sleeping.

    `written` keeps every byte it wrote. Leaving it as a context manager ends the program, and fails if the
    token was shown.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        cwd: Path = ROOT,
        warm: bool = False,
    ) -> None:
        """With `warm` it is wfdash with these arguments, begun as tests.support.harness.warm says."""
        self._master, self._slave = os.openpty()
        self._size(columns, lines)
        self._found = termios.tcgetattr(self._slave)
        self.screen = Screen(columns, lines)
        self.written = bytearray()
        self.events: list[str] = []
        self._status, status = os.pipe()
        self._status_text = b""
        if warm:
            self._leader = lead(argv, env=env, cwd=cwd, slave=self._slave, status=status)
        else:
            self._leader = self._lead(argv, env, cwd, status)
        os.close(status)
        self._closed = False
        self.seen_at = 0.0
        """When what was last waited for was seen, on the clock of perf_counter."""
        self._until(lambda: self.events, PATIENCE, "the program to start")
        self.pid = int(self.events.pop(0).split()[1])

    def _lead(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path, status: int) -> Leader:
        started = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LEADER), str(status), *argv],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=dict(env),
            cwd=cwd,
            pass_fds=(status,),
            start_new_session=True,
        )
        return Leader(started.pid, started.wait)

    # -- reading ---------------------------------------------------------------------------------------

    def _read(self, seconds: float) -> bool:
        """Wait at most `seconds` for output or news and take it in; False when nothing came."""
        sources = [fd for fd in (self._master, self._status) if fd >= 0]
        ready, _, _ = select.select(sources, [], [], max(0.0, seconds))
        if self._master in ready:
            self._take_in(os.read(self._master, 65536))
        if self._status in ready:
            data = os.read(self._status, 4096)
            self._status_text += data
            *lines, self._status_text = self._status_text.split(b"\n")
            self.events += [line.decode() for line in lines]
            if not data:
                os.close(self._status)
                self._status = -1
        return bool(ready)

    def _take_in(self, data: bytes) -> None:
        self.written += data
        self.screen.feed(data)

    def _until(self, reached: Callable[[], object], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            left = deadline - time.monotonic()
            if self._status < 0:
                self._read_to_the_end()
            if left <= 0 or (self._status < 0 and not reached()):
                how = "in time" if left <= 0 else "before the program ended"
                raise AssertionError(f"waited for {what}; it did not come {how}\n{self.picture()}")
            self._read(left)

    def _drawn(self) -> None:
        """Read what belongs to the same frame: a long one comes in pieces."""
        deadline = time.monotonic() + 20 * _FRAME
        while self._status >= 0 and time.monotonic() < deadline and self._read(_FRAME):
            pass

    def _read_to_the_end(self) -> None:
        """What a program wrote that has ended or was stopped: the kernel hands it over a little later."""
        if self._master < 0:
            return
        while select.select([self._master], [], [], 0)[0]:
            self._take_in(os.read(self._master, 65536))
        os.write(self._slave, _MARK)
        rest = b""
        while not rest.endswith(_MARK):
            rest += os.read(self._master, 65536)
        self._take_in(rest.removesuffix(_MARK))

    def wait_for(self, *wanted: Wanted, seconds: float = PATIENCE) -> Screen:
        """Return once the screen shows all of `wanted` (texts, patterns, predicates) at the same time."""
        self._until(
            lambda: all(self._shows(each) for each in wanted), seconds, " and ".join(map(_described, wanted))
        )
        self.seen_at = time.perf_counter()
        self._drawn()
        return self.screen

    def wait_gone(self, *unwanted: Wanted, seconds: float = PATIENCE) -> Screen:
        """Return once the screen shows none of `unwanted`."""
        self._until(
            lambda: not any(self._shows(each) for each in unwanted),
            seconds,
            " and ".join(map(_described, unwanted)) + " to go",
        )
        self._drawn()
        return self.screen

    def wait_written(self, wanted: bytes, seconds: float = PATIENCE, since: int = 0) -> None:
        """Return once the raw output holds `wanted`, counted from byte `since`."""
        self._until(lambda: self.written.find(wanted, since) >= 0, seconds, repr(wanted))

    def _shows(self, wanted: Wanted) -> object:
        if isinstance(wanted, str):
            # A sentence may be broken between any two words, and where depends on how long a number in it is.
            return any(wanted in seen for seen in (*self.screen.rows, self.screen.text, self.screen.words))
        return wanted.search(self.screen.text) if isinstance(wanted, re.Pattern) else wanted(self.screen)

    def watch(self, seconds: float) -> int:
        """Keep reading for that long; the number of bytes that came."""
        before, deadline = len(self.written), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self._status >= 0:
            self._read(left)
        return len(self.written) - before

    def rests(self, seconds: float, most: int, tries: int = 5) -> bool:
        """Whether in one of so many spans no more than `most` bytes came: in the first of them a busy machine
        may still be drawing what was pressed before."""
        return any(self.watch(seconds) <= most for _ in range(tries))

    def quiet(self, seconds: float = 0.3, within: float = PATIENCE) -> None:
        """Return once nothing was written for `seconds`."""
        deadline = time.monotonic() + within
        while self._read(seconds):
            assert time.monotonic() < deadline, f"it never fell silent\n{self.picture()}"

    def picture(self) -> str:
        """The screen between rules, for a failure's message."""
        rule = "-" * self.screen.columns
        return f"{rule}\n{self.screen.text}\n{rule}\n{len(self.written)} bytes written, events {self.events}"

    # -- doing -----------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Write bytes as the keyboard would, reading meanwhile so that neither side stalls."""
        while data:
            _, writable, _ = select.select([], [self._master], [], 0.05)
            if writable:
                data = data[os.write(self._master, data[:512]) :]
            self._read(0)

    def press(self, *keys: str) -> None:
        """Press keys one after another: names as Textual has them ("enter", "ctrl+d") or characters."""
        for key in keys:
            self.send(encoded(key))

    def type(self, text: str) -> None:
        self.send(text.encode())

    def answer(self, line: str) -> None:
        """Type a line at a question that has stood for a while; again where a busy machine was late."""
        since, too_soon = 0, b"typed before the question could be read"
        while not since or too_soon in self.written[since:]:
            self.quiet()
            since = len(self.written)
            self.type(f"{line}\r")
            self._until(
                partial(self._says_more, since + len(line) + len("\r\n")), PATIENCE, "what comes of it"
            )

    def _says_more(self, than: int) -> bool:
        return self._status < 0 or len(self.written) > than

    def paste(self, text: str) -> None:
        """A bracketed paste."""
        self.send(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def click(self, text: str, *, times: int = 1, line: int | None = None) -> None:
        """Press and release the left button on the first character of `text`, once the screen shows it."""
        self.wait_for(lambda screen: text in (screen.text if line is None else screen.rows[line]))
        rows = [(at, row.find(text)) for at, row in enumerate(self.screen.rows) if line in (None, at)]
        at, column = next(((at, column) for at, column in rows if column >= 0), (None, 0))
        assert at is not None, f"{text!r} is not on the screen:\n{self.picture()}"
        place = f"{column + 1};{at + 1}"
        self.send(f"\x1b[<0;{place}M\x1b[<0;{place}m".encode() * times)

    def drag(self, start: tuple[int, int], end: tuple[int, int], *, over: Callable[[], object]) -> None:
        """Press the left button on a cell (line, column), go to another, look `over` it, and let go."""
        (y, x), (below, right) = start, end
        self.send(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<32;{right + 1};{below + 1}M".encode())
        over()
        self.send(f"\x1b[<0;{right + 1};{below + 1}m".encode())

    def wheel(self, notches: int, line: int = 10, column: int = 5) -> None:
        """Turn the wheel over a cell, towards the person for more than 0."""
        button = 65 if notches > 0 else 64
        self.send(f"\x1b[<{button};{column};{line}M".encode() * abs(notches))

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size; the kernel sends SIGWINCH."""
        self.screen.resize(columns, lines)
        self._size(columns, lines)

    def stall(self, seconds: float, *others: "Terminal", meanwhile: bytes = b"") -> None:
        """Read nothing for that long, as after ctrl+s or on a dead link, with more drawn than it can hold.

        `others` stall together with it.
        """
        stalled = {each: (each.screen.columns, each.screen.lines) for each in (self, *others)}
        for step in range(int(seconds / 0.1)):
            for each, (columns, lines) in stalled.items():
                each._size(columns - step % 2, lines)
            time.sleep(0.1)
        os.write(self._master, meanwhile)
        for each, size in stalled.items():
            each._size(*size)
        time.sleep(1)

    def hold(self) -> None:
        """Stop its output, as ctrl+s does; what it writes stays with the kernel."""
        termios.tcflow(self._slave, termios.TCOOFF)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait_stopped(self, seconds: float = PATIENCE) -> None:
        """Return once the program was stopped (ctrl+z) and the shell has the terminal."""
        self._until(lambda: any(e.startswith("stopped") for e in self.events), seconds, "it to stop")
        self._read_to_the_end()

    def foreground(self) -> None:
        """The shell's `fg`: give the terminal back and continue."""
        self.events = [event for event in self.events if not event.startswith("stopped")]
        os.kill(self._leader.pid, signal.SIGUSR1)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a dropped link does; nothing can be read afterwards."""
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    # -- leaving ---------------------------------------------------------------------------------------

    def wait_exit(self, seconds: float = PATIENCE) -> int:
        """The exit status as a shell reports it: 128 + n after signal n."""
        self._until(self._ending, seconds, "it to exit")
        self._read_to_the_end()
        how, number = self._ending()[0].split()
        return int(number) + (128 if how == "killed" else 0)

    def wait_ended_unread(self, seconds: float = PATIENCE) -> float:
        """Return once it ended, while nobody reads what it writes; the seconds that took."""
        began = time.monotonic()
        while not self._ending():
            assert time.monotonic() - began < seconds, "it does not end"
            if select.select([self._status], [], [], 0.1)[0]:
                self._status_text += os.read(self._status, 4096)
                *lines, self._status_text = self._status_text.split(b"\n")
                self.events += [line.decode() for line in lines]
        return time.monotonic() - began

    @property
    def ended(self) -> bool:
        return bool(self._ending())

    def _ending(self) -> list[str]:
        return [event for event in self.events if event.startswith(("exited", "killed"))]

    def not_as_found(self) -> list[str]:
        """What the terminal was left with that it did not have before; empty when it was given back."""
        modes = {1: "cursor keys", 1000: "mouse", 1002: "mouse", 1003: "mouse", 1004: "focus reports",
                 1006: "mouse", 1015: "mouse", 1016: "mouse", 1049: "alternate screen", 2004: "paste marks",
                 2026: "synchronised output", 2048: "size reports"}  # fmt: skip
        wrong = [f"{word} ({mode}) on" for mode, word in modes.items() if self.screen.modes.get(mode)]
        if not self.screen.modes.get(25, True):
            wrong.append("cursor hidden")
        if self.screen.keyboard_pushes > 0:
            wrong.append("keyboard mode pushed")
        names = ("input", "output", "control", "local")
        now = termios.tcgetattr(self._slave)
        wrong += [
            f"{name} flags {was:#o} are {is_:#o}"
            for name, was, is_ in zip(names, self._found, now)
            if was != is_
        ]
        if now[6] != self._found[6]:
            wrong.append("control characters differ")
        return wrong

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close()
        if kind is None:
            assert TOKEN.encode() not in self.written, "the token was written to the terminal"

    def close(self) -> None:
        """End the program, however it stands. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if not self._ending():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        if self._master >= 0:
            while self._status >= 0 and self._read(5):
                pass
            self.hang_up()
        self._leader.end(alive=self._status >= 0)
        if self._status >= 0:
            os.close(self._status)


class OpenTerminal:
    """Opens terminals with wfdash in them, and ends them all."""

    def __init__(self, wfdash: Callable[..., list[str]]) -> None:
        self._wfdash = wfdash
        self._opened: list[Terminal] = []

    def __call__(
        self,
        *arguments: str,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str | None] | None = None,
        argv: Sequence[str] | None = None,
        cwd: Path = ROOT,
        cold: bool = False,
    ) -> Terminal:
        """`argv` runs another program instead of wfdash, which begins warm unless it shall not or cannot."""
        wanted = environment(**(env or {}))
        warm = not argv and not cold and fits(wanted)
        subject = Terminal(
            arguments if warm else argv or self._wfdash(*arguments),
            env=wanted,
            columns=columns,
            lines=lines,
            cwd=cwd,
            warm=warm,
        )
        self._opened.append(subject)
        return subject

    def close(self) -> None:
        for each in self._opened:
            each.close()
        for each in self._opened:
            each.__exit__(None)


def watch_together(terminals: Iterable[Terminal], seconds: float) -> list[int]:
    """Keep reading them all for that long; the number of bytes that came from each."""
    several = list(terminals)
    before, deadline = [len(each.written) for each in several], time.monotonic() + seconds
    while time.monotonic() < deadline:
        for each in several:
            each.watch(0.05)
    return [len(each.written) - start for each, start in zip(several, before)]


def _described(wanted: Wanted) -> str:
    if isinstance(wanted, str):
        return repr(wanted)
    return (
        repr(wanted.pattern) if isinstance(wanted, re.Pattern) else getattr(wanted, "__name__", "a condition")
    )
