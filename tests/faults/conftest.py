"""At the end of a run, what was tried in each area and what survived."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

Attack = Callable[[int], None]


@pytest.fixture
def attacked(record_property: Callable[[str, object], None]) -> Attack:
    """Say how many attacks a test made; one that says nothing made one."""

    def count(attacks: int) -> None:
        record_property("attacks", attacks)

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            path = Path(report.nodeid.partition("::")[0])
            if path.parent.name != "faults" or (report.when != "call" and outcome == "passed"):
                continue
            area = path.stem.removeprefix("test_")
            attacks = int(dict(getattr(report, "user_properties", ())).get("attacks", 1))
            tried[area] += attacks
            survived[area] += attacks if outcome == "passed" else 0
    if not tried:
        return
    terminalreporter.section("faults")
    terminalreporter.write_line(f"{'area':<14}{'tried':>9}{'survived':>10}")
    for area in sorted(tried):
        terminalreporter.write_line(f"{area:<14}{tried[area]:>9,}{survived[area]:>10,}")
    terminalreporter.write_line(f"{'all':<14}{tried.total():>9,}{survived.total():>10,}")
