"""A short watch: what the dashboard states of a world is what the API answers of it."""

import pytest

from tests.watch.spans import Slack
from tests.watch.worlds import WORLDS


@pytest.mark.parametrize("world", ["incident", "engine"])
def test_the_dashboard_states_nothing_false(world, monkeypatch):
    monkeypatch.setattr(
        Slack, "seconds", 20.0
    )  # of what is late a busy machine decides, not of what is false
    tally = WORLDS[world](12)
    assert not tally.false
    assert not tally.unknown
    assert tally.compared.total() > 100
