"""The instances a person watches, across workflows, kept between runs in the user's state folder."""

import json
import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from wfdash.config.plain_file import read_plain
from wfdash.live.records.locked_file import exclusively

__all__ = ["Pin", "PinState", "Pins"]

FILE_NAME = "watched.json"
_MOST = 500
"""Instances that can be watched: they are read one a second at the most, and as the budget allows."""
_PATIENCE = 0.2
"""Seconds to wait for another process that writes the file just now: a key waits as long."""
_LAST_PATIENCE = 1.0
"""The same at the end, where nobody waits for a key."""


class Pin(Struct, frozen=True):
    account: str
    workflow: str
    id: str


class PinState(Struct):
    """What is known of one watched instance. Times are epoch seconds; status "" before the first answer."""

    pin: Pin
    status: str = ""
    step_count: int | None = None
    read_at: float | None = None
    changed_at: float | None = None
    before: str = ""
    """The status before the last change."""
    created: float | None = None
    another: bool = False
    """Whether its id stands for another run than when it was read first: restarted from its beginning, or
    deleted and created anew."""


class Pins:
    """An ordered set of pins. Without a path it lives in memory alone, as in the demo.

    `trouble` says in a sentence why the file could not be read or written; the pins of this run stay.
    Several processes share the file: each change is put into what it holds by then.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.trouble = ""
        self._pins: dict[Pin, None] = self._read() or {}
        self._saved = dict(self._pins)
        """What the file held when it was last read or written."""
        # What was understood is written at once: a crash would else leave the pins in the set-aside file
        # alone.
        if self.trouble and self._pins:
            trouble = self.trouble
            self._write()
            self.trouble = self.trouble or trouble

    def __contains__(self, pin: Pin) -> bool:
        return pin in self._pins

    def __iter__(self) -> Iterator[Pin]:
        return iter(list(self._pins))

    def __len__(self) -> int:
        return len(self._pins)

    def of(self, account: str, workflow: str) -> list[str]:
        """The watched ids of one workflow."""
        return [pin.id for pin in self._pins if (pin.account, pin.workflow) == (account, workflow)]

    def toggle(self, pin: Pin) -> bool:
        """Watches an instance, or stops; returns whether it is watched now."""
        if pin in self._pins:
            del self._pins[pin]
        elif len(self._pins) >= _MOST:
            self.trouble = f"{_MOST} instances are watched already: stop watching one first"
            return False
        else:
            self._pins[pin] = None
        self._write()
        return pin in self._pins

    def add(self, pin: Pin) -> None:
        if pin not in self._pins:
            self.toggle(pin)

    def save(self) -> None:
        """Writes what could not be written when it was changed: for the end of the run."""
        if self._pins != self._saved:
            self._write(_LAST_PATIENCE)

    def adopt(self, account: str) -> None:
        """Gives this account the pins that were kept while it was not known."""
        if any(not pin.account for pin in self._pins):
            self._pins = dict.fromkeys(replace(pin, account=pin.account or account) for pin in self._pins)
            self._write()

    def _read(self) -> dict[Pin, None] | None:
        """Reads the file; what is not understood is set aside and `trouble` says so.

        None where there is none.
        """
        if self.path is None:
            return None
        try:
            # An id may hold half a surrogate pair, which an escape in the API's JSON can name.
            rows = json.loads(read_plain(self.path).decode("utf-8", "surrogatepass"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, RecursionError) as error:
            words = error.strerror if isinstance(error, OSError) else "it is not the JSON that wfdash wrote"
            self._set_aside(self.path, f"could not be read ({words}); nothing of it is watched")
            return None
        pins = [Pin(*row) for row in rows if _is_pin(row)] if isinstance(rows, list) else []
        read = dict.fromkeys(pins[:_MOST])
        if not isinstance(rows, list) or len(read) < len(rows):
            self._set_aside(
                self.path, f"holds more than wfdash wrote; {len(read)} instances of it are watched"
            )
        return read

    def _set_aside(self, path: Path, words: str) -> None:
        """Keeps what was not understood under a name of its own: the next change writes the file anew."""
        kept = next(aside for n in count(1) if not (aside := path.with_suffix(f".unreadable-{n}")).exists())
        try:
            path.rename(kept)
        except OSError:
            self.path, self.trouble = None, f"{path.name} {words}; nothing is written over it"
        else:
            self.trouble = f"{path.name} {words}; it is kept as {kept.name}"

    def _write(self, patience: float = _PATIENCE) -> None:
        """Puts the changes of this run into what the file holds now, whichever process wrote that.

        Where another process does not let go of the file they go in with the next change or at the end:
        written now, either its change or ours would be lost.
        """
        if self.path is None:
            return
        self.trouble = ""
        try:
            with exclusively(self.path.parent, "watched", patience) as alone:
                if alone:
                    # Two dashboards write one file: each puts in only what it has added or taken away itself.
                    self._merge()
                    self._replace()
                else:
                    self.trouble = (
                        f"another wfdash is writing {FILE_NAME}: kept with the next change or at the end"
                    )
        except OSError as error:
            self.trouble = f"watched until wfdash ends: {FILE_NAME} could not be written ({error.strerror})"

    def _merge(self) -> None:
        if (theirs := self._read()) is None:
            return
        # What was there before and is gone here was unwatched by this one; what was not there came from
        # another process.
        kept = [pin for pin in theirs if pin in self._pins or pin not in self._saved]
        added = [pin for pin in self._pins if pin not in self._saved]
        self._pins = dict.fromkeys([*kept, *added][:_MOST])

    def _replace(self) -> None:
        """Replaces the file whole, so that a full disk or a crash leaves the one before."""
        if self.path is None:
            return
        rows = [[pin.account, pin.workflow, pin.id] for pin in self._pins]
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                json.dump(rows, file)
            os.replace(name, self.path)
        except BaseException:
            os.unlink(name)
            raise
        self._saved = dict(self._pins)


def _is_pin(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 3 and all(isinstance(part, str) for part in row)
