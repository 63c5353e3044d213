"""What `doctor` can tell of this machine: versions, the terminal, and the files wfdash keeps."""

import locale
import os
import platform
import shutil
import stat
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from wfdash import __version__
from wfdash.cli.doctor.width import ambiguous_width
from wfdash.config.settings import Settings
from wfdash.live.records.record.location import DAYS, kept_of, parts_of, record_path

__all__ = ["machine", "paths", "record", "state_trouble", "terminal"]

DoctorLines = list[tuple[str, str]]


def machine() -> DoctorLines:
    """Lines on versions, without importing anything to learn them."""
    return [
        ("wfdash", __version__),
        ("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        *((name, _version(name)) for name in ("textual", "httpx", "pydantic")),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def terminal(environ: Mapping[str, str]) -> DoctorLines:
    """Lines on what decides how the dashboard is drawn here."""
    size = shutil.get_terminal_size((0, 0))
    streams = [
        name for name in ("stdin", "stdout", "stderr") if (stream := getattr(sys, name)) and stream.isatty()
    ]
    return [
        ("TERM", environ.get("TERM", "not set")),
        ("program", environ.get("TERM_PROGRAM") or environ.get("LC_TERMINAL") or "not known"),
        ("size", f"{size.columns}x{size.lines}" if size.columns else "no terminal"),
        ("a terminal", ", ".join(streams) or "not a terminal"),
        ("colour", _colour(environ)),
        ("multiplexer", _multiplexer(environ)),
        ("SSH", "yes" if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else "no"),
        ("locale", _locale(environ)),
        ("ambiguous width", ambiguous_width()),
    ]


def _colour(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return "off (NO_COLOR)"
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "24 bit"
    return "256" if "256" in environ.get("TERM", "") else "16 or unknown"


def _multiplexer(environ: Mapping[str, str]) -> str:
    if environ.get("TMUX"):
        return "tmux"
    if environ.get("STY"):
        return "screen"
    return "zellij" if environ.get("ZELLIJ") else "none"


def _locale(environ: Mapping[str, str]) -> str:
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "not set"
    encoding = locale.getpreferredencoding(False)
    hint = "" if "utf" in encoding.lower() else "; --ascii draws without box characters"
    return f"{named}, {encoding}{hint}"


def paths(config: Path | None) -> DoctorLines:
    """Lines on the files: whether they are there, and who may read them; `config` is None when not known."""
    state = user_state_path("wfdash")
    return [
        ("config", _file(config or user_config_path("wfdash", appauthor=False) / "config.toml")),
        ("state", _folder(state)),
        ("journal", _file(state / "actions.jsonl")),
    ]


def record(settings: Settings) -> DoctorLines:
    """Whether what is seen is kept, where, what is in it, and how that is switched off."""
    policy = settings.record
    path = record_path(user_state_path("wfdash"), settings)
    where = str(user_state_path("wfdash") / "records") if path is None else _file(path, *parts_of(path)[1:])
    aside = [] if path is None else [part for part in kept_of(path) if part not in parts_of(path)]
    kept = f"yes, {policy.megabytes} MB and {DAYS} days at most; on = false under [record] stops it"
    folder = user_state_path("wfdash") / "records" if path is None else path.parent
    if not policy.on:
        kept = "no: [record] on = false"
    elif not _writable(_existing(folder)):
        kept = f"NO: {folder} cannot be written"
    elif path is not None and path.exists() and not os.access(path, os.W_OK):
        kept = f"NO: {path} cannot be written"
    return [
        ("kept", kept),
        ("file", where),
        *(("set aside", _file(part)) for part in aside),
        ("holds", "rows, changes of status, steps and their times, kinds of errors, versions, counts"),
        (
            "payloads",
            "kept from now on: params, outputs and error messages too"
            if policy.payloads
            else "not kept; what was kept while payloads was true stays until it is erased",
        ),
        ("erased by", "wfdash record --erase"),
    ]


def _file(path: Path, *beside: Path) -> str:
    """A line on a file, its bytes with those of what lies beside it and belongs to it."""
    try:
        found = path.stat()
        size = found.st_size + sum(part.stat().st_size for part in beside if part.exists())
    except FileNotFoundError:
        return f"{path} (not there)"
    except OSError as error:
        return f"{path} ({error.strerror})"
    return f"{path} ({size:,} bytes, {stat.filemode(found.st_mode)})"


def state_trouble() -> list[str]:
    """What to do when nothing can be kept in the state folder."""
    path = user_state_path("wfdash")
    if _writable(_existing(path)):
        return []
    return [
        f"{path} cannot be written: no journal, record, notes or watched instances are kept. "
        "Make it yours, or set XDG_STATE_HOME."
    ]


def _folder(path: Path) -> str:
    """The folder, and whether files can be made in it or in the first parent that is there."""
    existing = _existing(path)
    writable = "can be written" if _writable(existing) else "CANNOT be written: no journal"
    return f"{path} ({'' if existing == path else 'not there yet, '}{writable})"


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _writable(path: Path) -> bool:
    return path.is_dir() and os.access(path, os.W_OK)
