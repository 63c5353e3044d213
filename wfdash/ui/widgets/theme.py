"""What a status looks like: glyph, word and colour, each sufficient alone; and the same screen in ASCII.

Colours are the terminal's own sixteen. Every glyph is one cell, no emoji, and has one ASCII stand-in, put in
by the app's last line filter: widgets always draw the glyphs.
"""

from functools import lru_cache
from typing import Final

from msgspec import Struct
from rich.style import Style

__all__ = [
    "ACCENT",
    "ASCII",
    "BAD",
    "CHANGED",
    "CURSOR",
    "CURSOR_AWAY",
    "GHOST",
    "HEADING",
    "PLAIN",
    "QUIET",
    "STRONG",
    "WARN",
    "Look",
    "clicked",
    "look",
]

PLAIN: Final = Style.null()
QUIET: Final = Style(dim=True)
STRONG: Final = Style(bold=True)
HEADING: Final = Style(dim=True)
"""Column titles."""
BAD: Final = Style(color="red", bold=True)
"""Only where a person must look."""
WARN: Final = Style(color="yellow")
ACCENT: Final = Style(color="cyan", bold=True)
CURSOR: Final = Style(reverse=True)
"""Laid over the cursor's row in the pane that has the keys."""
CURSOR_AWAY: Final = Style(bold=True, underline=True)
"""Laid over the cursor's row in a pane that does not."""
GHOST: Final = Style(dim=True, strike=True)
"""A row that is not in the list any more and waits for the next key."""
CHANGED: Final = Style(bold=True)


@lru_cache(200)
def clicked(does: str, what: str) -> Style:
    """The style of text that does something when it is clicked.

    It may `press` an action's key, `sort` by a column, show what is in a `status`, or only say a sentence
    (`says`).
    """
    return Style.from_meta({does: what})


class Look(Struct, frozen=True):
    glyph: str
    style: Style


_LOOKS: Final = {
    "queued": Look("…", Style(dim=True)),
    "running": Look("●", Style(color="green")),
    "waiting": Look("◌", Style(color="cyan")),
    "paused": Look("‖", Style(color="yellow")),
    "waitingForPause": Look("◐", Style(color="yellow")),
    "rollingBack": Look("↺", Style(color="magenta")),
    "complete": Look("✓", Style.null()),
    "errored": Look("✗", Style(color="red", bold=True)),
    "terminated": Look("■", Style(color="magenta")),
}
_UNKNOWN: Final = Look("?", Style(bold=True))


def look(status: str) -> Look:
    """How an instance status is drawn; a status the API has only lately learnt gets a neutral look."""
    return _LOOKS.get(status, _UNKNOWN)


ASCII: Final = str.maketrans(
    {
        # What programs print most, though no part of the dashboard draws it; as wide as it is.
        "✔": "+",
        "☑": "+",
        "✅": "+ ",
        "✘": "x",
        "✖": "x",
        "❌": "x ",
        "⚠": "!",
        "ℹ": "i",
        "➜": ">",
        "␊": "$",
        "␛": "^",
        "❯": ">",
        "„": '"',
        "…": "~",
        "●": "*",
        "◌": "o",
        "○": "o",
        "‖": "=",
        "◐": "%",
        "◑": "%",
        "↺": "<",
        "↻": "@",
        "✓": "+",
        "✗": "x",
        "■": "#",
        "□": "-",
        "▶": ">",
        "▸": ">",
        "▾": "v",
        "▴": "^",
        "▲": "^",
        "▼": "v",
        "◆": "!",
        "◇": "?",
        "←": "<",
        "→": ">",
        "↑": "^",
        "↓": "v",
        "↳": "`",
        "⏎": "$",
        "·": ".",
        "•": "!",
        "≈": "~",
        "×": "x",
        "–": "-",
        "—": "-",
        "−": "-",
        "│": "|",
        "┃": "|",
        "║": "|",
        "─": "-",
        "━": "=",
        "═": "=",
        "┄": "-",
        "┆": ":",
        "┊": ":",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "├": "+",
        "┤": "+",
        "┬": "+",
        "┴": "+",
        "┼": "+",
        "╌": "-",
        "╎": "'",
        "▏": "|",
        "▎": "|",
        "▍": "|",
        "▌": "|",
        "▕": "|",
        "█": "#",
        "▇": "#",
        "▆": "#",
        "▅": "#",
        "▄": "=",
        "▃": "_",
        "▂": "_",
        "▁": "_",
        "▓": "#",
        "▒": "%",
        "░": ":",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "\N{NO-BREAK SPACE}": " ",
    }
)
"""Every glyph the screens draw, to one ASCII character."""
