"""What people hand over to be sent: JSON typed or in a file, ids proposed; checked before it is sent."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any, NoReturn

from wfdash.api.errors import Refused
from wfdash.api.interface import NewInstance
from wfdash.api.validate import check_instance_id, check_payload_size
from wfdash.config.plain_file import read_plain

__all__ = ["NotSendable", "propose_id", "read_batch", "read_payload", "read_payloads"]

_KEYS = {"id", "instance_id", "params"}


class NotSendable(ValueError):
    """What was handed over cannot be sent; `str()` says why, with line and column where there is one."""


def propose_id(workflow: str, taken: Callable[[str], bool]) -> str:
    """An id nobody has yet, telling where it came from: `orders-manual-3f9a1c`."""
    while taken(proposed := f"{workflow[:80]}-manual-{token_hex(3)}"):
        pass
    return proposed


def read_payload(text: str) -> Any:
    """Parses a JSON value of at most 1 MiB. Raises NotSendable."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as wrong:
        raise NotSendable(f"line {wrong.lineno}, column {wrong.colno}: {wrong.msg}") from None
    except (ValueError, RecursionError) as wrong:
        raise NotSendable(str(wrong)) from None
    _checked(check_payload_size, json.dumps(value).encode(), "it")
    return value


def read_value(text: str) -> Any:
    """Parses a JSON value, or the one in a file for `@FILE`. Raises NotSendable."""
    return read_payload(_read_text(Path(text[1:]).expanduser()) if text.startswith("@") else text)


def _read_text(path: Path) -> str:
    try:
        return read_plain(path).decode("utf-8-sig")
    except OSError as wrong:
        raise NotSendable(f"{path} could not be read: {wrong.strerror}") from None
    except UnicodeDecodeError:
        raise NotSendable(f"{path} is not UTF-8 text") from None


def read_batch(path: Path, *, propose: Callable[[], str]) -> list[NewInstance]:
    """Reads a JSON array, or one object a line, each with optional `id` (or `instance_id`) and `params`.

    Raises NotSendable for the first item that could not be sent.
    """
    text = _read_text(path)
    instances = [_new_instance(item, label, propose) for label, item in _items(text)]
    if not instances:
        raise NotSendable(f"{path} holds no instance")
    ids = [instance.id for instance in instances]
    if doubled := next((identity for identity, times in Counter(ids).items() if times > 1), ""):
        raise NotSendable(f"{path} holds the id {doubled} twice")
    return instances


_PAYLOAD_LINE = '{"id": "...", "payload": ...}'


def read_payloads(path: Path, ids: Collection[str]) -> dict[str, Any]:
    """A payload for each of some of these ids: an array or lines of objects with `id` and `payload`.

    Raises NotSendable for the first item that is none, or that is for another id.
    """
    found: dict[str, Any] = {}
    for label, item in _items(_read_text(path)):
        if not isinstance(item, dict) or item.keys() != {"id", "payload"} or not isinstance(item["id"], str):
            wanted = "a line with its id and its payload for each instance"
            raise NotSendable(f"{label} of {path} is not {_PAYLOAD_LINE}: {wanted}")
        if item["id"] not in ids:
            raise NotSendable(f"{label} of {path}: {item['id']} is none of those that were chosen")
        if item["id"] in found:
            raise NotSendable(f"{path} holds the id {item['id']} twice")
        _checked(check_payload_size, json.dumps(item["payload"]).encode(), f"the payload of {item['id']}")
        found[item["id"]] = item["payload"]
    if not found:
        raise NotSendable(f"{path} holds no payload")
    return found


def _items(text: str) -> Sequence[tuple[str, Any]]:
    """The items of a text, each with its place in words: the line, or the number in the array."""
    if text.lstrip().startswith("["):
        items = read_payload(text)
        assert isinstance(items, list)
        return [(f"item {number}", item) for number, item in enumerate(items, 1)]
    items = []
    # Not splitlines(), which also ends a line at a separator that JSON allows within a text.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                items.append((f"line {number}", json.loads(line, parse_constant=_no_constant)))
            except json.JSONDecodeError as wrong:
                raise NotSendable(f"line {number}, column {wrong.colno}: {wrong.msg}") from None
            except (ValueError, RecursionError) as wrong:
                raise NotSendable(f"line {number}: {wrong}") from None
    return items


def _new_instance(item: Any, label: str, propose: Callable[[], str]) -> NewInstance:
    if not isinstance(item, dict) or not item.keys() <= _KEYS:
        raise NotSendable(f"{label}: an object with id and params is wanted, nothing else")
    identity = item.get("instance_id", item.get("id")) or propose()
    if not isinstance(identity, str):
        raise NotSendable(f"{label}: its id is not text")
    _checked(check_instance_id, identity)
    return NewInstance(identity, item.get("params"), "params" in item)


def _checked(check: Callable[..., object], *arguments: Any) -> None:
    try:
        check(*arguments)
    except Refused as refused:
        raise NotSendable(refused.sentence) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
