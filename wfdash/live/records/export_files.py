"""Writing files for others: readable by their owner alone, whole, and never over one that is there."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from re import sub

from wfdash.core.text.clean import masked, masked_bytes
from wfdash.core.text.words import size

__all__ = ["file_name", "fill_first", "save_stream", "write_first", "write_new"]


def file_name(subject: str, ending: str, now: float) -> str:
    """A name that any file system takes and that says what it is of, and when (UTC)."""
    plain = sub(r"[^A-Za-z0-9_.-]+", "-", subject).strip("-.")[:60] or "wfdash"
    return f"{plain}-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}.{ending}"


def write_first(folders: Sequence[Callable[[], Path]], name: str, make: Callable[[], Iterable[str]]) -> Path:
    """Writes into the first of these folders that takes all of it; `make` gives the lines anew for each.

    Blocks for as long as making and writing them takes. Raises the last one's OSError.
    """
    return _first(folders, lambda folder: write_new(folder, name, make()))


def fill_first(folders: Sequence[Callable[[], Path]], name: str, fill: Callable[[Path], None]) -> Path:
    """Has `fill` write into an empty file in the first of these folders that takes it; its path."""

    def filled(folder: Path) -> Path:
        with _new_file(folder, name) as (descriptor, path):
            os.close(descriptor)
            fill(path)
        return path

    return _first(folders, filled)


def _first(folders: Sequence[Callable[[], Path]], write: Callable[[Path], Path]) -> Path:
    trouble = OSError(2, "there is no folder to write to")
    for find in folders:
        try:
            folder = find()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return write(folder)
        except OSError as error:
            trouble = error
    raise trouble


def write_new(folder: Path, name: str, lines: Iterable[str]) -> Path:
    """Writes a file that was not there before, readable by its owner alone; what fails leaves none behind.

    Raises OSError.
    """
    with (
        _new_file(folder, name) as (descriptor, path),
        open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        file.writelines(map(masked, lines))
    return path


def save_stream(content: bytes, folder: Path, instance: str, step: str) -> str:
    """Writes what a step streamed to a file of its own, as `write_new` does; returns where, in words."""
    length = size(len(content))
    plain = "".join(
        character if character.isascii() and character.isalnum() else "-"
        for character in f"{instance[:60]}-{step[:60]}"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _new_file(folder, f"{plain}.bin") as (descriptor, path), open(descriptor, "wb") as file:
            file.write(masked_bytes(content))
    except OSError as error:
        return f"a stream of {length}; it could not be saved: {error.strerror}"
    return f"{length} saved as {_short(path)}"


@contextmanager
def _new_file(folder: Path, name: str) -> Iterator[tuple[int, Path]]:
    """Makes a file that was not there, numbered where the name is taken; its descriptor and path."""
    stem, dot, ending = name.rpartition(".")
    for number in range(1, 100):
        path = folder / (name if number == 1 else f"{stem}-{number}{dot}{ending}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        try:
            yield descriptor, path
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return
    raise FileExistsError(17, "there are a hundred files of that name already", name)


def _short(path: Path) -> str:
    """The path in words, from `~` on where it is below home: its end, the name, is not to be cut off."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
