"""JSON as it lies in the record: compressed against the words that every answer of the API repeats."""

import zlib
from typing import Any

import msgspec

from wfdash.core.text.clean import masked

__all__ = ["LARGEST", "PackingError", "inflate", "pack", "parse", "unpack"]

LARGEST = 16 * 2**20
"""Bytes of one unpacked value; a file from elsewhere may hold one that unpacks to anything.

As lists of empty lists they take twenty times as much memory, and hold all threads while they are parsed.
"""
_LEVEL = 6
"""A value of 2.4 kB becomes 449 B in 22 us; zstandard 0.25 with the same words takes 453 B and 25 us."""
_WORDS = (
    b'"waitForEvent","event_type":"termination","trigger":{"source":"binding""api""cron""rollback":{"o'
    b'utcome":"complete""errored""running""waiting""queued""paused""terminated""sleep","name":"","star'
    b't":"2026-11-"error":{"name":"Error","message":"not recorded, kind "config":{"retries":{"limit":5'
    b',"delay":"10 seconds","backoff":"exponential"},"timeout":"10 minutes"},"success":null,"finished"'
    b':false,"schedule":{"cron":""status":"running","params":"[not recorded]","versionId":"","queued":'
    b'"2026-11-","start":"2026-11-","end":null,"success":true,"error":null,"output":"[not recorded]","'
    b'step_count":0,"steps":[{"name":"","type":"step","start":"2026-11-21T14:02:11.000Z","end":"2026-1'
    b'1-21T14:02:11.000Z","success":true,"finished":true,"attempts":[{"start":"2026-11-21T14:02:11.000'
    b'Z","end":"2026-11-21T14:02:11.000Z","success":true,"error":null}]'
)
"""Never changed: what was packed against it is unpacked against it. The likeliest stands last."""


class PackingError(Exception):
    """What lies there is no packed JSON, or too much of it."""


def pack(value: Any) -> bytes:
    """A value that came as JSON, without the credential in use. Equal values give equal bytes."""
    packer = zlib.compressobj(_LEVEL, zdict=_WORDS)
    # In the text, where a credential is found whatever held it: a param, an error, a key.
    text = masked(msgspec.json.encode(value).decode())
    return packer.compress(text.encode()) + packer.flush()


def unpack(body: object) -> Any:
    """The value again. Raises PackingError for anything that `pack` did not give."""
    return parse(inflate(body, LARGEST))


def inflate(body: object, most: int) -> bytes:
    """Unpacks to JSON; raises PackingError for what is not packed, or of more than `most` bytes."""
    if most <= 0:
        raise PackingError("there is no room for it")
    if not isinstance(body, bytes):
        raise PackingError("it is not a packed value")
    unpacker = zlib.decompressobj(zdict=_WORDS)
    try:
        data = unpacker.decompress(body, most)
    except zlib.error as wrong:
        raise PackingError(str(wrong)) from None
    if not unpacker.eof:
        raise PackingError("it is cut, or unpacks to too much")
    return data


def parse(data: bytes) -> Any:
    """Parses unpacked JSON. Raises PackingError."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as wrong:
        raise PackingError(str(wrong)) from None
