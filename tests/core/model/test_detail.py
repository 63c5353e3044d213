"""Of an answer with more steps than an instance may have, as many are read, and the rest is told."""

from wfdash.core.model.detail import MOST_STEPS, partial_reason, read_detail


def test_steps_beyond_twice_what_may_be_are_left_out():
    detail = read_detail("orders", "a", {"steps": [{}] * (MOST_STEPS + 7), "step_count": 3})
    assert len(detail.steps) == MOST_STEPS
    assert partial_reason(detail) == "7 steps left out: more than 50,000 came"
