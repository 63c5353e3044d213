"""A JSON value as a foldable tree of rows: params, outputs and errors of any size and depth."""

import json
from collections.abc import Hashable, Iterator, Mapping, Set
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Literal

from msgspec import Struct

from wfdash.core.model.step import ABSENT
from wfdash.core.payload.placeholders import note_of
from wfdash.core.text.clean import clean, cut
from wfdash.core.text.words import count, counted, size

__all__ = [
    "AS_TEXT",
    "Node",
    "Path",
    "inner_json",
    "path_text",
    "rows",
    "search",
    "size_of",
    "summary",
    "value_at",
    "value_text",
]

Path = tuple[str | int, ...]
"""Keys and indices from the root. The empty key after a text leads into the JSON within it."""

_DEEPEST: Final = 100
"""Levels shown; below, a value is given as one line."""
_BRANCH: Final = 1000
"""Children of one value shown; the rest is a row that says how many."""
_RAW: Final = -2
"""The key of the row that shows a text as it came, beneath the JSON that was found in it."""
AS_TEXT: Final = "(as text)"
_WEIGHED: Final = 10_000
"""Values looked at for a size: 2 ms. It is told with every frame that shows it."""
_PLAIN: Final = 10**15
"""Up to here a double holds each whole number, so that digits can be shown as they came."""

Kind = Literal["object", "array", "text", "number", "word", "rest"]


class Node(Struct, frozen=True):
    """One row of the tree. Text in it is cleaned."""

    path: Path
    label: str
    """The key or index; "" at the root."""
    kind: Kind
    value: Any
    depth: int
    unfolded: bool | None
    """None: nothing beneath."""
    note: str = ""
    """What the value is beside its text: redacted, truncated by the API, JSON within a text."""
    instead: str = ""
    """What stands in the value's place."""

    @property
    def preview(self) -> str:
        """The value on one line, made when it is drawn: of a thousand rows of a tree some forty are seen."""
        return self.instead or summary(self.value, 300, opened=bool(self.unfolded))


def rows(value: Any, unfolded: Set[Hashable], *, label: str = "", reveal: Path = ()) -> list[Node]:
    """The visible rows, depth first. `unfolded` holds paths; the way to `reveal` is shown in any case.

    Never recurses deeper than is shown.
    """
    return list(_rows(value, (), label, 0, unfolded, reveal))


def _rows(
    value: Any, path: Path, label: str, depth: int, unfolded: Set[Hashable], reveal: Path
) -> Iterator[Node]:
    inner = inner_json(value) if isinstance(value, str) else ABSENT
    foldable = depth < _DEEPEST and (_has_children(value) or inner is not ABSENT)
    is_open = foldable and path in unfolded
    seen = value if inner is ABSENT else inner
    yield Node(
        path,
        label,
        _kind(seen),
        seen,
        depth,
        is_open if foldable else None,
        _note(value, inner),
    )
    if not is_open:
        return
    outer = path
    path = path if inner is ABSENT else (*path, "")
    for key, child in _children(seen, path, reveal):
        if key is None:
            yield Node((*path, -1), "…", "rest", None, depth + 1, None, instead=f"{count(child)} more")
        else:
            yield from _rows(child, (*path, key), clean(str(key), 200), depth + 1, unfolded, reveal)
    if inner is not ABSENT:
        yield Node((*outer, _RAW), AS_TEXT, "text", value, depth + 1, None)


def _children(value: Any, path: Path, reveal: Path) -> Iterator[tuple[str | int | None, Any]]:
    """The first children, how many more there are, and of those the one that leads to `reveal`."""
    pairs: Iterator[tuple[str | int, Any]] = iter(
        value.items() if isinstance(value, Mapping) else enumerate(value)
    )
    first = list(islice(pairs, _BRANCH))
    yield from first
    if len(value) <= _BRANCH:
        return
    yield None, len(value) - _BRANCH
    if len(reveal) > len(path) and reveal[: len(path)] == path:
        key = reveal[len(path)]
        if all(key != shown for shown, _ in first):
            child = value_at(value, (key,))
            if child is not ABSENT:
                yield key, child


def inner_json(text: str) -> Any:
    """The object or array that a text holds as JSON; ABSENT when it holds none, is cut or too long to try."""
    head = text[:64].lstrip()
    if not head or head[0] not in "[{" or len(text) > 4_000_000:
        return ABSENT
    return _parsed(text)


