"""The real engine and the simulator behind the same few calls."""

from collections.abc import Callable
from itertools import count
from typing import Any

from tests.demo.bench import Bench
from tests.engine.engine import Engine
from tests.engine.twins import GATE, twin

__all__ = ["Json", "Real", "Side", "Simulated"]

Json = dict[str, Any]
_numbers = count(1)


class Real:
    """The engine on loopback: what comes is waited for."""

    local = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.id = f"differential-{next(_numbers)}"

    def create(self, kind: str, **params: Any) -> None:
        self.engine.create(self.id, kind, **params)

    def detail(self) -> Json:
        return self.engine.detail(self.id)

    def change(self, status: str, **more: Any) -> tuple[int, str]:
        return _outcome(self.engine.change(self.id, {"status": status, **more}))

    def send(self, type: str, payload: Any) -> None:
        self.engine.send(self.id, type, payload)

    def release(self) -> None:
        self.engine.release(self.id)

    def until(self, true: Callable[[Json], object]) -> None:
        self.engine.wait(self.id, true)


class Simulated:
    """The simulator: what comes is brought on by moving the clock."""

    local = False
    id = "one"

    def __init__(self) -> None:
        self.bench = Bench(twin)

    def create(self, kind: str, **params: Any) -> None:
        self.bench.create(self.id, params={"kind": kind, **params})

    def detail(self) -> Json:
        return self.bench.detail(self.id)

    def change(self, status: str, **more: Any) -> tuple[int, str]:
        return _outcome(self.bench.tried(status, self.id, **more)[1])

    def send(self, type: str, payload: Any) -> None:
        self.bench.send(type, payload, self.id)

    def release(self) -> None:
        self.bench.later(GATE)

    def until(self, true: Callable[[Json], object]) -> None:
        for _ in range(10_000):
            if true(self.detail()):
                return
            self.bench.later(0.02)
        raise AssertionError(f"it did not come: {self.detail()}")


Side = Real | Simulated


def _outcome(envelope: Json) -> tuple[int, str]:
    """Code 0 and the status that was answered, or the code and its message."""
    if envelope["success"]:
        return 0, envelope["result"]["status"]
    error = envelope["errors"][0]
    return error["code"], error["message"]
