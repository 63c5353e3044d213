"""A bracketed paste on its way in: it ends whatever the terminal says, and its rest makes no keys."""

from typing import Final

from textual.events import Paste

__all__ = ["PASTE_END", "PASTE_START", "OpenPaste"]

PASTE_START: Final = "\x1b[200~"
PASTE_END: Final = "\x1b[201~"
_SPAN: Final = 0.4
"""Seconds; one in which hardly anything came ends the paste, so that it takes at most two of them."""
_LITTLE: Final = 40
"""Characters in a span: a key held down sends fewer, the slowest line that carries a paste more."""
_RESUMES: Final = 30.0
"""Seconds in which a burst may still be the rest of a paste that was ended: as keys it could do anything."""
_BURST: Final = 12
"""Characters of one read that nobody types."""
_MOST: Final = 4_000_000
"""Characters kept: more than any field takes."""


class OpenPaste:
    """Collects a paste between its two marks. The second may never come, as where a link broke."""

    def __init__(self) -> None:
        self.open = False
        self._text = ""
        self._span_at = 0.0
        self._in_span = 0
        self._ended_at: float | None = None
        """When it was ended without its second mark."""

    def goes_on(self, now: float) -> bool:
        """Whether what is read now may be the rest of a paste: neither its end nor an escape came."""
        return self.open or (self._ended_at is not None and now - self._ended_at < _RESUMES)

    def begin(self, now: float) -> None:
        self.open, self._text, self._ended_at = True, "", None
        self._span_at, self._in_span = now, 0

    def forget(self) -> None:
        """Ends the wait for the rest of a paste.

        Its second mark came, or an escape, by a person at the keys.
        """
        self._ended_at = None

    def arrived(self, text: str, now: float) -> None:
        """Notes what is about to be taken; a burst after a paste that was ended opens it again."""
        if self.open:
            self._in_span += len(text)
        elif self._ended_at is not None and text[:1] != "\x1b" and len(text) >= _BURST:
            if now - self._ended_at < _RESUMES:
                self.begin(now)
                self._in_span = len(text)
            else:
                self._ended_at = None

    def take(self, text: str, at: int) -> tuple[int, Paste | None]:
        """Takes text from `at` on; where it ended, and the paste if it did."""
        before = len(self._text)
        self._text += text[at:]
        end = self._text.find(PASTE_END, max(0, before - len(PASTE_END)))
        if end < 0:
            self._text = self._text[:_MOST]
            return len(text), None
        return at + end + len(PASTE_END) - before, self._close(end)

    def late(self, now: float) -> Paste | None:
        """The paste so far, if it has to end without its second mark; else None."""
        if not self.open or now - self._span_at < _SPAN:
            return None
        if self._in_span > _LITTLE:
            self._span_at, self._in_span = now, 0
            return None
        self._ended_at = now
        return self._close(len(self._text))

    def _close(self, end: int) -> Paste:
        pasted, self.open, self._text = self._text[:end], False, ""
        return Paste(pasted.replace("\x00", ""))
