"""The last action in the top line: the fewest words of it are as true as all of them."""

from types import SimpleNamespace

import pytest

from wfdash.live.records.last_action import Done
from wfdash.ui.base.identity import last_pieces

NOW = 1_795_900_000.0


def ways(done):
    context = SimpleNamespace(
        desk=SimpleNamespace(last_done=lambda: done),
        people=SimpleNamespace(words=lambda: ()),
        session=SimpleNamespace(poller=SimpleNamespace(workflow="orders")),
    )
    return ["".join(text for text, _ in pieces) for pieces in last_pieces(context, NOW)]


@pytest.mark.parametrize(
    ("workflow", "without", "shortest"),
    [
        ("orders", "", "root: pause 10s ago"),
        ("billing", "", "root: pause in billing 10s ago"),
        ("orders", "refused", "root: pause refused 10s ago"),
        ("billing", "outcome unknown", "root: pause outcome unknown in billing 10s ago"),
    ],
)
def test_shortest_words_say_where_and_that_it_was_in_vain(workflow, without, shortest):
    done = Done(NOW - 12, "pause", "a-1", "root@desk", workflow, without)
    assert ways(done)[-1] == shortest
