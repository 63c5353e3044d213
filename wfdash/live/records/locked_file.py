"""A file of lines that several processes append to and rotate, and a lock that says a session still lives."""

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from wfdash.config.plain_file import open_plain

try:
    import fcntl
except ImportError:  # Windows: one process at a time, unlocked
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "CAN_LOCK",
    "KEPT",
    "MAX_BYTES",
    "LockedFile",
    "SessionLock",
    "exclusively",
    "hold_together",
    "session_is_over",
    "try_lock",
]

CAN_LOCK = fcntl is not None
MAX_BYTES = 10_000_000
"""Bytes after which a file is rotated."""
KEPT = 5
"""Older files beside the one that is written: 60 MB of a journal in all."""
"""Whether a file can be locked here at all."""
_PATIENCE = 2.0
"""Seconds to wait for the lock. A process stopped by ctrl+z may hold it for ever; an unlocked append of one
line is still whole, so the wait ends."""
_BRIEFLY = 0.2
"""Seconds to wait for a lock that was not had the last time."""
_PAGE = b"\n" * 4096


class LockedFile:
    """Appends whole lines, mode 0600. Raises OSError."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self._in_vain = False
        """Whether the lock was waited for the last time and not had."""
        self._placed = False
        """Whether the folder is known to have the file on the disk too."""

    def append(self, lines: bytes, *, sync: bool) -> None:
        """Adds lines (without the last newline), all or none; with `sync` they are on the disk on return.

        Without the lock another process may move the file just now, so then `sync` cannot be promised.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked() as alone:
            if alone:  # two that rotate at once would move one file over another
                self._rotate(len(lines) + 1)
            elif sync:
                raise _lock_lost()
            descriptor = open_plain(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            try:
                if hasattr(os, "fchmod"):
                    os.fchmod(descriptor, 0o600)
                # A process that was killed may have left half a line: it must not swallow this one.
                data = (b"" if _ends_complete(descriptor) else b"\n") + lines + b"\n"
                before = os.fstat(descriptor).st_size
                # One write, so that lines of two processes never mix.
                if os.write(descriptor, data) != len(data):
                    # The lines that did fit would be taken for all there are. Without the lock those of
                    # somebody else may stand behind them.
                    if alone:
                        os.ftruncate(descriptor, before)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                if sync:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if sync and not self._placed:
                self._place()

    def _place(self) -> None:
        """Syncs the folder, without which a new file is not on the disk; not every file system can."""
        with contextlib.suppress(OSError):
            descriptor = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._placed = True

    def check(self) -> None:
        """Raises the OSError that an append would meet: of the folder, the file, its lock and a full disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.path.exists():
            os.close(open_plain(self.path, os.O_RDWR | os.O_APPEND))
        with self._locked(_BRIEFLY) as alone:
            if not alone:
                raise _lock_lost()
            self._try_a_page()

    def _try_a_page(self) -> None:
        trial = self.path.with_suffix(f".{os.getpid()}.trial")
        descriptor = open_plain(trial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            if os.write(descriptor, _PAGE) != len(_PAGE):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            trial.unlink()

    def _rotate(self, coming: int) -> None:
        try:
            if self.path.stat().st_size + coming <= self.max_bytes:
                return
        except FileNotFoundError:
            return
        for number in range(KEPT - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                self._older(number).replace(self._older(number + 1))
        self.path.replace(self._older(1))
        self._placed = False

    def _older(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    @contextlib.contextmanager
    def _locked(self, patience: float | None = None) -> Iterator[bool]:
        """Locks the file for the block, waiting so many seconds at most; yields whether it is locked."""
        if patience is None:
            patience = min(_BRIEFLY, _PATIENCE) if self._in_vain else _PATIENCE
        descriptor = open_plain(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        try:
            give_up = time.monotonic() + patience
            # Asked again instead of waited for: a lock that is waited for cannot be given up on in time.
            while not (alone := try_lock(descriptor)) and time.monotonic() < give_up:
                time.sleep(0.005)
            self._in_vain = not alone
            yield alone
        finally:
            os.close(descriptor)


class SessionLock:
    """A file that is locked as long as this process lives, whatever ends it."""

    def __init__(self, folder: Path, session: str) -> None:
        self._path = _lock_path(folder, session)
        self._held: int | None = None

    def hold(self) -> None:
        """Takes the lock, and once more where its file was removed.

        Others would take the session for over.
        """
        if self._held is not None and not self._path.exists():
            os.close(self._held)
            self._held = None
        if self._held is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._held = open_plain(self._path, os.O_RDWR | os.O_CREAT)
            try_lock(self._held)

    def release(self) -> None:
        if self._held is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._held)
            self._held = None


def session_is_over(folder: Path, session: str) -> bool:
    """Whether the process of that session is gone. Cleans up the lock of one that was killed."""
    path = _lock_path(folder, session)
    try:
        with open(open_plain(path, os.O_RDWR), "r+b") as file:
            if not try_lock(file.fileno()):
                return False
            path.unlink(missing_ok=True)
    except OSError:
        return True
    return True


@contextlib.contextmanager
def exclusively(folder: Path, name: str, patience: float = 0.0) -> Iterator[bool]:
    """Holds the lock of that name, tried for so many seconds; yields whether it was had. Raises OSError."""
    path = _lock_path(folder, f"{name}-taken")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    give_up = time.monotonic() + patience
    while (descriptor := _take(path)) is None and time.monotonic() < give_up:
        time.sleep(0.005)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            # Only by who holds it, and before it is let go: else two more would lock two files of this name.
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _take(path: Path) -> int | None:
    """Opens and locks that file; None where another holds it."""
    descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
    with contextlib.suppress(FileNotFoundError):
        # Who held it until now may have removed the file that was opened: a lock on it keeps nobody out.
        if try_lock(descriptor) and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    os.close(descriptor)
    return None


def _lock_lost() -> OSError:
    return OSError(errno.EWOULDBLOCK, "another process holds its lock")


def _lock_path(folder: Path, session: str) -> Path:
    # The name comes from a line of a file that anybody may have written: it must not lead to another folder.
    safe = "".join(character for character in session if character.isalnum() or character == "-")
    return folder / "sessions" / f"{safe}.lock"


def try_lock(descriptor: int) -> bool:
    """Whether nobody else holds it: locked then until the descriptor is closed."""
    return fcntl is None or _flock(descriptor, fcntl.LOCK_EX)


def hold_together(descriptor: int) -> bool:
    """Takes a shared lock, beside others who hold it so; whether it was to be had."""
    return fcntl is not None and _flock(descriptor, fcntl.LOCK_SH)


def _flock(descriptor: int, kind: int) -> bool:
    """Takes a lock of this kind without waiting; whether it was to be had."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ends_complete(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    if size == 0:
        return True
    os.lseek(descriptor, size - 1, os.SEEK_SET)  # appends go to the end all the same
    return os.read(descriptor, 1) == b"\n"
