"""A dashboard that records beside one that does not: first rows, CPU while it polls and loads, bytes kept."""

import os
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.line import Line, alternately
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal, watch_together
from tests.support.harness.simulator import Simulator

_SECONDS, _ROUNDS = 30.0, 5
_ROW = re.compile(r"(?:order|bill)-\d+")


def run() -> list[Line]:
    lines = []
    for scenario, workflow, rows in (("calm", "billing", "some 100"), ("huge", "orders", "100,000")):
        simulator = Simulator(scenario)
        try:
            envs = [_env(simulator, recording) for recording in (True, False)]
            lines += [_first_rows(envs, workflow, rows), *_cpu_and_bytes(envs, workflow, rows)]
        finally:
            simulator.stop()
    return lines


def _env(simulator: Simulator, recording: bool) -> Mapping[str, str]:
    """With a home of its own and that of no other, so that each has all of the budget."""
    home = Path(tempfile.mkdtemp())
    config = home / "config.toml"
    config.write_text(f"[record]\non = {str(recording).lower()}\n")
    config.chmod(0o600)
    return environment(
        **simulator.env, HOME=str(home), XDG_STATE_HOME=str(home / "state"), WFDASH_CONFIG=str(config)
    )


def _open(env: Mapping[str, str], workflow: str) -> Terminal:
    return Terminal(Program.argv("-w", workflow), env=env, columns=120, lines=40)


def _first_rows(envs: list[Mapping[str, str]], workflow: str, rows: str) -> Line:
    def appear(env: Mapping[str, str]) -> float:
        begun = time.perf_counter()
        with _open(env, workflow) as shell:
            shell.wait_for(_ROW)
            return shell.seen_at - begun

    on, off = alternately(_ROUNDS, *(lambda env=env: appear(env) for env in envs))
    return Line(f"first rows of {rows}, recording", on, "s", "not recording", off, 1.1)


def _cpu_and_bytes(envs: list[Mapping[str, str]], workflow: str, rows: str) -> list[Line]:
    """Both at one time: first as they poll, then as all that is older is loaded."""
    shells = [_open(env, workflow) for env in envs]
    lines = []
    try:
        for shell in shells:
            shell.wait_for(_ROW)
        watch_together(shells, 8)
        for doing in ("polling", "loading what is older"):
            before = [_cpu(shell.pid) for shell in shells]
            watch_together(shells, _SECONDS)
            on, off = (
                (_cpu(shell.pid) - used) / _SECONDS * 100 for shell, used in zip(shells, before, strict=True)
            )
            lines.append(Line(f"CPU {doing}, {rows}, recording, of a core", on, "%", "not recording", off))
            for shell in shells:
                shell.press("G")
    finally:
        for shell in shells:
            shell.close()
    kept = sum(path.stat().st_size for path in Path(envs[0]["XDG_STATE_HOME"]).rglob("*.db*"))
    return [*lines, Line(f"bytes on the disk after it, {rows}", kept / 1e6, "MB")]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
