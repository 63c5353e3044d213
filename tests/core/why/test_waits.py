"""Open waits: only what something still waits for, oldest first."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.model.detail import read_detail
from wfdash.core.why.waits import OpenWaits, open_waits


def detail(identity, status, *steps):
    return read_detail("orders", identity, {"status": status, "steps": list(steps)})


def wait(name, start, *, finished=False, event_type="approve", end=None):
    return {
        "type": "waitForEvent",
        "name": name,
        "start": f"2026-11-21T10:{start:02d}:00Z",
        "end": end,
        "finished": finished,
        "event_type": event_type,
    }


def test_open_waits_are_grouped_by_type_oldest_first():
    found = open_waits(
        [
            detail("a", "waiting", wait("ok-1", 5)),
            detail("b", "running", wait("ok-1", 3), wait("paid-1", 4, event_type="paid")),
            detail("c", "waiting", wait("paid-1", 1, event_type="paid")),
        ]
    )
    assert [(each.event_type, each.instance) for each in found] == [
        ("paid", "c"),
        ("paid", "b"),
        ("approve", "b"),
        ("approve", "a"),
    ]


def test_answered_waits_and_those_of_final_instances_are_closed():
    assert open_waits([detail("a", "waiting", wait("ok-1", 5, finished=True))]) == []
    assert open_waits([detail("a", "terminated", wait("ok-1", 5))]) == []


def test_a_server_that_names_no_type_still_names_the_step():
    (found,) = open_waits([detail("a", "running", wait("ok-1", 5, event_type=None))])
    assert (found.event_type, found.step) == ("", "ok-1")


READ = [
    detail(identity, status, *steps)
    for identity in "abc"
    for status, steps in (
        ("waiting", [wait("ok-1", 5)]),
        ("waiting", [wait("ok-1", 5, finished=True), wait("paid-1", 2, event_type="paid")]),
        ("running", [wait("ok-1", 3), wait("paid-1", 4, event_type="paid")]),
        ("complete", []),
    )
]


@given(st.lists(st.lists(st.sampled_from(READ), unique_by=lambda read: read.id), max_size=6))
def test_waits_kept_up_are_those_of_a_look_at_all(turns):
    kept = OpenWaits()
    for details in turns:
        before = kept.rows
        changed = kept.take(details)
        assert kept.rows == open_waits(details)
        assert changed or kept.rows == before
