"""100,000 instances beside 100: keys, filters, sorts, polls, memory, CPU, first rows."""

import asyncio
import gc
import os
import re
import statistics
import sys
import tempfile
import time
import tracemalloc
from functools import partial
from pathlib import Path

from tests.bench.big_screen import NOW, item
from tests.bench.line import Line, alternately
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal
from tests.support.harness.simulator import Simulator
from wfdash.core.filter.query import parse
from wfdash.core.rows.order import Order
from wfdash.core.rows.store import Store
from wfdash.core.rows.view import TableView

MANY, FEW, TABLE = 100_000, 100, 10_000
_KEYS = 10


def loaded(rows: int) -> tuple[Store, TableView]:
    store = Store()
    view = TableView(store, clock=lambda: NOW)
    for first in range(0, rows, 100):
        page = [item(number) for number in range(first, min(first + 100, rows))]
        view.update(store.apply(page, seq=1, now=NOW))
    gc.collect()
    gc.freeze()  # as the poller does
    return store, view


# What is computed


def memory() -> list[Line]:
    """Python's own count of what one loaded row keeps alive, store and view together."""
    pages = [[item(number) for number in range(first, first + 100)] for first in range(0, 1000, 100)]
    loaded(1000)
    gc.collect()
    tracemalloc.start()
    kept = loaded(MANY)
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept, pages
    return [Line("memory per row at 100,000 rows", traced / MANY, "B", aim=600)]


