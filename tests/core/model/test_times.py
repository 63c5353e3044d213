"""How long something lasted, by the two moments that a server dates it with."""

import pytest

from tests.support.fakes.details import T0, attempt, detail, done, step, wait
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import lasted
from wfdash.core.rows.columns import BY_NAME, BesideRow
from wfdash.core.timeline.as_text import text_timeline
from wfdash.core.triage.compare import compare
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.why import TimeWords


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [(10.0, 40.0, 30.0), (10.0, 10.0, 0.0), (10.0, 9.5, 0.0), (40.0, 10.0, None), (None, 1.0, None)],
)
def test_an_end_ahead_of_its_start_tells_no_length(start, end, seconds):
    assert lasted(start, end) == seconds


def test_took_is_blank_where_the_end_is_ahead():
    row = Instance("order-1", "errored", T0 - 700, T0 - 5, T0 - 600, T0 - 630)
    assert BY_NAME["took"].text(row, BesideRow(T0)) == ""


def test_timeline_tells_no_length_of_an_odd_end():
    ended = step("charge-1", 60, 1, True, [attempt(60, 1, True)])
    lines = text_timeline(detail("complete", [done("load-1", 0, 60), ended], end=61), TimeWords(T0 + 90))
    assert not any("0s" in line.split("✓")[-1] for line in lines if "charge" in line)


def test_a_wait_with_an_odd_end_is_told_without_its_length():
    timed_out = detail("errored", [wait("approval-1", 60, 1, True, "approve", error="timed out")], end=61)
    assert "within" not in diagnose(timed_out, now=T0 + 90).sentence


def test_a_step_with_an_odd_end_is_called_neither_fast_nor_slow():
    usual = detail("complete", [done("load-1", 0, 60)], end=60)
    odd = detail("complete", [done("load-1", 60, 1)], end=61)
    assert [pair.verdict for pair in compare(odd, usual).pairs] == ["same"]
