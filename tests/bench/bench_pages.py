"""The events page and the errors page over 100,000 rows: how long an event or a tick holds the loop."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any, cast

from msgspec.json import encode

from tests.bench.big_screen import NOW, Still, item
from tests.bench.line import Line
from wfdash.api.answers.instance_json import read_instance_json
from wfdash.api.interface import Workflows
from wfdash.config.settings import Settings
from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso
from wfdash.core.rows.store import Delta
from wfdash.live.polling.events import Update
from wfdash.ui.actions.waits import EventsScreen
from wfdash.ui.app import WfdashApp

ROWS, READ = 100_000, 2_000
_TURNS = 30
_HOLD = 50.0
"""Milliseconds that nothing may hold the loop."""


class Clock:
    """A second goes by with each turn, so that what was judged is judged again."""

    now = NOW

    def __call__(self) -> float:
        return self.now


def run() -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = os.environ["XDG_STATE_HOME"] = folder
        return asyncio.run(_measure())


async def _measure() -> list[Line]:
    async def connect(_: Any) -> Workflows:
        return cast(Workflows, Still())

    clock = Clock()
    settings = Settings(account_id="0" * 32, demo="bench")
    app = WfdashApp(settings, lambda _: connect, workflow="orders", clock=clock)
    async with app.run_test(size=(140, 40)) as pilot:
        while app.session is None or not len(app.session.poller.store):
            await pilot.pause(0.05)
        poller = app.session.poller
        poller.frozen = True
        for first in range(100, ROWS, 100):
            page = [item(number) for number in range(first, min(first + 100, ROWS))]
            poller._context.notify(Update(delta=poller.store.apply(page, seq=0, now=NOW)))
            if first % 1000 == 0:
                await asyncio.sleep(0)
        await _read_some(poller)
        lines = []
        for name in ("events", "errors"):
            await _open(app, pilot, name)
            lines += await _holds(app, name, clock)
            app.pop_screen()
            await pilot.pause()
    return lines


async def _read_some(poller: Any) -> None:
    active = list(poller.store.active)[:READ]
    for number, identity in enumerate(active):
        began, name = iso(NOW - number), f"approval-{number % 9}"
        step = {"type": "waitForEvent", "name": name, "start": began, "event_type": "ok"}
        done = {"type": "step", "name": "load-1", "start": iso(NOW - 9), "end": iso(NOW - 5), "success": True}
        answer = {"status": poller.store.get(identity).status, "steps": [done, step], "step_count": 2}
        # As an answer comes: what was parsed in another way is kept in another way.
        result = read_instance_json(encode({"success": True, "result": answer}))["result"]
        poller.sink.saw_detail(read_detail(poller.workflow, identity, result), poller.sink.next_number())
        if not number % 100:
            await asyncio.sleep(0)


async def _open(app: WfdashApp, pilot: Any, name: str) -> None:
    if name == "errors":
        app.pages.open("errors")
    else:
        app.push_screen(EventsScreen(app.context, "orders"))
    for _ in range(20):
        await pilot.pause(0.05)


async def _holds(app: WfdashApp, name: str, clock: Clock) -> list[Line]:
    screen = cast(Any, app.screen)
    poller = cast(Any, app.session).poller
    newest = list(poller.store.active)[-20:]
    events = {
        "a poll": lambda: screen.live(Update(delta=Delta(changed=tuple(newest)))),
        "a detail": lambda: screen.live(Update(details=(newest[0],))),
        "a tick": lambda: screen.tick(clock.now),
    }
    return [
        Line(
            f"{name} page, {what}: longest hold at 100,000 rows", await _longest(call, clock), "ms", aim=_HOLD
        )
        for what, call in events.items()
    ]


async def _longest(call: Callable[[], object], clock: Clock) -> float:
    longest = 0.0
    for _ in range(_TURNS):
        begun = time.perf_counter()
        call()
        clock.now += 1
        longest = max(longest, time.perf_counter() - begun)
        await asyncio.sleep(0)
    return longest * 1000
