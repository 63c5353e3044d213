"""A large answer on its way to the screens."""

import threading
import time

import pytest

from tests.support.fakes.details import T0, answer, failure, sleep, step
from tests.support.fakes.frail_server import NoBudget
from wfdash.api.interface import DetailAnswer
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.failure import failed_steps
from wfdash.core.why.session_times import last_moved
from wfdash.live.actions.operator import Operator
from wfdash.live.budget.budget import Budget
from wfdash.live.polling.read_instance import read_answer_aside
from wfdash.live.reads.reads import Reads


class Watched(dict):
    """An entry that counts how often its attempts are asked for."""

    asked = 0

    def get(self, key, *default):
        Watched.asked += key == "attempts"
        return super().get(key, *default)


async def test_attempts_of_open_steps_are_read_aside():
    """Of 45,000 sleeps they took the loop 60 ms."""
    result = answer("waiting", [])
    result["steps"] = [Watched(sleep(f"nap {number}-1", number, 1e9)) for number in range(50)]
    detail = await read_answer_aside("orders", "order-1", DetailAnswer(result, size=500_000))
    Watched.asked = 0
    assert last_moved(detail, T0 + 1e6) is not None
    assert Watched.asked == 0


class ReadOnLoop(dict):
    """An entry that counts how often it is looked at in the thread of the loop."""

    asked = 0

    def get(self, key, *default):
        ReadOnLoop.asked += threading.current_thread() is threading.main_thread()
        return super().get(key, *default)


class Server:
    """Answers with very many steps that failed, about whatever is asked."""

    async def get_instance(self, *_, **__):
        result = answer("errored", [], error=failure(), end=300)
        entries = [step(f"fetch {n}-1", n, n + 1, False) | {"error": failure()} for n in range(200)]
        result["steps"] = [ReadOnLoop(entry) for entry in entries]
        return DetailAnswer(result, size=8_000_000)


@pytest.mark.parametrize("road", ["the look of a prompt", "a read of a page"])
async def test_failed_steps_are_read_aside_whoever_asks(road):
    """What a prompt looks at again took the loop 200 ms of 16,000."""
    if road == "a read of a page":
        budget = Budget(clock=time.time)
        detail = await Reads(Server(), budget).instance("orders", "order-1")
    else:
        operator = Operator(Server(), budget=NoBudget(), journal=None, clock=time.time)
        detail = await operator.look("orders", "order-1")
    ReadOnLoop.asked = 0
    assert len(failed_steps(detail)) == 200
    assert diagnose(detail, now=T0 + 400).sentence
    assert ReadOnLoop.asked == 0
