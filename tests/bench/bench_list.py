"""Listing 25 instances once: wfdash beside wrangler, the official SDK and bare httpx, on one loopback API."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.line import Line, alternately
from tests.support.harness.node import wrangler
from tests.support.harness.program import Program, environment
from tests.support.harness.simulator import Simulator

_SDK = """
import os
from cloudflare import Cloudflare
client = Cloudflare(api_token=os.environ["CLOUDFLARE_API_TOKEN"], base_url=os.environ["CLOUDFLARE_BASE_URL"])
account = os.environ["CLOUDFLARE_ACCOUNT_ID"]
for row in client.workflows.instances.list("orders", account_id=account, per_page=25).result:
    print(row.to_json())
"""
_HTTPX = """
import os, httpx
account = os.environ["CLOUDFLARE_BASE_URL"] + "/accounts/" + os.environ["CLOUDFLARE_ACCOUNT_ID"]
url = account + "/workflows/orders/instances"
headers = {"Authorization": "Bearer " + os.environ["CLOUDFLARE_API_TOKEN"]}
for row in httpx.get(url, params={"per_page": 25}, headers=headers).json()["result"]:
    print(row)
"""
_ROUNDS = 5
_METER = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss, os.waitstatus_to_exitcode(status), file=sys.stderr)
"""
"""Starts a command and says on its last line how long it took, the most memory it held, how it ended. A small
process of its own: Linux counts what its parent holds as held by a child too."""


class _Command:
    """One command line; `peak` is the most memory any run of it held, in MB (its own process alone)."""

    def __init__(self, argv: list[str], env: dict[str, str], cwd: Path) -> None:
        self._argv, self._env, self._cwd, self.peak = argv, env, cwd, 0.0

    def __call__(self) -> float:
        """Seconds that one run took."""
        metered = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _METER, *self._argv],
            env=self._env,
            cwd=self._cwd,
            capture_output=True,
            text=True,
            check=True,
        )
        rows = metered.stdout.count("order-")
        took, held, code = metered.stderr.splitlines()[-1].split()
        assert code == "0", self._argv
        assert rows >= 25, f"{self._argv} listed {rows} rows"
        self.peak = max(self.peak, int(held) / (1024 if sys.platform == "linux" else 1024**2))
        return float(took)


def run() -> list[Line]:
    simulator, home = Simulator("calm"), Path(tempfile.mkdtemp())
    quiet = {"WRANGLER_SEND_METRICS": "false", "WRANGLER_HIDE_BANNER": "true", "WRANGLER_WRITE_LOGS": "false"}
    env = environment(**simulator.env, **quiet, HOME=str(home), XDG_CONFIG_HOME=str(home), CI="1")

    def command(*argv: str) -> _Command:
        return _Command(list(argv), env, home)

    commands = {
        "wfdash": command(*Program.argv("list", "-w", "orders", "--limit", "25", "--json")),
        "wrangler": command(
            *wrangler(), "workflows", "instances", "list", "orders", "--per-page", "25", "--json"
        ),
        "SDK": command(sys.executable, "-c", _SDK),
        "bare httpx": command(sys.executable, "-c", _HTTPX),
    }
    try:
        measures: list[Callable[[], float]] = list(commands.values())
        times = dict(zip(commands, alternately(_ROUNDS, *measures)))
    finally:
        simulator.stop()
    aims = {"wrangler": 0.25, "SDK": 1.0, "bare httpx": 0.0}
    lines = [
        Line("wfdash list --json, wall time", times["wfdash"], "s", rival, times[rival], aim)
        for rival, aim in aims.items()
    ]
    return lines + [
        Line(
            "wfdash list --json, peak memory", commands["wfdash"].peak, "MB", rival, commands[rival].peak, aim
        )
        for rival, aim in aims.items()
    ]
