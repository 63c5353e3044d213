"""100,000 rows counted into the charts: by the hour, a new page of them, and what is drawn first."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from tests.bench.line import Line
from wfdash.core.history.frame import frame
from wfdash.core.history.history import History
from wfdash.core.model.instance import Instance
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.findings import find_failures

ROWS, PAGE = 100_000, 100
NOW = 1_800_000_000.0
_ALL, _PAGE, _DRAWN = 150.0, 2.0, 150.0
"""Milliseconds that each may take."""


def rows(first: int, count: int) -> list[Instance]:
    """One every 0.86 s over a day, newest first, of three versions and two triggers."""
    found = []
    for number in range(first, first + count):
        created = NOW - number * 0.864
        status = "errored" if number % 17 == 0 else "running" if number % 23 == 0 else "complete"
        ended = None if status == "running" else min(NOW, created + 5 + number % 300)
        version, trigger = f"v{number % 3}", ("api", "cron")[number % 2]
        found.append(Instance(f"i-{number}", status, created, created, created + 1, ended, version, trigger))
    return found


def run() -> list[Line]:
    every, page = rows(0, ROWS), rows(ROWS, PAGE)
    lines = []
    for name, width in (("hours", 3600.0), ("minutes", 60.0)):
        lines.append(_line(f"100,000 rows into {name}", _best(partial(_count, width, every)), _ALL))
        counted = History(width)
        counted.add(every)
        lines.append(_line(f"a page into {name}", _best(partial(counted.add, page)), _PAGE))
    slices = History(3600.0)
    lines.append(_line("the longest slice of them", max(_pieces(slices, every)), 50.0))
    loaded = LoadedHistory(frame(2, NOW, 131), local=False, retention=30 * 86400.0)
    loaded.add(every, walked=True)
    loaded.floor = float("-inf")
    lines.append(_line("buckets to draw", _best(lambda: loaded.buckets(NOW)), _DRAWN))
    newest = rows(0, PAGE)
    lines.append(_line("a page, and its bars", _best(partial(_add_and_draw, loaded, newest)), _PAGE))
    began = time.perf_counter()
    asyncio.run(find_failures(loaded, NOW, utc=True))
    lines.append(_line("where it changed", (time.perf_counter() - began) * 1000, 1000.0))
    return lines


def _count(width: float, every: list[Instance]) -> None:
    History(width).add(every)


def _add_and_draw(loaded: LoadedHistory, page: list[Instance]) -> None:
    loaded.add(page, walked=True)
    loaded.buckets(NOW)


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of computing of the quickest of five: what other programs do counts for nothing."""
    times = []
    for _ in range(5):
        began = time.thread_time()
        work()
        times.append((time.thread_time() - began) * 1000)
    return min(times)


def _pieces(history: History, every: list[Instance]) -> list[float]:
    times, began = [], time.thread_time()
    for _ in history.take(every):
        now = time.thread_time()
        times.append((now - began) * 1000)
        began = now
    return times


def _line(what: str, milliseconds: float, aim: float) -> Line:
    return Line(f"history: {what}", milliseconds, "ms", aim=aim)
