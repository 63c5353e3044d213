"""Retry policies in numbers: durations as text or milliseconds, and the true wait before the next attempt."""

import re
from functools import lru_cache
from math import isfinite
from typing import Final

from wfdash.core.model.step import Attempt, Failure, Step, StepConfig

__all__ = [
    "attempts_allowed",
    "back_off",
    "duration",
    "has_failed",
    "is_used_up",
    "next_try",
    "open_attempt",
]

_UNITS: Final = {
    "ms": 0.001,
    "millisecond": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hour": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "w": 7 * 86400.0,
    "week": 7 * 86400.0,
    "month": 30 * 86400.0,
    "y": 365 * 86400.0,
    "year": 365 * 86400.0,
}
_PART: Final = r"(\d+(?:\.\d+)?)\s*([a-z]+)"
_DURATION: Final = r"(?a)\s*(?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*(?:and\s+)?)+"
_LONGEST: Final = 64
"""Characters of a duration in words; what is longer is none."""
_NOT_RETRIED: Final = ("NonRetryableError", "WorkflowFatalError")
_LONGEST_WAIT: Final = 365 * 86400.0
"""Seconds: an exponential policy grows beyond any date within some dozen attempts."""


def duration(value: str | float | None) -> float | None:
    """Seconds of a delay or timeout: a number is milliseconds, text is "30 seconds" or "1 hour, 5 minutes".

    None for "[dynamic]", for nothing, and for whatever does not read as a duration.
    """
    if value is None or isinstance(value, bool):
        return None
    # Milliseconds for a number, itty-time's words for a text (workers-api, sleep and retry delays).
    if isinstance(value, int | float):
        return value / 1000 if isfinite(value) and value >= 0 else None
    # A pattern with repeats in it is tried on nothing longer than a duration can be.
    text = value.strip().lower()
    return _seconds(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=256)
def _seconds(text: str) -> float | None:
    """Of a text, which a handful of are in thousands of steps and versions."""
    # A number that was written as a text is milliseconds too.
    if text.isascii() and text.isdigit():
        return int(text) / 1000
    if not re.fullmatch(_DURATION, text):
        return None
    total = 0.0
    for number, word in re.findall(_PART, text):
        unit = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
        if unit is None:
            return None
        total += float(number) * unit
    return total


def back_off(config: StepConfig | None, attempt: int) -> float | None:
    """Seconds between the end of failed attempt number `attempt` (from 1) and the next; None when not told.

    constant: base; linear: base*n; exponential (also the API's default when it names none): base*2^(n-1).
    """
    base = duration(config.delay) if config is not None else None
    if config is None or base is None or attempt < 1:
        return None
    # No jitter, and n counts the attempts so far (miniflare, lib/retries.ts). wrangler's own "Retries At"
    # leaves the back-off out.
    policy = config.backoff.lower()
    factors = {"constant": 1.0, "linear": float(attempt), "exponential": 2.0 ** min(attempt - 1, 64)}
    factor = factors.get(policy or "exponential")
    # Nothing may sleep for longer than a year (the limits page), so a longer wait was never what happens.
    return None if factor is None or base * factor > _LONGEST_WAIT else base * factor


def attempts_allowed(config: StepConfig | None) -> int | None:
    """How many attempts the step may make, the first included; None when unlimited or not told."""
    limit = config.limit if config is not None else None
    if limit is None or not isfinite(limit) or limit < 0 or limit >= 1e9:
        return None
    # `limit` counts retries, so that a step with limit 5 is tried six times (miniflare, context.ts).
    return int(limit) + 1


def open_attempt(step: Step) -> bool:
    """Whether the last attempt runs now. Earlier open ones were cut with their session and are dead."""
    last = step.attempts[-1] if step.attempts else None
    return last is not None and last.end is None and last.success is None and last.error is None


def has_failed(attempt: Attempt) -> bool:
    """Whether it ended in failure: by its verdict, or by its error where no verdict was answered."""
    return attempt.success is False or (attempt.success is None and attempt.error is not None)


def next_try(step: Step) -> float | None:
    """When the step's next attempt is due (epoch seconds); None when none is due or the delay is not told."""
    last = step.attempts[-1] if step.attempts else None
    # An attempt with neither end nor result still runs, or died with its session: nothing is due after it.
    if last is None or last.end is None or not has_failed(last):
        return None
    if is_used_up(step):
        return None
    wait = back_off(step.config, len(step.attempts))
    return None if wait is None else last.end + wait


def is_used_up(step: Step) -> bool:
    """Whether no retry is left: each attempt the policy allows was made, or the last forbade another."""
    allowed = attempts_allowed(step.config)
    if allowed is not None and len(step.attempts) >= allowed:
        return True
    return bool(step.attempts) and _forbids_another(step.attempts[-1].error)


def _forbids_another(error: Failure | None) -> bool:
    # The engine looks at the start of the message too, and gives its own name to what it wraps (miniflare,
    # context.ts).
    if error is None:
        return False
    return error.name in _NOT_RETRIED or error.message.startswith("NonRetryableError")
