"""Opening and paging an instance of 10,000 steps and 25,000 attempts, beside one of 20 steps.

In CPU time, for other programs run too: from the key press to the painted timeline, in the whole dashboard,
less what parsing the JSON took.
"""

import asyncio
import gc
import json
import time
from collections.abc import Callable
from statistics import median
from typing import cast

from textual import events

from tests.bench.big_screen import Still
from tests.bench.line import Line
from tests.support.fakes.details import T0, answer, attempt, done, step
from wfdash.api.answers.instance_json import read_instance_json
from wfdash.api.interface import NEWEST, DetailAnswer, InstancePage, Observer, Workflows
from wfdash.config.settings import Settings
from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso
from wfdash.core.why.diagnose import diagnose
from wfdash.ui.app import WfdashApp
from wfdash.ui.detail.screen import DetailScreen
from wfdash.ui.detail.timeline_table import TimelineTable

_PAGES = 5
"""As many as the shorter timeline has."""
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


class _Watchman:
    """The longest the loop was held while it watched, in CPU time: other programs run too."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - before)


class _Single(Still):
    """An API with one instance. Its answer is parsed `ahead`, or when it comes, as in the program."""

    def __init__(self, steps: int, text: bytes, *, ahead: bool) -> None:
        self.moved, self.text, self.parsed = iso(T0 + steps), text, 0.0
        self.result = read_instance_json(text)["result"] if ahead else None

    async def list_instances(self, workflow, query=NEWEST):
        row = {"id": "order-1", "status": "running", "created_on": iso(T0), "modified_on": self.moved}
        return InstancePage([row] if query.status in ("", "running") else [], None, 1)

    async def get_instance(self, workflow, instance, **_):
        if self.result is not None:
            return DetailAnswer(self.result)
        begun = time.process_time()
        result = read_instance_json(self.text)["result"]
        self.parsed += time.process_time() - begun
        return DetailAnswer(result)


async def _until(condition: Callable[[], object]) -> None:
    """Looks seldom, for looking costs CPU time too; waiting costs none."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for is on a screen, not in our hands
            await asyncio.sleep(0.05)


def _is_painted(app: WfdashApp) -> bool:
    tables = app.screen.query(TimelineTable) if isinstance(app.screen, DetailScreen) else ()
    return any("last" in strip.text for table in tables for strip in table._drawn.strips.values())


async def _open(steps: int, text: bytes, *, watched: bool) -> tuple[float, float, float, float]:
    """CPU seconds to open, per page, per tick, and the longest the loop was held, where it is `watched`."""

    api = _Single(steps, text, ahead=watched)

    async def connect(_: Observer) -> Workflows:
        return cast(Workflows, api)

    app = WfdashApp(
        Settings(account_id="0" * 32, demo="bench"),
        lambda _: connect,
        workflow="orders",
        clock=lambda: T0 + steps + 3,
    )
    async with app.run_test(size=(110, 40)) as pilot:
        await _until(
            lambda: app.session is not None and app.session.poller.row_details.why("order-1") is not None
        )
        await pilot.pause(0.2)
        gc.collect()
        gc.freeze()  # what the rounds before have left is not looked through in this one
        watchman = _Watchman()
        task = asyncio.create_task(watchman.watch()) if watched else None
        await asyncio.sleep(0.01)
        watchman.longest = 0.0
        api.parsed, start = 0.0, time.process_time()
        app.post_message(events.Key("enter", "\r"))
        await _until(lambda: _is_painted(app))
        opened = time.process_time() - start - api.parsed
        if task is not None:
            task.cancel()
        held = watchman.longest
        screen = app.screen
        assert isinstance(screen, DetailScreen)
        screen.pane.timeline.move_to(0)

        async def average(do: Callable[[], None], number: int) -> float:
            begun = time.process_time()
            for _ in range(number):
                do()
                await pilot.pause()
            return (time.process_time() - begun) / number

        paged = await average(screen.pane.timeline.action_move_half_down, _PAGES)
        ticked = await average(screen.draw, 10)
        return opened, paged, ticked, held


def run() -> list[Line]:
    texts = {steps: _answer(steps) for steps in (20, 200, 10_000)}
    begun = time.process_time()
    result = read_instance_json(texts[10_000])["result"]
    lines = [Line("JSON parse of 10,000 steps, 25,000 attempts", (time.process_time() - begun) * 1000, "ms")]
    detail = read_detail("orders", "order-1", result)
    assert detail.steps.columns
    begun = time.process_time()
    diagnose(detail, now=T0 + 10_001)
    lines.append(Line("the why line of them", (time.process_time() - begun) * 1000, "ms"))
    runs: dict[int, list[tuple[float, ...]]] = {steps: [] for steps in texts}
    for _ in range(_ROUNDS):
        for steps, text in texts.items():
            *costs, _ = asyncio.run(_open(steps, text, watched=False))
            *_, held = asyncio.run(_open(steps, text, watched=True))
            runs[steps].append((*costs, held))
    small, pages, large = ([median(part) * 1000 for part in zip(*runs[steps])] for steps in texts)
    lines += [
        Line("key press to painted timeline of 10,000 steps", large[0], "ms", "of 20 steps", small[0], 2.0),
        Line("page in it", large[1], "ms", "of 200 steps, 20 have no page", pages[1], 2.0),
        Line("a second's tick in it", large[2], "ms", "of 20 steps", small[2], 2.0),
    ]
    lines.append(Line("longest hold of the loop meanwhile", large[3], "ms", aim=50.0))
    lines.append(Line("the same with 20 steps", small[3], "ms"))
    return lines
