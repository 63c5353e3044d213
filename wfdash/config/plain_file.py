"""Files of a person or of ours, opened so that a pipe, a device or a folder in their place cannot hold us."""

import errno
import os
import re
import stat
from pathlib import Path

__all__ = [
    "LARGEST",
    "check_plain",
    "expanded",
    "open_log",
    "open_plain",
    "read_end",
    "read_given",
    "read_plain",
]

LARGEST = 256 * 1024 * 1024
"""Bytes of a file that are read at most."""
_HANDED = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/\d+")
"""How a shell hands over what another program prints: `<(jq ...)`."""
_KINDS = {
    stat.S_IFIFO: "it is a pipe, not a file",
    stat.S_IFCHR: "it is a device, not a file",
    stat.S_IFBLK: "it is a device, not a file",
    stat.S_IFSOCK: "it is a socket, not a file",
}


def open_plain(path: Path, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """A descriptor of a regular file, without ever waiting for one; raises OSError that says what it is.

    Looked at before it is opened, for to open a pipe or a device may already do something to it.
    """
    try:
        _refuse_other(path, os.stat(path).st_mode)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    # Looked at again once it is open: somebody may have put another file in its place between the two.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), mode)
    try:
        _refuse_other(path, os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_plain(path: Path) -> None:
    """Raises OSError where `open_plain` would; opens nothing.

    For files under POSIX locks: a process that closes any descriptor of one loses all its locks on it.
    """
    _refuse_other(path, os.stat(path).st_mode)
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def open_log(path: Path) -> int:
    """A descriptor to append lines to, of a file (0600), or of a device or pipe that takes them now.

    Never waits: a pipe that nobody reads is an OSError, and so is a full one when it is written to.
    """
    try:
        if stat.S_ISBLK(os.stat(path).st_mode):
            raise OSError(errno.EINVAL, "it is a disk", str(path))
    except FileNotFoundError:
        pass
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "it is a pipe that nobody reads", str(path)) from None
        raise


def _refuse_other(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file", str(path))
    if not stat.S_ISREG(mode):
        words = _KINDS.get(stat.S_IFMT(mode), "it is not a regular file")
        raise OSError(errno.EINVAL, words, str(path))


def read_plain(path: Path, limit: int = LARGEST) -> bytes:
    """What a regular file holds. Raises OSError, also for more than `limit` bytes."""
    return _read(open_plain(path), path, limit)


def read_end(path: Path, most: int) -> bytes:
    """The last bytes of a regular file, at most so many. Raises OSError."""
    with open(open_plain(path), "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most))
        return file.read(most)


def read_given(path: Path, limit: int = LARGEST) -> bytes:
    """What a file that a person named holds; a pipe that the shell handed over is read to its end too."""
    if _HANDED.fullmatch(str(path)):
        return _read(os.open(path, os.O_RDONLY), path, limit)
    return read_plain(path, limit)


def _read(descriptor: int, path: Path, limit: int) -> bytes:
    with open(descriptor, "rb") as file:
        # A byte more than allowed tells that there is more, without asking for a size that may not be true.
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit // 2**20} MiB", str(path))
    return data


def expanded(text: str) -> Path:
    """The path with `~` resolved; as it is where that names nobody's home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
