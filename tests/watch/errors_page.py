"""The page of causes held against the API: its groups, versions, sentence, example, and what is stuck."""

import re
from collections import Counter
from collections.abc import Sequence

from tests.watch.answers import Answers
from tests.watch.cells import errors_of
from tests.watch.listing import Account, Listing
from tests.watch.sentences import clauses
from tests.watch.spans import AGE, SPOKEN, age_span, near, seconds_of, spoken_span, worded_clock
from tests.watch.steps import Record, named, open_steps, shown
from tests.watch.tally import Tally

__all__ = ["compare_errors"]

_LISTED = 75.0
"""Seconds within which the errored ones are listed again and read."""
_SWEPT = 60.0
"""Seconds by which a loaded row below the newest page may be behind."""
_LISTED = 90.0
"""The same of those that are listed in turn."""
_SURE = 40
"""Newest errored ones that are in any sample of fifty, whatever came since it was listed."""
_MOST = 450
"""Errored instances that are read to judge a group: where there are more, fewer things are sure."""
_WHEN = r"(?:[\d:]{8}|\w{3} [\d:]{5}|[\d-]{10} [\d:]{5})"
_HEADING = re.compile(r"COUNT +SHARE  ERROR")
_COLUMNS = ("COUNT", "SHARE", "ERROR", "STEP", "VERSION", "FIRST", "LAST", "OVER TIME")
_VERSION = re.compile(
    r"^  (?P<version>\w{8}) +(?P<share>\d+(?:\.\d)?) %"
    r"  +(?P<failed>[\d,]+) of +(?P<ended>[\d,]+) ended in error"
    rf"(?:, (?P<open>[\d,]+) open)?(?:, deployed (?P<deployed>{_WHEN}))?"
    rf"(?: \(counted back to (?P<back>{_WHEN})\))?$"
)
_BLAME = re.compile(
    r"(?:only|mostly|partly) on version (?P<version>\w{8}) \((?P<failed>[\d,]+) of (?:the )?(?P<ended>[\d,]+)"
    r"(?: that ended)? failed(?:, newest (?P<newest>[\d,]+))?"
    r"(?:, others (?P<bad>[\d,]+) of (?P<all>[\d,]+))?\)"
)
_CAUSE = re.compile(
    r'^ (?P<error>\S+)(?: at "(?P<step>.+?)")?(?: \(.+?\))?'
    r"(?: and (?:(?P<more>\d+) other causes|(?P<second>.+?)))?, (?P<count>\d+) of (?P<read>\d+) read"
)
_FEW = re.compile(
    r"(?P<failed>[\d,]+) of (?P<ended>[\d,]+) under version (?P<version>\w{8})(?:, deployed [^,]+)?"
    r", (?P<bad>[\d,]+) of (?P<all>[\d,]+) under others: too few to blame it"
)
_ALONE = re.compile(
    r"on version (?P<version>\w{8}) \((?:at least )?(?P<failed>[\d,]+) of (?P<ended>[\d,]+) failed of it; "
    r"of others (?P<bad>[\d,]+) of (?P<all>[\d,]+)(?:, (?P<else>[\d,]+) of other causes)?\)"
)
_LATER = re.compile(rf"first failure (?P<later>{SPOKEN}) later")
_SLOW = re.compile(rf'"(?P<name>.+)" has run (?P<taken>{SPOKEN}); p95 is ')
_SPENT = re.compile(r'"(?P<name>.+)" failed (?P<failed>\d+) of (?P<of>\d+); (?P<what>.+)$')
_ODD = re.compile(
    rf"^  (?P<id>\S+) +(?P<age>{AGE}) +(?:(?P<kind>slow step|last attempt|pausing|stuck) +)?(?P<why>.+)$"
)


class _Seen:
    """One look at the page."""

    def __init__(self, lines: Sequence[str], at: float, answers: Answers, account: Account, workflow: str):
        self.lines, self.at, self.answers = lines, at, answers
        self.listing: Listing = account.listing(workflow)
        self.deployed = account.versions(workflow) if "VERSIONS" in "\n".join(lines) else {}
        errored = account.errored(workflow)
        self.failed = sorted(
            (row for row in errored.rows if row["status"] == "errored"),
            key=lambda row: -(row["ended"] or row["created"]),
        )[:_MOST]
        until = re.search(r"── VERSIONS.*as they had ended by ([\d:]{5})", "\n".join(lines))
        self.until = at if until is None else _minute(until[1], at)
        """Up to when it counts what ended."""
        self.has_all = errored.floor == float("-inf") and len(self.failed) < _MOST

    def part(self, title: str) -> list[str]:
        """The lines below a title, up to the next empty one or the next title."""
        at = next((n for n, line in enumerate(self.lines) if f"── {title}" in line), len(self.lines))
        found = []
        for line in self.lines[at + 1 :]:
            if not line.strip() or "── " in line:
                break
            found.append(line.rstrip())
        return found

    def detail(self, identity: str) -> Record | None:
        """In full; of one that has ended the answer of before serves."""
        kept = self.answers.details.get(identity)
        if kept and kept[-1][1]["status"] == "errored":
            return kept[-1][1]
        return self.answers.read(identity)


