"""The lines of one instance as they are gathered."""

from wfdash.core.logs.line import LogLine
from wfdash.live.reads import log_lines
from wfdash.live.reads.log_lines import InstanceLogs


class Cloud:
    """As much of the API as is needed while nothing is read."""

    local = False

    def log_reader(self):
        return None


async def turn(_again):
    pass


def lines(numbers):
    return [LogLine(float(n), "log", f"line {n}", "tail", order=f"{n:06d}") for n in numbers]


def test_what_is_remembered_of_lines_is_bounded(monkeypatch):
    """An instance is followed for weeks, and a line that was dropped takes no room any more."""
    monkeypatch.setattr(log_lines, "_MOST", 100)
    logs = InstanceLogs(Cloud(), "orders", "order-1", turn=turn, now=lambda: 0.0)
    for start in range(0, 2000, 50):
        assert logs.add(lines(range(start, start + 50))) == 50
    assert len(logs._kept) <= 110
    assert len(logs.lines) <= 110
    assert logs.lines[-1].message == "line 1999"
    assert logs.add(lines(range(1950, 2000))) == 0
