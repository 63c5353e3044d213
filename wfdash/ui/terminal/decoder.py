"""Turns the bytes of a terminal into events, so that no accident of the line makes a key that nobody pressed.

Textual's parser is handed complete sequences only. By itself it makes keys of the letters of one that it does
not understand or that came in two halves: of a late mode report `ESC [ ? 2026 ; 2 $ y` it makes a `y`.
"""

import re
import time
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, auto
from string import ascii_lowercase
from typing import Final

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.constants import ESCAPE_DELAY
from textual.events import Key
from textual.message import Message

from wfdash.ui.terminal.paste import PASTE_END, PASTE_START, OpenPaste

__all__ = ["AT_ONCE", "InputDecoder"]

AT_ONCE: Final = 4096
"""Bytes of one read."""
_ESC: Final = "\x1b"
_REMEMBERED: Final = 32
"""Reads looked back at."""
_CUT: Final = 1.0
"""Seconds after which the rest of a sequence is not expected any more."""
_LONGEST: Final = 4096
"""Characters of a sequence; none that a terminal sends of its own is nearly as long."""

_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[(?:M.{3}|<[-\d;]*[mM]|\[[A-E]|\d{1,2}\$|[0-?]*[ -/]*[@-LN-Z\\\]^_`a-z{|}~]|[0-?]+[ -/]*M)"
    r"|O[0-9;]*[@-~]"
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r")",
    re.DOTALL,
)
_BEGINNING = re.compile(
    r"\x1b(?:\[(?:M.{0,2}|<[-\d;]*|\[|[0-?]*[ -/]*)?|O[0-9;]*|[\]PX^_][^\x07\x1b]*(?:\x1b\Z)?)?", re.DOTALL
)
_REST = re.compile(r"[ -?]*([@-~])?")
"""What is left of a sequence whose beginning was given up."""
_KITTY = re.compile(
    r"\x1b\[(0|[1-9]\d{0,6})(?:;([1-9]\d{0,2})?(?:;([1-9]\d{0,6}(?::[1-9]\d{0,6}){0,12})?)?)?u"
)
"""Code of the key, modifiers (from 1 on), text: no more than wfdash asks the terminal for.

https://sw.kovidgoyal.net/kitty/keyboard-protocol/
"""
_FUNCTION = re.compile(r"\x1b\[(\d*)(;[\d:]*)*([~ABCDEFHPQRS])")
_SHIFT, _LOCKS, _CAPS_LOCK = 1, 64 | 128, 64


class _Spelling(Enum):
    """The ways in which terminals tell a key that makes a character: each has one."""

    CHARACTER = auto()
    """`y`: it does not speak the kitty protocol."""
    WITH_TEXT = auto()
    """`CSI 121 ; ; 121 u`: it does, as Textual asks for it (every key, and the text it makes)."""
    WITHOUT_TEXT = auto()
    """`CSI 121 u`: it reports every key and has no text to tell (WezTerm of 2023)."""


class InputDecoder:
    """Makes events of bytes. What makes no sense is passed over; what comes after it is not.

    An escape with a key behind it (alt and the key, or both in one read on a slow link) is the escape alone.
    An escape read long enough ago was the key, even where a busy program reads the next key late.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._utf8 = getincrementaldecoder("utf-8")("replace")
        self._parser = XTermParser()
        self._full = False
        self._begun, self._begun_at = "", 0.0
        """The beginning of a sequence, and when it was read."""
        self._passing = False
        """Whether what comes first is the rest of a sequence that came too late."""
        self._paste = OpenPaste()
        self._spelling: _Spelling | None = None
        """How the last key that made a character was told."""
        self._reads: deque[tuple[float, bool]] = deque(maxlen=_REMEMBERED)
        """When something was read, and whether that was one key or report, complete, and nothing else."""

    @property
    def undecided(self) -> bool:
        """Whether something was read that may be a key yet, as an escape is until nothing followed it."""
        return bool(self._begun) or self._paste.open

    @property
    def decided_in(self) -> float:
        """Seconds until time decides what was read last: soon for an escape, which a person waits for."""
        patience = ESCAPE_DELAY if self._begun == _ESC else _CUT
        return max(0.0, self._begun_at + patience - self._clock()) if self._begun else _CUT

    @property
    def pasting(self) -> bool:
        """Whether a key read now may belong to a paste whose end has not come yet."""
        return self._paste.goes_on(self._clock())

    @property
    def _halfway(self) -> bool:
        return self.undecided or self._passing or bool(self._utf8.getstate()[0])

    def came_alone(self, at: float, margin: float) -> bool:
        """Whether the key made at that time was all that was read from `margin` seconds before it until now.

        A report of the mouse or the focus counts too, and what makes no sense: any of them in the same read
        shows that the line held it back together with the key, which may be older than what is on screen.
        """
        near = [single for read_at, single in list(self._reads) if read_at > at - margin]
        return near == [True] and not self.undecided and not self.pasting

    def feed(self, data: bytes) -> list[Message]:
        """The events of one read. No data: only time went by."""
        now = self._clock()
        # Where a read was full a sequence may have been cut: what follows belongs to it, however late.
        # A read may end in the middle of a sequence only where it was full.
        events = [] if self._full else list(self._late(now))
        self._full = len(data) == AT_ONCE
        was_halfway = self._halfway
        text = self._utf8.decode(data)
        self._paste.arrived(text, now)
        if not self._begun:
            self._begun_at = now
        text, self._begun = self._begun + text, ""
        at = pieces = 0
        while at < len(text):
            at, found = self._next(text, at, now)
            events += found
            pieces += 1
        if data:
            self._reads.append((now, pieces == 1 and not (was_halfway or self._halfway)))
        return events

    def _next(self, text: str, at: int, now: float) -> tuple[int, Iterable[Message]]:
        """Where the piece of text from `at` on ends, and what it means."""
        if self._paste.open:
            end, pasted = self._paste.take(text, at)
            return end, () if pasted is None else (pasted,)
        if text[at] == _ESC:
            return self._escape(text, at, now)
        if self._passing:
            return self._pass_over(text, at), ()
        return at + 1, self._spelt(self._parsed(text[at]), _Spelling.CHARACTER)

    def _spelt(self, events: Iterable[Message], spelling: _Spelling) -> Iterable[Message]:
        """The events; a character told in another way than the one before it is text, and no key.

        With the kitty protocol a method of input or a terminal's own paste sends characters, and keys come as
        sequences; without it nobody sends those. Where another terminal took over, the next key is one again.
        """
        events = list(events)
        if not any(isinstance(event, Key) and event.is_printable for event in events):
            return events
        last, self._spelling = self._spelling, spelling
        return events if last in (None, spelling) else [_text_only(event) for event in events]

    def _late(self, now: float) -> Iterable[Message]:
        """Yields what time alone decides: an escape was the key, half a sequence is none, a paste is over."""
        if (pasted := self._paste.late(now)) is not None:
            yield pasted
        if not self._begun or now - self._begun_at < (ESCAPE_DELAY if self._begun == _ESC else _CUT):
            return
        begun, self._begun = self._begun, ""
        # The tail of a late report ends in a letter, and a letter is a key: `$y` would confirm.
        self._passing = len(begun) > 2 and begun[1] == "["
        if not self._passing:  # escape, or alt and what could have begun a sequence
            self._paste.forget()
            yield Key("escape", _ESC)

    def _pass_over(self, text: str, at: int) -> int:
        """Where the rest of a sequence ends, whose beginning was given up."""
        match = _REST.match(text, at)
        end = match.end() if match is not None else at
        self._passing = end == len(text) and (match is None or match[1] is None)
        return end

    def _escape(self, text: str, at: int, now: float) -> tuple[int, Iterable[Message]]:
        """Where what begins with this escape ends, and what it means."""
        self._passing = False
        if match := _SEQUENCE.match(text, at):
            return match.end(), self._meant(match[0], now)
        if len(text) - at <= _LONGEST and _BEGINNING.fullmatch(text, at):
            self._begun = text[at:]
            self._begun_at = now if at else self._begun_at
            return len(text), ()
        begun = _BEGINNING.match(text, at)
        end = begun.end() if begun is not None else at + 1
        if end == at + 1 and text[end] != _ESC:
            # An escape meant to leave a prompt and a y in the same read look like alt+y: neither is given.
            end += 1  # the key behind the escape
        return end, (Key("escape", _ESC),)

    def _meant(self, sequence: str, now: float) -> Iterable[Message]:
        """What a complete sequence stands for."""
        if sequence == PASTE_START:
            self._paste.begin(now)
            return ()
        if sequence == PASTE_END:
            self._paste.forget()
            return ()
        if sequence[-1] == "u":
            kitty = _KITTY.fullmatch(sequence)
            if kitty is None:
                return ()
            events = self._kitty(int(kitty[1]), int(kitty[2] or 0), kitty[3] or "")
            if sequence.endswith(";u"):  # with a field that is empty, which none of them sends
                return [_text_only(event) for event in events]
            return self._spelt(events, _Spelling.WITH_TEXT if kitty[3] else _Spelling.WITHOUT_TEXT)
        if (function := _FUNCTION.fullmatch(sequence)) is None or sequence[-1] == "R":
            return self._parsed(sequence)
        if f"{function[1] or 1}{function[3]}" in FUNCTIONAL_KEYS and sequence.count(";") < 2:
            return self._parsed(sequence)
        # Textual would take the number for the code of a character: `ESC [ 121 ~` for a y.
        keys = ANSI_SEQUENCES_KEYS.get(sequence)
        return [Key(key.value, None) for key in keys] if isinstance(keys, tuple) else ()

    def _kitty(self, code: int, modifiers: int, text: str) -> Iterable[Message]:
        """A key as the kitty protocol reports it; Textual leaves out alt where there is a text."""
        held = max(0, modifiers - 1)
        if code == ord(_ESC):
            self._paste.forget()
        if code == 0:  # a method of input made the text, with whatever keys
            return [_text_only(event) for event in self._parsed(f"{_ESC}[0;;{text}u")]
        if held & ~(_SHIFT | _LOCKS) and text in (str(code), str(code ^ 32)):
            return self._parsed(f"{_ESC}[{code};{modifiers}u")
        middle = f";{modifiers or ''};{text}" if text else f";{modifiers}" if modifiers else ""
        events = self._parsed(f"{_ESC}[{code}{middle}u")
        # With caps lock on and no text told, the letter is a capital one.
        ignored = _LOCKS if text else _LOCKS & ~_CAPS_LOCK
        if text in ("", str(code)) and not held & ~ignored:
            return events
        return [_composed(event) for event in events]

    def _parsed(self, sequence: str) -> Iterable[Message]:
        parser = self._parser
        try:
            events = list(parser.feed(sequence))
            if parser._awaiting.timeout is None:
                return events
        except (ParseError, ArithmeticError, LookupError, ValueError):
            pass
        self._parser = fresh = XTermParser()
        fresh.mouse_pixels, fresh.last_x, fresh.last_y = parser.mouse_pixels, parser.last_x, parser.last_y
        fresh.terminal_size, fresh.terminal_pixel_size = parser.terminal_size, parser.terminal_pixel_size
        return ()


def _composed(event: Message) -> Message:
    """The event, renamed where an input method or several keys made a letter.

    It is text, not that letter's key.
    """
    return _text_only(event) if isinstance(event, Key) and event.key in ascii_lowercase else event


def _text_only(event: Message) -> Message:
    """The event, renamed where it is a character, so that it is typed and no key."""
    if isinstance(event, Key) and event.is_printable and not event.key.startswith("composed+"):
        return Key(f"composed+{event.key}", event.character)
    return event