def compare_errors(
    lines: Sequence[str], at: float, answers: Answers, account: Account, workflow: str, tally: Tally
) -> bool:
    """Whether it was that page; each statement on it is counted."""
    heading = next((line for line in lines if _HEADING.search(line)), None)
    if heading is None:
        return False
    seen = _Seen(lines, at, answers, account, workflow)
    head = re.search(r"read (\d+) of ([\d,]+)(?: errored|, ([\d,]+) errored in all)(?! \S+ ago)", lines[0])
    if head:
        least, most = answers.counted("errored", at - 25, at + 1)
        number = _int(head[3] or head[2])
        tally.note("errors header", least <= number <= most, f"{number} errored, the API {least} to {most}")
    groups = _groups(lines, heading)
    _compare_groups(seen, groups, head is not None and head[3] is None, tally)
    versions = [found for line in seen.part("VERSIONS") if (found := _VERSION.match(line))]
    for version in versions:
        _compare_version(seen, version, tally)
    _compare_sentence(seen, groups, versions, tally)
    _compare_example(seen, groups, tally)
    for line in seen.part("STUCK OR UNUSUAL"):
        if found := _ODD.match(line):
            _compare_odd(seen, found, tally)
    return True


def _minute(clock: str, now: float) -> float:
    """The last moment before now that has this time of day."""
    hour, minute = map(int, clock.split(":"))
    found = now // 86_400 * 86_400 + hour * 3_600 + minute * 60
    return found if found <= now else found - 86_400


def _int(text: str) -> int:
    return int(text.replace(",", ""))


def _share(part: int, of: int) -> str:
    """With a decimal beside nothing and beside all, where a whole number would say the one or the other."""
    hundredths = 100 * part / of
    near = 0 < hundredths < 1 or 99 < hundredths < 100
    return f"{min(max(hundredths, 0.1), 99.9):.1f}" if near else f"{hundredths:.0f}"


def _groups(lines: Sequence[str], heading: str) -> list[dict[str, str]]:
    starts = [heading.find(title) for title in _COLUMNS]
    edges = [start if start >= 0 else None for start in starts[2:]]
    groups = []
    for line in lines[lines.index(heading) + 1 :]:
        if (counted := re.match(r"^. +(\d+) +(\d+(?:\.\d)?) ?%  ", line)) is None:
            break
        cells = [*counted.groups()]
        for start, end in zip(edges, [*edges[1:], len(line)], strict=True):
            cells.append("" if start is None else line[start:end].strip())
        group = dict(zip(_COLUMNS, cells, strict=True))
        group["ERROR"] = re.sub(r", [\d,]+ not (?:rolled back|undone)$", "", group["ERROR"])
        groups.append(group)
    return groups


def _fits(detail: Record | None, group: dict[str, str]) -> bool:
    """Whether the failure of this instance reads as the group says."""
    if detail is None or detail["status"] != "errored":
        return False
    if group["VERSION"] not in ("-", (detail.get("version_id") or detail.get("versionId") or "")[:8]):
        return False
    parts = re.split(r"<\w+>", group["ERROR"].rstrip("…"))
    pattern = re.compile(r".+?".join(map(re.escape, parts)), re.DOTALL)
    step, found = group["STEP"], errors_of(detail)
    # The engine tells an expired wait's message by the instance's own error, which names no step.
    failed = {name for name, _ in found} if step != "-" else {"", "-"}
    if step not in failed and not any("…" in step and name.startswith(step.split("…")[0]) for name in failed):
        return False
    errors = [
        error for name, error in found if name == "" or name.startswith(step.split("…")[0]) or step == "-"
    ]
    return any(pattern.match(error) or pattern.match(f"Error: {error}") for error in errors)


