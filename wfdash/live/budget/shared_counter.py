"""What the processes of one person spend on one credential, counted together in a small file."""

import contextlib
import json
import math
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from msgspec import Struct, field

from wfdash.config.credential import Credential
from wfdash.config.plain_file import open_plain, read_plain
from wfdash.live.budget.budget import WINDOW
from wfdash.live.records.locked_file import try_lock

__all__ = ["SpentFile", "share_spending"]

_SLOT = 10.0
_SYNC = 0.1
"""Seconds between two looks at the file: about as long as a request takes."""
_LARGEST = 1 << 20
_MOST = 1200
"""Reads in a slot at most: Cloudflare's whole limit of a window. More is no count, and would hold all."""


def share_spending(credential: Credential, folder: Path) -> "SpentFile":
    """The file of this credential below the state folder. Its name is a keyed hash that tells nothing."""
    try:
        name = credential.fingerprint(_key(folder / "spent.key"))
    except OSError as error:
        return SpentFile(None, trouble=str(error.strerror or "the state folder cannot be written"))
    return SpentFile(folder / f"spent-{name}.json")


class _Shared(Struct):
    """What the file holds: reads by session and slot, (when, tokens) of the bucket by limit, the freeze."""

    spent: dict[str, dict[int, int]] = field(default_factory=dict)
    buckets: dict[int, tuple[float, float]] = field(default_factory=dict)
    frozen: float = 0.0


class SpentFile:
    """Reads by this process and by others in slots of ten seconds. Without a file, of this process alone.

    `trouble` is why nothing is shared, "" while it is. A file that is locked, torn or gone is tried again.
    """

    def __init__(self, path: Path | None, *, trouble: str = "") -> None:
        self.path = path
        self.trouble = trouble
        self.frozen_until = 0.0
        """Until when the server told any of the processes to keep still, epoch seconds."""
        self._outdated: float | None = None
        """What the file says of it from before the clock was set."""
        self._session = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._mine: dict[int, int] = {}
        self._others: dict[str, dict[int, int]] = {}
        self._news = 0
        self._buckets: dict[int, tuple[float, float]] = {}
        self._bucket: tuple[int, float, float] | None = None
        self._synced_at = float("-inf")
        self._changed = False

    def add(self, now: float, limit: int, left: float) -> None:
        """One more read, which leaves so many tokens in a bucket of this limit."""
        self._bucket = (limit, now, left)
        slot = int(now // _SLOT)
        self._mine[slot] = self._mine.get(slot, 0) + 1
        self._changed = True

    def freeze(self, until: float) -> None:
        self.frozen_until = max(self.frozen_until, until)
        self._changed = True

    def clock_set(self) -> None:
        """The clock was set: until when to keep still was told by the old one."""
        self._outdated, self.frozen_until = self.frozen_until, 0.0

    def bucket(self, now: float, limit: int) -> tuple[float, float] | None:
        """(when, tokens) of a bucket of this limit when any process took from it last; None if none did."""
        self._sync(now)
        at, tokens = self._buckets.get(limit, (float("-inf"), 0.0))
        return (at, tokens) if now - WINDOW < at <= now else None

    def others(self, now: float) -> int:
        """By the other processes over the last window."""
        self._sync(now)
        oldest = (now - WINDOW) // _SLOT
        return sum(n for slots in self._others.values() for slot, n in slots.items() if slot >= oldest)

    def news(self, now: float) -> int:
        """By the other processes since this was asked last."""
        self._sync(now)
        news, self._news = self._news, 0
        return news

    def history(self, now: float) -> list[tuple[float, int]]:
        """(middle of a slot, by the other processes in it) over the last window; none of it is news later."""
        self._sync(now)
        self._news = 0
        slots: Counter[int] = Counter()
        for spent in self._others.values():
            slots.update(spent)
        return [(min(now, (slot + 0.5) * _SLOT), number) for slot, number in sorted(slots.items())]

    def flush(self, now: float) -> None:
        """Write down what was spent since the last look; for a process that is about to leave."""
        self._synced_at = float("-inf")
        self._sync(now)

    def _sync(self, now: float) -> None:
        """Tell at once what was spent, so that nobody spends it twice; look now and then otherwise."""
        if self.path is None or (0 <= now - self._synced_at < _SYNC and not self._changed):
            return
        self._synced_at = now
        try:
            with _locked(self.path) as descriptor:
                if descriptor is not None:
                    self._exchange(descriptor, now)
                    self.trouble = ""
        except OSError as error:
            self.trouble = str(error.strerror or "the file cannot be written")

    def _exchange(self, descriptor: int, now: float) -> None:
        found = _read(descriptor, now)
        found.spent.pop(self._session, None)
        for session, slots in found.spent.items():
            previous = self._others.get(session, {})
            self._news += sum(max(0, n - previous.get(slot, 0)) for slot, n in slots.items())
        self._others = dict(found.spent)
        if found.frozen != self._outdated:
            self.frozen_until = max(self.frozen_until, min(found.frozen, now + 2 * WINDOW))
        self._buckets = found.buckets
        if not self._changed:
            return
        oldest = (now - WINDOW) // _SLOT
        self._mine = {slot: n for slot, n in self._mine.items() if slot >= oldest}
        found.spent[self._session], found.frozen = self._mine, self.frozen_until
        if self._bucket is not None:
            limit, at, left = self._bucket
            found.buckets[limit] = (at, left - self._news)
            self._bucket = None
        _write(descriptor, found)
        self._changed = False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """An open descriptor, or None while another process holds the lock: nobody waits for it."""
    descriptor = open_plain(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0))
    try:
        yield descriptor if try_lock(descriptor) else None
    finally:
        os.close(descriptor)


def _read(descriptor: int, now: float) -> _Shared:
    """What the file holds of the last window; nothing of what cannot be read."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        parsed: Any = json.loads(os.read(descriptor, _LARGEST) or b"{}", parse_constant=_no_number)
        oldest, newest = (now - WINDOW) // _SLOT, (now + WINDOW) // _SLOT
        sessions = {
            str(session): {
                int(slot): int(n) if 0 <= n <= _MOST else 0
                for slot, n in slots.items()
                if oldest <= int(slot) <= newest
            }
            for session, slots in parsed.get("spent", {}).items()
        }
        spent = {session: slots for session, slots in sessions.items() if slots}
        buckets = {
            int(limit): (float(at), min(float(limit), max(-float(limit), float(left))))
            for limit, (at, left) in parsed.get("left", {}).items()
        }
        frozen = float(parsed.get("frozen", 0.0))
        return _Shared(spent, buckets, frozen if math.isfinite(frozen) else 0.0)
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return _Shared()


def _no_number(word: str) -> NoReturn:
    """JSON has no Infinity, and nobody could wait for it."""
    raise ValueError(word)


def _write(descriptor: int, shared: _Shared) -> None:
    text = json.dumps({"spent": shared.spent, "left": shared.buckets, "frozen": shared.frozen}).encode()
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text)
    os.ftruncate(descriptor, len(text))


def _key(path: Path) -> bytes:
    """The key of this person's hashes, made once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_bytes(32))
        finally:
            os.close(descriptor)
        try:
            os.link(fresh, path)
        finally:
            fresh.unlink()
    key = read_plain(path)
    if len(key) < 16:
        raise OSError(22, "spent.key was cut: remove it")
    return key
