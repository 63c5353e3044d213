"""Who uses this process: for what other processes and later readers are told of it."""

import getpass
import os
import socket

__all__ = ["person"]


def person() -> str:
    """`user@host`; the number of the user where it has no name."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = str(os.getuid()) if hasattr(os, "getuid") else ""
    # A variable may hold bytes that are no UTF-8, and what is told of it is written as JSON.
    return f"{user}@{socket.gethostname()}".encode("utf-8", "replace").decode()
