"""A large answer on its way to the screens."""

from tests.support.fakes.details import T0, answer, sleep
from wfdash.api.interface import DetailAnswer
from wfdash.core.why.session_times import last_moved
from wfdash.live.polling.read_instance import read_answer_aside


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
