"""Untrusted text on its way to a screen: made printable on one line, measured and cut by terminal cells.

Strings stay raw everywhere else. What `clean` returns holds no control, format, surrogate, private or
unassigned character, so no part of it can be read as a command by a terminal.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal
from unicodedata import category, east_asian_width

__all__ = ["cells", "clean", "cut", "distinguishable", "fit", "mask_in_text", "masked", "masked_bytes"]

_REPLACED = "\N{REPLACEMENT CHARACTER}"
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"
"""Hangul fillers: letters that draw nothing."""
_INVISIBLE_MARKS = "\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0e\U000e0100-\U000e01ef"
_LONGEST = 100_000
"""Characters of a line; those of a megabyte would take 160 ms, and no screen has room for them."""
_MARKS_IN_A_ROW = 4
"""Enough for Vietnamese, Thai and Hebrew; beyond it marks only climb over the neighbouring rows."""


class _Safe(dict[int, str]):
    """Code point to what is drawn for it, filled as characters are met."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        if point < 0x20:
            # The picture of the control character: what was there stays legible, and does nothing.
            safe = chr(0x2400 + point)
        elif point == 0x7F:
            safe = "\N{SYMBOL FOR DELETE}"
        elif category(character) == "Zs":
            safe = " "
        # Joiners, direction marks and what is unassigned too: two ids that differ in those alone would look
        # the same.
        elif character in _BLANK_LETTERS or not character.isprintable():
            safe = _REPLACED
        else:
            safe = character
        self[point] = safe
        return safe


class _Width(dict[str, int]):
    """Character to cells, as Rich counts: a mark joins the cell before it, a hexagram takes two."""

    def __missing__(self, character: str) -> int:
        point = ord(character)
        if category(character)[0] == "M" or any(low <= point <= high for low, high in _JOINED):
            width = 0
        elif east_asian_width(character) in "WF" or any(low <= point <= high for low, high in _TALL):
            width = 2
        else:
            width = 1
        self[character] = width
        return width


_JOINED = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF), (0x1F3FB, 0x1F3FF))
"""Hangul vowels and finals, and skin tones: drawn into the cell before them."""
_TALL = ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D356), (0x1D360, 0x1D376))
_SAFE = _Safe()
_WIDTH = _Width()
_ODD = re.compile(
    f"(?P<invisible>[{_INVISIBLE_MARKS}])|(?P<presentation>.?\ufe0f)|(?P<tone>.?[\U0001f3fb-\U0001f3ff])"
)


_SECRET = 4096
"""Characters that no secret is longer than."""
_MOST_MASKS = 8
"""A change of profile brings another credential; what the one before was may still be on screen."""
_masks: list[Callable[[str], str]] = []


def mask_in_text(mask: Callable[[str], str]) -> None:
    """Applies this mask to all that is cleaned from now on: what it hides is in no text that people see.

    Before escapes and line breaks can part what is to be hidden. A mask returns other text as it is, fast.
    """
    if mask not in _masks:
        _masks.append(mask)
        del _masks[:-_MOST_MASKS]


def masked(text: str) -> str:
    """The text, otherwise raw, without what a mask hides."""
    for mask in _masks:
        text = mask(text)
    return text


def masked_bytes(content: bytes) -> bytes:
    """The content of a file without what a mask hides, whatever its encoding: a secret is ASCII."""
    text = content.decode("latin-1")
    return content if (shown := masked(text)) == text else shown.encode("latin-1")


def cut(text: str, most: int) -> str:
    """The first `most` characters, otherwise raw, without what a mask hides.

    Half of a secret is not recognised as one: so it is hidden before the text is cut.
    """
    return masked(text[: most + _SECRET])[:most] if _masks else text[:most]