@lru_cache(maxsize=8)
def _parsed(text: str) -> Any:
    """Parses JSON, ABSENT for what is none or empty. Kept, for each layout asks again: 1 MB takes 15 ms."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ABSENT
    return value if value else ABSENT


def summary(value: Any, width: int, *, opened: bool = False) -> str:
    """The value on one cleaned line of about `width` characters; only as much is looked at as is shown."""
    if value is ABSENT:
        return "not in the answer"
    if isinstance(value, Mapping):
        number = counted(len(value), "key")
        return f"{{{number}}}" if opened else _compact(value, width)
    if isinstance(value, list | tuple):
        number = counted(len(value), "item")
        return f"[{number}]" if opened else _compact(value, width)
    if isinstance(value, str):
        return clean(json.dumps(cut(value, width), ensure_ascii=False)) + ("…" if len(value) > width else "")
    return _word(value)


def _compact(value: Any, width: int) -> str:
    """JSON text cut at `width` characters without making the whole."""
    parts: list[str] = []
    room = width
    for part in _tokens(value, 0):
        parts.append(part)
        room -= len(part)
        if room <= 0:
            return clean("".join(parts), width) + "…"
    return clean("".join(parts))


def _tokens(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        if depth > 8:
            yield "{…}"
            return
        for number, (key, child) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{json.dumps(cut(str(key), 200), ensure_ascii=False)}: "
            yield from _tokens(child, depth + 1)
        yield "}"
    elif isinstance(value, list | tuple) and value:
        if depth > 8:
            yield "[…]"
            return
        for number, child in enumerate(value):
            yield ", " if number else "["
            yield from _tokens(child, depth + 1)
        yield "]"
    elif isinstance(value, str):
        yield json.dumps(cut(value, 2000), ensure_ascii=False)
    else:
        yield _word(value)


def _word(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**400 else "a number too long to show"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    return clean(repr(value), 300)


def _has_children(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _kind(value: Any) -> Kind:
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, list | tuple):
        return "array"
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else "word"


def _note(value: Any, inner: Any) -> str:
    if note := note_of(value):
        return note
    if inner is not ABSENT:
        return "JSON string"
    return f"{count(len(value))} characters" if isinstance(value, str) and len(value) > 300 else ""


def value_at(value: Any, path: Path) -> Any:
    """The value at a path of the tree; ABSENT when there is none."""
    for key in path:
        if isinstance(value, str) and key in ("", _RAW):
            value = inner_json(value) if key == "" else value
        elif isinstance(value, Mapping):
            value = value.get(key, ABSENT)
        elif isinstance(value, list | tuple) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return ABSENT
    return value


def path_text(path: Path) -> str:
    """`$.items[3]["odd key"]`, raw: for the clipboard after cleaning."""
    text = "$"
    for key in path:
        if key == _RAW:
            continue
        if isinstance(key, int):
            text += f"[{key}]"
        elif key.isidentifier():
            text += f".{key}"
        elif key:
            text += f"[{json.dumps(key)}]"
    return text


def value_text(value: Any) -> str:
    """The value whole, for a file or the clipboard: a text as it is, anything else as indented JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=repr)
    except (RecursionError, ValueError):
        return repr(type(value))


def size_of(value: Any, *, least: int = 0) -> str:
    """`4.2 kB`: about how much the value is as JSON; `over 180 kB` where it has too many parts to look at.

    "" for fewer bytes than `least`.
    """
    total = 0
    waiting: list[Any] = [] if value is ABSENT else [value]
    for _ in range(_WEIGHED):
        if not waiting:
            return size(total) if total >= least else ""
        part = waiting.pop()
        kind = type(part)  # asking an abstract class takes ten times as long
        if kind is str:
            total += len(part) + 2
        elif kind is dict:
            total += 2 + 4 * len(part) + sum(map(len, islice(part, _WEIGHED)))
            waiting.extend(islice(part.values(), _WEIGHED))
        elif kind is list:
            total += 2 + len(part)
            waiting.extend(part[:_WEIGHED])
        elif part is None or kind is bool:
            total += 4
        elif kind is int and -_PLAIN < part < _PLAIN:
            total += len(repr(part))
        else:
            total += len(_word(part))
    return f"over {size(total)}"


def search(value: Any, words: str, *, here: Path = (), limit: int = 1000) -> tuple[list[Path], int]:
    """Paths whose key or text contains the words, case aside, in the order of the tree; `limit` at most.

    JSON string is searched as the JSON it is. The number is how many of them stand before `here`.
    """
    wanted = words.casefold()
    found: list[Path] = []
    before = 0
    waiting: list[tuple[Path, str, Any]] = [((), "", value)]
    while waiting and wanted and len(found) < limit:
        path, label, item = waiting.pop()
        before = len(found) if path == here else before
        if path[-1:] == (_RAW,):
            # The words may stand across the parts of its JSON: then the text itself is the place.
            if wanted in item.casefold() and not (found and found[-1][: len(path) - 1] == path[:-1]):
                found.append(path)
            continue
        inner = inner_json(item) if isinstance(item, str) else ABSENT
        if wanted in label.casefold() or (inner is ABSENT and wanted in _leaf_text(item).casefold()):
            found.append(path)
        if len(path) >= _DEEPEST:
            continue
        if inner is not ABSENT:
            waiting.append(((*path, _RAW), "", item))
            path, item = (*path, ""), inner
        pairs = item.items() if isinstance(item, Mapping) else enumerate(item) if _is_array(item) else ()
        waiting.extend(reversed([((*path, key), str(key), child) for key, child in pairs]))
    return found, before


def _leaf_text(item: Any) -> str:
    if isinstance(item, str):
        return item
    return "" if isinstance(item, Mapping) or _is_array(item) else _word(item)


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple)
