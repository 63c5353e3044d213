"""`--debug FILE`: one JSON line a request, without headers, bodies or secrets."""

import json
import os
import stat
from pathlib import Path

from msgspec.structs import asdict

from wfdash.api.interface import Exchange
from wfdash.config.credential import Credential
from wfdash.config.plain_file import open_log
from wfdash.core.model.times import iso

__all__ = ["DebugLog"]


class DebugLog:
    """An observer that appends to a 0600 file; when that cannot be written, the line is lost and no more."""

    def __init__(self, path: Path, credential: Credential | None = None) -> None:
        self._path = path
        self._credential = credential

    def __call__(self, exchange: Exchange) -> None:
        entry = asdict(exchange) | {"at": iso(exchange.at), "milliseconds": round(exchange.milliseconds, 1)}
        line = json.dumps({key: value for key, value in entry.items() if value not in ("", None)})
        if self._credential is not None:
            line = self._credential.hide(line)
        try:
            descriptor = open_log(self._path)
            try:
                if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(descriptor).st_mode):  # never /dev/null
                    os.fchmod(descriptor, 0o600)
                os.write(descriptor, line.encode("ascii") + b"\n")
            finally:
                os.close(descriptor)
        except OSError:
            return
