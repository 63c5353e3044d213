"""Every test starts from nothing: no credential, no setting and no home of the person who runs it."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

from tests.support.harness.program import ORIGINAL, without

# Rewriting each assert takes a process 7 s, and with this variable set it would do so at each run.
sys.dont_write_bytecode = False

TIERS = {
    "unit": "api cases cli config core demo keymap test_architecture.py test_loading.py",
    "app": "demo/worlds live ui",
    "real": "bench cli/commands cli/test_bare_platform.py contract demo/http engine faults terminal"
    " test_readme.py watch",
}
"""What `-m` selects: folders and files; the nearest that holds a test is its tier."""
_TIER_OF = {Path(__file__).parent / place: tier for tier, places in TIERS.items() for place in places.split()}

# How long an example took says how busy the machine is, and nothing of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_MOST_GROWN = 80_000_000
"""Bytes by which a worker has grown since the last look through what is frozen."""
_kept = {"bytes": 0}

_homes = count()
_HOME = Path(tempfile.mkdtemp(prefix="wfdash-tests-"))


def homes(folder: Path) -> dict[str, str]:
    """The variables that say where a person's files are, all below `folder`."""
    return {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
    }


# Before anything imports textual, which reads its variables once.
_plain = without(ORIGINAL) | homes(_HOME)
for _name in set(os.environ) - set(_plain) - {"PYTEST_CURRENT_TEST", "PYTEST_VERSION"}:
    if not _name.startswith("PYTEST_"):
        del os.environ[_name]
os.environ.update(_plain)

if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    # Under nohup each program that a test starts would rightly ignore it; with a handler here it does not.
    signal.signal(signal.SIGHUP, lambda *_: None)
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # and so in the background of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)

from tests.support.harness.program import Program  # noqa: E402
from tests.support.harness.pty import OpenTerminal  # noqa: E402
from tests.support.harness.simulator import Simulator  # noqa: E402


@cache
def tier(path: Path) -> str | None:
    return next((_TIER_OF[place] for place in (path, *path.parents) if place in _TIER_OF), None)


def pytest_configure() -> None:
    for path in Path(__file__).parent.rglob("test_*.py"):
        if tier(path) is None:
            raise pytest.UsageError(f"{path} has no tier: add its folder to TIERS in {__file__}")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What collecting makes stays: to look through it meanwhile for garbage was a sixth of it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Of a tier that runs alone the files of the others need not be imported: Textual takes a second."""
    wanted = config.getoption("markexpr")
    if wanted not in TIERS or not collection_path.name.startswith("test_") or collection_path.is_dir():
        return None
    return tier(collection_path) != wanted or None


def pytest_itemcollected(item: pytest.Item) -> None:
    if marker := tier(item.path):
        item.add_marker(marker)


def pytest_collection_finish() -> None:
    """What was imported and collected stays, and an app leaves much that lives and little that is garbage:
    to look through it as often as Python does was a sixth of what the tests of the app computed."""
    gc.set_threshold(20_000, 20, 20)
    _forget_frozen()


def pytest_runtest_logfinish() -> None:
    """Each app freezes what it finds, as a dashboard does once it has loaded, and in one process the garbage
    of the last app is among it: a worker grew to 3 GB. To look through it after every test doubled the time
    of many; seldom, no difference is seen."""
    if (left := sys.modules.get("tests.support.harness.afterwards")) is not None:
        left.take_apart()
    if (text := sys.modules.get("wfdash.core.text.clean")) is not None:
        text._masks.clear()  # the credentials of tests before would be looked for in every text
    # Not by how many are frozen: to count them takes a tenth of a second of a million.
    if _resident() - _kept["bytes"] > _MOST_GROWN:
        gc.unfreeze()
        _forget_frozen()


def _forget_frozen() -> None:
    gc.collect()
    gc.freeze()
    _kept["bytes"] = _resident()


def _resident() -> int:
    """Bytes that this worker holds."""
    return psutil.Process().memory_info().rss


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def _own_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a home of its own, so that no journal or config of one is seen by the next."""
    # Most need no folder: to find a name for another among thousands was a third of what they took.
    folder = _HOME / str(next(_homes))
    if "tmp_path" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path") / "home"
    for name, value in homes(folder).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def still() -> Iterator[Simulator]:
    """A simulator whose clock stands: nothing happens in it unless the test makes it."""
    started = Simulator("calm", stopped=True)
    yield started
    started.stop()


@pytest.fixture
def program() -> Iterator[Program]:
    """`program("list", "-w", "orders")` runs wfdash in pipes and gives the finished process."""
    runner = Program()
    yield runner
    runner.close()


@pytest.fixture
def terminal(program: Program) -> Iterator[OpenTerminal]:
    """`terminal("demo", columns=80, lines=24)` runs wfdash on a terminal; all are ended after the test."""
    opener = OpenTerminal(program.argv)
    yield opener
    opener.close()
