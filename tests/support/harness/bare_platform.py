"""Runs wfdash where what only Unix has is not there: `python -m` this module, then wfdash's arguments."""

import asyncio
import os
import signal
import sys

_MODULES = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource")
_SIGNALS = ("SIGHUP", "SIGTSTP", "SIGCONT", "SIGQUIT", "SIGWINCH", "SIGUSR1", "SIGUSR2", "SIGALRM")
_FUNCTIONS = (
    "fchmod",
    "fchown",
    "pread",
    "pwrite",
    "getuid",
    "geteuid",
    "getpgrp",
    "getpgid",
    "killpg",
    "setsid",
    "mkfifo",
    "ttyname",
    "tcgetpgrp",
    "getloadavg",
    "sysconf",
    "uname",
    "chown",
    "lockf",
    "O_NOFOLLOW",
    "O_NONBLOCK",
    "O_CLOEXEC",
)


def take_away() -> None:
    """Leave what Windows has. What the standard library needs itself is loaded, or kept by it, before."""
    import platform
    import tempfile  # noqa: F401

    import platformdirs  # noqa: F401  # it has a module for each platform, and takes this one's

    platform.platform()

    def add_signal_handler(*_: object) -> None:
        raise NotImplementedError

    asyncio.SelectorEventLoop.add_signal_handler = add_signal_handler
    for name in _MODULES:
        sys.modules[name] = None
    for name in _SIGNALS:
        delattr(signal, name)
    for name in _FUNCTIONS:
        delattr(os, name)


if __name__ == "__main__":
    take_away()
    from wfdash.__main__ import main

    main()
