"""What a program wrote to a terminal, taken apart: the control sequences it may use, and all the rest."""

import base64
import re

__all__ = ["clipboards", "strange"]

_OURS = re.compile(
    r"""\x1b(?:
      \[(?:[\d;]{0,24})m                                            # colours and attributes
    | \[\d{1,3};\d{1,3}H                                            # the cursor's place
    | \[2?K | \[\d{1,3}[GX]                                          # blanks, and what stands behind them
    | \[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048)[hl] # modes
    | \[\?\d+\$p | \[>\d{1,2}u | \[<u                               # what the terminal can do
    | \[2[23];2t | \]2;wfdash[\w:. ]*\x07                           # the title
    | \]22;default\x07                                              # the pointer's shape
    | \]52;c;[\w+/=]*\x07                                           # the clipboard
    )""",
    re.VERBOSE,
)
_CLIPBOARD = re.compile(r"\x1b\]52;c;([\w+/=]*)\x07")


def strange(written: bytes) -> list[str]:
    """What is neither one of wfdash's own sequences nor printable text, with a little of what follows.

    A number above 999 in a sequence is nobody's own: a hostile one can be told by it.
    """
    text = written.decode("utf-8", "surrogateescape")
    found = []
    for part in _OURS.split(text):
        found += [
            ascii(part[m.start() : m.start() + 40])
            for m in re.finditer(r"[^\r\n]", part)
            if not m[0].isprintable()
        ]
    found += [
        ascii(m[0])
        for m in _OURS.finditer(text)
        if re.search(r"\d{4}", m[0]) and "[?" not in m[0] and "]52" not in m[0]
    ]
    return found


def clipboards(written: bytes) -> list[str]:
    """What the terminal was asked to put on the clipboard."""
    return [base64.b64decode(m[1]).decode() for m in _CLIPBOARD.finditer(written.decode("utf-8", "replace"))]
