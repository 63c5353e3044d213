"""The journal by batch: what became of each id, in a word that can be counted."""

import pytest

from wfdash.live.records.batches import group_batches, named_batches
from wfdash.live.records.journal_entries import JournalEntry


def line(event, identity="a", at=1.0, plan="p1", **more):
    expected = {"session": "s", "verb": "restart", "workflow": "orders"}
    return JournalEntry(at=at, plan=plan, event=event, id=identity, **(expected | more))


@pytest.mark.parametrize(
    ("event", "more", "word", "failed"),
    [
        ("planned", {}, "not sent", False),
        ("sent", {}, "sent", False),
        ("answered", {}, "sent", False),
        ("settled", {"reason": "done: restarted"}, "restarted", False),
        ("settled", {"reason": "done: paused", "verb": "pause"}, "done", False),
        ("settled", {"reason": "refused: it is queued"}, "refused", True),
        ("settled", {"reason": "no effect: it runs on"}, "no effect", True),
        ("unknown", {"reason": "no answer came"}, "unknown", True),
        ("skipped", {"reason": "it is complete"}, "skipped", False),
        ("held", {"reason": "held: 1 of the first 2 did not complete"}, "held", False),
        ("ended", {"after": "complete", "reason": "complete"}, "complete", False),
        ("ended", {"after": "errored", "reason": 'failed again at "charge": no'},
         'failed again at "charge"', True),
        ("ended", {"after": "errored", "reason": "failed again"}, "failed again", True),
        ("ended", {"after": "terminated", "reason": "terminated"}, "terminated", True),
    ],
)  # fmt: skip
def test_last_event_of_an_id_is_a_word_that_counts(event, more, word, failed):
    (batch,) = group_batches([line("planned", **more), line(event, at=2.0, **more)])
    outcome = batch.outcomes()["a"]
    assert (outcome.word, outcome.failed) == (word, failed)


def test_failure_after_a_restart_is_told_beside_where():
    said = 'failed again at "charge", same cause: no'
    (batch,) = group_batches([line("planned"), line("ended", after="errored", reason=said)])
    assert batch.outcomes()["a"].sentence == "same cause: no"


def test_batches_are_newest_first_and_count_their_outcomes():
    ends = [("complete", "complete"), ("errored", 'failed again at "pay" #2: no'), ("complete", "complete")]
    entries = [line("planned", identity) for identity in "abc"]
    for identity, (after, reason) in zip("abc", ends, strict=True):
        entries += [
            line("sent", identity, 2.0),
            line("settled", identity, 3.0, reason="done: restarted"),
            line("ended", identity, 9.0, after=after, reason=reason),
        ]
    entries.insert(4, line("planned", "z", 5.0, plan="p2"))
    newest, older = group_batches(entries)
    assert (newest.first.plan, newest.summary()) == ("p2", "not sent")
    assert older.ids == ["a", "b", "c"]
    assert older.summary() == '2 complete · 1 failed again at "pay" #2'


def test_names_find_batches_of_this_workflow_and_account_alone():
    entries = [
        *(line("planned", identity, 1.0, plan="old") for identity in "ab"),
        *(line("planned", identity, 2.0, plan="new") for identity in "cd"),
        line("planned", "e", 3.0, plan="single"),
        *(line("planned", identity, 4.0, plan="refunds", workflow="refunds") for identity in "fg"),
        *(line("planned", identity, 5.0, plan="theirs", account="them") for identity in "hi"),
    ]
    names = ["last", "old", "single", "refunds", "theirs", "none"]
    found = named_batches(group_batches(entries), names, workflow="orders", is_ours="".__eq__)
    assert {name: "".join(sorted(ids)) for name, ids in found.items()} == {
        "last": "cd",
        "old": "ab",
        "single": "e",
    }
