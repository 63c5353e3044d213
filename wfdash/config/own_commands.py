"""A person's own commands on keys: what one may look like, and its words for one instance."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

__all__ = [
    "HOOK_EVENTS",
    "PLACEHOLDERS",
    "OwnCommand",
    "OwnHook",
    "command_fault",
    "filled_in",
    "hook_fault",
]

HOOK_EVENTS: Final = ("cause:new", "rate:unusual")
PLACEHOLDERS: Final = ("id", "workflow", "account")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class OwnCommand(Struct, frozen=True):
    """A command on a key: `run` is the program and its arguments, each one word; no shell sees them."""

    key: str
    name: str
    run: tuple[str, ...]
    confirm: bool = True
    dangerous: bool = True
    """It changes something: off where nothing may be written."""


def command_fault(key: str, run: Sequence[str], taken: Mapping[str, str]) -> tuple[str, str]:
    """The field that is wrong and the sentence for it, "" twice for none. `taken` names actions by key."""
    from wfdash.keymap.check import is_key

    if not key and not run:
        return "", ""
    if not is_key(key):
        return "key", f'"{key}" is not a key, such as "b", "f5" or "ctrl+b"'
    if key in taken:
        return "key", f'the key "{key}" is that of {taken[key]}; take another, or give that action another'
    if not run or not run[0].strip():
        return "run", 'run needs a program and its arguments, such as ["gh", "issue", "create"]'
    for word in run:
        for name in _PLACEHOLDER.findall(word):
            if name not in PLACEHOLDERS:
                there_are = ", ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
                return "run", f"there is no placeholder {{{name}}}; there are {there_are}"
            if word != f"{{{name}}}":
                return "run", f'"{word}": a placeholder is an argument of its own, so that no text joins it'
    if _PLACEHOLDER.search(run[0]):
        return "run", "the program itself cannot be a placeholder"
    return "", ""


class OwnHook(Struct, frozen=True):
    """A command for what changes: `on` is a filter of instances, or one of HOOK_EVENTS."""

    on: str
    run: tuple[str, ...]


def hook_fault(on: str, run: Sequence[str]) -> tuple[str, str]:
    """The field that is wrong and the sentence for it, "" twice for none."""
    from wfdash.core.filter.grammar import QueryError
    from wfdash.core.filter.query import parse

    if not on and not run:
        return "", ""
    if not run or not run[0].strip():
        return "run", 'run needs a program and its arguments, such as ["notify-send", "wfdash"]'
    if on in HOOK_EVENTS:
        return "", ""
    events = " or ".join(f'"{event}"' for event in HOOK_EVENTS)
    if not on:
        return "on", f'on needs a filter such as "status:errored", {events}'
    try:
        query = parse(on)
    except QueryError as wrong:
        return "on", f"{str(wrong).rstrip('.')}; on is a filter, {events}"
    if query.needs_details or query.needs_marks or query.batches:
        return "on", "on asks for what the list of instances does not have"
    return "", ""


def filled_in(command: OwnCommand, values: Mapping[str, str]) -> tuple[list[str], str]:
    """The words to run, and "" or why it cannot be run for these values."""
    words: list[str] = []
    for word in command.run:
        found = _PLACEHOLDER.fullmatch(word)
        if found is None:
            words.append(word)
            continue
        value = values.get(found[1], "")
        if not value:
            return [], f"there is no {found[1]} here"
        # It would be an option to the program, and whoever names an instance would choose it.
        if value.startswith("-") or "\0" in value:
            return [], f"the {found[1]} begins with - or holds a NUL: it is not given to a program"
        words.append(value)
    return words, ""
