"""What may be typed next in a filter, and what of it holds while its last term is only begun."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.filter.fields import FIELDS, FilterField
from wfdash.core.filter.grammar import Term, unparse
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import parse_time
from wfdash.core.text.durations import parse_duration
from wfdash.core.why.step_names import base_name

__all__ = ["Values", "complete", "completed", "found_values", "no_values", "unfinished"]

Values = Callable[[str], Sequence[str]]
"""What is known to stand in a field, by its name, for those whose values no list tells."""

_LAST = r'[^\s("]*$'
_TERM = r"(-*[A-Za-z_]+(?::|~|>=|<=|>|<)(?:[^\s()\",]*,)*)([^\s()\",]*)"
_OP = "[:~<>]=?"
_VERSION = 8
"""Characters of a version that are offered: as many as the table shows."""
_MOST = 20
"""Values that are offered; who wants another one types on."""


def no_values(field: str) -> Sequence[str]:
    """Offers no values: for fields of which nothing is known."""
    return ()


def found_values(field: str, rows: Iterable[Instance], read: Iterable[DetailFields]) -> list[str]:
    """What stands in a field among the loaded rows or the instances that were read, the most common first."""
    counted: Counter[str] = Counter()
    if field == "version":
        counted.update(row.version[:_VERSION] for row in rows)
    elif field == "step":
        counted.update(base_name(step) for detail in read for step in detail.steps)
    elif field == "error":
        counted.update(detail.error.partition(":")[0] for detail in read)
    del counted[""]
    return [value for value, _ in counted.most_common(_MOST)]


def complete(text: str, position: int, values: Values = no_values) -> list[str]:
    """The words that may stand in place of the one the cursor ends: `sta` gives `status:`.

    Only longer ones than what is there; the word is put in with `completed`.
    """
    word = _word(text, position)
    if found := re.fullmatch(_TERM, word):
        return _values(found[1], found[2], values)
    dashes = word[: len(word) - len(word.lstrip("-"))]
    part = word.lstrip("-").lower()
    names = [name + field.ops[0] for name, field in FIELDS.items()] + ["marked"]
    return [dashes + name for name in names if part and name.startswith(part) and name != part]


def _values(head: str, typed: str, values: Values) -> list[str]:
    field, part = _field(head), typed.lower()
    given = {value.lower() for value in re.split("[:,]", head)}
    offered = (field.values or values(field.name)) if field else ()
    return [
        head + unparse(Term("", "", (value,)))
        for value in offered
        if value.lower().startswith(part) and value.lower() not in given and value != typed
    ]


def unfinished(text: str) -> str | None:
    """The filter without its last term or value, of which only the beginning is there; None when it is whole.

    `order status:err` gives `order `, so that the rows do not all go away while a word is typed.
    """
    word = _word(text, len(text))
    found = re.fullmatch(_TERM, word)
    field = _field(found[1]) if found else None
    if found is None or field is None or not _begun(field, found[2].lower()):
        return None
    before, head = text[: len(text) - len(word)], found[1]
    return before + head[:-1] if head.endswith(",") else before


def _begun(field: FilterField, part: str) -> bool:
    """Whether this is the beginning of a value, and not one already."""
    if not part:
        return True
    if parse_duration(part) is None and part[-1].isdigit() and field.takes_time:
        return parse_time(part) is None
    values = [value.lower() for value in field.values]
    return part not in values and any(value.startswith(part) for value in values)


def _field(head: str) -> FilterField | None:
    """The field a term begins with, when the operator is one it takes."""
    name = re.split(_OP, head.lstrip("-"), maxsplit=1)[0].lower()
    field, op = FIELDS.get(name), re.search(_OP, head)
    return field if field and op and op[0] in field.ops else None


def completed(text: str, position: int, word: str) -> tuple[str, int]:
    """The text with the word at the cursor replaced, and the new cursor position."""
    start = position - len(_word(text, position))
    return text[:start] + word + text[position:], start + len(word)


def _word(text: str, position: int) -> str:
    found = re.search(_LAST, text[:position])
    return found[0] if found else ""
