"""What the history page says in words and numbers, held against the rows that the API lists."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil

from tests.watch.listing import Account, Listing
from tests.watch.spans import Slack, brief_span, spoken_span, worded_clock
from tests.watch.tally import Tally
from tests.watch.view import list_age

__all__ = ["HistoryPage"]

_COUNTED = 45.0
"""The same of how many there are in all."""
_MOMENT = re.compile(
    r"^  (\d\d:\d\d) to (\d\d:\d\d)  "
    r"(?:(?:so far )?(\d+(?:\.\d+)?) % failed, ([\d,]+) of ([\d,]+)"
    r"|(?:nothing|none of those loaded so far) completed or failed)"
)
_PARTS = re.compile(
    r"^  ([\d,]+) created(?: · ([\d,]+) under way, ([\d,]+) queued)?"
    r"(?: · half took (\S+) or less)?(?:, 95 of 100 (\S+) or less)?"
    r"(?: · by analytics up to ([\d:]{5}))?"
)
_FARED = re.compile(
    r"^  (?P<version>\w{8})  (?:since (?P<since>.+?)|of [\d-]{10})  +(?:so far )?(?P<rate>\d+) % failed, "
    r"(?P<bad>[\d,]+) of (?P<all>[\d,]+)"
)
_LOADED = re.compile(r"^ ([\d,]+) of ([\d,]+) loaded, back to ([^\s,]+(?: [\d:]{5})?)")
_ROSE = re.compile(
    r"errors (?:rose|fell) from (\d+) % to (\d+) % at (\d\d:\d\d)(?:, (\d+) m (after|with) version (\w{8}))?"
)
_LEFT = re.compile(r" · as read at ([\d:]+)")
_SO_FAR = re.compile(r"^ FAILED +(?:since ([\d:]{5}) )?([\d,]+) of ([\d,]+) (?:that ended )?failed so far")
_AT_ONCE = 3_000
_VISIT = 60.0
"""Seconds that screens wait for each other at most."""
_MOST = 40_000
"""Rows that are listed to be held against a page that rests on so many."""
_WITHIN = re.compile(r"open ones read within (\d+ [dhm](?: \d+ [hm])?)")
_HARDLY = 30.0
"""Seconds by which they may be behind where that is not said: one slow list, and this reader's own."""
_LATELY = 15.0
"""Seconds before now up to which the page counts as of now."""
_BETWEEN = 5.0
"""Seconds from a list of rows to what its answer changes on this page."""
_APART = re.compile(
    r"^ FAILED +(?P<failed>[\d,]+) of (?P<ended>[\d,]+) that ended failed: (?P<own>[\d,]+) of (?P<of>[\d,]+)"
    r" under version \w{8}, (?P<bad>[\d,]+) of (?P<all>[\d,]+) under others"
)
_FROM = re.compile(r"changes the span \(now [^)]*\), from ([\d:]{5})(?=[\s,]|$)")
_ENDED = re.compile(r"^ ENDED +([\d,]+) created, (at least )?([\d,]+) ended(?: up to ([\d:]{5}))?")


class HistoryPage:
    """Screens of that page wait for each other where it rests on many rows: one listing, later than all of
    them, serves all, since each row says when it came and ended."""

    def __init__(self, account: Account, workflow: str) -> None:
        self._account, self._workflow = account, workflow
        self._waiting: list[tuple[Sequence[str], float]] = []

    def compare(self, lines: Sequence[str], at: float, tally: Tally) -> bool:
        """Whether it was that page; each statement on it is counted, now or with the others of a visit."""
        is_page = any(line.startswith(" TOOK") for line in lines) and "WORKFLOW" not in lines[1]
        if self._waiting and (not is_page or at - self._waiting[0][1] > _VISIT):
            self.compare_waiting(tally)
        if is_page and _rows_of(lines) > _AT_ONCE:
            self._waiting.append((lines, at))
        elif is_page:
            _compare(lines, at, self._account, self._workflow, tally)
        return is_page

    def compare_waiting(self, tally: Tally) -> None:
        """Holds all that wait against one listing."""
        self._account.forget(self._workflow)
        screen = tally.screen
        for lines, at in self._waiting:
            tally.screen = lines
            _compare(lines, at, self._account, self._workflow, tally)
        self._waiting, tally.screen = [], screen


