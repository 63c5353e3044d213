"""A client of either dialect over a scripted server on loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.support.fakes.loopback import Behave, Loopback, serving
from wfdash.api.connect import connect
from wfdash.api.interface import Observer, Workflows
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings

ACCOUNT = "0123456789abcdef0123456789abcdef"
FAKE_TOKEN = "obviously-fake-token-0xDEADBEEF"

Open = Callable[..., Awaitable[tuple[Workflows, Loopback]]]


@pytest.fixture
async def cloud() -> AsyncIterator[Open]:
    """`api, server = await cloud(behave)`: a CloudWorkflows and the server it asks."""
    async with AsyncExitStack() as stack:

        async def open_cloud(
            behave: Behave,
            *,
            account: str = ACCOUNT,
            credential: Credential | None = None,
            observer: Observer | None = None,
        ) -> tuple[Workflows, Loopback]:
            server = await stack.enter_async_context(serving(behave))
            settings = Settings(
                account_id=account,
                base_url=f"{server.url}/client/v4",
                credential=credential or Credential(FAKE_TOKEN, source="CLOUDFLARE_API_TOKEN"),
            )
            api = await connect(settings, observer=observer)
            stack.push_async_callback(api.close)
            return api, server

        yield open_cloud


@pytest.fixture
async def local() -> AsyncIterator[Open]:
    """`api, server = await local(behave)`: a LocalWorkflows and the dev session it asks."""
    async with AsyncExitStack() as stack:

        async def open_local(
            behave: Behave, *, observer: Observer | None = None
        ) -> tuple[Workflows, Loopback]:
            server = await stack.enter_async_context(serving(behave))
            api = await connect(Settings(base_url=server.url, local=True), observer=observer)
            stack.push_async_callback(api.close)
            return api, server

        yield open_local
