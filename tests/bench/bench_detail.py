"""Opening and paging a timeline of 10,000 steps and 25,000 attempts, beside one of 20 steps."""

import asyncio
import gc
import json
import time
from collections.abc import Callable

from textual.app import App

from tests.bench.line import Line
from tests.support.details import T0, answer, attempt, done, step
from wfdash.core.detail import Detail, read_detail
from wfdash.core.diagnosis import diagnose
from wfdash.live.state import DetailState, Freshness
from wfdash.ui.widgets.detail_pane import DetailPane

_PAGES = 5
"""Half screens from the top that 200 steps have too; 20 have nothing to page to."""
_ROUNDS = 5


def _answer(steps: int) -> bytes:
    """Three names in a loop and many single ones; every other step was retried three times; one runs."""
    rows = []
    for n in range(steps - 1):
        name = f"fetch {n % 3}-{n // 3 + 1}" if n % 2 else f"stage {n} of work-1"
        tries = [
            attempt(n, n + 0.2, False),
            attempt(n + 0.3, n + 0.4, False),
            attempt(n + 0.5, n + 0.6, False),
        ]
        last = attempt(n + 0.7, n + 0.8, True)
        rows.append(step(name, n, n + 0.8, True, [*tries, last]) if n % 2 else done(name, n, n + 0.8))
    rows.append(step("last-1", steps))
    return json.dumps({"result": answer("running", rows)}).encode()


class _Stage(App[None]):
    CSS = "Screen { overflow: hidden; }"

    def compose(self):
        yield DetailPane(id="pane")


class _Watchman:
    """The longest the loop was held while it watched, in CPU time: other programs run too."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - before)


async def _open(detail: Detail, steps: int) -> tuple[float, float, float, float]:
    """Seconds to open, per page, per tick, and the longest the loop was held."""
    app = _Stage()
    async with app.run_test(size=(140, 40)) as pilot:
        pane = app.query_one(DetailPane)
        pane.timeline.focus()
        state = DetailState("orders", "order-1", detail, Freshness(answered_at=T0))
        gc.collect()
        gc.freeze()  # as the program does after reading so large an answer
        watchman = _Watchman()
        task = asyncio.create_task(watchman.watch())
        await asyncio.sleep(0.01)
        watchman.longest = 0.0
        now = T0 + steps + 3
        start = time.perf_counter()
        pane.show(None, state, None, now)
        while pane.timeline.timeline is None:
            await pilot.pause()
        await pilot.pause()
        opened = time.perf_counter() - start
        pane.timeline.move_to(0)

        async def average(do: Callable[[int], None], number: int) -> float:
            begun = time.perf_counter()
            for turn in range(number):
                do(turn)
                await pilot.pause()
            return (time.perf_counter() - begun) / number

        # What the watchman computes would be waited for too: it watches now, and not while it is timed.
        await average(lambda _: pane.timeline.action_move_half_down(), 10)
        task.cancel()
        paged = 0.0
        for _ in range(_ROUNDS):
            pane.timeline.move_to(0)
            pane.timeline.restyle()
            await pilot.pause()
            paged += await average(lambda _: pane.timeline.action_move_half_down(), _PAGES) / _ROUNDS
        ticked = await average(lambda turn: pane.show(None, state, None, now + turn), 10)
        return opened, paged, ticked, watchman.longest


def run() -> list[Line]:
    lines: list[Line] = []
    found = {}
    for steps in (20, 200, 10_000):
        text = _answer(steps)
        begun = time.perf_counter()
        result = json.loads(text)["result"]
        parsed = time.perf_counter() - begun
        detail = read_detail("orders", "order-1", result)
        read = time.perf_counter() - begun - parsed
        begun = time.perf_counter()
        for _ in range(20):
            diagnose(detail, now=T0 + steps + 1)
        why = (time.perf_counter() - begun) / 20
        runs = [asyncio.run(_open(detail, steps)) for _ in range(3)]
        found[steps] = [sorted(run[part] for run in runs)[1] for part in range(4)]
        if steps == 10_000:
            lines += [
                Line("JSON parse of 10,000 steps, 25,000 attempts", parsed * 1000, "ms"),
                Line("reading them, in slices in the program", read * 1000, "ms"),
                Line("the why line of them", why * 1000, "ms"),
            ]
    large = found[10_000]
    names = ("open a timeline of 10,000 steps", "page in it", "a second's tick in it")
    for part, (name, rival) in enumerate(zip(names, (20, 200, 20))):
        beside = found[rival][part] * 1000
        lines.append(Line(name, large[part] * 1000, "ms", f"of {rival} steps", beside, 2.0))
    lines.append(Line("longest hold of the loop meanwhile, CPU", large[3] * 1000, "ms", aim=50.0))
    lines.append(Line("the same with 20 steps", found[20][3] * 1000, "ms"))
    return lines
