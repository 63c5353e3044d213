"""The longest that a key would wait while an answer too large for any account comes, is read and is drawn.

Not by the loop's own time, for the parser works in a thread and holds the interpreter: by the wall clock, as
far as this process computed meanwhile, for what others on a busy machine do is no hold. The server is another
process. The memory of `wfdash show` against a bomb is measured by tests/cli/commands.
"""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pkgutil import walk_packages
from statistics import median

import wfdash
from tests.bench.large_answers import DETAILS, LISTS, WORKFLOWS
from tests.bench.line import Line
from tests.support.harness.program import ROOT
from wfdash.api.connect import connect
from wfdash.api.interface import Observer, Workflows
from wfdash.config.settings import Settings
from wfdash.ui.app import WfdashApp

_ROUNDS = 1


class _Watchman:
    """The longest gap between two turns of the loop, of which the process computed so much."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        before = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter(), time.process_time()
            gap = min(now[0] - before[0], now[1] - before[1])
            self.longest, before = max(self.longest, gap), now


async def _hold(port: int, kind: str) -> tuple[float, float]:
    """Seconds that the loop was held at most, and until all was quiet, while the answer is asked for once."""
    asked: list[int] = []

    async def connector(observer: Observer) -> Workflows:
        def count(exchange: object) -> None:
            asked.append(getattr(exchange, "size", 0))
            observer(exchange)  # type: ignore[arg-type]

        return await connect(settings, observer=count)

    settings = Settings(account_id="0" * 32, base_url=f"http://127.0.0.1:{port}", demo="bench")
    workflow = "" if kind in WORKFLOWS else "orders"
    app = WfdashApp(settings, lambda _: connector, workflow=workflow)
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.5)
        gc.collect()
        watchman = _Watchman()
        if kind in DETAILS:
            await pilot.press("enter")
            task = asyncio.create_task(watchman.watch())
        else:
            task = asyncio.create_task(watchman.watch())
            await pilot.press("ctrl+r")
        begun, last = time.perf_counter(), time.perf_counter()
        while time.perf_counter() - last < 1.0 and time.perf_counter() - begun < 20:
            seen = watchman.longest
            await asyncio.sleep(0.2)
            if watchman.longest > seen or not any(size > 1_000_000 or size == 0 for size in asked):
                last = time.perf_counter()
        task.cancel()
        await pilot.press("j")
    return watchman.longest, last - begun


def _load_all() -> None:
    """What a page loads when it is opened first takes as long whatever the answer is."""
    for module in walk_packages(wfdash.__path__, "wfdash."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def run(kinds: Sequence[str] = (*DETAILS, *LISTS, *WORKFLOWS)) -> list[Line]:
    lines = []
    _load_all()
    for kind in kinds:
        command = [sys.executable, "-m", "tests.bench.large_answers", kind]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            port, size = map(int, server.stdout.readline().split())
            holds = [asyncio.run(_hold(port, kind))[0] * 1000 for _ in range(_ROUNDS)]
            aim = 100.0 if size <= 8_400_000 else 400.0
            lines.append(Line(f"{kind} ({size / 1e6:.0f} MB): longest hold", median(holds), "ms", aim=aim))
        finally:
            server.kill()
            server.wait()
    return lines


if __name__ == "__main__":
    for kind in sys.argv[1:] or (*DETAILS, *LISTS, *WORKFLOWS):
        print(*run([kind]), flush=True)
