"""How often a read is tried again, and when somebody has waited long enough."""

import pytest

from wfdash.api.errors import NotReached
from wfdash.cli.session import CommandSession
from wfdash.config.settings import Settings
from wfdash.live.budget.budget import Budget


@pytest.mark.parametrize(("seconds", "tries"), [(0.1, 2), (30.0, 1)])
async def test_a_read_that_took_long_to_fail_is_not_repeated(seconds, tries, capsys):
    now, asked = 1_800_000_000.0, 0

    async def ask():
        nonlocal now, asked
        asked += 1
        now += seconds
        if asked < 2:
            raise NotReached("No answer came.")
        return "answer"

    session = CommandSession(Settings(), api=None, budget=Budget(clock=lambda: now), clock=lambda: now)
    if tries == 1:
        with pytest.raises(NotReached):
            await session.read(ask)
    else:
        assert await session.read(ask) == "answer"
        assert "trying again" in capsys.readouterr().err
    assert asked == tries
