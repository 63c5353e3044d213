"""A list that lags behind an instance's own answer does not take it back."""

from wfdash.core.model.times import iso
from wfdash.core.rows.store import GONE, Store

NOW = 1_795_262_400.0


def item(status, modified, ended=None):
    times = {"created_on": iso(NOW - 60), "modified_on": iso(modified), "ended_on": ended and iso(ended)}
    return {"id": "a", "status": status, **times}


def stored(store, status, modified, seq, ended=None):
    store.apply([item(status, modified, ended)], seq=seq, now=NOW)
    return store.get("a").status


def test_row_that_was_overtaken_is_not_news_again():
    store = Store()
    stored(store, "running", NOW - 30, 1)
    store.amend("a", seq=2, now=NOW, status="complete", ended=NOW - 5)
    changes = [store.apply([item("running", NOW - 30)], seq=seq, now=NOW) for seq in range(3, 18)]
    assert not any(changes)
    assert store.get("a").status == "complete"


def test_older_row_than_the_end_is_not_believed():
    store = Store()
    stored(store, "running", NOW - 30, 1)
    store.amend("a", seq=2, now=NOW, status="complete", ended=NOW - 5)
    assert stored(store, "waiting", NOW - 20, 3) == "complete"


def test_newer_row_wins_over_what_was_read_before():
    store = Store()
    stored(store, "running", NOW - 30, 1)
    store.amend("a", seq=2, now=NOW, status="complete", ended=NOW - 5)
    assert stored(store, "queued", NOW - 1, 3) == "queued"
    assert stored(store, "running", NOW, 4) == "running"


def test_row_that_lags_still_counts_as_met():
    store = Store()
    stored(store, "running", NOW - 30, 1)
    store.amend("a", seq=2, now=NOW, status="waiting")
    stored(store, "running", NOW - 30, 9)
    assert store.get("a").seq == 9


def test_denied_row_is_gone_until_it_tells_something_new():
    store = Store()
    stored(store, "running", NOW - 30, 1)
    store.deny("a", NOW + 1)
    assert not any(store.apply([item("running", NOW - 30)], seq=seq, now=NOW) for seq in range(2, 9))
    assert store.note("a") == GONE
    store.let_go(["a"])
    assert not store.apply([item("running", NOW - 30)], seq=9, now=NOW)
    assert store.apply([item("queued", NOW + 5)], seq=10, now=NOW).added == ("a",)


def test_young_row_may_be_listed_before_it_is_answered():
    store = Store()
    stored(store, "running", NOW - 30, 1)
    store.deny("a", NOW - 20)
    assert store.apply([item("running", NOW - 30)], seq=2, now=NOW).changed == ("a",)
    assert store.note("a") == ""


def test_list_and_answer_that_go_on_contradicting_are_told():
    store = Store()
    said = []
    for seq in range(1, 7, 2):
        stored(store, "complete", NOW + seq, seq)
        store.amend("a", seq=seq + 1, now=NOW, status="running")
        said.append(store.disputed("a"))
    assert said == ["", "complete", "complete"]
    stored(store, "running", NOW + 20, 8)
    assert store.disputed("a") == ""


def test_list_that_does_not_catch_up_contradicts():
    store = Store()
    stored(store, "complete", NOW - 30, 1)
    store.amend("a", seq=2, now=NOW, status="running")
    store.apply([item("complete", NOW - 30)], seq=3, now=NOW + 30)
    assert store.disputed("a") == ""
    store.apply([item("complete", NOW - 30)], seq=4, now=NOW + 61)
    assert store.disputed("a") == "complete"
    store.amend("a", seq=5, now=NOW + 62, status="complete", ended=NOW)
    assert store.disputed("a") == ""
