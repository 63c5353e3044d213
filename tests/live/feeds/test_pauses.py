"""After a pause and a resume the next try is later by the pause."""

from tests.support.harness.stage import staged
from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso
from wfdash.core.why.context import WhyContext

NOW = 1_795_255_200.0


def failed_at(at, delay=12):
    attempt = {"start": iso(at - 1), "end": iso(at), "success": False}
    step = {"type": "step", "name": "con-1", "start": iso(at - 1), "attempts": [attempt]}
    step["config"] = {"retries": {"limit": 5, "delay": delay * 1000, "backoff": "constant"}}
    return read_detail("orders", "a", {"status": "running", "start": iso(at - 9), "steps": [step]})


def said(paused, after):
    return WhyContext(paused=paused).why(failed_at(NOW), now=NOW + after)


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
