"""429: how long the server asks to be left alone, and how that is told."""

from typing import Any

from wfdash.api.errors import RateLimited
from wfdash.api.http.answer import Answer
from wfdash.api.http.limit_headers import parse_retry_after

__all__ = ["throttled"]


def throttled(answer: Answer, origin: dict[str, Any], words: str = "") -> RateLimited:
    asked, date = (str(answer.headers.get(name, "")) for name in ("retry-after", "date"))
    wait = parse_retry_after(asked, date)
    when = f" It asks to wait {wait:.0f} s." if wait is not None else " It does not say for how long."
    return RateLimited(
        "Too many requests for this user: Cloudflare blocks them all for a while "
        f"(429{words}), dashboard and wrangler included.{when}",
        retry_after=wait,
        **origin,
    )
