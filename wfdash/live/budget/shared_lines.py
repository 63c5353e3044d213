"""A file of lines beside the counter, as long as one of several processes reads what they all read."""

import contextlib
import json
import os
from collections.abc import Iterator
from hashlib import blake2s
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from wfdash.config.plain_file import open_plain
from wfdash.core.text.clean import masked_bytes
from wfdash.live.records.locked_file import hold_together, try_lock

__all__ = ["ANSWERS", "LARGEST", "SharedLines", "read_offer", "shared_path"]

Offer = TypeVar("Offer", bound=Struct)

ANSWERS: Final = 3.0
"""Seconds for which another process's question is waited for; it may have been stopped."""
LARGEST: Final = 64 << 20
"""Bytes after which nothing more is offered."""
_SHORTEST: Final = 16
"""Bytes that no offer is shorter than."""
_SHORT_LINES: Final = 1_000
"""Line breaks beside which lines may be shorter than an offer is: a damaged file of line breaks alone held a
start for two minutes."""


class SharedLines:
    """What this process offers to the others and takes from them. The last one to leave removes the file.

    Where it cannot be had, nothing is shared.
    """

    def __init__(self, path: Path | None) -> None:
        """Without a path nothing is shared."""
        self._path = path
        self._descriptor: int | None = None
        self._offset, self._torn = 0, b""
        self.behind = False
        """Whether there was more to take the last time than was asked for."""

    def join(self, *, tail: int = LARGEST) -> None:
        """Opens the file, once. Who is alone in it begins it anew; else its last `tail` bytes are taken."""
        if self._descriptor is not None or self._path is None:
            return
        try:
            descriptor = open_plain(
                self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            )
        except OSError:
            self._path = None
            return
        if try_lock(descriptor):
            os.ftruncate(descriptor, 0)
        # All who read hold it together, so that each can tell whether it is the last one.
        if not hold_together(descriptor):
            os.close(descriptor)
            self._path = None
            return
        self._descriptor = descriptor
        # Where it does not begin at a line, that is none that can be read, as a torn one.
        with contextlib.suppress(OSError):
            self._offset = max(0, os.fstat(descriptor).st_size - tail)

    def close(self) -> None:
        """Leaves the file to the others, or removes it."""
        descriptor, self._descriptor, path = self._descriptor, None, self._path
        self._path = None
        if descriptor is None or path is None:
            return
        with contextlib.suppress(OSError):
            if try_lock(descriptor):
                path.unlink()
        os.close(descriptor)

    def offer(self, offer: Struct) -> None:
        if self._descriptor is None or not (line := _line_of(offer)):
            return
        try:
            if os.fstat(self._descriptor).st_size < LARGEST:
                # Appended in one write: lines of two processes stand one after the other, never in one
                # another.
                os.write(self._descriptor, line + b"\n")
        except OSError:
            self.close()  # a full disk: each goes alone

    def news(self, most: int = LARGEST) -> Iterator[bytes]:
        """The lines that came since the last call, one's own among them, of `most` bytes at most."""
        if self._descriptor is None:
            return
        try:
            size = os.fstat(self._descriptor).st_size
            ahead = max(0, min(size, LARGEST) - self._offset)
            data = os.pread(self._descriptor, min(ahead, most), self._offset)
        except OSError:
            return
        # None of ours: to go through its lines would take minutes, and a gigabyte.
        if data.count(b"\n") > _SHORT_LINES + len(data) // _SHORTEST:
            self.close()
            return
        self._offset += len(data)
        self.behind = ahead > most
        *lines, self._torn = (self._torn + data).split(b"\n")
        yield from lines


def _line_of(offer: Struct) -> bytes:
    """An offer as a line; b"" for one that cannot be written, as where values nest too deeply."""
    try:
        return masked_bytes(msgspec.json.encode(offer))
    except UnicodeEncodeError:  # half a surrogate pair, which an escape in the API's JSON can name
        return masked_bytes(json.dumps(msgspec.to_builtins(offer)).encode("ascii"))
    except RecursionError:
        return b""


def read_offer(line: bytes, kind: type[Offer]) -> Offer | None:
    """What a line says; None where it says nothing that can be read."""
    try:
        if b"\\ud" in line:  # it may be half of a pair, as above
            return msgspec.convert(json.loads(line), kind)
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def shared_path(beside: Path | None, kind: str, *which: str) -> Path | None:
    """Where that is shared, of the counter's file; None where nothing is."""
    if beside is None:
        return None
    name = blake2s("\0".join(which).encode(errors="surrogatepass"), digest_size=8).hexdigest()
    return beside.with_name(f"{beside.stem}-{kind}-{name}.jsonl")
