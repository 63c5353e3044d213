"""Who uses this process: for what other processes and later readers are told of it."""

import getpass
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

__all__ = ["full_name", "is_own_login", "name_of", "person", "seat", "terminal", "with_seat"]


def person() -> str:
    """`user@host` of whoever runs this process; the user's number where it has no name."""
    # A variable may hold bytes that are no UTF-8, and what is told of it is written as JSON.
    return _sound(f"{_user()}@{socket.gethostname()}")


def terminal() -> str:
    """`pts/3`; "" where there is none."""
    with suppress(OSError, AttributeError, ValueError):
        return str(Path(os.ttyname(sys.__stdin__.fileno())).relative_to("/dev")) if sys.__stdin__ else ""
    return ""


def seat(environ: Mapping[str, str] = os.environ) -> str:
    """`pts/3 from 10.0.0.7 (ana by sudo)`: what tells two people of one login apart; "" for nothing.

    What the environment says of it was true when the shell began. A terminal multiplexer may have been
    reached from elsewhere since, and whoever has the login can set it: it helps to remember, and proves
    nothing.
    """
    origin = environ.get("SSH_CONNECTION", "").partition(" ")[0]
    before = environ.get("SUDO_USER", "")
    sudo = f"({before} by sudo)" if before and before != _user() else ""
    return _sound(" ".join(filter(None, (terminal(), f"from {origin}" if origin else "", sudo))))


def name_of(who: str) -> str:
    """The user of `user@host`."""
    return who.partition("@")[0]


def is_own_login(who: str) -> bool:
    """Whether somebody is logged in by the same name as whoever uses this process."""
    return name_of(who) == name_of(person())


def full_name(who: str, seat: str) -> str:
    """`ana`; for the own login, which others may use, `root on pts/3 from 10.0.0.7`. Raw; "" of ""."""
    user = name_of(who)
    if not user or not is_own_login(who):
        return user
    return with_seat(user, seat)


def with_seat(name: str, seat: str) -> str:
    """A name with its seat: `root on pts/3`, `root from 10.0.0.7`, `root (ana by sudo)`."""
    has_terminal = seat and not seat.startswith(("from ", "("))
    return f"{name} {'on ' * bool(has_terminal)}{seat}".rstrip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
