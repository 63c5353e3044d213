"""What the processes of one person spend on one credential, counted together in a small file."""

import contextlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wfdash.credentials import Credential
from wfdash.live.budget import WINDOW

try:
    import fcntl
except ImportError:  # Windows: unlocked, so a count may be lost now and then
    fcntl = None  # type: ignore[assignment]

__all__ = ["SpentFile", "share_spending"]

_SLOT = 10.0
_SYNC = 1.0
"""Seconds between two looks at the file."""
_LARGEST = 1 << 20


def share_spending(credential: Credential, folder: Path) -> "SpentFile":
    """The file of this credential below the state folder. Its name is a keyed hash that tells nothing."""
    try:
        name = credential.fingerprint(_key(folder / "spent.key"))
    except OSError as error:
        return SpentFile(None, trouble=str(error.strerror or "the state folder cannot be written"))
    return SpentFile(folder / f"spent-{name}.json")


class SpentFile:
    """Reads by this process and by others in slots of ten seconds. Without a file, of this process alone.

    `trouble` is why nothing is shared, "" while it is. A file that is locked, torn or gone is tried again.
    """

    def __init__(self, path: Path | None, *, trouble: str = "") -> None:
        self.path = path
        self.trouble = trouble
        self.frozen_until = 0.0
        """Until when the server told any of the processes to keep still, epoch seconds."""
        self._session = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._mine: dict[int, int] = {}
        self._others: dict[str, dict[int, int]] = {}
        self._news = 0
        self._synced_at = float("-inf")
        self._changed = False

    def add(self, now: float) -> None:
        slot = int(now // _SLOT)
        self._mine[slot] = self._mine.get(slot, 0) + 1
        self._changed = True

    def freeze(self, until: float) -> None:
        self.frozen_until = max(self.frozen_until, until)
        self._changed = True

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
        if self.path is None or 0 <= now - self._synced_at < _SYNC:
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
        sessions, frozen = _read(descriptor, now)
        sessions.pop(self._session, None)
        for session, slots in sessions.items():
            known = self._others.get(session, {})
            self._news += sum(max(0, n - known.get(slot, 0)) for slot, n in slots.items())
        self._others = sessions
        self.frozen_until = max(self.frozen_until, min(frozen, now + 2 * WINDOW))
        if not self._changed:
            return
        oldest = (now - WINDOW) // _SLOT
        self._mine = {slot: n for slot, n in self._mine.items() if slot >= oldest}
        _write(descriptor, {**sessions, self._session: self._mine}, self.frozen_until)
        self._changed = False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """An open descriptor, or None while another process holds the lock: nobody waits for it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if fcntl is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int, now: float) -> tuple[dict[str, dict[int, int]], float]:
    """The slots of the last window by session, and the freeze; nothing of what cannot be read."""
    try:
        told: Any = json.loads(os.pread(descriptor, _LARGEST, 0) or b"{}")
        oldest, newest = (now - WINDOW) // _SLOT, (now + WINDOW) // _SLOT
        sessions = {
            str(session): {
                int(slot): max(0, int(n)) for slot, n in slots.items() if oldest <= int(slot) <= newest
            }
            for session, slots in told.get("spent", {}).items()
        }
        return {one: slots for one, slots in sessions.items() if slots}, float(told.get("frozen", 0.0))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}, 0.0


def _write(descriptor: int, sessions: dict[str, dict[int, int]], frozen: float) -> None:
    text = json.dumps({"spent": sessions, "frozen": frozen}).encode()
    os.pwrite(descriptor, text, 0)
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
    key = path.read_bytes()
    if len(key) < 16:
        raise OSError(22, "spent.key was cut: remove it")
    return key
