"""Rows that watching an idle dev session leaves in its developer's trace store, in a minute.

It takes nine minutes: `python -m tests.bench traces --limit 600`.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from tests.bench.line import Line
from tests.support.harness.node import wrangler
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal

_INSTANCES = 100
_IDLE = 75.0
"""Seconds that they have stood still when they are opened."""
_SETTLED = 300.0
"""Seconds after which what is asked has come to rest."""
_MEASURED = 60.0
_PATIENCE = 60
_BEFORE = 7_400.0
"""Rows a minute of the first release, which asked every 5 s whatever moved, measured the same way."""
_WORKER = """
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Idle extends WorkflowEntrypoint {
  async run(event, step) { await step.sleep("nap", "30 days"); }
}
export default { async fetch() { return new Response("ok"); } };
"""
_CONFIG = {
    "name": "idle",
    "main": "index.js",
    "compatibility_date": "2026-10-01",
    "workflows": [{"binding": "IDLE", "name": "idle", "class_name": "Idle"}],
}
_QUIETLY = {"WRANGLER_SEND_METRICS": "false", "WRANGLER_WRITE_LOGS": "false", "CI": "1"}


def run() -> list[Line]:
    folder = Path(tempfile.mkdtemp())
    port, inspector = _free_port(), _free_port()
    session = _start(folder, port, inspector)
    try:
        _fill(port)
        time.sleep(_IDLE)
        rows = _traced(folder)
        shell = Terminal(
            Program.argv("--local", str(port), "-w", "idle"),
            env=environment(XDG_STATE_HOME=tempfile.mkdtemp()),
            columns=140,
            lines=40,
        )
        shell.wait_for("running")
        shell.watch(_MEASURED)
        first, rows = _traced(folder) - rows, _traced(folder)
        shell.watch(_SETTLED - _MEASURED)
        rows = _traced(folder)
        shell.watch(_MEASURED)
        settled = _traced(folder) - rows
        shell.close()
        return [
            Line(f"trace rows of {_INSTANCES} idle instances, first minute", first, "", aim=_BEFORE / 5),
            Line("the same, in a minute after five", settled, "", aim=_BEFORE / 5),
        ]
    finally:
        os.killpg(session.pid, signal.SIGTERM)
        session.wait()


def _start(folder: Path, port: int, inspector: int) -> subprocess.Popen[bytes]:
    (folder / "index.js").write_text(_WORKER)
    (folder / "wrangler.json").write_text(json.dumps(_CONFIG))
    command = [*wrangler(), "dev", "--port", str(port), "--inspector-port", str(inspector)]
    env = environment(**_QUIETLY, HOME=str(folder), XDG_CONFIG_HOME=str(folder / "config"))
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=folder, env=env, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )


def _fill(port: int) -> None:
    """Idle instances, once the session answers."""
    url = f"http://127.0.0.1:{port}/cdn-cgi/local/explorer/api/workflows/idle/instances"
    transport = httpx.HTTPTransport(retries=5)
    with httpx.Client(timeout=_PATIENCE, trust_env=False, transport=transport) as client:
        deadline = time.monotonic() + _PATIENCE
        while not _answers(client, url) and time.monotonic() < deadline:
            time.sleep(0.5)
        for number in range(_INSTANCES):
            client.post(url, json={"id": f"idle-{number}"}).raise_for_status()


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False


def _traced(folder: Path) -> float:
    """Spans and log lines in the session's trace store."""
    stores = (folder / ".wrangler" / "state" / "v3" / "observability").glob("*/*.sqlite")
    total = 0
    for store in (each for each in stores if each.stem != "metadata"):
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as opened:
            for table in ("spans", "logs"):
                total += opened.execute(f"select max(rowid) from {table}").fetchone()[0] or 0
    return float(total)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
