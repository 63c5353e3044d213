"""The folder in which dashboards leave word of themselves, one small file each."""

import contextlib
import os
import stat
import time
from heapq import nlargest
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from wfdash.core.text.clean import masked_bytes
from wfdash.live.pairing.presence import LARGEST, Presence, parse_presence, written
from wfdash.live.records.locked_file import CAN_LOCK, hold_together, try_lock

__all__ = ["PairingFolder"]

_PREFIX = "here-"
_PRESENT = 15.0
"""Seconds after its last word for which a dashboard counts as present: it gives word every 5."""
_FORGOTTEN = 3600.0
"""Seconds after which a file of our own user that nobody took away is removed."""
_MOST = 200
"""Files looked at, those that were written last: anybody may fill the folder."""
_MOST_NAMES = 20_000
"""Names passed over for them, in 10 ms."""


class PairingFolder:
    """The folder of presence files. It blocks as long as the disk does; `trouble` says what is wrong.

    What others may write to is read as hostile: no link is followed, no pipe or device is opened, and no more
    is read than such a file can hold.
    """

    def __init__(self, path: Path, key: str, *, shared: bool) -> None:
        """`key` tells the account; `shared` is a folder for several users, who may then read the file."""
        self.path = path
        self.trouble = ""
        self._key = key
        self._mode = 0o640 if shared else 0o600
        self._shared = shared
        self._own = ""
        self._held: int | None = None
        """The own file, locked for as long as this process lives, however that ends."""

    def tell(self, presence: Presence) -> None:
        """Writes or renews the own file, whole at any moment."""
        name = f"{_PREFIX}{self._key}-{_plain(presence.session)}.json"
        fresh = self.path / f".{name}.new"
        try:
            if not self._shared:
                self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Something of that name that somebody else put there is no file of ours to write into.
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, self._mode)
            try:
                if hasattr(os, "fchmod"):
                    os.fchmod(descriptor, self._mode)
                os.write(descriptor, masked_bytes(written(replace(presence, held=_lock(descriptor)))))
                fresh.replace(self.path / name)
            except OSError:
                os.close(descriptor)
                raise
            self._let_go()
            self._held = descriptor
        except OSError as error:
            self.trouble = f"others cannot see where you are: {self.path}: {error.strerror or error}"
        else:
            self.trouble, self._own = "", name

    def leave(self) -> None:
        """Takes the own file away."""
        if self._own:
            with contextlib.suppress(OSError):
                (self.path / self._own).unlink()
            self._own = ""
        self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def others(self) -> list[Presence]:
        """The dashboards that gave word lately, in the order of their sessions, the own one left out."""
        found: list[Presence] = []
        try:
            with os.scandir(self.path) as entries:
                ours = [entry for entry in islice(entries, _MOST_NAMES) if self._is_of_others(entry.name)]
                if len(ours) > _MOST:
                    ours = nlargest(_MOST, ours, key=_written_at)
        except OSError:
            return []
        for name in sorted(entry.name for entry in ours):
            if (presence := self._read(self.path / name)) is not None:
                found.append(presence)
        return found

    def _is_of_others(self, name: str) -> bool:
        return name.startswith(f"{_PREFIX}{self._key}-") and name.endswith(".json") and name != self._own

    def _read(self, path: Path) -> Presence | None:
        try:
            descriptor = os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT)
            with open(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                    return None
                # The one clock of this machine has written both times.
                old = time.time() - status.st_mtime
                if abs(old) > _PRESENT:
                    self._forget(path, status, old)
                    return None
                presence = parse_presence(file.read(LARGEST))
                # Its process was killed: what it was doing it does no more, though it told of it just now.
                if presence is None or (presence.held and _is_let_go(file.fileno())):
                    return None
                return replace(presence, held=False)  # of the file, not of who wrote it
        except OSError:
            return None

    def _forget(self, path: Path, status: os.stat_result, old: float) -> None:
        if old > _FORGOTTEN and hasattr(os, "getuid") and status.st_uid == os.getuid():
            with contextlib.suppress(OSError):
                path.unlink()


def _lock(descriptor: int) -> bool:
    """Locks a file; whether it is locked now, which not every file system can do."""
    with contextlib.suppress(OSError):
        return CAN_LOCK and try_lock(descriptor)
    return False


def _is_let_go(descriptor: int) -> bool:
    """Whether nobody keeps it locked; False where that cannot be told."""
    with contextlib.suppress(OSError):
        return hold_together(descriptor)
    return False


def _written_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


def _plain(session: str) -> str:
    return "".join(character for character in session if character.isalnum() or character == "-")[:80]
