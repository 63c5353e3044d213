"""How far a JSON value is unfolded at first: as far as there is room, the outer levels first."""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from wfdash.core.model.step import ABSENT
from wfdash.core.payload.tree import AS_TEXT, Path, inner_json, rows, value_at

__all__ = ["unfolded_within", "value_rows"]

_LOOKED_AT: Final = 500
"""Values looked at: it is done for each frame that shows them."""


def unfolded_within(value: Any, room: int, *, first: Iterable[Path] = ((),)) -> set[Path]:
    """Paths to unfold so that about `room` rows show; `first` are in any case, before all others."""
    wanted = list(first)
    unfolded: set[Path] = set()
    waiting = deque(wanted)
    for _ in range(_LOOKED_AT):
        if not waiting:
            break
        path = waiting.popleft()
        found = value_at(value, path)
        inner = inner_json(found) if isinstance(found, str) else ABSENT
        within = path if inner is ABSENT else (*path, "")
        children = _keys(found if inner is ABSENT else inner)
        if not children or path in unfolded or (len(children) > room and path not in wanted):
            continue
        room -= len(children)
        unfolded.add(path)
        waiting.extend((*within, key) for key in children)
    return unfolded


def _keys(value: Any) -> list[str | int]:
    if isinstance(value, Mapping):
        return list(value)
    return list(range(len(value))) if isinstance(value, list | tuple) else []


def value_rows(value: Any, room: int) -> list[tuple[int, str, str]]:
    """Depth, label and text of at most `room` rows of a value, cleaned; what is unfolded has no text."""
    if isinstance(value, str) and (inner := inner_json(value)) is not ABSENT:
        value = inner
    if isinstance(value, Mapping) and len(value) > room:
        value = dict(islice(value.items(), room))
    elif isinstance(value, list | tuple):
        value = value[:room]
    shown = rows(value, unfolded_within(value, room))
    # What a JSON string is parsed to says all that the text itself does.
    parsed = [node for node in shown if node.depth and node.label != AS_TEXT]
    return [
        (node.depth, node.label, "" if node.unfolded else node.preview) for node in (parsed or shown)[:room]
    ]
