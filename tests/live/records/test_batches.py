"""The journal by batch: what became of each id, in a word that can be counted."""

import json
import time

import pytest

from wfdash.core.model.times import iso
from wfdash.core.verbs.tally import tally
from wfdash.live.records.batches import group_batches, named_batches
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import MOST_READ, parse_entry, read_entries


def line(event, identity="a", at=1.0, plan="p1", **more):
    """As versions wrote it whose lines have no outcome: their words are the file's, and stay as they were."""
    expected = {"session": "s", "verb": "restart", "workflow": "orders"}
    written = {"at": iso(at), "plan": plan, "event": event, "id": identity} | expected | more
    return parse_entry(json.dumps(written).encode())


FAILED = 'failed again at "charge" #2, same cause: no'


@pytest.mark.parametrize(
    ("event", "more", "alive", "over", "failed"),
    [
        ("planned", {}, "1 to be sent", "1 not sent", False),
        ("sent", {}, "1 pending", "1 sent, not settled", False),
        ("answered", {}, "1 pending", "1 sent, not settled", False),
        ("settled", {"reason": "done: queued"}, "1 restarted · 1 whose end was not read", "", False),
        ("settled", {"reason": "done: queued; its run is followed"}, "1 restarted · 1 run",
         "1 restarted · 1 whose end was not read", False),
        ("settled", {"reason": 'done: "charge" succeeded this time, the run goes on; its run is followed'},
         "1 restarted · 1 run, 1 of them past its step", "1 restarted · 1 whose end was not read", False),
        ("settled", {"reason": "done: paused", "verb": "pause"}, "1 paused", "", False),
        ("settled", {"reason": "refused: it is queued"}, "1 refused", "", True),
        ("settled", {"reason": "no effect: it runs on"}, "1 no effect", "", True),
        ("unknown", {"reason": "no answer came"}, "1 unknown", "", True),
        ("skipped", {"reason": "it is complete"}, "1 skipped", "", False),
        ("skipped", {"reason": "not reached: Connection refused."}, "1 not reached", "", True),
        ("skipped", {"reason": "stopped before it was sent"}, "1 not sent", "", False),
        ("held", {"reason": "held: 1 of the first 2 did not complete"}, "1 held", "", False),
        ("taken over", {"reason": "session 1 goes on with it"}, "1 taken over", "", False),
        ("taken over", {"reason": "unknown: whether it arrived is not known"}, "1 unknown", "", True),
        ("ended", {"after": "complete", "reason": "complete"}, "1 restarted · 1 complete", "", False),
        ("ended", {"after": "errored", "reason": FAILED}, '1 restarted · 1 failed again at "charge" #2',
         "", True),
        ("ended", {"after": "errored", "reason": "failed again"}, "1 restarted · 1 failed again", "", True),
        ("ended", {"after": "terminated", "reason": "terminated"}, "1 restarted · 1 terminated", "", True),
    ],
)  # fmt: skip
def test_last_event_of_an_id_is_counted(event, more, alive, over, failed):
    (batch,) = group_batches([line("planned", **more), line(event, at=2.0, **more)])
    for ended, expected in ((False, alive), (True, over or alive)):
        outcome = batch.outcomes(over=ended)["a"]
        said = " · ".join(words for _, words in tally(batch.first.verb, {outcome.fate: 1}))
        assert (said, outcome.failed) == (expected, failed)


@pytest.mark.parametrize(
    ("event", "outcome", "reason", "said"),
    [
        ("settled", "done", "done: queued", "1 restarted · 1 whose end was not read"),
        ("settled", "no effect", "no effect: done: it says so", "1 no effect"),
        ("skipped", "skipped", "refused: the words of a note", "1 skipped"),
        ("skipped", None, "refused: the words of a note", "1 skipped"),
        ("skipped", "not reached", "not reached: Connection refused.", "1 not reached"),
        ("taken over", "unknown", "unknown: whether it arrived is not known", "1 unknown"),
        ("settled", "a word of later", "a word of later: so", "1 restarted · 1 whose end was not read"),
    ],
)
def test_outcome_is_what_the_line_has_and_no_word_of_a_reason(event, outcome, reason, said):
    (batch,) = group_batches([line("planned"), line(event, at=2.0, reason=reason, outcome=outcome)])
    fate = batch.outcomes(over=True)["a"].fate
    assert " · ".join(words for _, words in tally("restart", {fate: 1})) == said


def test_failure_after_a_restart_is_told_in_its_own_words():
    (batch,) = group_batches([line("planned"), line("ended", after="errored", reason=FAILED)])
    assert batch.outcomes(over=True)["a"].words == batch.summary(over=True) == FAILED


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
    assert (newest.first.plan, newest.summary(over=True)) == ("p2", "not sent")
    assert older.ids == ["a", "b", "c"]
    assert older.summary(over=True) == '3 restarted · 2 complete · 1 failed again at "pay" #2'


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


def test_batch_longer_than_what_is_read_is_counted_whole(tmp_path):
    """Its first lines, in the newest file and in an older one, count as those at the end do."""
    journal = Journal(tmp_path, profile="", account="", clock=time.time)
    ids = [f"order-{number:05}" for number in range(12_000)]
    common = {"at": "2026-11-21T10:00:00Z", "session": "s", "plan": "p1", "verb": "restart",
              "workflow": "orders", "who": "somebody", "account": "a" * 32}  # fmt: skip

    def lines(*events, of=ids, **more):
        found = ({"event": event, "id": each} for each in of for event in events)
        return b"".join(json.dumps(common | line | more).encode() + b"\n" for line in found)

    older = lines("planned", of=["before"], plan="p0") + lines("skipped", of=["left-out"])
    older += lines("planned") + lines("sent", "answered", of=ids[:6_000])
    older += lines("ended", of=ids[:6_000], after="complete", reason="complete")
    older += lines("planned", of=ids[6_000:6_001], reason="held: 1 of the first 5 failed")
    (tmp_path / "actions.jsonl.1").write_bytes(older)
    sent = lines("sent", "answered", of=ids[6_000:])
    ended = lines("ended", of=ids[6_000:], after="errored", reason="failed again")
    journal.path.write_bytes(sent + lines("planned", "sent", of=["own"], plan="p2") + ended)
    assert journal.size() > MOST_READ
    assert len({entry.id for entry in read_entries(tmp_path)}) < 12_000
    found = {batch.first.plan: batch for batch in group_batches(journal.read())}
    assert set(found) == {"p1", "p2"}, "what is older and over is not read"
    assert found["p1"].summary(over=True) == "12,000 restarted · 6,000 complete · 6,000 failed again"
    assert found["p1"].sent_to == ids
    named = named_batches([found["p1"]], ["last"], workflow="orders", is_ours=lambda account: True)
    assert len(named["last"]) == 12_001
