"""A short watch: what the dashboard states of a world is what the API answers of it."""

import pytest

from tests.watch.spans import Slack
from tests.watch.worlds import WORLDS

_ENOUGH = 100
"""Statements compared of which anything is proven: on a busy machine 12 s do not bring as many."""


@pytest.mark.parametrize("world", ["incident", "engine"])
def test_the_dashboard_states_nothing_false(world, monkeypatch):
    monkeypatch.setattr(
        Slack, "seconds", 20.0
    )  # of what is late a busy machine decides, not of what is false
    tally = WORLDS[world](12, least=_ENOUGH)
    assert not tally.false
    assert not tally.unknown
    assert tally.compared.total() >= _ENOUGH