def polling() -> list[Line]:
    """A page of 100 of which 20 changed and 5 are new, into the store and the view."""
    worlds = {rows: loaded(rows) for rows in (1000, MANY)}
    turn = 1

    def page(rows: int) -> float:
        nonlocal turn
        turn += 1
        items = [item(number) for number in range(turn % 7, rows, rows // 95)][:95]
        for changed in items[::5]:
            changed["status"] = "running" if turn % 2 else "waiting"
        items += [item(-turn * 5 - number) for number in range(5)]
        store, view = worlds[rows]
        begun = time.perf_counter()
        view.update(store.apply(items, seq=turn, now=NOW))
        return (time.perf_counter() - begun) * 1000

    many, few = alternately(60, lambda: page(MANY), lambda: page(1000))
    return [Line("taking in a page of 100 at 100,000 rows", many, "ms", "at 1,000 rows", few, 1.5)]


def working_through() -> list[Line]:
    """A filter typed and a column sorted by: until the first rows, until all, and the longest hold."""
    _, view = loaded(MANY)
    lines = []
    keystrokes = [parse(text) for text in ("4", "4f", "status:errored", "dur>10s order", "")]
    orders = [Order("status", False), Order("took"), Order("id", False), Order()]

    async def measured(change, choices):
        firsts, totals, holds = [], [], []
        for choice in choices:
            begun = time.perf_counter()
            last = time.thread_time()
            drawn: list[float] = []
            building = asyncio.ensure_future(
                change(choice, lambda drawn=drawn: drawn.append(time.perf_counter()))
            )
            while not building.done():
                await asyncio.sleep(0)
                now = time.thread_time()
                holds.append(now - last)
                last = now
            totals.append(time.perf_counter() - begun)
            firsts.append(drawn[0] - begun if drawn else totals[-1])
        return [max(part) * 1000 for part in (firsts, totals, holds)]

    for what, change, choices, aim in (
        ("filter", view.set_query, keystrokes, 50),
        ("sort", view.set_order, orders, 250),
    ):
        first, total, hold = asyncio.run(measured(change, choices))
        lines += [
            Line(f"{what} at 100,000 rows until the first are drawn, worst", first, "ms", aim=aim),
            Line(f"{what} at 100,000 rows until all are placed, worst", total, "ms"),
            Line(f"{what} at 100,000 rows, longest hold of the loop, CPU", hold, "ms", aim=50),
        ]
    return lines


# What a person sees, on a terminal


def screen(*arguments: object) -> Terminal:
    home = tempfile.mkdtemp()
    argv = [sys.executable, "-m", "tests.bench.big_screen", *map(str, arguments)]
    return Terminal(argv, env=environment(HOME=home, XDG_STATE_HOME=home), columns=120, lines=40)


def key_to_paint(terminal: Terminal) -> float:
    """Milliseconds from a key until the screen begins to change, the median of 8: it never scrolls there."""
    times = []
    for _ in range(8):
        terminal.quiet(0.12, within=60)
        before, begun = len(terminal.written), time.perf_counter()
        terminal.press("j")
        while len(terminal.written) == before and time.perf_counter() - begun < 2:
            terminal.watch(0.0005)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def key_cost(terminal: Terminal) -> float:
    """Milliseconds of CPU that a key costs, with all that follows from it: a busy machine adds nothing."""
    terminal.quiet(0.12, within=60)
    before = spent_on_cpu(terminal.pid)
    for _ in range(_KEYS):
        terminal.press("j")
        terminal.quiet(0.05, within=60)
    return (spent_on_cpu(terminal.pid) - before) / _KEYS


def spent_on_cpu(pid: int) -> float:
    """Milliseconds, of all threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def resident(pid: int) -> float:
    """MiB of memory a process holds."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


def keys() -> list[Line]:
    terminals = [screen(MANY), screen(FEW), screen("table", TABLE)]
    try:
        terminals[0].wait_for("100,000 loaded", seconds=90)
        terminals[1].wait_for("100 loaded", seconds=60)
        terminals[2].wait_for("order-", seconds=60)
        for terminal in terminals[:2]:
            terminal.press("g")  # rows that came above took the cursor down with its instance
        many, few, table = alternately(4, *(partial(key_to_paint, each) for each in terminals))
        cost, cost_few = alternately(3, *(partial(key_cost, each) for each in terminals[:2]))
        weight = resident(terminals[0].pid)
    finally:
        for terminal in terminals:
            terminal.close()
    return [
        Line("key press to paint at 100,000 rows", many, "ms", "at 100 rows", few, 1.5),
        Line("key press to paint at 100,000 rows", many, "ms", "Textual's DataTable at 10,000", table),
        Line("CPU of a key press at 100,000 rows", cost, "ms", "at 100 rows", cost_few, 1.5),
        Line("the whole program at 100,000 rows", weight, "MiB", aim=150),
    ]


def steady() -> list[Line]:
    """CPU of the dashboard while it watches 100 rows in which nothing happens."""
    simulator = Simulator("calm", stopped=True)
    home = tempfile.mkdtemp()
    terminal = Terminal(
        Program.argv("-w", "orders"),
        env=environment(**simulator.env, HOME=home, XDG_STATE_HOME=home, XDG_CONFIG_HOME=home),
        columns=140,
        lines=40,
    )
    try:
        terminal.wait_for(re.compile(r"order-\d+"))
        terminal.watch(20)
        before = _cpu(terminal.pid)
        terminal.watch(20)
        used = (_cpu(terminal.pid) - before) / 20 * 100
    finally:
        terminal.close()
        simulator.stop()
    return [Line("CPU watching a steady screen, of one core", used, "%", aim=3)]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first_rows() -> list[Line]:
    worlds = [Simulator("huge"), Simulator("calm")]
    homes = [tempfile.mkdtemp() for _ in worlds]

    def appear(which: int) -> float:
        env = environment(**worlds[which].env, HOME=homes[which], XDG_STATE_HOME=homes[which])
        begun = time.perf_counter()
        terminal = Terminal(Program.argv("-w", "orders"), env=env, columns=120, lines=40)
        try:
            terminal.wait_for(re.compile(r"order-\d+"))
            return terminal.seen_at - begun
        finally:
            terminal.close()

    try:
        huge, calm = alternately(5, lambda: appear(0), lambda: appear(1))
    finally:
        for world in worlds:
            world.stop()
    return [Line("first rows of a world of 100,000", huge, "s", "of one of 500", calm, 1.1)]


def run() -> list[Line]:
    return [*memory(), *polling(), *working_through(), *keys(), *steady(), *first_rows()]
