"""After a pause and a resume the next try is later by the pause."""

from tests.support.fakes.details import T0, done
from tests.support.harness.stage import staged
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.why.context import WhyContext
from wfdash.live.feeds.pauses import all_pauses, recorded_pauses

NOW = 1_795_255_200.0


def failed_at(at, delay=12):
    attempt = {"start": iso(at - 1), "end": iso(at), "success": False}
    step = {"type": "step", "name": "con-1", "start": iso(at - 1), "attempts": [attempt]}
    step["config"] = {"retries": {"limit": 5, "delay": delay * 1000, "backoff": "constant"}}
    return read_detail("orders", "a", {"status": "running", "start": iso(at - 9), "steps": [step]})


def said(paused, after, watched=NOW - 60):
    return WhyContext(paused=paused, watched=watched).why(failed_at(NOW), now=NOW + after)


def test_next_try_is_later_by_the_pause():
    assert said((), 41).sentence.endswith("next try due 29 s ago")
    assert said([(NOW + 1, NOW + 38)], 41).sentence.endswith("next try in about 8 s")
    assert said([(NOW + 1, NOW + 38)], 41).deadline == NOW + 49


def test_pause_before_the_failure_moves_nothing():
    assert said([(NOW - 60, NOW - 30)], 2).deadline == NOW + 12


def test_next_try_is_not_known_where_the_pause_has_no_end():
    why = said([(NOW + 1, None)], 41)
    assert why.sentence.endswith("when the next try comes is not known: it was paused in between")
    assert why.deadline is None
    assert not why.looks_stuck


def test_late_try_is_no_sign_where_a_pause_may_have_gone_unseen():
    for watched in (None, NOW + 90):
        why = said((), 130, watched)
        expected = "its next try was due 1 m 58 s ago and has not come; it may have been paused meanwhile"
        assert why.sentence.endswith(expected)
        assert "retry was due 1m ago" in why.short
        assert not why.looks_stuck
    assert said((), 130).looks_stuck
    assert said((), 130, NOW + 20).looks_stuck, "whoever paused it, it would have been tried by then"


def test_pauses_that_others_made_are_taken_from_the_record():
    dated = [(NOW, "running", NOW), (NOW + 9, "paused", NOW + 4), (NOW + 40, "running", NOW + 36)]
    assert recorded_pauses(dated) == [(NOW + 4, NOW + 36)]
    undated = [(at, status, None) for at, status, _ in dated]
    assert recorded_pauses(undated) == [(float("-inf"), NOW + 40)]
    assert recorded_pauses([*dated, (NOW + 50, "complete", NOW + 50)]) == []


def test_own_pause_that_was_seen_too_is_one():
    assert all_pauses([(NOW, NOW + 9)], [(NOW + 3, NOW + 12)]) == [(NOW, NOW + 9)]
    assert all_pauses([(NOW, NOW + 9)], [(NOW + 30, None)]) == [(NOW, NOW + 9), (NOW + 30, None)]


@staged("incident")
async def test_pauses_are_seen_only_while_the_list_is_read(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: len(poller.store) > 0)
    first, *_ = sorted(poller.store, key=lambda row: -row.created)
    pauses = poller.pauses if hasattr(poller, "pauses") else poller._feeds.pauses
    await on.until(lambda: pauses.watched(first.id) is not None)
    began = pauses.watched(first.id)
    pauses.listed([first.id], began + 5)
    assert pauses.watched(first.id) == began
    pauses.listed([first.id], began + 100)
    assert pauses.watched(first.id) in (None, began + 100)


@staged("incident")
async def test_pause_and_resume_of_a_row_are_remembered(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: any(row.status == "waiting" for row in poller.store))
    identity = next(row.id for row in poller.store if row.status == "waiting")
    detail = read_detail("orders", identity, {"status": "waiting"})
    began = on.loop.time()
    await on.api.change_status("orders", identity, "pause")
    await on.until(lambda: poller.store.get(identity).status == "paused")
    await on.until(lambda: on.loop.time() > began + 40)
    await on.api.change_status("orders", identity, "resume")
    await on.until(lambda: poller.store.get(identity).status != "paused")
    ((start, end),) = poller.why_context(detail).paused
    assert abs(start - began) < 6
    assert 34 < end - start < 46


def test_next_try_is_the_earliest_where_it_may_have_paused():
    why = WhyContext(local=True).why(failed_at(NOW, delay=60), now=NOW + 20)
    assert why.sentence.endswith("; next try in about 40 s or later; it may have been paused meanwhile")
    assert WhyContext(local=True, watched=NOW - 9).why(failed_at(NOW, 60), now=NOW + 20).deadline == NOW + 60


def test_row_tells_until_when_it_may_have_paused():
    row = Instance("a", "running", NOW - 90, NOW + 30, NOW - 90)
    said = [WhyContext().why(failed_at(NOW), now=NOW + after, row=row) for after in (60, 130)]
    assert "it may have been paused until 10:00:30, when it changed last" in said[0].sentence
    assert "was due 1 m 28 s ago at the latest and has not come" in said[1].sentence
    assert [why.looks_stuck for why in said] == [False, True]


def test_pause_that_is_known_is_no_pause_of_others():
    row = Instance("a", "running", NOW - 90, NOW + 38, NOW - 90)
    why = WhyContext(paused=[(NOW + 1, NOW + 38)]).why(failed_at(NOW), now=NOW + 41, row=row)
    assert why.sentence.endswith("next try in about 8 s")


def test_quiet_between_two_steps_counts_from_the_resume():
    quiet = read_detail("orders", "a", {"status": "running", "steps": [done("load-1", 0, 1)]})
    why = WhyContext(paused=[(T0 + 2, T0 + 890)], watched=T0).why(quiet, now=T0 + 900)
    assert why.sentence.endswith("; it was paused meanwhile and resumed 10 s ago")
    assert not why.looks_stuck
    assert WhyContext(paused=[(T0 + 2, T0 + 600)], watched=T0).why(quiet, now=T0 + 900).looks_stuck
