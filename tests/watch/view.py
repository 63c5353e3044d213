"""The dashboard's list at one moment, read off the screen: header, rows, and the detail beside them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.watch.spans import AGE

__all__ = ["Detail", "Row", "View", "list_age", "read_view"]

GLYPHS = {"…": "queued", "●": "running", "◌": "waiting", "‖": "paused", "◐": "waitingForPause",
          "↺": "rollingBack", "✓": "complete", "✗": "errored", "■": "terminated"}  # fmt: skip
_COUNT = re.compile(r"([…●◌‖◐↺✓✗■]) ?([\d,]+)(?= |$)")
_AS_OF = re.compile(r"(?:as of |▲ (?:\w+ )?stale, |‖ frozen, )?(?:now|(\d+) (s|m|h)(?: old)?)")
_TITLE = re.compile(r"^ ([^ ]) (\S+) +(.+?)  +(?:(?:STALE )?as of (\S+)|final, read .*|reading …|not read)$")
_OF = {"s": 1, "m": 60, "h": 3600}


@dataclass
class Row:
    identity: str
    status: str
    age: str
    took: str
    why: str
    faint: bool
    """Drawn as what was read long ago, or as a ghost."""
    behind: bool
    """All of it drawn so: the lists of late did not hold it."""


@dataclass
class Detail:
    identity: str
    status: str
    age: str
    """How old it says it is; "" for a final one."""
    sentence: str


@dataclass
class View:
    list_age: float
    """Seconds since the list was read, as the header says."""
    counts: dict[str, int]
    counted: str
    """How long ago the counts were told, where the header says so."""
    rows: list[Row]
    detail: Detail | None


def read_view(lines: Sequence[str], faint_at) -> View | None:
    """None while the screen is not a list. `faint_at(line, column)` tells how a cell is drawn."""
    heading = next((at for at, line in enumerate(lines) if "STATUS" in line and "BLOCKED ON" in line), None)
    if heading is None or not _aged(lines[0]):
        return None
    columns = {name: lines[heading].find(name) for name in ("STATUS", " ID", "AGE", "BLOCKED ON")}
    if -1 in columns.values():
        return None
    rule = lines[heading].find("│")
    right = rule if rule > 0 else len(lines[heading])
    third = next((lines[heading].find(n) for n in ("VERSION", "TRIGGER") if n in lines[heading]), right)
    rows = []
    for at, line in enumerate(lines[heading + 1 : -1], heading + 1):
        if line[2] not in GLYPHS and line[2] != "?":
            continue
        why_at = columns["BLOCKED ON"]
        id_at = columns[" ID"] + 1
        identity, _, rest = line[id_at:why_at].partition(" ")
        numbers = rest.split()
        status = line[4:id_at].strip()
        why = line[why_at : min(right, third)].strip()
        age, took = [*numbers, "", ""][:2]
        rows.append(
            Row(identity, status, age, took, why, bool(why) and faint_at(at, why_at + 1), faint_at(at, id_at))
        )
    counts = {GLYPHS[glyph]: int(number.replace(",", "")) for glyph, number in _COUNT.findall(lines[0])}
    beside = [line[rule + 1 :] for line in lines[heading:-1]] if rule > 0 else []
    dated = re.search(rf" ({AGE}) ago   ", lines[0])
    return View(list_age(lines[0]), counts, dated[1] if dated else "", rows, _detail(beside))


def _aged(header: str) -> re.Match[str] | None:
    return _AS_OF.search(header.split("as of" if "as of" in header else "·")[-1])


def list_age(header: str) -> float:
    """Seconds since the list was read, as the first line of any page says."""
    aged = _aged(header)
    return int(aged[1]) * _OF[aged[2]] if aged is not None and aged[1] else 0


def _detail(lines: Sequence[str]) -> Detail | None:
    if not lines or (found := _TITLE.match(lines[0].strip("\n").rstrip().replace("  ", " ", 1))) is None:
        return None
    seen = []
    for line in lines[1:]:
        if not line.strip() or re.match(
            r"^ *(queued|started|created|ended|params|over) ", line.strip() + " "
        ):
            break
        seen.append(line.strip())
    sentence = " ".join(seen)
    if re.match(r"^ *(started|queued) \d", sentence):
        sentence = ""
    return Detail(found[2], found[3].strip(), found[4] or "", sentence)
