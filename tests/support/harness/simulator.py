"""The simulator as a process on loopback, its clock running or stopped."""

import atexit
import os
import signal
from functools import cache
from typing import Any, Self

import httpx

from tests.support.harness.forking import Forker
from tests.support.harness.program import environment

__all__ = ["READER", "Server", "Simulator"]

READER = "demo-read-only-token-not-a-secret"
"""Whoever reads with it is not counted: a test may look as often as it likes."""


class Server:
    """A simulator as a process of its own: `exports` is what it printed, and what points wfdash at it.

    `main` is the function that serves (`module:function`), called with `arguments` in an environment of the
    test's own. It is forked by a process that has loaded the simulator and built the world of `scenario` ("":
    none) not long ago; see tests.support.fakes.simulators.
    """

    def __init__(self, main: str, *arguments: object, scenario: str = "") -> None:
        output, theirs = os.pipe()
        order = {"main": main, "arguments": arguments, "env": environment(), "scenario": scenario}
        try:
            self._pid = _parent().ask(order, theirs)
        finally:
            os.close(theirs)
        self._output = open(output, encoding="utf-8")  # noqa: SIM115
        self._running = True
        lines = [self._output.readline() for _ in range(4)]
        if not all(line.startswith("export ") for line in lines):
            raise AssertionError(f"the simulator did not start\n{''.join(lines)}{self.stop()}")
        self.exports: dict[str, str] = dict(
            line.strip().removeprefix("export ").split("=", 1) for line in lines
        )

    @classmethod
    def of(cls, *arguments: str) -> Self:
        """`wfdash demo --serve 0` with these arguments."""
        scenario = arguments[arguments.index("--scenario") + 1] if "--scenario" in arguments else "calm"
        return cls("wfdash.cli.main:run", ["demo", "--serve", "0", *arguments], scenario=scenario)

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self._pid, number)

    def line(self) -> str:
        """What it prints next."""
        return self._output.readline()

    def stop(self) -> str:
        """Ends it and returns what else it printed. Safe to call twice."""
        if not self._running:
            return ""
        self._running = False
        _parent().ask({"end": self._pid})
        with self._output:
            return self._output.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@cache
def _parent() -> Forker:
    started = Forker("tests.support.fakes.simulators", environment())
    atexit.register(started.close)
    return started


class Simulator:
    """`env` is what a program needs to use it; `patch` changes an instance behind that program's back.

    With `hostile` every string in its answers is, and its clock stands. `ahead` is in seconds, and less than
    nothing for one that lags behind this machine. `kept` is for how many seconds it keeps what ended, 0
    for as long as the scenario says.
    """

    def __init__(
        self,
        scenario: str = "calm",
        *,
        stopped: bool = False,
        hostile: bool = False,
        ahead: float = 0,
        kept: float = 0,
    ) -> None:
        main = "tests.support.fakes.simulators:serve_world"
        if hostile:
            self._server = Server("tests.support.fakes.hostile_world:main", scenario, scenario=scenario)
        elif ahead or kept:
            self._server = Server(main, scenario, stopped, ahead, kept)  # not as others have built it
        else:
            self._server = Server(main, scenario, stopped, ahead, kept, scenario=scenario)
        self.env = self._server.exports
        self._http = httpx.Client(
            base_url=f"{self.env['CLOUDFLARE_BASE_URL']}/accounts/{self.env['CLOUDFLARE_ACCOUNT_ID']}/workflows",
            headers={"Authorization": f"Bearer {self.env['CLOUDFLARE_API_TOKEN']}"},
            trust_env=False,
            timeout=60,
        )

    def listing(self, workflow: str, **query: str) -> list[dict[str, Any]]:
        answer = self._http.get(f"/{workflow}/instances", params=query)
        return answer.raise_for_status().json()["result"]

    def detail(self, workflow: str, instance: str) -> dict[str, Any]:
        return self._http.get(f"/{workflow}/instances/{instance}").raise_for_status().json()["result"]

    def patch(self, workflow: str, instance: str, status: str) -> None:
        url = f"/{workflow}/instances/{instance}/status"
        self._http.patch(url, json={"status": status}).raise_for_status()

    def refuse(self) -> None:
        """From now on a hostile one refuses everything."""
        self._http.put("/refuse").raise_for_status()

    def stop(self) -> None:
        self._http.close()
        self._server.stop()
