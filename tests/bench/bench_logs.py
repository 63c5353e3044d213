"""The lines of an instance: a search through 100,000, and what following 50 a second costs a terminal."""

import sys
import time

from tests.bench.line import Line
from tests.support.harness.program import environment
from tests.support.harness.pty import Terminal
from wfdash.core.logs.line import LogLine, PlacedLine
from wfdash.core.logs.rows import LogRows

_LINES = 100_000
_HOLD = 50.0
"""Milliseconds for which a key may hold the loop."""
_WORDS = "charge card"
_A_SECOND = 50
_SECONDS = 20.0
_FOLLOWED = f"""
import time
from wfdash.api.log_source import LogPage
from wfdash.api.logs import telemetry
from wfdash.core.logs.line import LogLine

class Busy(telemetry.TelemetryLogs):
    begun = last = time.time()

    async def read(self, query, turn=telemetry.at_once):
        await turn()
        last, self.last = self.last, time.time()
        first, end = int((last - self.begun) * {_A_SECOND}), int((self.last - self.begun) * {_A_SECOND})
        return LogPage([
            LogLine(self.begun + number / {_A_SECOND}, "log", f"{{query.instance}} charge card {{number}}: "
                + "words " * 20, "telemetry", request="r", order=f"{{number:09d}}")
            for number in range(first, end)
        ])

telemetry.TelemetryLogs = Busy
import sys
from wfdash.__main__ import main
sys.argv = ["wfdash", "demo", "--scenario", "calm", "-w", "orders", "--filter", "status:waiting"]
sys.exit(main())
"""
"""The dashboard over a source that has so many new lines whenever it is asked."""


def run() -> list[Line]:
    return [*_searched(), *_followed()]


def _searched() -> list[Line]:
    rows = LogRows()
    text = "[order-9348] charge card: attempt {} of the bank that answers slowly, with some words more"
    lines = (LogLine(float(at), "log", text.format(at), "telemetry") for at in range(_LINES))
    rows.take([PlacedLine(line, certain=True) for line in lines], 80)
    begun = time.perf_counter()
    rows.prepare_find()
    found = [(time.perf_counter() - begun) * 1000]
    for typed in range(1, len(_WORDS) + 1):
        begun = time.perf_counter()
        rows.find(_WORDS[:typed])
        found.append((time.perf_counter() - begun) * 1000)
    return [
        Line("search of 100,000 lines, the key that begins it", found[0], "ms", aim=_HOLD),
        Line("the longest of the keys of the words", max(found[1:]), "ms", aim=_HOLD),
    ]


def _followed() -> list[Line]:
    shell = Terminal([sys.executable, "-c", _FOLLOWED], env=environment(), columns=140, lines=40)
    try:
        shell.wait_for("order-")
        shell.press("l")
        shell.wait_for("following", ": words")
        shell.watch(5)
        cpu, begun = _cpu(shell.pid), time.monotonic()
        written = shell.watch(_SECONDS)
        took = time.monotonic() - begun
        busy = (_cpu(shell.pid) - cpu) / took * 100
        return [
            Line("following 50 lines a second, written", written / took / 1000, "kB/s", aim=8),
            Line("the same, of a core", busy, "%", aim=10),
        ]
    finally:
        shell.close()


def _cpu(process: int) -> float:
    import psutil

    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)
