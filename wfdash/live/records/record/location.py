"""Where the record of an account or a dev session lies."""

import glob
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from wfdash.config.credential import origin_of
from wfdash.config.settings import CLOUDFLARE, Settings

__all__ = ["ASIDE", "DAYS", "RecordLocation", "kept_of", "location_of", "owner_of", "parts_of", "record_path"]

ASIDE = ".damaged-"
"""What stands behind the name of a record that was set aside."""
DAYS = 30
"""Days for which anything is kept."""
_DEMO_BYTES = 20_000_000
"""Bytes of the demo's record, which lies in memory."""


class RecordLocation(Struct, frozen=True):
    """Where a record is and what goes into it. Without a path it is in memory."""

    path: Path | None
    payloads: bool = False
    own: bool = True
    """Whether the name is one that wfdash gave, so that a damaged file may be moved out of the way."""
    most_bytes: int = 200_000_000
    owner: str = ""
    """Stands for an account on a server, or a dev session, and tells it from others alone."""


def record_path(folder: Path, settings: Settings, account: str = "") -> Path | None:
    """The record of a dev session or of the account in use, which the API may have named only later.

    None while it is not clear which account that is. `folder` is the state folder. Two servers share none.
    """
    owner = settings.kept_for or account
    if not owner:
        return None
    origin = origin_of(settings.base_url)
    if settings.local:
        name = "local-" + owner.split("//")[-1].replace(":", "-")
    elif origin == origin_of(CLOUDFLARE):
        name = owner
    else:
        name = f"{owner}-{blake2b(origin.encode(), digest_size=4).hexdigest()}"
    safe = "".join(sign if sign.isalnum() or sign in "-." else "_" for sign in name)
    return folder / "records" / f"{safe}.db"


def location_of(folder: Path, settings: Settings, account: str = "") -> RecordLocation | None:
    """Where and how these settings keep a record; None where that is not clear yet."""
    policy = settings.record
    if settings.demo:
        return RecordLocation(None, policy.payloads, most_bytes=_DEMO_BYTES)
    path = record_path(folder, settings, account)
    if path is None:
        return None
    return RecordLocation(
        path, policy.payloads, most_bytes=policy.megabytes * 1_000_000, owner=owner_of(path)
    )


def owner_of(own: Path) -> str:
    """Whose a record is, as a hash of its owner's name, by the file in which their own one lies."""
    return blake2b(own.name.encode(), digest_size=8).hexdigest()


def parts_of(path: Path) -> tuple[Path, ...]:
    """The files that SQLite keeps for this one."""
    return (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal")))


def kept_of(path: Path) -> list[Path]:
    """The files that hold something of this record: its own, and those of it that were set aside."""
    aside = path.parent.glob(glob.escape(path.name) + ASIDE + "*")
    return sorted(part for part in (*parts_of(path), *aside) if part.is_file())
