"""One process that has loaded what every start of wfdash loads, and forks one that goes on from there.

Each is a process of its own, with streams, environment, folder and signals of its own, in which `main` runs
as in any other and ends the interpreter. What it is spared is Python's start and the modules that are loaded
before the first rows, which is most of what a start costs. What is loaded once it is needed is not among
them: each loads it for itself, as late as it always does.

Run as `python -m tests.support.harness.warm SOCKET`. Each order has `arguments`, `env`, `cwd` and `terminal`:
whether its descriptors are a terminal and where its leader tells what becomes of the program (see
session_leader), or the three standard streams and where its return code goes.
"""

import atexit
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from tests.support.harness import session_leader
from tests.support.harness.forking import Forker, next_order
from tests.support.harness.program import ORIGINAL, ROOT, without

__all__ = ["fits", "lead", "run"]

_LOADED = (
    "wfdash.cli.run", "wfdash.cli.dashboard", "wfdash.cli.commands.results", "wfdash.ui.app",
    "wfdash.ui.terminal.driver", "wfdash.live.budget.joined_lists", "httpcore", "anyio._backends._asyncio",
    "textual.drivers.linux_driver", "textual.pilot", "textual.layouts.factory", "wfdash.demo.http.api",
    "wfdash.demo.engine.world", "wfdash.demo.worlds.scenarios",
)  # fmt: skip
_AT_RUN = ("CLOUDFLARE_", "WFDASH_", "XDG_", "SSH_", "PYTEST_")
_OF_A_PERSON = {"HOME", "EDITOR", "TERM", "TMUX", "STY", "NO_COLOR"}
"""Variables that are read when wfdash runs. Any other may be one that Python or a library reads at first."""

Begin = Callable[[], None]


# In the process that asks.


def fits(env: Mapping[str, str]) -> bool:
    """Whether a program with this environment may begin in a process that was started with the usual one."""
    usual = _usual()
    other = {name for name in {*env, *usual} if env.get(name) != usual.get(name)}
    return all(name.startswith(_AT_RUN) or name in _OF_A_PERSON for name in other)


def _usual() -> dict[str, str]:
    return without(ORIGINAL) | {"PYTHONPATH": str(ROOT)}


def run(
    arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, input: str, seconds: float
) -> subprocess.CompletedProcess[str]:
    """`wfdash ARGUMENTS` in pipes to its end, as subprocess.run has it."""
    ours, theirs = zip(*(os.pipe()[::way] for way in (-1, 1, 1, 1)))
    feed, *outputs = ours
    try:
        pid = _parent().ask(_order(arguments, env, cwd, terminal=False), *theirs)
    finally:
        for each in theirs:
            os.close(each)
    taken, left = {each: bytearray() for each in outputs}, input.encode()
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for each in outputs:
            selector.register(each, selectors.EVENT_READ)
        selector.register(feed, selectors.EVENT_WRITE)
        while len(selector.get_map()):
            if not (ready := selector.select(max(0.0, until - time.monotonic()))):
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(arguments), seconds)
            for key, _ in ready:
                if key.fd == feed:
                    written = 0
                    with suppress(BrokenPipeError):
                        written = os.write(feed, left[:512])
                    left = left[written:] if written else b""
                    done = not left
                else:
                    data = os.read(key.fd, 65536)
                    taken[key.fd] += data
                    done = not data
                if done:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    out, err, code = (TextIOWrapper(BytesIO(taken[each]), "utf-8").read() for each in outputs)
    return subprocess.CompletedProcess(list(arguments), int(code), out, err)


class Leader:
    """The stand-in for the shell in a terminal."""

    def __init__(self, pid: int, wait: Callable[[], object] = lambda: None) -> None:
        """`wait` is called once it has ended, by whoever started it."""
        self.pid = pid
        self._wait = wait

    def end(self, *, alive: bool) -> None:
        """Ends it, unless what it tells has come to its end already."""
        if alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._wait()


def lead(arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, slave: int, status: int) -> Leader:
    """Begins `wfdash ARGUMENTS` on a terminal, behind a leader of its session."""
    return Leader(_parent().ask(_order(arguments, env, cwd, terminal=True), slave, status))


def _order(arguments: Sequence[str], env: Mapping[str, str], cwd: Path, *, terminal: bool) -> dict[str, Any]:
    return {"arguments": list(arguments), "env": dict(env), "cwd": str(cwd), "terminal": terminal}


@cache
def _parent() -> Forker:
    started = Forker("tests.support.harness.warm", _usual())
    atexit.register(started.close)
    return started


# In the process that forks, and in what it forks.


def _load() -> None:
    from wfdash.cli.terminal import take_variables
    from wfdash.libraries import load_httpx, spare

    take_variables(os.environ)  # Textual reads them when it is loaded
    spare()
    load_httpx()
    for name in _LOADED:
        import_module(name)


def _serve(orders: socket.socket) -> Begin | None:
    """Forks whatever is ordered; in what was forked it returns how that begins."""
    children: dict[int, int] = {}
    """Where the return code of each goes."""
    news, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(news, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if news in ready:
                os.read(news, 4096)
                _report_ended(children)
            if orders.fileno() in ready:
                if (line := next_order(orders)) is None:
                    break
                order, descriptors = line
                if not (child := os.fork()):
                    orders.close()
                    for each in (news, wake, *(each for each in children.values() if each >= 0)):
                        os.close(each)
                    return _lead(order, *descriptors) if order["terminal"] else _join(order, descriptors)
                children[child] = -1 if order["terminal"] else descriptors.pop()
                for each in descriptors:
                    os.close(each)
                orders.sendall(f"{child}\n".encode())
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return None


def _report_ended(children: dict[int, int]) -> None:
    while children:
        child, how = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        if (report := children.pop(child)) >= 0:
            os.write(report, f"{os.waitstatus_to_exitcode(how)}".encode())
            os.close(report)


def _join(order: dict[str, Any], descriptors: Sequence[int]) -> Begin:
    for number, each in enumerate(descriptors[:3]):
        os.dup2(each, number)
    for each in descriptors:
        os.close(each)
    return lambda: _begin(order)


def _lead(order: dict[str, Any], slave: int, status: int) -> Begin:
    """Becomes the leader of a session, and in the program that it starts returns how that begins."""
    os.setsid()
    _as_at_a_start()
    for number in range(3):
        os.dup2(slave, number)
    os.close(slave)
    if session_leader.lead(status):
        os._exit(0)
    os.close(status)
    return lambda: _begin(order)


def _as_at_a_start() -> None:
    """Signals as Python has them when it starts, whatever was set by those that forked this one."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGUSR1, signal.SIGTTOU, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _begin(order: dict[str, Any]) -> None:
    _as_at_a_start()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = [str(ROOT / "wfdash" / "__main__.py"), *order["arguments"]]
    # As Python opens them where the locale is C.UTF-8.
    modes = {
        "stdin": ("r", "surrogateescape"),
        "stdout": ("w", "surrogateescape"),
        "stderr": ("w", "backslashreplace"),
    }
    for number, (name, (mode, errors)) in enumerate(modes.items()):
        stream = open(number, mode, 1 if name == "stderr" else -1, "utf-8", errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    gc.enable()
    from wfdash.__main__ import main

    main()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c at the tests is for the tests, which then leave
    gc.disable()
    _load()
    gc.collect()
    gc.freeze()
    if begin := _serve(socket.socket(fileno=int(sys.argv[1]))):
        begin()
