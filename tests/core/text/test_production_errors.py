"""Errors as databases, clouds, payment providers and runtimes word them: which are of one cause."""

import json
from pathlib import Path

import pytest

from wfdash.core.text.chance import plain_message

PAIRS = json.loads((Path(__file__).parent / "production_errors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("left", "right"), PAIRS["same"])
def test_one_cause_in_production_is_one(left, right):
    assert plain_message(left) == plain_message(right)


@pytest.mark.parametrize(("left", "right"), PAIRS["apart"])
def test_two_causes_in_production_stay_two(left, right):
    assert plain_message(left) != plain_message(right)
