"""Screens as text that a person can read in a diff: what stands there, then in which looks."""

from difflib import unified_diff
from pathlib import Path
from typing import Any

from rich.style import Style

from tests.support.harness.dashboard import masked

__all__ = ["check_snapshot", "described"]


def described(screen: Any, *, beside: int = 0) -> str:
    """The lines of the screen; under them, line by line, the runs of cells that have a look.

    `beside` is the column of the rule between two panes: what stands right of it is left out.
    """
    lines, looks = [], []
    for number, strip in enumerate(screen._compositor.render_strips()):
        if beside and strip.text[beside : beside + 1] in ("│", "|"):
            strip = strip.crop(0, beside)
        segments = list(strip)
        lines.append(masked("".join(text for text, _, _ in segments).rstrip()))
        runs = _runs(segments)
        if runs:
            looks.append(f"{number + 1}: {', '.join(runs)}")
    return "\n".join([*lines, "-" * 20, *looks, ""])


def _runs(segments: Any) -> list[str]:
    runs: list[tuple[int, int, str]] = []
    x = 0
    for segment in segments:
        width = segment.cell_length
        look = _look(segment.style)
        if look and runs and runs[-1][1] == x and runs[-1][2] == look:
            runs[-1] = (runs[-1][0], x + width, look)
        elif look:
            runs.append((x, x + width, look))
        x += width
    return [f"{start}-{end - 1} {look}" for start, end, look in runs]


def _look(style: Style | None) -> str:
    if style is None:
        return ""
    words = [
        name for name in ("bold", "dim", "italic", "underline", "reverse", "strike") if getattr(style, name)
    ]
    for colour, prefix in ((style.color, ""), (style.bgcolor, "on ")):
        if colour is not None and not colour.is_default:
            words.append(prefix + colour.name)
    return " ".join(words)


def check_snapshot(name: str, now: str) -> None:
    """Compare with the file of this name. Without one it is written, and the test fails: look at it."""
    path = Path(__file__).parents[2] / "ui" / "snapshots" / f"{name}.txt"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
        raise AssertionError(f"{path.name} was written; look at it and run again")
    then = path.read_text(encoding="utf-8")
    if now != then:
        lines = unified_diff(then.splitlines(), now.splitlines(), path.name, "now", lineterm="", n=0)
        raise AssertionError("\n".join(lines))