def _compare_groups(seen: _Seen, groups: list[dict[str, str]], over: bool, tally: Tally) -> None:
    read = sum(int(group["COUNT"]) for group in groups)
    listed = seen.failed
    details = [seen.detail(row["id"]) for row in listed]
    sure = [row for row in listed if (row["ended"] or row["created"]) < seen.at - _LISTED][:_SURE]
    for group in groups:
        count, what = int(group["COUNT"]), f"{group}"
        share = _share(count, read)
        tally.note("group share", group["SHARE"].rstrip(" %") == share, f"{what}, of {read} read {share} %")
        fitting = [row for row, detail in zip(listed, details, strict=True) if _fits(detail, group)]
        most = len(fitting) if seen.has_all else max(count, len(fitting))
        ids = {row["id"] for row in fitting}
        least = sum(row["id"] in ids for row in sure) if over else 0
        tally.note("group count", least <= count <= most, f"{what}, the API {least} to {most}")
        ends = {worded_clock(row["ended"], seen.at) for row in fitting if row["ended"] is not None}
        for title in ("FIRST", "LAST"):
            if re.fullmatch(_WHEN, group[title]) and seen.has_all and ends:
                tally.note(f"group {title.lower()}", group[title] in ends, f"{what}, no end then")


def _compare_version(seen: _Seen, said: re.Match[str], tally: Tally) -> None:
    failed, ended = _int(said["failed"]), _int(said["ended"])
    what = said[0].strip()
    tally.note("version share", said["share"] == _share(failed, ended), what)
    mine = [row for row in seen.listing.rows if (row.get("version_id") or "").startswith(said["version"])]
    if said["deployed"]:
        right = worded_clock(seen.deployed.get(said["version"], 0.0), seen.at) == said["deployed"]
        tally.note("version deployed", right, what)
    if not said["back"] or not mine:
        return
    moments = sorted({row["created"] for row in mine})
    back = next((at for at in moments if worded_clock(at, seen.at) == said["back"]), None)
    if back is None and seen.listing.floor > float("-inf"):
        return  # before all that is listed here
    if back is None or back < seen.listing.floor:
        tally.note("version back", back is not None, f"{what}: none was created then")
        return
    # Of the version before, a page from before the deploy is counted: up to where is not said.
    old = seen.deployed.get(said["version"], 0.0) < max(seen.deployed.values())
    counted = Listing([dict(row) for row in mine if row["created"] >= back], back)
    for number, statuses in ((failed, ("errored",)), (ended, ("errored", "complete"))):
        most = len(counted.ended(0.0, min(seen.at + 1, seen.until + 60), *statuses))
        behind = min(seen.at - _SWEPT, seen.until - _LISTED)
        least = 0 if old else len(counted.ended(0.0, behind, *statuses))
        tally.note("version count", least <= number <= most, f"{what}: {statuses} {least} to {most}")


def _compare_sentence(
    seen: _Seen, groups: list[dict[str, str]], versions: list[re.Match[str]], tally: Tally
) -> None:
    """What the first sentence says is what the lines below it say, and its first failure is the first."""
    end = next(n for n, line in enumerate(seen.lines) if _HEADING.search(line))
    said = " " + " ".join(line.strip() for line in seen.lines[1:end]).strip()
    blame, alone = _BLAME.search(said), _ALONE.search(said)
    if (cause := _CAUSE.match(said)) and groups:
        read = sum(int(group["COUNT"]) for group in groups)
        counts: Counter[tuple[str, str]] = Counter()
        for group in groups:
            if blame is None or group["VERSION"] == blame["version"]:
                counts[group["ERROR"], group["STEP"]] += int(group["COUNT"])
        equal = [error for (error, _), number in counts.items() if number == int(cause["count"])]
        mentioned = int(cause["more"]) + 1 if cause["more"] else 2 if cause["second"] else 1
        right = len(equal) == mentioned and any(error.startswith(cause["error"]) for error in equal)
        # What a version has alone is told before what came oftener on all.
        right = right and (bool(alone or blame) or max(counts.values()) == int(cause["count"]))
        right = right and int(cause["read"]) == read
        tally.note("headline", right, f"{said} | {groups}")
    if blame is not None:
        of = next((found for found in versions if found["version"] == blame["version"]), None)
        right = of is not None and (of["failed"], of["ended"]) == (blame["failed"], blame["ended"])
        tally.note("headline", right, f"{said} | {of and of[0]}")
        if blame["all"] and of is not None and len(versions) <= 2:
            rest = [found for found in versions if found is not of]
            right = sum(_int(found["ended"]) for found in rest) == _int(blame["all"])
            tally.note("headline", right, f"{said} | {[found[0] for found in rest]}")
    for found in (_FEW.search(said), alone):
        if found is not None:
            _compare_beside(found, versions, said, tally)
    if blame is not None or alone is not None:
        blame = blame or alone
        assert blame is not None
        if later := _LATER.search(said):
            _compare_first(seen, groups, blame["version"], spoken_span(later["later"]), tally)


