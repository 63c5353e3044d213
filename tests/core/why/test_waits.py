"""Open waits: only what something still waits for, oldest first."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes.details import detail_of, wait
from wfdash.core.why.waits import OpenWaits, open_waits


def test_open_waits_are_grouped_by_type_oldest_first():
    found = open_waits(
        [
            detail_of("a", wait("ok-1", 5, event_type="approve"), status="waiting"),
            detail_of(
                "b",
                wait("ok-1", 3, event_type="approve"),
                wait("paid-1", 4, event_type="paid"),
                status="running",
            ),
            detail_of("c", wait("paid-1", 1, event_type="paid"), status="waiting"),
        ]
    )
    assert [(each.event_type, each.instance) for each in found] == [
        ("paid", "c"),
        ("paid", "b"),
        ("approve", "b"),
        ("approve", "a"),
    ]


def test_answered_waits_and_those_of_final_instances_are_closed():
    assert (
        open_waits([detail_of("a", wait("ok-1", 5, event_type="approve", finished=True), status="waiting")])
        == []
    )
    assert open_waits([detail_of("a", wait("ok-1", 5, event_type="approve"), status="terminated")]) == []


def test_a_server_that_names_no_type_still_names_the_step():
    (found,) = open_waits([detail_of("a", wait("ok-1", 5, event_type=None), status="running")])
    assert (found.event_type, found.step) == ("", "ok-1")


READ = [
    detail_of(identity, *steps, status=status)
    for identity in "abc"
    for status, steps in (
        ("waiting", [wait("ok-1", 5, event_type="approve")]),
        (
            "waiting",
            [wait("ok-1", 5, event_type="approve", finished=True), wait("paid-1", 2, event_type="paid")],
        ),
        ("running", [wait("ok-1", 3, event_type="approve"), wait("paid-1", 4, event_type="paid")]),
        ("complete", []),
    )
]


@given(st.lists(st.lists(st.sampled_from(READ), unique_by=lambda read: read.id), max_size=6))
def test_waits_kept_up_are_those_of_a_look_at_all(turns):
    kept = OpenWaits()
    for details in turns:
        before = kept.rows
        changed = kept.take((each.id, each) for each in details)
        assert kept.rows == open_waits(details)
        assert changed or kept.rows == before
