"""What a test of the app leaves, taken apart once the test is over.

Pages, their parts and a world's instances hold each other. To look for such circles among all that a worker
has was a fifth of what these tests computed; where the largest are cut, the rest goes by itself.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from textual.message_pump import MessagePump

from wfdash.demo.engine.world import World

__all__ = ["leaves", "take_apart"]

_parts: list[weakref.ref[MessagePump]] = []
_worlds: list[World] = []
_init = MessagePump.__init__


@contextmanager
def leaves(world: World) -> Iterator[None]:
    """Notes each part that a page is made of meanwhile, and this world."""
    _worlds.append(world)
    with patch.object(MessagePump, "__init__", _noting):
        yield


def _noting(part, *args, **options):
    _parts.append(weakref.ref(part))  # a page that is closed may go before
    _init(part, *args, **options)


def take_apart() -> None:
    """For the end of a test: nobody looks at anything of it any more."""
    for noted in _parts:
        if (part := noted()) is not None:
            vars(part).clear()
    for world in _worlds:
        for workflow in world.workflows.values():
            for instances in (workflow.order, workflow.by_id, workflow.backlog):
                instances.clear()
        world.workflows.clear()
    _parts.clear()
    _worlds.clear()