def _compare_beside(found: re.Match[str], versions: list[re.Match[str]], said: str, tally: Tally) -> None:
    """A version beside the others, with the numbers of the lines below: those of one cause are no more."""
    of = next((each for each in versions if each["version"] == found["version"]), None)
    if of is None or len(versions) > 2:
        return
    rest = [each for each in versions if each is not of]
    failed, bad = _int(of["failed"]), sum(_int(each["failed"]) for each in rest)
    right = found["ended"] == of["ended"] and _int(found["all"]) == sum(_int(each["ended"]) for each in rest)
    if "of it" in found[0]:
        right = right and _int(found["failed"]) <= failed
        right = right and _int(found["bad"]) + _int(found["else"] or "0") == bad
    else:
        right = right and (_int(found["failed"]), _int(found["bad"])) == (failed, bad)
    tally.note("headline beside", right, f"{said} | {[each[0] for each in versions]}")


def _compare_first(
    seen: _Seen, groups: list[dict[str, str]], version: str, span: tuple[float, float], tally: Tally
) -> None:
    mine = [row for row in seen.failed if (row.get("version_id") or "").startswith(version)]
    group = next((each for each in groups if each["VERSION"] == version), None)
    if group is None or not seen.has_all:
        return
    for row in sorted(mine, key=lambda row: row["ended"]):
        if _fits(seen.detail(row["id"]), group):
            later = row["ended"] - seen.deployed[version]
            tally.note("first failure", span[0] - 1 <= later < span[1] + 1, f"{span}, the API {later:.1f}")
            return


def _compare_example(seen: _Seen, groups: list[dict[str, str]], tally: Tally) -> None:
    title = next((line for line in seen.lines if "── for example " in line), None)
    if title is None or not groups:
        return
    identity = title.split("for example ")[1].split()[0]
    detail = seen.detail(identity)
    tally.note("example", any(_fits(detail, group) for group in groups), f"{identity} of {groups[0]}")
    lines = [line.strip() for line in seen.part("for example")]
    lines = lines[1:] if lines and f" {identity} " in f"{lines[0]} " else lines  # its title
    end = next((n for n, line in enumerate(lines) if re.match(r"(?:started|queued) \d", line)), len(lines))
    sentence = " ".join(lines[:end])
    states = seen.answers.states(identity, seen.at - 5, seen.at + 1) if detail is not None else []
    for clause in (
        clauses(sentence.split("…")[0], states, seen.at) if sentence and "…" not in sentence else ()
    ):
        tally.note("example clause", clause.holds, f"{identity} states {clause.text}")
    by_id = {row["id"]: row for row in seen.failed}
    for line in seen.part("its newest"):
        for named_id, age in re.findall(rf"(\S+) +({AGE})(?= |$)", line):
            row = by_id.get(named_id)
            if row is not None and row["ended"] is not None:
                right = near(seen.at - row["ended"], age_span(age))
                tally.note("newest", right, f"{named_id} {age}, the API {seen.at - row['ended']:.1f}")


def _compare_odd(seen: _Seen, said: re.Match[str], tally: Tally) -> None:
    """As it was when it was read, which the line says."""
    if seen.answers.read(said["id"]) is None:
        return
    back = age_span(said["age"])[1] + 5
    states = seen.answers.states(said["id"], seen.at - back, seen.at + 1)
    what = said[0].strip()
    if slow := _SLOW.search(said["why"]):
        spans = [
            seen.at - (seconds_of(step["start"]) or 0.0)
            for at, state in states
            for _, step in open_steps(state, at)
            if named(step, slow["name"])
        ]
        least, most = spoken_span(slow["taken"])
        right = any(near(span, (least, most + back)) for span in spans)
        tally.note("odd slow", right, f"{what}, the API {spans[:3]}")
    elif spent := _SPENT.search(said["why"]):
        right = any(_is_spent(step, spent) for _, state in states for step in state["steps"])
        tally.note("odd spent", right, what)


def _is_spent(step: Record, said: re.Match[str]) -> bool:
    attempts = step.get("attempts", [])
    failed = sum(attempt["success"] is False for attempt in attempts)
    limit = (step.get("config") or {}).get("retries", {}).get("limit", -1) + 1
    runs = bool(attempts) and attempts[-1]["end"] is None
    right = "final retry is running" if runs else "one retry is left"
    return shown(step) == said["name"] and (failed, limit, right) == (
        int(said["failed"]),
        int(said["of"]),
        said["what"],
    )
