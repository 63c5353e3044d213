"""Of an answer with more steps than an instance may have, as many are read, and the rest is told."""

from wfdash.api.answers.instance_json import read_instance_json
from wfdash.core.model.detail import MOST_STEPS, partial_reason, read_detail
from wfdash.core.model.lazy_steps import plain


def test_steps_beyond_twice_what_may_be_are_left_out():
    detail = read_detail("orders", "a", {"steps": [{}] * (MOST_STEPS + 7), "step_count": 3})
    assert len(detail.steps) == MOST_STEPS
    assert partial_reason(detail) == "50,000 of 50,007 steps read: no workflow may have more"


def test_steps_that_are_not_read_are_still_written_out():
    body = b'{"success":true,"result":{"steps":[' + b",".join([b"{}"] * (MOST_STEPS + 7)) + b"]}}"
    result = read_instance_json(body)["result"]
    detail = read_detail("orders", "a", result)
    assert (len(detail.steps), detail.left_out) == (MOST_STEPS, 7)
    assert len(plain(result)["steps"]) == MOST_STEPS + 7
