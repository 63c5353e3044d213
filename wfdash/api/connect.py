"""From settings to the client of the server they name."""

from typing import TYPE_CHECKING

from wfdash.api.interface import Observer, Workflows
from wfdash.settings import Settings

if TYPE_CHECKING:
    import httpx

__all__ = ["connect"]


async def connect(
    settings: Settings,
    *,
    observer: Observer | None = None,
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> Workflows:
    """The client for these settings. Asks nothing yet, so it cannot fail for the network.

    A missing account and a dev session's dialect are found out with the first request, which then raises what
    went wrong and may simply be made again. `transport` stands in for the network (the demo in process).
    """
    raise NotImplementedError
