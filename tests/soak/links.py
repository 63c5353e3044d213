"""`python -m tests.soak.links [MOMENT...]` cuts the link to the dashboard in every way; then it looks around.

Over a real sshd on loopback, in tmux, and on a terminal that is hung up; while the dashboard rests, asks, is
resized, or carries a batch out. Needs sshd, ssh and tmux, and a person who may start an sshd of their own.
"""

import getpass
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from tests.conftest import homes
from tests.support.harness.act import ROWS
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal
from tests.support.harness.simulator import Simulator

_JOURNAL = Path("wfdash", "actions.jsonl")
_MARK = "WFDASH_LINK"
"""A variable by which the program at the other end is found."""
_LONGEST = 30.0
_SOME = 5
"""Answers of a batch after which it is under way."""
_COLUMNS, _LINES = 140, 40


class _Sshd:
    """For this person alone: keys of its own, a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        for name in ("host", "own"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
            )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = folder / "sshd_config"
        config.write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile none\n"
            f"AuthorizedKeysFile {folder / 'own.pub'}\nStrictModes no\nPasswordAuthentication no\n"
        )
        self._process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-f", str(config)], stderr=subprocess.DEVNULL
        )
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        self.argv = ["ssh", "-tt", "-F", "/dev/null", "-i", str(folder / "own"), "-p", str(port)]
        self.argv += [word for option in options for word in ("-o", option)]
        self.argv.append(f"{getpass.getuser()}@127.0.0.1")

    def cut(self) -> None:
        """Kills what holds the connections; the program is left to notice."""
        for child in psutil.Process(self._process.pid).children(recursive=True):
            if child.name().startswith("sshd"):
                child.kill()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


def _rest(shell: Terminal, _: Path) -> None:
    shell.watch(1)


def _ask(shell: Terminal, _: Path) -> None:
    shell.press("t")
    shell.wait_for("esc cancel")


def _storm(shell: Terminal, _: Path) -> None:
    for turn in range(120):
        shell.resize(20 + turn * 37 % 200, 5 + turn * 13 % 60)
        shell.watch(0.01)


def _carry_out(shell: Terminal, journal: Path) -> None:
    """A pause of all that wait has begun, and is not over."""
    shell.press("/")
    shell.type("status:waiting")
    shell.press("enter")
    shell.watch(1)
    shell.press("*")
    # Where more match than are loaded, as on a busy machine, a panel asks which are meant.
    if "only the" in shell.wait_for(re.compile(r"marked .*\d|only the \d")).text:
        shell.press("o")
        shell.wait_for(re.compile(r"marked .*\d"))
    shell.press("p")
    shell.wait_for(", then y")
    number = shell.screen.text.partition("type ")[2].partition(",")[0]
    shell.watch(1)
    shell.type(number)
    shell.watch(1)
    shell.press("y")
    until = time.monotonic() + _LONGEST
    while _events(journal)["answered"] < _SOME:
        if time.monotonic() > until:
            raise RuntimeError(f"the batch did not begin\n{shell.picture()}")
        shell.watch(0.02)


_MOMENTS = {"at rest": _rest, "at a prompt": _ask, "in a resize storm": _storm, "in a batch": _carry_out}


def _other_end(mark: str) -> psutil.Process:
    if not (found := _programs(mark)):
        raise RuntimeError("the program at the other end is not there")
    return found[0]


def _gone_after(program: psutil.Process, cut: Callable[[], object]) -> float:
    begun = time.monotonic()
    cut()
    while time.monotonic() - begun < _LONGEST:
        if not program.is_running() or program.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.01)
    return time.monotonic() - begun


def _events(journal: Path) -> Counter[str]:
    """How many of each event stand in whole lines of the journal."""
    lines = journal.read_text("utf-8").split("\n")[:-1] if journal.exists() else []
    return Counter(json.loads(line)["event"] for line in lines)


def _programs(mark: str) -> list[psutil.Process]:
    """What runs of the program at the other end, without what started it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            words = process.cmdline()
            if process.environ().get(_MARK) == mark and words[1:3] == Program.argv()[1:3]:
                found.append(process)
    return found


def _left_behind(mark: str, state: Path, simulator: Simulator) -> str:
    events = _events(state / _JOURNAL)
    left = len(_programs(mark))
    waiting = simulator.listing("orders", status="waiting")[0]["id"]
    env = {**simulator.env, "XDG_STATE_HOME": str(state)}
    done = Program()("pause", "-w", "orders", waiting, "--yes", env=env)
    return f"journal {dict(events)}, processes left {left}, the next action exits with {done.returncode}"


def _try(way: str, moment: str, sshd: _Sshd, simulator: Simulator, folder: Path) -> str:
    mark, state = f"{way} {moment}", Path(tempfile.mkdtemp(dir=folder))
    here = (
        homes(folder) | simulator.env | {"XDG_STATE_HOME": str(state), _MARK: mark, "TERM": "xterm-256color"}
    )
    there = shlex.join(["env", *(f"{name}={value}" for name, value in here.items())])
    command = f"cd {shlex.quote(os.getcwd())} && {there} {shlex.join(Program.argv('-w', 'orders'))}"
    name = f"wfdash-links-{os.getpid()}"
    argv = {
        "ssh killed": [*sshd.argv, command],
        "sshd killed": [*sshd.argv, command],
        "tmux kill-server": ["tmux", "-L", name, "-f", "/dev/null", "new-session", command],
        "hang-up": Program.argv("-w", "orders"),
    }[way]
    shell = Terminal(argv, env=environment(**here), columns=_COLUMNS, lines=_LINES)
    try:
        shell.wait_for(ROWS)
        shell.watch(1.5)
        _MOMENTS[moment](shell, state / _JOURNAL)
        cuts: dict[str, Callable[[], object]] = {
            "ssh killed": psutil.Process(shell.pid).kill,
            "sshd killed": sshd.cut,
            "tmux kill-server": lambda: subprocess.run(["tmux", "-L", name, "kill-server"], check=True),
            "hang-up": shell.hang_up,
        }
        seconds = _gone_after(_other_end(mark), cuts[way])
        return f"gone after {seconds:.2f} s, {_left_behind(mark, state, simulator)}"
    finally:
        shell.close()


def main() -> None:
    moments = sys.argv[1:] or [*_MOMENTS]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ.update(homes(folder))
        simulator, sshd = Simulator("incident"), _Sshd(folder)
        try:
            for moment in moments:
                for way in ("ssh killed", "sshd killed", "tmux kill-server", "hang-up"):
                    print(f"{way:<18}{moment:<19}{_try(way, moment, sshd, simulator, folder)}", flush=True)
        finally:
            sshd.stop()
            simulator.stop()


if __name__ == "__main__":
    main()
