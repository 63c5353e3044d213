"""What may be typed next in a filter."""

import re

from wfdash.core.fields import FIELDS

__all__ = ["complete", "completed"]

_LAST = re.compile(r'[^\s("]*$')
_TERM = re.compile(r"(-*[A-Za-z_]+(?::|~|>=|<=|>|<)(?:[^\s()\",]*,)*)([^\s()\",]*)")


def complete(text: str, position: int) -> list[str]:
    """Whole words that may stand in place of the one the cursor ends: `sta` gives `status:`.

    Only longer ones than what is there; the word is put in with `completed`.
    """
    word = _word(text, position)
    if found := _TERM.fullmatch(word):
        head, part = found[1], found[2].lower()
        field = FIELDS.get(re.split("[:~<>]", head.lstrip("-"), maxsplit=1)[0].lower())
        given = {value.lower() for value in re.split("[:,]", head)}
        values = field.values if field else ()
        return [
            head + value
            for value in values
            if value.lower().startswith(part) and value.lower() not in given and value != found[2]
        ]
    dashes = word[: len(word) - len(word.lstrip("-"))]
    part = word.lstrip("-").lower()
    names = [name + field.ops[0] for name, field in FIELDS.items()] + ["marked"]
    return [dashes + name for name in names if part and name.startswith(part) and name != part]


def completed(text: str, position: int, word: str) -> tuple[str, int]:
    """The text with the word at the cursor replaced, and the new cursor position."""
    start = position - len(_word(text, position))
    return text[:start] + word + text[position:], start + len(word)


def _word(text: str, position: int) -> str:
    found = _LAST.search(text[:position])
    return found[0] if found else ""
