"""The bytes of one answer: unpacked from one content coding at most, and never more than a bound of them."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from io import BytesIO

import httpx

__all__ = ["ACCEPTED_CODING", "TooLarge", "Undecodable", "read_body"]

ACCEPTED_CODING = "gzip"
"""The one coding that is asked for."""
_PIECE = 256 * 1024
"""Bytes unpacked in one call: the loop goes on between two."""
_GZIP = 16 + zlib.MAX_WBITS


class TooLarge(Exception):
    """More bytes came, or came out, than the answer can mean."""


class Undecodable(Exception):
    """A body cannot be unpacked; `str()` completes "The answer of HOST ..."."""


async def read_body(response: httpx.Response, most: int) -> bytes:
    """Reads all bytes, unpacked; of an error's only the first `most`. Raises TooLarge or Undecodable.

    httpx unpacks a part of the answer whole, once a coding that is named: 271 bytes packed three times
    became 3 GB.
    """
    packed = _is_packed(response.headers)
    is_error = response.status_code >= 300
    if not packed and not is_error and _length(response.headers) > most:
        raise TooLarge
    # Joined at the end, 60 MB would be copied in one go, for 30 to 500 ms; this one gives its own bytes.
    read = BytesIO()
    room = most
    async for part in _unpacked(response) if packed else response.aiter_raw():
        room -= len(part)
        if room < 0 and not is_error:
            raise TooLarge
        read.write(part)
        if room < 0:
            break
    return read.getvalue()


def _is_packed(headers: httpx.Headers) -> bool:
    codings = [coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    # Each coding is a factor of a thousand: none but the one that was asked for is undone.
    if len(codings) > 1:
        raise Undecodable(f"was compressed {len(codings)} times over, so it was not read")
    if codings and codings[0] not in ("gzip", "x-gzip"):
        raise Undecodable("could not be decompressed: its Content-Encoding was not asked for")
    return bool(codings)


def _length(headers: httpx.Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 16 else 0


async def _unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    gzip = _Gzip()
    async for part in response.aiter_raw():
        for piece in gzip.pieces(part):
            yield piece
            await asyncio.sleep(0)  # 64 kB may hold 64 MB
    if not gzip.ended:
        raise Undecodable("could not be decompressed: it broke off before its end")


class _Gzip:
    """One or more members, one after the other (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self.ended = True
        """Whether nothing more has to come."""

    def pieces(self, part: bytes) -> Iterator[bytes]:
        piece = b""
        while part or len(piece) == _PIECE:  # as long as that, more may be within
            try:
                piece = self._member.decompress(part, _PIECE)
            except zlib.error:
                raise Undecodable(
                    "could not be decompressed: it is not what its Content-Encoding says"
                ) from None
            part = self._member.unconsumed_tail
            self.ended = self._member.eof
            if piece:
                yield piece
            if self.ended:
                part, piece, self._member = self._member.unused_data, b"", zlib.decompressobj(_GZIP)
