"""A world whose time the tests move, and a client of it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.logs.simulated import Time
from tests.support.fakes.worlds import build
from wfdash.api.connect import connect
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.demo.http.api import Application, create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN


@pytest.fixture(scope="module")
def world():
    return build("incident", clock=lambda: Time.now)


@pytest.fixture
def app(world) -> Application:
    return create_app(world)


@pytest.fixture
async def api(app: Application) -> AsyncIterator[object]:
    settings = Settings(
        account_id=ACCOUNT_ID,
        base_url="http://simulator.invalid/client/v4",
        credential=Credential(TOKEN, source="CLOUDFLARE_API_TOKEN"),
    )
    client = await connect(settings, transport=httpx.ASGITransport(app=app))
    yield client
    await client.close()


@pytest.fixture
def moving():
    """Lets the world's time go on by some minutes, so that invocations end."""
    return lambda minutes: setattr(Time, "now", Time.now + 60 * minutes)
