"""Lines are put in their places by one thread at a time, however long that takes."""

import asyncio
import threading
from types import SimpleNamespace

from tests.support.fakes.details import T0, detail
from wfdash.core.logs.line import LogLine
from wfdash.live.reads.log_lines import InstanceLogs
from wfdash.ui.logs.gathering import LineGathering


class Host:
    """As much of a widget as owns tasks: of a group one goes on, and the one before it is cancelled."""

    def __init__(self):
        self.works = []

    def run_worker(self, work, **_):
        for before in self.works:
            before.cancel()
        self.works.append(asyncio.ensure_future(work))

    def call_later(self, callback):
        callback()


async def turn(_again):
    pass


def slowly_placed(logs):
    """`logs` whose lines are placed only once `ends` is set; gives that, and the threads at each start."""
    threads, together, ends, place = [], [], threading.Event(), logs.placed

    def placed(*arguments, **options):
        threads.append(threading.get_ident())
        together.append(len(threads))
        ends.wait(30)
        threads.remove(threading.get_ident())
        return place(*arguments, **options)

    logs.placed = placed
    return ends, together


def gathered():
    api = SimpleNamespace(log_reader=lambda: SimpleNamespace(name="telemetry", lag=20.0))
    logs = InstanceLogs(api, "orders", "order-1", turn=turn, now=lambda: T0 + 100)
    logs.add([LogLine(T0 + 1, "log", "order-1 begins", "telemetry", "r", order="1")])
    context = SimpleNamespace(session=None, past=None, machine_clock=lambda: T0)
    gathering = LineGathering(context, Host(), "orders", "order-1", on_change=lambda: None)
    gathering.logs, gathering.detail = logs, detail("running")
    return gathering, logs


async def placing():
    """Lines that a thread has begun to place, and goes on with until `ends` is set."""
    gathering, logs = gathered()
    ends, together = slowly_placed(logs)
    gathering.draw_news()
    while not together:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return gathering, logs, ends, together


async def test_what_takes_long_to_place_is_not_begun_anew():
    gathering, _, ends, together = await placing()
    for _ in range(3):
        gathering.draw_news()
        for _ in range(100):
            await asyncio.sleep(0)
    ends.set()
    while not gathering.placed:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert together == [1]


async def test_a_thread_nobody_waits_for_is_let_end_before_the_next():
    gathering, logs, ends, together = await placing()
    gathering._host.works[0].cancel()
    again = asyncio.ensure_future(gathering._place(logs))
    for _ in range(100):
        await asyncio.sleep(0)
    ends.set()
    await again
    assert together == [1, 1]
    assert gathering.placed
