"""`python -m tests.soak [--minutes 10]`: a shift in minutes, and whether anything grows.

The real program over the simulator's incident, which goes on changing, with a record and a journal, under a
person who never rests. As many instances are forgotten as come, so that what grows is kept of what is gone.
Memory, descriptors, threads, tasks, timers and objects are counted every ten seconds; printed are medians of
the third and of the last quarter: flat is when they are alike.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

import psutil

from tests.conftest import homes
from tests.soak.person import Person
from tests.support.harness.act import ROWS
from tests.support.harness.program import environment
from tests.support.harness.pty import Terminal
from tests.support.harness.simulator import Simulator

_EVERY = 10.0
_KEPT = 2700.0
"""Seconds after its end an instance is forgotten."""
Sample = dict[str, float]


def _samples(process: psutil.Process, census: Path) -> Sample:
    """What it holds now. The census is written by the program itself, at its own time."""
    before = census.read_text().count("\n") if census.exists() else 0
    process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (not census.exists() or census.read_text().count("\n") <= before):
        time.sleep(0.02)
    own = json.loads(census.read_text().splitlines()[-1])
    return {
        "memory, MB": _own(process.pid),
        "resident, MB": process.memory_info().rss / 1e6,
        "descriptors": process.num_fds(),
        "children": len(process.children(recursive=True)),
        "files kept, MB": sum(_sizes(census.parent)) / 1e6,
        **own,
    }


def _sizes(folder: Path) -> Iterator[int]:
    """A file may go while they are looked at."""
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if file.is_file():
                yield file.stat().st_size


def _own(pid: int) -> float:
    """What it allocated: pages of libraries are its own or not as other programs with them come and go."""
    rolled = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rolled.partition("Anonymous:")[2].split()[0]) * 1024 / 1e6


def _shift(shell: Terminal, census: Path, seconds: float, chance: random.Random) -> Iterator[Sample]:
    person = Person(shell, chance)
    process, begun, due, turn = psutil.Process(shell.pid), time.monotonic(), 0.0, 0
    while (now := time.monotonic() - begun) < seconds:
        person.habits[turn % len(person.habits)]()
        turn += 1
        if now >= due:
            due = now + _EVERY
            yield {"at, s": round(now), **_samples(process, census)}
    print(f"{turn} habits in {seconds / 60:g} minutes, {len(shell.written) / 1e6:.1f} MB drawn")


def _lines(samples: list[Sample]) -> Iterator[str]:
    quarter = max(1, len(samples) // 4)
    third, last = samples[2 * quarter : 3 * quarter] or samples, samples[-quarter:]
    yield f"{'':<26}{'start':>12}{'3rd quarter':>14}{'last quarter':>14}{'change':>10}"
    for name in samples[0]:
        if name != "at, s":
            was, now = (median(each[name] for each in part) for part in (third, last))
            change = f"{(now / was - 1) * 100:+.1f} %" if was else f"{now:+g}"
            yield f"{name:<26}{samples[0][name]:>12,.1f}{was:>14,.1f}{now:>14,.1f}{change:>10}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(homes(Path(folder)))
        census, simulator = Path(folder) / "census", Simulator("incident", kept=_KEPT)
        environ = environment(**simulator.env, WFDASH_CENSUS=str(census))
        argv = [sys.executable, "-m", "tests.soak.inside", "-w", "orders"]
        shell = Terminal(argv, env=environ, columns=140, lines=40, cwd=Path(folder))
        try:
            shell.wait_for(ROWS)
            for sample in _shift(shell, census, options.minutes * 60, random.Random(options.seed)):
                samples.append(sample)
                print(json.dumps({name: round(value, 1) for name, value in sample.items()}), flush=True)
            shell.press("escape", "q")
            print(f"left with exit {shell.wait_exit()}, the terminal as found: {shell.not_as_found() == []}")
        except AssertionError:
            print(shell.picture())
            raise
        finally:
            shell.close()
            simulator.stop()
    print(*_lines(samples), sep="\n")


if __name__ == "__main__":
    main()
