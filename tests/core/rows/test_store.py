"""The store: ids unique, deltas exact, the later request wins."""

from hypothesis import given, settings
from hypothesis import strategies as st

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES, is_final
from wfdash.core.model.times import iso
from wfdash.core.rows.store import ENDED, GONE, Delta, Store

IDS = [f"order-{number}" for number in range(8)]


def stored(store):
    return {identity: (store.get(identity).item(), store.note(identity)) for identity in store.ids()}


@st.composite
def items(draw):
    item = {"id": draw(st.sampled_from(IDS)), "status": draw(st.sampled_from([*STATUSES, "brandNew", ""]))}
    for key in ("created_on", "modified_on", "ended_on"):
        at = draw(st.none() | st.integers(0, 5))
        item[key] = None if at is None else iso(1.8e9 + at)
    if draw(st.booleans()):
        item["workflow_id"] = draw(st.sampled_from(["a", "b"]))
    if draw(st.booleans()):
        item["odd"] = draw(st.sampled_from([{"deep": [1]}, 1, True, 1.0]))
    return item


PAGES = st.lists(st.tuples(st.integers(0, 9), st.lists(items(), max_size=6)), max_size=8)


@settings(deadline=None, max_examples=50)
@given(PAGES)
def test_a_delta_names_exactly_what_is_told_otherwise(pages):
    store = Store()
    for seq, page in pages:
        before = stored(store)
        delta = store.apply(page, seq=seq, now=0.0)
        after = stored(store)
        assert set(delta.added) == set(after) - set(before)
        assert set(delta.changed) == {each for each in before if repr(before[each]) != repr(after[each])}
        assert len(delta.added + delta.changed) == len(set(delta.added + delta.changed))


@settings(deadline=None, max_examples=50)
@given(PAGES)
def test_applying_twice_changes_nothing(pages):
    store = Store()
    for seq, page in pages:
        once = {item["id"]: item for item in page}.values()
        store.apply(once, seq=seq, now=0.0)
        assert not store.apply(once, seq=seq, now=0.0)


@settings(deadline=None, max_examples=50)
@given(PAGES)
def test_the_answer_to_the_latest_request_is_what_is_told(pages):
    store = Store()
    latest = {}
    for seq, page in pages:
        store.apply(page, seq=seq, now=0.0)
        for item in page:
            if seq >= latest.get(item["id"], (-1, None))[0]:
                latest[item["id"]] = (seq, item)
    assert {each: row for each, (row, _) in stored(store).items()} == {
        each: Instance.from_item(item).item() for each, (_, item) in latest.items()
    }


@settings(deadline=None, max_examples=50)
@given(PAGES)
def test_the_indexes_agree_with_the_rows(pages):
    store = Store()
    for seq, page in pages:
        store.apply(page, seq=seq, now=0.0)
    rows = [store.get(identity) for identity in store.ids()]
    assert store.active == {row.id for row in rows if not is_final(row.status)}
    assert {key: count for key, count in store.statuses.items() if count} == {
        status: sum(row.status == status for row in rows) for status in {row.status for row in rows}
    }


def test_a_list_asked_before_the_detail_does_not_override_it():
    store = Store()
    store.apply([{"id": "a", "status": "running", "started_on": iso(1.8e9)}], seq=1, now=0.0)
    ended = {"started": 1.8e9, "ended": 1.8e9 + 5}
    assert store.amend("a", seq=3, now=0.0, status="complete", **ended).changed == ("a",)
    assert not store.apply([{"id": "a", "status": "running"}], seq=2, now=0.0)
    assert store.get("a").status == "complete"
    assert store.apply([{"id": "a", "status": "queued"}], seq=4, now=0.0).changed == ("a",)


def test_an_amended_row_gives_back_what_the_detail_told():
    store = Store()
    store.apply([{"id": "a", "status": "queued", "started_on": None, "odd": 1}], seq=1, now=0.0)
    store.amend("a", seq=2, now=0.0, status="running", started=1.8e9)
    assert store.get("a").item() == {"id": "a", "status": "running", "started_on": iso(1.8e9), "odd": 1}


def test_last_change_of_a_list_is_not_of_an_untold_status():
    """Or else an instance paused just now is paused, for 7 m."""
    store, row = Store(), {"id": "a", "status": "waiting", "modified_on": iso(1.8e9)}
    store.apply([row], seq=1, now=0.0)
    store.amend("a", seq=2, now=0.0, status="waiting")
    assert store.get("a").modified == 1.8e9
    store.amend("a", seq=3, now=0.0, status="paused")
    assert store.get("a").modified is None
    assert store.get("a").item() == {"id": "a", "status": "paused"}
    store.apply([row | {"status": "paused", "modified_on": iso(1.8e9 + 420)}], seq=4, now=0.0)
    assert store.get("a").modified == 1.8e9 + 420


