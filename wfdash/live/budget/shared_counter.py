"""Where the ledger of a credential is kept: a small file that all processes of one person read and write."""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from wfdash.config.credential import Credential, origin_of
from wfdash.config.plain_file import open_plain, read_plain
from wfdash.live.budget.ledger import RequestLedger, Spender
from wfdash.live.records.locked_file import exclusively, try_lock
from wfdash.live.records.person import person

__all__ = ["SharedCounter", "has_ended", "share_counter"]

_LOOK = 0.5
"""Seconds between two looks at the file for what is only shown."""
_TRIES, _PAUSE = 20, 0.0005
"""How often and how long apart the lock is tried for: it is held for a tenth of a millisecond."""
_STUCK = 1.0
"""Seconds for which a lock that could not be had is not tried for again: who holds it was stopped."""
_IN_VAIN = 3
"""Times that it was not had of one file, so long apart, after which another file takes its place: in seconds
nobody who runs is still in there."""
_LOCKED_OUT = 3.0
"""Seconds after which it is told that each counts alone, where not even that can be."""
_MOVED = 3
"""How often the file is opened anew that another took the place of meanwhile."""
_LARGEST = 1 << 20
"""Bytes of the file that are read: some hundred processes, each with all that it asks for."""
_KEY_LOOK = 5.0
"""Seconds between two looks whether the key is the same."""


def share_counter(credential: Credential, base_url: str, folder: Path, *, what: str) -> "SharedCounter":
    """The counter of this credential at this server, below the state folder, for a process that is `what`.

    The file's name is a keyed hash that tells nothing. Two servers count apart, whatever the credential.
    """
    key, at = folder / "spent.key", _server_of(base_url)

    def find_path() -> Path:
        # Cloudflare counts by user, and a hash without a key could be tried against known tokens.
        return folder / f"requests-{credential.fingerprint(_key(key), at=at)}.json"

    try:
        return SharedCounter(find_path(), what=what, key=key, find_path=find_path)
    except OSError as error:
        trouble = str(error.strerror or "the state folder cannot be written")
        return SharedCounter(what=what, trouble=trouble)