def _rows_of(lines: Sequence[str]) -> int:
    """How many the page says that it rests on."""
    return next((_int(said[1]) for line in lines if (said := _LOADED.match(line))), 0)


def _compare(lines: Sequence[str], at: float, account: Account, workflow: str, tally: Tally) -> None:
    # Opened again it stands as it was left, and says when that was.
    at = next((_clock_at(said[1], at) for line in lines if (said := _LEFT.search(line))), at)
    listing = _loaded(lines, at, account, workflow)
    if listing is None:
        for line, below in zip(lines, [*lines[1:], ""], strict=True):
            if (found := _MOMENT.match(line)) and (parts := _PARTS.match(below)):
                _compare_created(found, parts, account, workflow, at, tally)
        return
    behind, left = _behind(lines), _left_edge(lines)
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if (found := _MOMENT.match(line)) and (parts := _PARTS.match(below)) and "by analytics" in below:
            _compare_created(found, parts, account, workflow, at, tally)
        elif found:
            _compare_moment(found, _PARTS.match(below), listing, at, behind, tally)
        elif found := _FARED.match(line):
            _compare_version(found, listing, at, behind, tally)
        elif found := _LOADED.match(line):
            back = max(_LATELY, list_age(lines[0]) + _BETWEEN)
            totals = account.totals(workflow, at - _COUNTED, at + 1)
            _compare_loaded(found, listing, totals, at, back, tally)
        elif found := _ENDED.match(line):
            _compare_ended(found, listing, at, behind, left, tally)
        elif found := _SO_FAR.match(line):
            _compare_so_far(found, listing, at, tally)
        elif found := _APART.match(line):
            right = _int(found["own"]) + _int(found["bad"]) == _int(found["failed"])
            right = right and _int(found["of"]) + _int(found["all"]) == _int(found["ended"])
            tally.note("history apart", right, found[0].strip())
        elif line.startswith(" FAILED") and (found := _ROSE.search(line)) and found[6]:
            deployed = account.versions(workflow).get(found[6], 0.0)
            right = 0 <= int(found[4]) * 60 + 59 >= _at(found[3], at) - deployed >= -60
            tally.note("history rise", right, f"{line.strip()}, deployed {worded_clock(deployed, at)}")


def _left_edge(lines: Sequence[str]) -> str:
    """The time of day at which the charts begin, where a line says it or the first label stands there."""
    for above, line in pairwise(lines):
        if said := _FROM.search(line):
            return str(said[1])
        if above.startswith("       └┴") and (said := re.match(r"   UTC  ([\d:]{5})", line)):
            return str(said[1])
    return ""


def _loaded(lines: Sequence[str], at: float, account: Account, workflow: str) -> Listing | None:
    """All that the page says it rests on; None where that is too much to be listed beside it."""
    listing = account.listing(workflow)
    said = next((found for line in lines if (found := _LOADED.match(line))), None)
    if said is None or (listing.floor == float("-inf") and "so far" not in "".join(lines)):
        return listing
    if not re.fullmatch(r"\d\d:\d\d(:\d\d)?", said[3]):
        return None if listing.floor > float("-inf") else listing
    back = _at(said[3], at)
    if listing.floor == float("-inf"):
        return Listing([row for row in listing.rows if row["created"] >= back], back)
    return account.since(workflow, back) if _int(said[1]) <= _MOST else None


def _behind(lines: Sequence[str]) -> float:
    """Seconds by which rows that have not ended may be behind, as the page says itself; it may go on in the
    next line."""
    said = _WITHIN.search(" ".join(line.strip() for line in lines))
    return (spoken_span(said[1])[1] if said is not None else 0.0) + _HARDLY + Slack.seconds


