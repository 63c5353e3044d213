"""`python -m tests.bench [NAME...]` runs tests/bench/bench_NAME.py, all without a name, and prints ratios.

Each file has `run() -> list[Line]`. Nothing is asserted: a slow day fails no test. Each bench gets a process
of its own and at most `--limit SECONDS` (default 120); what fails says so and does not stop the rest.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from tests.support.harness.program import ORIGINAL, ROOT, without

HERE = Path(__file__).parent


def run_here(name: str) -> None:
    for line in import_module(f"tests.bench.bench_{name}").run():
        print(line, flush=True)


def _apart(name: str, environ: Mapping[str, str], limit: float) -> int:
    """The exit status of one bench in a process of its own; what it started ends with it, however it ends.

    Raises subprocess.TimeoutExpired after `limit` seconds.
    """
    command = [sys.executable, "-m", "tests.bench", "--here", name]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)
    try:
        return process.wait(limit)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--limit", type=float, default=120, help="seconds each may take")
    parser.add_argument("--here", action="store_true", help="run in this process")
    options = parser.parse_args()
    names = options.names or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    if options.here:
        for name in names:
            run_here(name)
        return
    environ = without(ORIGINAL) | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in names:
        print(f"-- {name}", flush=True)
        try:
            if status := _apart(name, environ, options.limit):
                print(f"   {name} failed with status {status}", flush=True)
        except subprocess.TimeoutExpired:
            print(f"   {name} took more than {options.limit:g} s and was ended", flush=True)


if __name__ == "__main__":
    main()