class SharedCounter:
    """Opens the ledger for one decision at a time. Without a path it counts for this process alone.

    `trouble` is why nothing is shared, "" while it is. A file that is locked, torn or gone is tried again.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        what: str = "wfdash",
        trouble: str = "",
        key: Path | None = None,
        find_path: Callable[[], Path] | None = None,
    ) -> None:
        """`find_path` tells the path anew, where the file of the `key` that names it became another one."""
        self.path = path
        self._key, self._find_path = key, find_path
        self._key_read = _version_of(key)
        self._key_looked_at = float("-inf")
        self.trouble = trouble
        self.session = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.mine = Spender(what, person(), os.getpid())
        self.ledger = RequestLedger()
        """As it was at the last look."""
        self._content: bytes | None = None
        """What was put down of it, and is still all there is to it."""
        self._looked_at = float("-inf")
        self._is_open = False
        self._stuck_until = 0.0
        self._stuck_since: float | None = None
        self._in_vain = 0

    @property
    def locked_out(self) -> str:
        """Why each process counts alone for now: what the others spend is not known then. "" while it is."""
        if self._stuck_since is None or time.monotonic() - self._stuck_since < _LOCKED_OUT:
            return ""
        return "one that was stopped holds the counter"

    @contextlib.contextmanager
    def open(self, now: float) -> Iterator[RequestLedger]:
        """Opens the ledger alone among all processes; what is changed in the block is kept.

        In a block of this one it is the same: what is decided together is read and written once.
        """
        if self._is_open:
            yield self.ledger
            return
        if not 0 <= now - self._key_looked_at < _KEY_LOOK:
            self._key_looked_at = now
            self._follow_key()
        self._looked_at = now
        with self._locked() as descriptor:
            before = self._read(descriptor) if descriptor is not None else b""
            if self.mine.spent:
                # Also in a file that was torn, removed or begun anew since: what this process spent counts
                # all the same.
                self.ledger.spenders[self.session] = self.mine
            self.ledger.forget(now)
            self._is_open, self._content = True, None
            try:
                yield self.ledger
            finally:
                self._is_open = False
            if descriptor is not None:
                self._write(descriptor, before)

    def _follow_key(self) -> None:
        """Goes to the file where others count: one that began after the key was removed made another key."""
        if self._find_path is None or _version_of(self._key) == self._key_read:
            return
        try:
            self.path = self._find_path()
        except OSError as error:
            self._failed(error)
        self._key_read = _version_of(self._key)

    def look(self, now: float) -> RequestLedger:
        """The ledger to be shown: no older than half a second."""
        if not 0 <= now - self._looked_at < _LOOK:
            with self.open(now):
                pass
        return self.ledger

    def clock_set(self, moved: float) -> None:
        """Moves what this process spent along with a clock that was set by so many seconds.

        It is as old as before, and what the file holds of times to come is void.
        """
        self.mine.move(moved)
        self.ledger.changed()
        now = self._looked_at + moved
        with self.open(now) as ledger:
            ledger.void(now)

    def leave(self, now: float) -> None:
        """Takes this process out of the ledger's waiting: it is about to end."""
        with self.open(now) as ledger:
            ledger.leases.pop(self.session, None)
            ledger.queue.pop(self.session, None)

    def _read(self, descriptor: int) -> bytes:
        """Takes in what the file holds; of what cannot be read, nothing. Returns it as it was."""
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            before = os.read(descriptor, _LARGEST)
            # Of a dashboard alone nobody else has written since.
            if before and before == self._content:
                return before
            self.ledger = msgspec.json.decode(before, type=RequestLedger) if before else RequestLedger()
            return before
        except OSError as error:
            self._failed(error)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            self.ledger = RequestLedger()
        return b""

    def _write(self, descriptor: int, before: bytes) -> None:
        after = msgspec.json.encode(self.ledger)
        if after == before:
            self._content = after
            return
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, after)
            os.ftruncate(descriptor, len(after))
            self._content = after
        except OSError as error:
            self._failed(error)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int | None]:
        """An open descriptor, or None where the file or its lock cannot be had."""
        with contextlib.ExitStack() as opened:
            for _ in range(_MOVED):
                descriptor = self._opened()
                if descriptor is None:
                    break
                opened.callback(os.close, descriptor)
                if not self._has_lock(descriptor):
                    if self._in_vain < _IN_VAIN or not self._take_over(descriptor):
                        break
                    continue
                # What is put down in a file that another took the place of nobody would ever read.
                if self._is_in_place(descriptor):
                    yield descriptor
                    return
            yield None

    def _is_in_place(self, descriptor: int) -> bool:
        """Whether the open file is still the one that others find by its name."""
        try:
            return self.path is not None and os.path.samestat(os.fstat(descriptor), self.path.stat())
        except OSError:
            return False

    def _opened(self) -> int | None:
        if self.path is None:
            return None
        try:
            # A link that somebody else put there would have another file overwritten.
            descriptor = open_plain(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            self._failed(error)
            return None
        self.trouble = ""
        return descriptor

    def _has_lock(self, descriptor: int) -> bool:
        if time.monotonic() < self._stuck_until:
            return False
        # Ten milliseconds of the loop at the most. To await the lock would let another decision of this
        # process in before this one is put down.
        for _ in range(_TRIES):
            if try_lock(descriptor):
                self._stuck_since, self._in_vain = None, 0
                return True
            time.sleep(_PAUSE)
        self._stuck_until = time.monotonic() + _STUCK
        if self._stuck_since is None:
            self._stuck_since = time.monotonic()
        self._in_vain += 1
        return False

    def _take_over(self, stuck: int) -> bool:
        """Puts another file in the place of one that is locked by a process that was stopped, if it can be.

        Else each would count alone until that goes on, and together they would spend what is kept for
        actions. It loses nothing by it: what it spent it puts down anew, as after any removal of the file.
        """
        if self.path is None:
            return False
        self._in_vain = 0  # where it cannot be, it is tried as seldom again
        with contextlib.suppress(OSError), exclusively(self.path.parent, self.path.stem) as alone:
            if not alone:
                return False
            if not self._is_in_place(stuck):  # another has done so a moment ago
                self._stuck_until = 0.0
                return True
            fresh = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(descriptor, self._content_in_place(os.pread(stuck, _LARGEST, 0)))
                fresh.replace(self.path)
            finally:
                os.close(descriptor)
                fresh.unlink(missing_ok=True)
            self._stuck_until = 0.0
            return True
        return False

    def _content_in_place(self, content: bytes) -> bytes:
        """What is known of all: by the file, or by the last look at it where it was left half written."""
        try:
            ledger = msgspec.json.decode(content, type=RequestLedger)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            ledger = self.ledger
        ledger.spenders[self.session] = self.mine
        # It only ever counts up: what was sent since an answer is told by it.
        ledger.sent = max(ledger.sent, self.ledger.sent)
        return msgspec.json.encode(ledger)

    def _failed(self, error: OSError) -> None:
        self.trouble = str(error.strerror or "the file cannot be written")


def has_ended(spender: Spender) -> bool:
    """Whether its process is gone; of one on another machine nobody here can say."""
    # On Windows signal 0 is ctrl+c.
    if spender.pid <= 0 or spender.who != person() or os.name == "nt":
        return False
    try:
        os.kill(spender.pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _version_of(path: Path | None) -> tuple[int, int] | None:
    """Tells a file from another one at its place; None where there is none."""
    try:
        found = path.lstat() if path is not None else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns) if found is not None else None


def _server_of(url: str) -> str:
    """The origin of a URL, with localhost as 127.0.0.1: both names of this machine are one server."""
    return origin_of(url).replace("://localhost:", "://127.0.0.1:")


def _key(path: Path) -> bytes:
    """The key of this person's hashes, made once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        # On a full disk the file comes to be and its content does not: nothing is left behind.
        try:
            try:
                os.write(descriptor, secrets.token_bytes(32))
            finally:
                os.close(descriptor)
            # A link, since a rename would replace the key of a process that began in the same moment.
            os.link(fresh, path)
        finally:
            fresh.unlink()
    key = read_plain(path)
    if len(key) < 16:
        raise OSError(22, "spent.key was cut: remove it")
    return key
