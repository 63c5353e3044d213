"""What looks stuck is read again before it is said, and dated; a sample of the others is checked."""

from tests.support.harness.stage import asked, staged
from wfdash.core.model.detail import read_detail
from wfdash.core.model.status import is_final
from wfdash.core.model.times import iso


def looks_stuck(on, identity, read_ago):
    """Have the poller remember an answer by which this instance sleeps although it was to wake.

    It fell asleep when it changed last: since then nobody has paused it.
    """
    poller, now = on.poller, on.loop.time()
    since = poller.store.get(identity).modified
    sleep = {"type": "sleep", "name": "until the courier comes-1", "finished": False, "error": None}
    sleep |= {"start": iso(since), "end": iso(since + 1)}
    result = {"status": poller.store.get(identity).status, "start": iso(since - 9), "steps": [sleep]}
    poller.sink.saw_detail(read_detail("orders", identity, result), poller.sink.next_number())
    poller.row_details.fact(identity).read_at = now - read_ago


def longest_waiting(poller):
    return min((row for row in poller.store if row.status == "waiting"), key=lambda row: row.modified).id


def stuck(on):
    return [odd.id for odd in on.poller.oddities() if odd.kind == "stuck"]


@staged("calm")
async def test_old_answer_calls_nothing_stuck_until_read_again(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: any(not is_final(row.status) for row in poller.store))
    looks_stuck(on, identity := longest_waiting(poller), read_ago=1_200)
    assert identity not in stuck(on)
    poller.anomaly_reads.wanted = True
    since = on.loop.time()
    await on.until(lambda: poller.row_details.fact(identity).read_at >= since)
    assert asked(on, f"/instances/{identity}", since)
    assert identity not in stuck(on)


@staged("calm")
async def test_fresh_answer_is_told_with_its_date(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: any(row.status == "waiting" for row in poller.store))
    looks_stuck(on, identity := longest_waiting(poller), read_ago=3)
    (odd,) = [odd for odd in poller.oddities() if odd.id == identity]
    assert odd.read_at == poller.row_details.fact(identity).read_at


@staged("calm")
async def test_rows_that_moved_least_are_checked(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: len(poller.store.active) > 5)
    assert poller.anomaly_reads.progress == (0, 0)
    poller.anomaly_reads.wanted = poller.error_samples.wanted = True
    await on.until(lambda: poller.anomaly_reads.progress[1] and len(set(poller.anomaly_reads.progress)) == 1)
    done, of = poller.anomaly_reads.progress
    assert done == of == min(20, len(poller.store.active))