def test_times_a_list_leaves_out_stay_as_the_detail_had_them():
    """A dev session lists id, status and creation: a poll is no change, and takes no duration away."""
    store, row = Store(), {"id": "a", "status": "running", "created_on": iso(1.8e9)}
    store.apply([row], seq=1, now=0.0)
    store.amend("a", seq=2, now=0.0, status="running", started=1.8e9 + 1)
    assert not store.apply([row], seq=3, now=0.0)
    assert store.get("a").lasted(1.8e9 + 3) == 2
    store.apply([row | {"status": "complete"}], seq=4, now=0.0)
    assert store.get("a").lasted(1.8e9 + 9) is None
    store.amend("a", seq=5, now=0.0, status="complete", started=1.8e9 + 1, ended=1.8e9 + 5)
    assert not store.apply([row | {"status": "complete"}], seq=6, now=0.0)
    assert store.get("a").lasted(1.8e9 + 9) == 4


def test_list_with_a_restart_or_no_start_takes_the_times_away():
    store, ended = Store(), {"started": 1.8e9, "ended": 1.8e9 + 5}
    store.amend("a", seq=1, now=0.0, status="complete", **ended)
    store.apply([{"id": "a", "status": "running"}], seq=2, now=0.0)
    assert (store.get("a").started, store.get("a").ended) == (None, None)
    store.amend("a", seq=3, now=0.0, status="running", started=1.8e9)
    store.apply([{"id": "a", "status": "running", "started_on": None}], seq=4, now=0.0)
    assert store.get("a").started is None


def test_amending_what_no_list_told_makes_the_row():
    store = Store()
    assert store.amend("a", seq=2, now=0.0, status="running", created=5.0).added == ("a",)
    assert store.get("a").created == 5.0


def test_a_note_stays_until_the_row_is_told_again():
    store = Store()
    store.apply([{"id": "a", "status": "running"}], seq=1, now=0.0)
    assert store.doubt(["a", "nowhere"], ENDED).changed == ("a",)
    assert not store.doubt(["a"], ENDED)
    assert store.note("a") == ENDED
    assert store.apply([{"id": "a", "status": "running"}], seq=2, now=0.0).changed == ("a",)
    assert store.note("a") == ""


def test_an_expired_row_is_kept_but_not_active():
    store = Store()
    store.apply([{"id": "a", "status": "running"}], seq=1, now=0.0)
    store.doubt(["a"], GONE)
    assert "a" in store
    assert "a" not in store.active


def test_clock_of_an_expired_run_stands_at_its_last_answer():
    store, row = Store(), {"id": "a", "status": "running", "started_on": iso(1.8e9)}
    store.apply([row], seq=1, now=1.8e9 + 10)
    store.apply([row], seq=2, now=1.8e9 + 20)
    before = store.get("a")
    store.doubt(["a"], GONE)
    assert store.get("a").lasted(1.8e9 + 500) == 20
    assert before.lasted(1.8e9 + 500) == 500, "who holds a row holds a snapshot"
    store.amend("a", seq=3, now=1.8e9 + 600, status="running", started=1.8e9)
    assert store.get("a").lasted(1.8e9 + 700) == 700


def test_rows_with_the_same_extras_share_them():
    store = Store()
    store.apply([{"id": each, "workflow_id": "w" * 10} for each in "ab"], seq=1, now=0.0)
    assert store.get("a").extra is store.get("b").extra
    store.apply([{"id": "c", "odd": True}, {"id": "d", "odd": 1}], seq=2, now=0.0)
    assert store.get("c").item()["odd"] is True
    assert store.get("d").item()["odd"] is not True


def test_a_row_that_is_let_go_leaves_nothing_behind():
    store = Store()
    store.apply([{"id": "a", "status": "complete"}, {"id": "b", "status": "running"}], seq=1, now=0.0)
    store.doubt(["a"], GONE)
    store.let_go(["a", "b", "never-there"])
    assert (len(store), store.counts, list(store.active), store.lost, store.note("a")) == (
        0,
        {},
        [],
        set(),
        "",
    )
    assert store.apply([{"id": "a", "status": "complete"}], seq=2, now=1.0).added == ("a",)
    assert (store.let_go(["b", "a"]).dropped, store.let_go(["a"])) == (("a",), Delta())


def test_disputed_row_that_is_let_go_leaves_nothing_behind():
    store = Store()
    store.apply([{"id": "a", "status": "complete"}], seq=1, now=0.0)
    for seq in (2, 3):
        store.amend("a", seq=seq, now=0.0, status="running")
    store.let_go(["a"])
    held = [kept for kept in vars(store).values() if isinstance(kept, dict | set) and "a" in kept]
    assert held == []


def test_only_the_last_that_were_denied_are_remembered():
    store = Store()
    ids = [f"i{number}" for number in range(1_100)]
    store.apply([{"id": each, "status": "complete", "created_on": iso(0.0)} for each in ids], seq=1, now=0.0)
    for each in ids:
        store.deny(each, 1_000.0)
    assert len(store._denied) == 1_000
    assert not store.apply([{"id": "i1099", "status": "complete", "created_on": iso(0.0)}], seq=2, now=0.0)


def test_a_row_that_is_gone_is_told_of_by_the_record():
    store = Store()
    store.apply([{"id": "a", "status": "complete"}], seq=1, now=0.0)
    store.doubt(["a"], GONE)
    delta = store.add_recorded([Instance("a", "complete"), Instance("b", "errored")], gone=False)
    assert (delta.added, delta.changed) == (("b",), ("a",))
    assert (store.gone, store.recorded) == (set(), {"a", "b"})
