"""Scripts that put no blanks between words: what stands right beside their letters is a word of its own."""

import re
from typing import Final

__all__ = ["BREAK", "LETTERS", "has_letter", "with_breaks"]

LETTERS: Final = (
    "\u0e01-\u0e4f\u0e5a-\u0ecf\u0edc-\u0edf"  # Thai, Lao
    "\u0f00-\u0f1f\u0f34-\u0fff\u1000-\u103f\u104a-\u109f\u1780-\u17df"  # Tibetan, Burmese, Khmer
    "\u1100-\u11ff\u3131-\u318e\uac00-\ud7ff\uffa0-\uffdc"  # Hangul
    "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f\u3105-\u312f\u31a0-\u31bf"  # Kana, Bopomofo
    "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
"""For a class of signs in a pattern; their digits are not in it."""
BREAK: Final = "\ue180"
"""Stands where a word ends without a blank. No message uses this private range, and no pattern takes it as a
sign of a word, so that one that knows blanks alone finds `1000` in `注文1000が見つかりません` too."""
_BETWEEN: Final = re.compile(
    rf"(?<=[{LETTERS}])(?=[0-9A-Za-z/\\]|\d)|(?<=[0-9A-Za-z])(?=[{LETTERS}])|(?<=\d)(?=[{LETTERS}])"
)
_LAST: Final = re.compile(rf"{BREAK}(?=\d{{1,2}}$)")
_LETTER: Final = re.compile(rf"[{LETTERS}]")
_WIDE: Final = {0xFF10 + digit: str(digit) for digit in range(10)}


def with_breaks(text: str, *, is_name: bool = False) -> str:
    """The text with `BREAK` between such letters and digits or Latin letters; digits of full width as others.

    A short number at the end of a step's name stays a part of its last word, as in `step1`.
    """
    if text.isascii():
        return text
    text = _BETWEEN.sub(BREAK, text.translate(_WIDE))
    return _LAST.sub("", text) if is_name else text


def has_letter(word: str) -> bool:
    """Whether the word has a letter of a script without blanks between words."""
    return not word.isascii() and _LETTER.search(word) is not None