def _int(text: str) -> int:
    return int(text.replace(",", ""))


def _at(clock: str, now: float) -> float:
    """The last moment before now that has this time of day."""
    day = datetime.fromtimestamp(now, UTC)
    hour, minute = map(int, clock.split(":")[:2])
    found = day.replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp()
    return found if found <= now else found - 86_400


def _clock_at(clock: str, now: float) -> float:
    """The same to the second, where it tells that."""
    hour, minute, second = [*map(int, clock.split(":")), 0][:3]
    day = datetime.fromtimestamp(now, UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)
    return day.timestamp() if day.timestamp() <= now + 1 else day.timestamp() - 86_400


def _compare_moment(
    said: re.Match[str],
    parts: re.Match[str] | None,
    listing: Listing,
    at: float,
    behind: float,
    tally: Tally,
) -> None:
    start = _at(said[1], at)
    end = start + (_at(said[2], start + 86_399) - start) % 86_400
    if start < listing.floor:
        return
    what = f"{said[0].strip()} {parts[0].strip() if parts else ''}"
    # Of a part no more is said than of what is loaded: from the minute that it names on, or a little later.
    sure = listing.below_the_edge()
    seen = min(end, at + 1)
    for title, text, statuses in (
        ("errored", said[4], ("errored",)),
        ("ended", said[5], ("errored", "complete")),
    ):
        most = len(listing.ended(start, seen, *statuses))
        least = len(sure.ended(start, min(end, at - behind), *statuses))
        least = 0 if " so far " in said[0] else least
        number = _int(text or "0")
        tally.note(f"bucket {title}", least <= number <= most, f"{what}: the API {least} to {most}")
    if said[3] is not None and _int(said[5]):
        share = 100 * _int(said[4]) / _int(said[5])
        tally.note("bucket rate", abs(share - float(said[3])) <= 0.51, f"{what}: {share:.1f}")
    if parts is None:
        return
    created = [row["created"] for row in listing.rows if start <= row["created"] < seen]
    least = sum(moment < at - _LATELY for moment in created)
    tally.note(
        "bucket created", least <= _int(parts[1]) <= len(created), f"{what}: {least} to {len(created)}"
    )
    ended = listing.ended(start, end)
    over = end < at - behind and len(ended) == len(sure.ended(start, end))
    took = sorted(row["ended"] - row["started"] for row in ended if row["started"])
    for text, percent in ((parts[4], 0.5), (parts[5], 0.95)):
        if text and over and took:
            value, (least_s, most_s) = took[max(0, ceil(percent * len(took)) - 1)], brief_span(text)
            tally.note("bucket took", least_s - 0.01 <= value < most_s, f"{what}: the API {value:.2f}")


def _compare_created(
    said: re.Match[str], parts: re.Match[str], account: Account, workflow: str, at: float, tally: Tally
) -> None:
    """Of thousands that nobody lists beside it: what came in a bucket, by the server's own count."""
    start = _at(said[1], at)
    end = start + (_at(said[2], start + 86_399) - start) % 86_400
    until = _at(parts[6], at) if parts[6] else at
    least = account.created(workflow, start, min(end, until - 15))
    most = account.created(workflow, start, min(end, (until + 60 if parts[6] else at) + 1))
    what = f"{said[0].strip()} {parts[0].strip()}: {least} to {most}"
    tally.note("bucket created", least <= _int(parts[1]) <= most, what)


