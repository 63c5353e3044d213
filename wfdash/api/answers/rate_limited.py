"""429: how long the server asks to be left alone, and how that is told."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from wfdash.api.errors import RateLimited
from wfdash.api.http.answer import Answer

__all__ = ["LONGEST_WAIT", "retry_after", "throttled"]

LONGEST_WAIT = 3600.0
"""Seconds; a Retry-After beyond it is taken for this."""


def throttled(answer: Answer, origin: dict[str, Any], words: str = "") -> RateLimited:
    wait = retry_after(answer)
    when = f" It asks to wait {wait:.0f} s." if wait is not None else " It does not say for how long."
    return RateLimited(
        "Too many requests for this user: Cloudflare blocks them all for a while "
        f"(429{words}), dashboard and wrangler included.{when}",
        retry_after=wait,
        **origin,
    )


def retry_after(answer: Answer) -> float | None:
    """Seconds from the Retry-After header (a number, or a date against the answer's own Date)."""
    text = str(answer.headers.get("retry-after", "")).strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
            since = parsedate_to_datetime(str(answer.headers.get("date", "")))
            seconds = (until.astimezone(UTC) - since.astimezone(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if isfinite(seconds) else None
