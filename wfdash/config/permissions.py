"""Whether others on this machine can read the config, or change what wfdash would run from it."""

import os
import stat
from pathlib import Path

__all__ = ["open_to_others", "permission_warnings"]

_NOBODY = 65534
"""As whose a container without root shows the folders that it was given from outside."""


def permission_warnings(path: Path, *, runs: bool) -> tuple[str, ...]:
    """What is to be said of a config; `runs` where commands stand in it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return ()
    # The path last: it is what a narrow terminal cuts.
    if runs and (part := open_to_others(path)) is not None:
        remedy = "chmod go-w it" if part.stat().st_mode & 0o022 else "it is another user's"
        return (f"own commands and hooks are off: others can change {part}; {remedy}.",)
    if mode & 0o022:
        return (f"others can change the config: chmod 600 {path}.",)
    if mode & 0o044:
        return (f"{path} can be read by others: chmod 600 it.",)
    return ()


def open_to_others(path: Path) -> Path | None:
    """What lets somebody else say what stands in a file, the file itself or a folder on the way to it.

    Whoever owns it, and where a folder is written by all, whoever puts another file in its place. None where
    nobody but this user and root can.
    """
    absolute = path.absolute()
    # By the link and by what it points to: who can change either can say what runs here, as ssh looks at
    # both.
    ways = dict.fromkeys((absolute, *absolute.parents, *(real := absolute.resolve()).parents, real))
    return next((part for part in ways if _is_open(part)), None)


def _is_open(part: Path) -> bool:
    try:
        about = part.stat()
    except OSError:
        return False
    # root can do anything anyway; any other owner of a folder on the way can put another file in it.
    owners = {0, os.geteuid(), *([_NOBODY] if stat.S_ISDIR(about.st_mode) else [])}
    if about.st_uid not in owners:
        return True
    # In a folder such as /tmp only the owner of a file can put another one in its place.
    kept = stat.S_ISDIR(about.st_mode) and about.st_mode & stat.S_ISVTX
    return bool(about.st_mode & 0o022) and not kept
