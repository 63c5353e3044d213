"""What the API would refuse anyway, told before anything is sent."""

import re
from collections.abc import Sequence
from typing import Any

from wfdash.api.errors import Refused
from wfdash.core.model.retry import duration

__all__ = [
    "BATCH",
    "INSTANCE_ID",
    "LARGEST_PAYLOAD",
    "LOCATION_HINTS",
    "check_batch",
    "check_event_type",
    "check_instance_id",
    "check_location_hint",
    "check_payload_size",
    "check_retention",
    "production_doubt",
]

BATCH = 100
"""Instances of one request (the API's reference for Batch create)."""
INSTANCE_ID = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,99}")
LARGEST_PAYLOAD = 1024 * 1024
"""Bytes of params or of an event's payload, as JSON."""
LOCATION_HINTS = (
    "wnam", "weur", "enam", "eeur", "apac", "apac-ne", "apac-se", "oc", "sam", "afr", "me",
)  # fmt: skip
_RESERVED = re.compile(r"cf_[0-9a-f]{64}|batch|terminate|terminateAll")


def check_instance_id(identity: str) -> None:
    """Raises Refused for an id that no new instance can have."""
    if not INSTANCE_ID.fullmatch(identity):
        raise Refused(
            f"{identity!r} cannot be an instance id: 1 to 100 letters, digits, - and _, not starting with -.",
            sent=False,
        )
    # `cf_` with 64 hex digits is what the cloud makes itself; the words are routes below /instances
    # (reference, Create instance).
    if _RESERVED.fullmatch(identity):
        raise Refused(f"{identity!r} is reserved by Cloudflare: choose another instance id.", sent=False)


def check_event_type(event_type: str, *, local: bool = False) -> None:
    """Raises Refused for a type that no event can have; dots are the usual surprise.

    A dev session delivers any type that can stand in an address (measured on wrangler 4.164).
    """
    # One pattern for ids and event types (reference and limits page); it has no dot, which surprises who
    # sends order.paid.
    if INSTANCE_ID.fullmatch(event_type) or (local and event_type.strip(" .")):
        return
    dots = " Dots are not allowed." if "." in event_type else ""
    raise Refused(
        f"{event_type!r} cannot be an event type: 1 to 100 letters, digits, - and _, not starting with -."
        + dots,
        sent=False,
    )


def production_doubt(event_type: str) -> str:
    """What is to be known of a type that a dev session takes and production refuses; "" where both do."""
    if INSTANCE_ID.fullmatch(event_type):
        return ""
    return f'production refuses event type "{event_type}": it takes letters, digits, - and _'


def check_payload_size(body: bytes, what: str) -> None:
    """Raises Refused when `body`, the JSON of `what` ("params", "payload"), is over 1 MiB."""
    # 1 MiB for params and for an event's payload (limits page).
    if len(body) > LARGEST_PAYLOAD:
        raise Refused(
            f"The {what} are {len(body):,} bytes of JSON; Cloudflare takes 1 MiB at most.", sent=False
        )


def check_batch(items: Sequence[Any]) -> None:
    """Raises Refused for a batch the API would not take."""
    if not 1 <= len(items) <= BATCH:
        raise Refused(f"A batch has 1 to {BATCH} instances, not {len(items):,}.", sent=False)


def check_retention(given: object) -> None:
    """Raises Refused for what is no retention: milliseconds, or a duration in words; None is none."""
    if given is None or (isinstance(given, str | int | float) and duration(given) is not None):
        return
    raise Refused(f"{given!r} is not a retention: write 7d, '5 minutes' or milliseconds.", sent=False)


def check_location_hint(hint: str) -> None:
    """Raises Refused for a region Cloudflare does not name; "" is no hint."""
    if hint and hint not in LOCATION_HINTS:
        raise Refused(
            f"{hint!r} is not a location hint; choose one of {', '.join(LOCATION_HINTS)}.", sent=False
        )
