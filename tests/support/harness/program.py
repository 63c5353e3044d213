"""The real wfdash as a child process, in an environment that holds nothing of the developer's own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ACCOUNT", "ORIGINAL", "ROOT", "TOKEN", "Program", "environment", "without"]

ROOT = Path(__file__).parents[3]
ORIGINAL = dict(os.environ)
"""The environment as it was found: for tools that fetch things, never for wfdash."""
TOKEN = "obviously-fake-token-of-the-wfdash-tests"
"""No output of any test may hold it: the fixtures look."""
ACCOUNT = "fa4e0000000000000000000000000000"

_CLEARED_PREFIXES = ("CLOUDFLARE_", "CF_", "WFDASH_", "TEXTUAL", "PYTEST_", "WRANGLER_", "XDG_")
_CLEARED = {
    "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLORTERM", "COLORFGBG", "TERM", "TERM_PROGRAM", "TMUX", "STY",
    "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "COLUMNS", "LINES", "ESCDELAY", "LC_ALL", "LC_CTYPE", "LANG",
    "LANGUAGE", "TZ", "EDITOR", "VISUAL", "PAGER", "BROWSER", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
    "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "PYTHONPATH", "PYTHONWARNINGS",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "OPENSSL_CONF",
    "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONHASHSEED",
    "PYTHONDONTWRITEBYTECODE",  # an installed program is not compiled anew at each start
}  # fmt: skip
_SETTLED = {"LANG": "C.UTF-8", "TZ": "UTC", "TERM": "xterm-256color"}


def without(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` less all that could change what wfdash does, plus a plain locale, zone and terminal."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _CLEARED and not name.startswith(_CLEARED_PREFIXES)
    }
    return kept | _SETTLED


def environment(**changes: str | None) -> dict[str, str]:
    """The test's environment for a child process; None removes a variable."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name, value in changes.items():
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value
    return environ


class Program:
    """Runs `wfdash ARGUMENTS` in pipes and refuses any output that holds the token."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    @staticmethod
    def argv(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "wfdash", *arguments]

    def __call__(
        self,
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        input: str = "",
        timeout: float = 300,
        cwd: Path | None = None,
        cold: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Its end. It begins warm (see tests.support.harness.warm), unless it shall not or cannot."""
        from tests.support.harness import warm  # which begins with the environment that is made here

        wanted = environment(**(env or {}))
        if cold or not warm.fits(wanted):
            done = subprocess.run(
                self.argv(*arguments),
                env=wanted,
                input=input,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=timeout,
                cwd=cwd or ROOT,
                check=False,
            )
        else:
            done = warm.run(arguments, env=wanted, cwd=cwd or ROOT, input=input, seconds=timeout)
        assert TOKEN not in done.stdout + done.stderr, "the token was printed"
        return done

    def start(
        self, *arguments: str, env: Mapping[str, str | None] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        """The program left running with its three streams piped; `close` ends what the caller did not."""
        started = subprocess.Popen(
            self.argv(*arguments),
            env=environment(**(env or {})),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=cwd or ROOT,
        )
        self._started.append(started)
        return started

    def close(self) -> None:
        """Ends all that still runs: its open pipes would fail another test than the one that left them."""
        for process in self._started:
            with process:
                if process.poll() is None:
                    process.kill()
