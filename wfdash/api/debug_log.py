"""`--debug FILE`: one JSON line a request, without headers, bodies or secrets."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from wfdash.api.interface import Exchange
from wfdash.core.moment import iso
from wfdash.credentials import Credential

__all__ = ["DebugLog"]


class DebugLog:
    """An observer that appends to a 0600 file; when that cannot be written, the log ends and no more.

    Raises OSError when the file cannot be opened at all.
    """

    def __init__(self, path: Path, credential: Credential | None = None) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        self._file: TextIO | None = open(descriptor, "a", encoding="ascii")  # noqa: SIM115
        self._credential = credential

    def __call__(self, exchange: Exchange) -> None:
        if self._file is None:
            return
        entry = asdict(exchange) | {"at": iso(exchange.at), "milliseconds": round(exchange.milliseconds, 1)}
        line = json.dumps({key: value for key, value in entry.items() if value not in ("", None)})
        if self._credential is not None:
            line = self._credential.hide(line)
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError:
            self._file = None
