"""Copying through the terminal: OSC 52, wrapped where a multiplexer stands between; else a file.

A terminal never says whether it took the text, so the sentence returned says what was done and no more.
"""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from wfdash.core.text.clean import clean
from wfdash.core.text.words import count

__all__ = ["copy_text", "osc52"]

LIMIT = 74_000
"""Bytes of base64 that xterm takes at most, a little less."""
_SCREEN_CHUNK = 700
"""GNU screen drops a longer string between its own escapes."""


def copy_text(
    text: str, *, write: Callable[[str], None], environ: Mapping[str, str], folder: Path, name: str
) -> str:
    """Copies `text`, control characters made visible, and says by which road; `write` is the terminal's."""
    safe = "\n".join(clean(line) for line in text.split("\n"))
    summary = f"{name}, {count(len(safe))} characters"
    if safe != text:
        summary += ", control characters made visible"
    if _local_copy(safe, environ):
        return f"copied {summary}"
    encoded = base64.b64encode(safe.encode()).decode()
    if len(encoded) > LIMIT or environ.get("TERM", "") == "linux":
        return _to_file(safe, folder, summary)
    write(osc52(encoded, environ))
    if not environ.get("TMUX"):
        return f"sent to the terminal: {summary}"
    passes = _tmux_passes(environ)
    if passes is False:  # it throws it away, and nobody would know until they paste
        return f"{_to_file(safe, folder, summary)}; set-clipboard on in tmux.conf lets a copy through"
    needs = "" if passes else " (needs set-clipboard or allow-passthrough on)"
    return f"sent to the terminal through tmux: {summary}{needs}"


def osc52(encoded: str, environ: Mapping[str, str]) -> str:
    """The sequence that sets the clipboard to this base64, for the terminal or multiplexer at hand."""
    plain = f"\x1b]52;c;{encoded}\x07"
    if environ.get("TMUX"):
        passed = plain.replace("\x1b", "\x1b\x1b")
        # Both: tmux takes the first with set-clipboard, the terminal behind it the second with passthrough.
        return f"{plain}\x1bPtmux;{passed}\x1b\\"
    if environ.get("STY") or environ.get("TERM", "").startswith("screen"):
        chunks = [plain[at : at + _SCREEN_CHUNK] for at in range(0, len(plain), _SCREEN_CHUNK)]
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return plain


def _tmux_passes(environ: Mapping[str, str]) -> bool | None:
    """Whether tmux hands a copy on to the terminal, as it is set here; None where it does not say."""
    ask = ["tmux", "display-message", "-p", "#{set-clipboard} #{allow-passthrough}"]
    child = {name: environ[name] for name in ("PATH", "TMUX", "TMUX_PANE") if name in environ}
    try:
        done = subprocess.run(ask, env=child, stdin=subprocess.DEVNULL, capture_output=True, timeout=0.5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    clipboard, _, passthrough = done.stdout.decode("utf-8", "replace").strip().partition(" ")
    if done.returncode or clipboard not in ("on", "external", "off"):
        return None
    # With `external` tmux sets the clipboard itself alone. Before 3.3 it asked nobody about passthrough.
    return True if clipboard == "on" or passthrough in ("on", "all", "1") else False if passthrough else None


def _local_copy(text: str, environ: Mapping[str, str]) -> bool:
    """Copies with macOS' own tool on a Mac at hand; whether it did. Terminal.app takes no OSC 52."""
    tool = shutil.which("pbcopy") if sys.platform == "darwin" and not environ.get("SSH_CONNECTION") else None
    if tool is None:
        return False
    # Some characters cannot be encoded for the tool; the file is then the road.
    child = {"PATH": environ.get("PATH", ""), "LC_CTYPE": "UTF-8"}
    try:
        done = subprocess.run([tool], input=text.encode("utf-8", "replace"), env=child, timeout=2)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _to_file(text: str, folder: Path, summary: str) -> str:
    path = folder / "copied.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        return f"not copied: {error.strerror or error} ({path})"
    return f"wrote {summary}, to {path}"
