"""The demo's world is made beside the screen, and leaves the process as it was."""

import asyncio
import gc

import pytest

from wfdash.cli.dashboard import _connector
from wfdash.config.precedence import load
from wfdash.config.settings import Options
from wfdash.demo.engine.world import build
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN


async def test_keys_are_answered_while_the_world_is_made():
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    settings = load(Options(demo="incident", demo_account=ACCOUNT_ID, demo_token=TOKEN), {})
    beside = asyncio.create_task(others())
    api = await _connector(settings)(lambda exchange: None)
    beside.cancel()
    await api.close()
    assert turns > 20


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_is_collected_afterwards_as_before(collecting):
    try:
        if not collecting:
            gc.disable()
        build("incident")
        assert gc.isenabled() is collecting
    finally:
        gc.enable()
