"""What the server sent back to one request, before anything is read from it."""

import httpx
from msgspec import Struct

__all__ = ["Answer"]


class Answer(Struct):
    """The status, headers and unpacked body of one answer; headers are found in any case of their letters."""

    http: int
    headers: httpx.Headers
    ray: str = ""
    media: str = ""
    """The content type without its parameters."""
    body: bytes = b""
    milliseconds: float = 0.0
    retry_after: float | None = None
    """Seconds that the server asks to be left alone; None where it does not say."""
