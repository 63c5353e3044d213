"""The real Workflows engine as a child process, and the few calls by which tests set its stage.

These calls are the tests' own: nothing here goes through wfdash, which is what they prove.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.support.harness.node import KEPT, modules, node
from tests.support.harness.program import environment

__all__ = ["WORKFLOW", "Engine"]

WORKFLOW = "work"
_PATIENCE = 180
"""Seconds for what takes a moment: workerd shares the machine with everything else that runs."""
_APART = 0.02
"""Seconds between two looks: without a rest they keep the engine from what it is waited for to do."""
_HERE = Path(__file__).parent
_BASE = "/cdn-cgi/local/explorer/api/workflows"


class Engine:
    """Serves `worker.mjs`; state lives in `folder` and goes with it."""

    def __init__(self, folder: Path, *, logs: bool = False) -> None:
        """With `logs` it keeps what is printed, as a dev session does."""
        executable, packages = node(), modules()
        folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder / "engine.log").open("w+")
        self._process = subprocess.Popen(
            [executable, _HERE / "server.mjs", _HERE / "worker.mjs", folder / "state"],
            env=environment(
                ENGINE_MODULES=str(packages), ENGINE_LOGS="yes" if logs else "no", PYTHONPATH=None, **KEPT
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise AssertionError(f"the engine did not start:\n{(folder / 'engine.log').read_text()[-2000:]}")
        self.port: int = json.loads(line)["port"]
        base = f"http://127.0.0.1:{self.port}"
        self._http = httpx.Client(base_url=base, timeout=_PATIENCE, trust_env=False)

    def stop(self) -> None:
        if hasattr(self, "_http"):
            self._http.close()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def create(self, identity: str, kind: str, **params: Any) -> str:
        """Start an instance that tells the story `kind` of worker.mjs."""
        body = {"id": identity, "params": {"kind": kind, **params}}
        self._http.post(f"{_BASE}/{WORKFLOW}/instances", json=body).raise_for_status()
        return identity

    def stored(self, words: str) -> int:
        """How many lines with these words its store has by now: it comes after the step that printed them."""
        asked = {"sql": "SELECT count(*) FROM logs WHERE instr(message, ?)", "params": [words]}
        store = _BASE.removesuffix("/workflows") + "/local/observability/query"
        return int(self._http.post(store, json=asked).json()["result"]["rows"][0][0])

    def runs_stored(self) -> int:
        """Of how many runs its store has the row by now: of all that a run did it comes last."""
        method = "json_extract(attributes, '$.\"jsrpc.method\"')"
        asked = {"sql": f"SELECT count(*) FROM spans WHERE kind = 'jsrpc' AND {method} = 'run'", "params": []}
        store = _BASE.removesuffix("/workflows") + "/local/observability/query"
        return int(self._http.post(store, json=asked).json()["result"]["rows"][0][0])

    def answer(self, identity: str) -> dict[str, Any]:
        """The whole answer about one instance."""
        return self._http.get(f"{_BASE}/{WORKFLOW}/instances/{identity}").json()

    def detail(self, identity: str) -> dict[str, Any]:
        return self.answer(identity)["result"]

    def status(self, identity: str) -> str:
        return self.detail(identity)["status"]

    def listing(self, **query: str) -> dict[str, Any]:
        return self._http.get(f"{_BASE}/{WORKFLOW}/instances", params=query).json()

    def change(self, identity: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._http.patch(f"{_BASE}/{WORKFLOW}/instances/{identity}/status", json=body).json()

    def send(self, identity: str, event_type: str, payload: Any) -> None:
        url = f"{_BASE}/{WORKFLOW}/instances/{identity}/events/{event_type}"
        self._http.post(url, json=payload).raise_for_status()

    def reload(self) -> None:
        """Serve the worker anew, as a dev session does when it is saved: what runs is cut."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("saved\n")
        self._process.stdin.flush()
        assert json.loads(self._process.stdout.readline())["port"] == self.port

    def release(self, gate: str) -> None:
        """Let the steps go on that wait at this gate."""
        self._http.get("/release", params={"gate": gate}).raise_for_status()

    def wait(
        self, identity: str, reached: str | Callable[[dict[str, Any]], object], seconds: float = _PATIENCE
    ) -> dict[str, Any]:
        """The detail once its status is `reached`, or once `reached(detail)` is true."""
        deadline = time.monotonic() + seconds
        while True:
            detail = self.detail(identity)
            if detail["status"] == reached if isinstance(reached, str) else reached(detail):
                return detail
            assert time.monotonic() < deadline, f"{identity} did not reach {reached}: {detail}"
            time.sleep(_APART)