def _compare_version(said: re.Match[str], listing: Listing, at: float, behind: float, tally: Tally) -> None:
    """Counted is what ended since the moment that it names."""
    share = 100 * _int(said["bad"]) / _int(said["all"])
    tally.note("history share", abs(share - int(said["rate"])) <= 0.51, f"{said[0].strip()}: {share:.1f}")
    if not re.fullmatch(r"[\d:]{5}(:\d\d)?", said["since"] or ""):
        return
    since = _at(said["since"], at)
    if since + 60 < listing.floor:
        return
    rows = [dict(row) for row in listing.rows if (row.get("version_id") or "").startswith(said["version"])]
    mine = Listing(rows, listing.floor)
    sure = mine.below_the_edge()
    for title, statuses in (("bad", ("errored",)), ("all", ("errored", "complete"))):
        most = len(mine.ended(since, at + 1, *statuses))
        least = 0 if " so far " in said[0] else len(sure.ended(since + 60, at - behind, *statuses))
        right = least <= _int(said[title]) <= most
        tally.note("history version", right, f"{said[0].strip()}: {least} to {most}")


def _compare_loaded(
    said: re.Match[str], listing: Listing, totals: tuple[int, int], at: float, back: float, tally: Tally
) -> None:
    number, of = _int(said[1]), _int(said[2])
    if listing.floor == float("-inf"):
        there = sum(row["created"] <= at + 1 for row in listing.rows)
        before = sum(row["created"] <= at - back for row in listing.rows)
        right = number <= there and before <= of <= there
        tally.note("history loaded", right, f"{said[0].strip()}: the API {before} to {there}")
        return
    least, most = totals
    if most >= least:
        tally.note("history total", least <= of <= most, f"{said[0].strip()}: the API {least} to {most}")
    if number <= _MOST and listing.floor <= _at(said[3], at) + 1:
        most = sum(row["created"] <= at + 1 for row in listing.rows)
        least = sum(row["created"] <= at - back for row in listing.below_the_edge().rows)
        tally.note("history loaded", least <= number <= most, f"{said[0].strip()}: {least} to {most}")


def _compare_so_far(said: re.Match[str], listing: Listing, at: float, tally: Tally) -> None:
    if said[1] is None or (since := _at(said[1], at)) < listing.floor - 60:
        return
    for title, number, statuses in (
        ("failed", _int(said[2]), ("errored",)),
        ("ended", _int(said[3]), ("errored", "complete")),
    ):
        # How many more have ended that are not read yet is what it does not say.
        most = len(listing.ended(since, at + 1, *statuses))
        tally.note("history so far", number <= most, f"{said[0].strip()}: {title} at most {most}")


def _compare_ended(
    said: re.Match[str], listing: Listing, at: float, behind: float, left: str, tally: Tally
) -> None:
    """Where its left edge is not said, one round minute must bear out both."""
    if listing.floor != float("-inf"):
        if left and not said[4] and (since := _at(left, at)) >= listing.floor:
            _compare_part(said, listing, since, at, behind, tally)
        return
    created, ended = _int(said[1]), _int(said[3])
    until = _at(said[4], at) + 60 if said[4] else at
    for minute in range(50, 6 * 60 + 31):
        edge = (at - minute * 60) // 60 * 60
        births = [row["created"] for row in listing.rows if edge <= row["created"] <= until]
        least = sum(moment < until - (75 if said[4] else 15) for moment in births)
        if not least <= created <= len(births):
            continue
        fewest = 0 if said[2] else len(listing.ended(edge, until - behind))
        if fewest <= ended <= len(listing.ended(edge, until + 1)):
            tally.note("history sums at least" if said[2] else "history sums", True, said[0])
            return
    tally.note("history sums", False, f"{said[0]}: no left edge bears both out")


def _compare_part(
    said: re.Match[str], listing: Listing, since: float, at: float, behind: float, tally: Tally
) -> None:
    """Of thousands: what came and ended since the left edge, of those that the page rests on."""
    sure, what = listing.below_the_edge(), said[0].strip()
    births = [row["created"] for row in listing.rows if since <= row["created"] <= at + 1]
    least = sum(moment < at - 15 for moment in births)
    tally.note("history created", least <= _int(said[1]) <= len(births), f"{what}: {least} to {len(births)}")
    fewest = 0 if said[2] else len(sure.ended(since, at - behind))
    most = len(listing.ended(since, at + 1))
    tally.note("history ended", fewest <= _int(said[3]) <= most, f"{what}: {fewest} to {most}")
