"""Durations as the API writes them, and the true wait before the next attempt."""

import pytest

from tests.support.fakes.details import T0, attempt, detail, step
from wfdash.core.model.retry import attempts_allowed, back_off, duration, next_try
from wfdash.core.model.step import StepConfig


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (300, 0.3),
        (0, 0.0),
        ("30 seconds", 30.0),
        ("1 minute", 60.0),
        ("1 hour, 30 minutes", 5400.0),
        ("2 days and 1 second", 172801.0),
        ("500ms", 0.5),
        ("1.5 hours", 5400.0),
        ("1 week", 604800.0),
        ("1500", 1.5),
        ("[dynamic]", None),
        ("soon", None),
        ("3 parsecs", None),
        ("", None),
        ("1 second" * 100, None),
        (None, None),
        (-5, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_durations(value, seconds):
    assert duration(value) == seconds


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        ("constant", [10, 10, 10, 10]),
        ("linear", [10, 20, 30, 40]),
        ("exponential", [10, 20, 40, 80]),
        ("", [10, 20, 40, 80]),
        ("fibonacci", [None] * 4),
    ],
)
def test_back_off_grows_as_the_policy_says(policy, waits):
    config = StepConfig(5, "10 seconds", policy)
    assert [back_off(config, number) for number in (1, 2, 3, 4)] == waits


def test_limit_counts_retries():
    assert attempts_allowed(StepConfig(5)) == 6
    assert attempts_allowed(StepConfig(None)) is None
    assert attempts_allowed(StepConfig(float("inf"))) is None
    assert attempts_allowed(None) is None


def test_no_next_try_after_the_last_or_while_one_runs():
    over = [attempt(0, 1, False), attempt(11, 12, False)]
    running = [attempt(0, 1, False), attempt(11)]
    for attempts, due in ((over, None), (running, None), (over[:1], T0 + 11)):
        subject = detail("running", [step("a-1", 0, None, None, attempts, limit=1)])
        assert next_try(subject.steps[0]) == due
