"""What a plan left open, by the lines that its session wrote of each id."""

import json

import pytest

from wfdash.core.model.times import iso
from wfdash.live.records.journal_entries import FILE_NAME
from wfdash.live.records.unfinished import Unfinished, find_held, find_unfinished

FOLLOWED = {"event": "settled", "reason": "done: queued; its run is followed"}


def written(folder, *lines):
    expected = {"v": 1, "session": "s1", "plan": "p1", "verb": "restart", "workflow": "orders"}
    entries = [{"at": iso(1000.0 + number)} | expected | line for number, line in enumerate(lines)]
    (folder / FILE_NAME).write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))


@pytest.mark.parametrize(
    ("ids", "others", "open_ids"),
    [("ab", [], ("a", "b")), ("a", [], None), ("a", [{"event": "planned", "id": "z"}], ("z", "a"))],
)
def test_run_that_was_followed_alone_is_no_batch(tmp_path, ids, others, open_ids):
    """It is seen where it stands; of many nobody remembers which they were."""
    written(tmp_path, *others, *({"id": each} | FOLLOWED for each in ids))
    found = find_unfinished(tmp_path, apart_from="")
    assert [left.open for left in found] == ([open_ids] if open_ids else [])
    assert find_unfinished(tmp_path, apart_from="s1") == []


@pytest.mark.parametrize(
    ("since", "unsent"),
    [
        ([], ("b", "c")),
        ([{"event": "planned", "id": "b", "plan": "p2", "session": "s2"}], ("c",)),
        ([{"event": "skipped", "id": "b", "plan": "p2", "session": "s2"}], ("c",)),
        # Of another workflow it is another instance.
        ([{"event": "sent", "id": "b", "plan": "p2", "session": "s2", "workflow": "parcels"}], ("b", "c")),
        ([{"event": "sent", "id": each, "plan": "p2", "session": "s2"} for each in "bc"], None),
    ],
)
def test_what_another_plan_was_about_since_is_held_no_more(tmp_path, since, unsent):
    held = [{"event": "held", "id": each, "reason": "held: 1 of the first 1 failed"} for each in "bc"]
    written(tmp_path, {"event": "ended", "id": "a", "after": "errored"}, *held, *since)
    found = find_held(tmp_path, apart_from="s2")
    assert [left.unsent for left in found] == ([unsent] if unsent else [])


@pytest.mark.parametrize(
    ("runs", "unsent", "read"),
    [(201, (), 201), (200, ("z",), 200), (201, ("z",), 0), (0, ("z",), 0)],
)
def test_many_runs_are_read_only_where_nothing_waits_for_it(runs, unsent, read):
    followed = tuple(f"o-{number}" for number in range(runs))
    left = Unfinished(
        "s1",
        "p1",
        1000.0,
        "restart",
        "acc",
        "orders",
        "me",
        (),
        ("a",),
        ("b",),
        unsent,
        {},
        followed=followed,
    )
    assert left.to_read == ("a", "b", *followed[:read])
    assert left.remaining == runs + 2 + len(unsent)
