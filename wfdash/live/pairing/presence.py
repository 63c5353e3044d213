"""What one dashboard tells the others of itself, read back as data that anybody may have written."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from msgspec import Struct

from wfdash.live.records.person import name_of

__all__ = ["LARGEST", "PeerAction", "Presence", "account_key", "parse_presence", "written"]

LARGEST = 16_384
"""Bytes of a file of it that are read."""
_MOST_IDS = 100
"""Ids of an action that are told and read: anybody may have written the file, and it can only be shown."""
_LONGEST = 256
"""Characters of a text that are taken of it."""


class PeerAction(Struct, frozen=True):
    """An action that somebody is carrying out or has just carried out. `at` is epoch seconds."""

    verb: str
    workflow: str
    ids: tuple[str, ...]
    """Of many only the first hundred."""
    count: int
    at: float
    over: bool = False
    came_to: str = ""
    """What became of it as far as is known, in words: `12 paused`."""


class Presence(Struct, frozen=True):
    """One dashboard: whose, and the place it shows; "" where it shows none. All texts are raw."""

    session: str
    who: str
    terminal: str = ""
    """Tells apart those who share a login: `pts/3`."""
    workflow: str = ""
    instance: str = ""
    actions: tuple[PeerAction, ...] = ()
    held: bool = False
    """Whether its process keeps the file locked for as long as it lives."""
    seat: str = ""
    """The terminal with all that is known of it: `pts/3 from 10.0.0.7`."""

    @property
    def user(self) -> str:
        return name_of(self.who)

    @property
    def place(self) -> str:
        """`orders/order-12`, the place that the dashboard shows, as `:` takes it; "" for none."""
        return f"{self.workflow}/{self.instance}" if self.instance else self.workflow


def account_key(origin: str, account: str) -> str:
    """Tells accounts apart in file names without naming one: who may read the folder learns none from it."""
    return sha256(f"{origin}\n{account.lower()}".encode()).hexdigest()[:16]


def written(presence: Presence) -> bytes:
    """The content of the file; where it would be larger than others read, without the oldest actions."""
    actions = list(presence.actions)
    while True:
        content = json.dumps(
            {
                "v": 1,
                "session": presence.session,
                "who": presence.who,
                "terminal": presence.terminal,
                "seat": presence.seat,
                "workflow": presence.workflow,
                "instance": presence.instance,
                "held": presence.held,
                "actions": [_fields(action) for action in actions],
            }
        ).encode("ascii")
        if len(content) <= LARGEST or not actions:
            return content
        del actions[0]


def _fields(action: PeerAction) -> dict[str, Any]:
    return {
        "verb": action.verb,
        "workflow": action.workflow,
        "ids": list(action.ids[:_MOST_IDS]),
        "count": action.count,
        "at": action.at,
        "over": action.over,
        "came_to": action.came_to,
    }


def parse_presence(content: bytes) -> Presence | None:
    """What such a file says; None for one that no wfdash wrote. Texts are cut, numbers bounded."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("v") != 1 or not _text(found, "session"):
        return None
    actions = found.get("actions")
    parsed = [_action(each) for each in actions[-20:]] if isinstance(actions, list) else []
    return Presence(
        session=_text(found, "session"),
        who=_text(found, "who") or "somebody",
        terminal=_text(found, "terminal"),
        seat=_text(found, "seat"),
        workflow=_text(found, "workflow"),
        instance=_text(found, "instance"),
        actions=tuple(action for action in parsed if action is not None),
        held=found.get("held") is True,
    )


def _action(found: Any) -> PeerAction | None:
    if not isinstance(found, dict) or not isinstance(found.get("ids"), list):
        return None
    ids = tuple(each[:_LONGEST] for each in found["ids"][:_MOST_IDS] if isinstance(each, str))
    count, at = found.get("count"), found.get("at")
    # A bool is an int too, and NaN is in no range.
    if type(count) is not int or not 0 < count <= 10**7:
        return None
    if not isinstance(at, int | float) or not 0 < at < 10**11:
        return None
    return PeerAction(
        _text(found, "verb"),
        _text(found, "workflow"),
        ids,
        count,
        float(at),
        found.get("over") is True,
        _text(found, "came_to"),
    )


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:_LONGEST] if isinstance(value, str) else ""
