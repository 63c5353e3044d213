"""An operator over a server that fails on demand, on a clock that moves by being slept on."""

import pytest

from tests.support.fakes.frail_server import FrailServer, NoBudget, VirtualTime
from wfdash.live.actions.operator import Operator


@pytest.fixture
def clock():
    return VirtualTime()


@pytest.fixture
def server(clock):
    return FrailServer(clock)


@pytest.fixture
def operator(server, clock):
    return Operator(server, budget=NoBudget(), journal=None, clock=clock, sleep=clock.sleep)
