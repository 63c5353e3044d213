"""What the programs of the simulator print: a line that was printed stays printed."""

from tests.support.harness.dashboard import shop_world
from wfdash.demo.engine.console import invocations


def test_lines_of_what_runs_stay_where_they_were():
    now = 1_800_000_000.0
    world = shop_world(lambda: now)
    looked_at = 0
    for instance in world.workflows["orders"].walk(newest_first=True):
        if instance.final:
            continue
        before = [line for stay in invocations(instance, now) for line in stay.lines]
        for later in (0.3, 2.0, 9.0):
            after = [line for stay in invocations(instance, now + later) for line in stay.lines]
            assert [line for line in before if line not in after] == []
        looked_at += len(before)
    assert looked_at > 100
