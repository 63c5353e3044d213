"""The page of workflows held against the API: rates, ages, counts and what stands beside them."""

import re
from collections.abc import Callable, Sequence

from tests.watch.listing import Account, Listing
from tests.watch.spans import AGE, age_span, near
from tests.watch.steps import Record
from tests.watch.tally import Tally

__all__ = ["compare_workflows"]

_BEHIND = 75.0
"""Seconds by which the rows of a workflow may be behind: each costs a request a minute."""
_AGED = re.compile(r"(?:as of |stale, )(\d+) ([smh])")
_UNIT_OF = {"s": 1, "m": 60, "h": 3600}
_UNIT = {"s": 10.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RATE = re.compile(r"^(?:(\d+(?:\.\d)?) %|(\d+)/(\d+)|(\d+) of (\d+)) (\d+)([smhd])$")
_COUNTS = {"ERRORED": ("errored",), "RUNNING": ("running", "rollingBack"), "WAITING": ("waiting",),
           "QUEUED": ("queued",), "COMPLETE": ("complete",)}  # fmt: skip
_FAILURE = re.compile(rf"│   ✗ (?P<id>\S+) +(?P<age>{AGE})(?:  (?P<error>\S+)(?: at \"(?P<step>.+?)\")?)?")
_OPEN = re.compile(
    rf"│   (?P<glyph>[…●◌‖◐↺]) (?P<id>\S+) +(?P<age>{AGE})  (?P<status>\w+)"
    rf"(?:, listed (?P<listed>{AGE}) ago)?"
)


def compare_workflows(
    lines: Sequence[str],
    at: float,
    account: Account,
    counted: Callable[[str, str, float], tuple[int, int]],
    tally: Tally,
) -> bool:
    """Whether it was that page; `counted` gives the least and the most of a workflow's status of late.

    Its header says how many seconds old the page is, which `counted` goes back by as well.
    """
    heading = next((line for line in lines if line.startswith("  WORKFLOW")), None)
    if heading is None:
        return False
    names = account.workflows()
    aged = _AGED.search(lines[0])
    behind = int(aged[1]) * _UNIT_OF[aged[2]] if aged else 0
    top = ""
    for line in lines[lines.index(heading) + 1 :]:
        name = line[2:].split(" ")[0]
        if line.startswith("── ") or name not in names:
            break
        top = top or name
        _compare_row(
            line,
            heading,
            at,
            account.listing(name),
            lambda status, of=name: counted(of, status, behind),
            tally,
        )
    chosen = next(
        (line.split()[1] for line in lines if re.match(r"^── \S+ · .*, drawn since \d\d:\d\d", line)), top
    )
    if chosen in names:
        _compare_beside(lines, at, account.listing(chosen), tally)
    return True


def _cell(line: str, heading: str, title: str) -> str:
    """Right-aligned below its title."""
    end = heading.find(title) + len(title)
    start = max(heading.rfind(each, 0, end - len(title)) + len(each) for each in _TITLES)
    return line[max(start, 0) : end].strip()


_TITLES = ("WORKFLOW", "FAILED IN", "BEFORE", "LAST HOUR", "LAST FAIL", "OLDEST", "ERRORED", "RUNNING",
           "WAITING", "QUEUED", "PAUSED", "COMPLETE", "NEXT CRON")  # fmt: skip


def _compare_row(
    line: str,
    heading: str,
    at: float,
    listing: Listing,
    counted: Callable[[str], tuple[int, int]],
    tally: Tally,
) -> None:
    what = line.split("│")[0].strip()
    for title, statuses in _COUNTS.items():
        cell = _cell(line, heading, title).split(" ")[0] if title in heading else ""
        if re.fullmatch(r"[\d,]+", cell):
            spans = [counted(status) for status in statuses]
            least, most = sum(span[0] for span in spans), sum(span[1] for span in spans)
            number = int(cell.replace(",", ""))
            if most >= least:
                tally.note("workflow counts", least <= number <= most, f"{what}: {title} {least} to {most}")
    if (rate := _RATE.match(_cell(line, heading, "FAILED IN"))) is not None:
        _compare_rate(rate, listing, at, what, tally)
    failed = [row["ended"] for row in listing.ended(0.0, at + 1, "errored")]
    last = _cell(line, heading, "LAST FAIL")
    if re.fullmatch(AGE, last):
        span = age_span(last)
        before = [moment for moment in failed if near(at - moment, (span[0], span[1] + _BEHIND))]
        tally.note("last fail", bool(before), f"{what}: the API {at - max(failed, default=0.0):.0f} s ago")
    oldest = _cell(line, heading, "OLDEST")
    births = [
        min((row["created"] for row in listing.open_at(at - back)), default=None)
        for back in range(0, int(_BEHIND), 3)
    ]
    # With a question mark it is that of a while ago, which is all that it says.
    if re.fullmatch(f">?{AGE}", oldest) and listing.floor == float("-inf"):
        least, most = age_span(oldest.lstrip(">"))
        most = float("inf") if oldest.startswith(">") else most
        right = any(birth is not None and near(at - birth, (least, most)) for birth in births)
        tally.note(
            "oldest", right, f"{what}: the API {[birth and round(at - birth) for birth in births[::5]]}"
        )


def _compare_rate(said: re.Match[str], listing: Listing, at: float, what: str, tally: Tally) -> None:
    """Since some moment of the unit that it names, as they ended or as they outlived the failures."""
    unit = _UNIT[said[7]]
    span = int(said[6]) * _UNIT[said[7]] if said[7] != "s" else float(said[6])
    rates = []
    for step in range(25):
        since = at - span - unit * step / 24
        if since < listing.floor:
            return
        for until in (at, at - _BEHIND):
            failed = len(listing.ended(since, until, "errored"))
            ended = len(listing.ended(since, until, "errored", "complete"))
            outlived = [row for row in listing.open_at(until) if row["created"] >= since]
            rates += [(failed, ended), (failed, ended + len(outlived))]
    if said[1]:
        shares = [100 * failed / ended for failed, ended in rates if ended] or [0.0]
        right = min(shares) - 4 <= float(said[1]) <= max(shares) + 4
        tally.note("workflow rate", right, f"{what}: the API {min(shares):.0f} to {max(shares):.0f} %")
        return
    failed, ended = int(said[2] or said[4]), int(said[3] or said[5])
    most = max(rate[0] for rate in rates), max(rate[1] for rate in rates)
    right = failed <= most[0] and ended <= most[1]
    tally.note("workflow rate", right, f"{what}: the API at most {most}")


def _compare_beside(lines: Sequence[str], at: float, listing: Listing, tally: Tally) -> None:
    rows: dict[str, Record] = {row["id"]: row for row in listing.rows}
    for line in lines:
        if (failure := _FAILURE.search(line)) and failure["id"] in rows:
            row = rows[failure["id"]]
            right = row["status"] == "errored" and near(at - (row["ended"] or 0.0), age_span(failure["age"]))
            tally.note(
                "latest failure", right, f"{failure[0]}: {row['status']} {at - (row['ended'] or 0):.0f}"
            )
        elif (found := _OPEN.search(line)) and found["id"] in rows:
            row = rows[found["id"]]
            ended = row["ended"] or at + 1
            back = _BEHIND + (age_span(found["listed"])[1] if found["listed"] else 0.0)
            right = near(at - row["created"], age_span(found["age"])) and ended > at - back
            tally.note("open longest", right, f"{found[0]}: {row['status']} {at - row['created']:.0f}")
