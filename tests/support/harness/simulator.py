"""The simulator as a child process on loopback, its clock running or stopped."""

import subprocess
import sys
from typing import Any

import httpx

from tests.support.harness.program import ROOT, environment

__all__ = ["READER", "Simulator"]

READER = "demo-read-only-token-not-a-secret"
"""Whoever reads with it is not counted: a test may look as often as it likes."""

_SERVE = """
import sys, time
from email.utils import formatdate
from wfdash.demo.engine import workflow
from wfdash.demo.http import api
from wfdash.demo.http.credentials import READ_ONLY_TOKEN
from wfdash.demo.http.ratelimit import RateLimit
from wfdash.demo.http.serve import serve
count = RateLimit.count
RateLimit.count = lambda self, user: ({}, None) if user == READ_ONLY_TOKEN else count(self, user)
ahead, kept = float(sys.argv[3]), float(sys.argv[4])
if kept:
    retention = workflow.Retention(kept, kept)
    workflow.Retention = lambda success, error: retention
if not ahead:
    api.formatdate = lambda *_, **__: formatdate(usegmt=True)  # or this machine's clock would be called wrong
began = time.time()
stopped = sys.argv[2] == "stopped"
sys.exit(serve(0, scenario=sys.argv[1], clock=(lambda: began) if stopped else lambda: time.time() + ahead))
"""


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
        program = ["-c", _SERVE] if not hostile else ["-m", "tests.support.fakes.hostile_world"]
        self._process = subprocess.Popen(
            [sys.executable, *program, scenario, "stopped" if stopped else "running", str(ahead), str(kept)],
            env=environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout
        lines = [self._process.stdout.readline() for _ in range(4)]
        assert all(lines), "the simulator did not start"
        self.env: dict[str, str] = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines)
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
        self._process.terminate()
        self._process.wait(60)
        assert self._process.stdout
        self._process.stdout.close()
