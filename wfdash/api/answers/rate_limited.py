"""429: how long the server asks to be left alone, and how that is told."""

from typing import Any

from wfdash.api.errors import RateLimited
from wfdash.api.http.answer import Answer

__all__ = ["throttled"]


def throttled(answer: Answer, origin: dict[str, Any], words: str = "") -> RateLimited:
    wait = answer.retry_after
    when = f" It asks to wait {wait:.0f} s." if wait is not None else " It does not say for how long."
    return RateLimited(
        "Too many requests for this user: Cloudflare blocks them all for a while "
        f"(429{words}), dashboard and wrangler included.{when}",
        retry_after=wait,
        **origin,
    )