def clean(text: str, most: int = _LONGEST) -> str:
    """One printable line: a newline becomes ␊, ESC ␛, what has no picture �; runs of marks are capped.

    What is longer than any screen is cut first, and says so at its end. A name within a sentence is cut
    after `most` characters without a word: there the count of what is left out has no room.
    """
    if most < _LONGEST:
        text = cut(text, most)
    elif _masks:
        text = masked(text)
    if len(text) > _LONGEST:
        return f"{clean(text[:_LONGEST])}… ({len(text) - _LONGEST:,} more characters)"
    # Nearly all text; the rest costs ten times as much.
    if text.isascii():
        return text if text.isprintable() else text.translate(_SAFE)
    text = _ODD.sub(_settle, text.translate(_SAFE))
    return _cap_marks(text)


def distinguishable(texts: Sequence[str]) -> list[str]:
    """Cleans texts, and escapes those that cleaning would make look alike though they differ."""
    cleaned = [clean(text) for text in texts]
    # In a prompt two targets that look alike are an accident waiting for a y.
    alike = {name for name, times in Counter(cleaned).items() if times > 1}
    return [
        clean(text.encode("unicode_escape").decode("ascii")) if name in alike else name
        for text, name in zip(texts, cleaned, strict=True)
    ]


def cells(text: str) -> int:
    """How many terminal columns cleaned text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_WIDTH.__getitem__, text))


def fit(text: str, width: int, *, cut: Literal["end", "middle"] = "end", mark: str = "…") -> str:
    """Cleaned text in exactly `width` cells: padded with spaces, or cut with `mark` in place of the rest."""
    if width <= 0:
        return ""
    # A text of a hundred thousand is wider than that whatever is in it: it need not be measured to its end.
    taken = cells(text) if len(text) <= 4 * width else width + 1
    if taken > width:
        text, taken = _cut(text, width, cut, mark)
    return text + " " * (width - taken)


def _cut(text: str, width: int, cut: str, mark: str) -> tuple[str, int]:
    room = width - cells(mark)
    if room <= 0:
        return mark[:width], min(width, cells(mark))
    tail, tail_cells = _tail(text, room // 2) if cut == "middle" else ("", 0)
    head, head_cells = _head(text, room - tail_cells)
    if mark and head.endswith(mark):
        head, head_cells = head.removesuffix(mark), head_cells - cells(mark)
    return head + mark + tail, head_cells + cells(mark) + tail_cells


def _head(text: str, width: int) -> tuple[str, int]:
    taken = 0
    for index, character in enumerate(text):
        wide = _WIDTH[character]
        if taken + wide > width:
            return text[:index], taken
        taken += wide
    return text, taken


def _tail(text: str, width: int) -> tuple[str, int]:
    """The last characters that fit, and their cells, never beginning with a mark of the one before."""
    taken = kept = kept_cells = 0
    for index, character in enumerate(reversed(text), 1):
        wide = _WIDTH[character]
        if taken + wide > width:
            break
        taken += wide
        if wide:
            kept, kept_cells = index, taken
    return text[len(text) - kept :], kept_cells


def _settle(odd: re.Match[str]) -> str:
    """What asks for another look of the character before it: dropped after a symbol, else made visible."""
    if odd["invisible"]:
        return _REPLACED
    base = odd[0][:-1]
    if "\U0001f3fb" <= base <= "\U0001f3ff":  # a skin tone that itself has nothing to colour
        return _REPLACED * 2
    if base and (category(base) == "So" or (odd["presentation"] and not base.isalpha() and base != " ")):
        return base
    return base + _REPLACED


def _cap_marks(text: str) -> str:
    out: list[str] = []
    run = 0
    for character in text:
        if _WIDTH[character] or character >= "\U0001f3fb":
            run = 0
        # A mark that begins a text would climb onto what stands before it on the line.
        elif not out:
            out.append("\N{DOTTED CIRCLE}")
            run = 1
        else:
            run += 1
        if run <= _MARKS_IN_A_ROW:
            out.append(character)
        elif run == _MARKS_IN_A_ROW + 1:
            out.append(_REPLACED)
    return "".join(out)
