"""Below the charts: a moment read out, each version and schedule, and what all of it rests on."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct
from rich.style import Style

from wfdash.core.history.bucket import Bucket, Tally
from wfdash.core.history.cron import cron_report, is_followed
from wfdash.core.history.sentence import Finding
from wfdash.core.model.workflow import Schedule
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import brief, clock, count, counted, percent, short_version, took_words
from wfdash.core.text.wrap import joined, wrapped
from wfdash.core.triage.error_groups import VersionShare
from wfdash.core.triage.version_blame import worst_version
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG, WARN

__all__ = ["Foot"]

_VERSIONS, _VERSIONS_TALL = 3, 6
"""Versions that have a line, on a low screen and on a tall one."""
_CRONS, _MISSED = 2, 3
"""Schedules that are told, and missed moments of each, the latest."""
_NARROW: Final = 100
"""Columns below which the day of a deploy is told without its time: the numbers beside it are never cut."""
_DATE: Final = len("2026-11-20")
_LATELY = 15.0
"""Seconds before now up to which what is counted is as of now."""
_BEHIND: Final = "open ones read within 10 m"
"""As long as that is said at most, as a rule."""


class Foot(Struct, frozen=True):
    """Makes the lines below the charts, none wider than the screen."""

    loaded: LoadedHistory
    finding: Finding
    now: float
    width: int
    utc: bool
    tall: bool
    of_all: bool = False
    """Workflows stand where the versions of one would."""
    so_far: bool = False
    """More is being read: what ended in any stretch may have begun before all that is loaded."""
    of_record: bool = False
    """It is a moment of a record, which is not now."""

    def moment(self, bucket: Bucket) -> list[Pieces]:
        """Two lines on what happened in a bucket."""
        loaded, when = self.loaded, f"  {self._time(bucket.start)} to {self._time(bucket.end)}  "
        created = f"{count(bucket.created)} created"
        if loaded.lacks_ends:
            return [[(when, STRONG), (created, PLAIN)], []]
        if not loaded.is_seen(bucket, self.now):
            erased = bucket.start < loaded.edge(self.now).both
            unseen = "not all of it is recorded" if loaded.partial else "not loaded yet"
            if loaded.floor is not None and bucket.start >= loaded.floor and bucket.start < loaded.until:
                unseen = "not known yet: some that may have ended then were not read since"
            why = "what ended then may have been erased" if erased else unseen
            return [[(when, STRONG), (why, QUIET)], []]
        if bucket.counted:
            asked = loaded.analytics.asked if loaded.analytics is not None else inf
            to = f" up to {self._time(asked)}" if asked < bucket.end else ""
            created = f"{created} · by analytics{to}, which say nothing of durations"
        elif bucket.rows_from is not None:
            created = f"{created} · before {self._time(bucket.rows_from)} by analytics"
        rate, since = bucket.failure_rate, self.finding.at if self.finding.unusual else None
        so_far = self.so_far and not bucket.counted
        failed = f"{'none of those loaded so far' if so_far else 'nothing'} completed or failed"
        if rate is not None:
            about = "so far " if so_far else "about " if bucket.sampled > 1 else ""
            failed = f"{about}{percent(rate)} failed, {count(bucket.errored)} of {count(bucket.sample)}"
        style = BAD if since is not None and bucket.end > since and bucket.errored else PLAIN
        parts = [created]
        if not bucket.counted:
            parts.append(f"{count(bucket.running)} under way, {count(bucket.queued)} queued")
        if bucket.p50 is not None and bucket.p95 is not None:
            parts.append(took_words(brief(bucket.p50), brief(bucket.p95)))
        return [[(when, STRONG), (failed, style)], [("  " + joined(parts, self.width - 3), PLAIN)]]

    def versions(self) -> list[Pieces]:
        """Each version with how it fared; the worst stands out, and an older one stands beside it."""
        kept, deployed = self.loaded.kept_from(self.now), self.loaded.deployed
        found = self.loaded.versions_since(self.now)
        tallies = {name: tally for name, (tally, _) in found.items()}
        for version in sorted(deployed, key=lambda version: -deployed[version])[: 0 if self.of_all else 2]:
            tallies.setdefault(version, Tally())
        shares = [
            VersionShare(version, tally.errored, tally.sample, deployed.get(version))
            for version, tally in tallies.items()
            if version
        ]
        # Over the same time: before a rise the older one failed as little as everything.
        beside = [
            VersionShare(name, t.errored, t.sample, deployed.get(name))
            for name, t in self._since().items()
            if name
        ]
        found_worst = worst_version(beside or shares) if not self.loaded.partial else None
        worst = found_worst.version if found_worst is not None else None
        shares.sort(key=lambda share: (share.version != worst, -share.finished, -(share.first_seen or 0.0)))
        lines = []
        for share in shares[: _VERSIONS_TALL if self.tall else _VERSIONS]:
            came = deployed.get(share.version)
            # What is counted of an older version begins with the chart, or with what is loaded of it.
            since = (
                came if came is None else max(came, kept, self.loaded.frame.start, self.loaded.floor or came)
            )
            when = f"since {self._day(since)}" if since is not None else ""
            if came is not None and came < self.loaded.frame.start == since:
                # It is counted over all that is drawn: where that begins is no news of the version.
                when, came = f"of {self._time(came)[:_DATE]}", since
            if share.version in self._since() and self.finding.at is not None:
                when = self._when(self.finding.at, self.finding.until)
            style = BAD if share.version == worst else PLAIN
            words = self._fared(share, tallies[share.version])
            if self.of_all and found[share.version][1] > self.loaded.frame.start:
                words = f"{words} · since {self._time(found[share.version][1])}"
            if came is not None and came != since:
                words = f"{words} · deployed {self._day(came)}"
            name = share.version if self.of_all else short_version(share.version)
            lines.append(self._line(name, when, QUIET, words, style))
        return lines

    def triggers(self) -> list[Pieces]:
        """What started them and how each fared, where that is not one and the same and there is room."""
        found = {
            name: tally
            for name, tally in self.loaded.history.triggers(self.loaded.kept_from(self.now), self.now).items()
            if name
        }
        if len(found) < 2 or not self.tall or self.of_all:
            return []
        order = sorted(found, key=lambda name: -found[name].created)
        words = ("so far " if self.so_far else "") + " · ".join(
            f"{clean(name)} {percent(tally.failure_rate)} of {count(tally.sample)} failed"
            if tally.failure_rate is not None
            else f"{clean(name)} none ended"
            for name, tally in ((name, found[name]) for name in order)
        )
        return [[("  trigger   ", STRONG), (fit(words, max(1, self.width - 13)), PLAIN)]]

    def _when(self, at: float, until: float) -> str:
        """`since 01:10`, and `01:10 to 01:35` where what is counted ends before now."""
        if self.now - until > _LATELY:
            return f"{self._time(at)} to {self._time(until)}"
        return f"since {self._time(at)}"

    def _since(self) -> Mapping[str, Tally]:
        """What each version did since the errors rose, where more than one ran then."""
        since = self.finding.since if not self.so_far else {}
        return since if sum(tally.sample > 0 for tally in since.values()) > 1 and not self.of_all else {}

    def _fared(self, share: VersionShare, tally: Tally) -> str:
        since = self._since().get(share.version)
        if since is not None and since.sample and self.finding.at is not None:
            words = f"{percent(since.failure_rate or 0.0)} failed"
            words += f", {count(since.errored)} of {count(since.sample)}"
            if since.sample == tally.sample:
                return words
            return f"{words} · {percent(share.share)} of {count(tally.sample)} in all"
        if not tally.sample:
            floor, shown_from = self.loaded.floor, self.loaded.frame.start
            if floor is None or floor > max(shown_from, self.loaded.edge(self.now).both):
                kept = "recorded" if self.loaded.partial else "loaded"
                return f"none of those {kept} completed or failed" if tally.created else f"none {kept}"
            return "none has completed or failed yet" if tally.created else "none in this time"
        words = f"{percent(share.share)} failed, {count(tally.errored)} of {count(tally.sample)}"
        words = f"so far {words}" if self.so_far else words
        if tally.p50 is not None and tally.p95 is not None:
            # Two parts, of which a narrow screen has room for the first.
            words += f" · {took_words(brief(tally.p50), brief(tally.p95)).replace(', ', ' · ', 1)}"
        return words

    def crons(self, schedules: Sequence[Schedule]) -> list[Pieces]:
        """Each schedule against what came of it, where that is loaded and kept."""
        loaded = self.loaded
        if loaded.floor is None:
            return []
        # A deploy may have changed the schedule, and no answer says when.
        came = max(loaded.deployed.values(), default=loaded.frame.start)
        start = max(loaded.frame.start, loaded.floor, loaded.edge(self.now).both, came)
        lines = []
        crons = [schedule.cron for schedule in schedules]
        for cron in crons[:_CRONS]:
            report = cron_report(cron, loaded.rows.values(), start=start, end=self.now, crons=crons)
            if report is None:
                if not is_followed(cron):
                    words = "not judged · L, W, # and days of both month and week are not followed"
                    lines.append(self._line("cron", cron, STRONG, words, QUIET))
                continue
            room = self.width - len("  cron      ") - self._beside - 2
            forms = report.forms([self._time(moment) for moment in report.missed[-_MISSED:]])
            words = next((form for form in forms if len(form) <= room), forms[-1])
            lines.append(self._line("cron", cron, STRONG, words, BAD if report.missed else PLAIN))
        return lines

    def _line(self, name: str, beside: str, beside_style: Style, words: str, style: Style) -> Pieces:
        if self.of_all:
            named = f"  {fit(clean(name), 24, cut='middle')}  "
            return [(named, STRONG), (joined(words.split(" · "), max(1, self.width - len(named))), style)]
        left = f"  {fit(clean(name), 8)}  "
        middle = f"{fit(clean(beside), self._beside)}  "
        return [
            (left, STRONG),
            (middle, beside_style),
            (joined(words.split(" · "), max(1, self.width - len(left) - len(middle) - 1)), style),
        ]

    @property
    def _beside(self) -> int:
        return 16 if self.width < _NARROW else 22

    def basis(self, total: int | None, state: tuple[str, Style]) -> list[Pieces]:
        """Lines on how much is loaded and how far back, and on what is under way, wrong or unknown."""
        loaded, edge = self.loaded, self.loaded.edge(self.now).both
        of = f" of {count(max(total, len(loaded)))}" if total else ""
        said = f"{count(len(loaded))}{of} {'recorded without a gap' if loaded.partial else 'loaded'}"
        if loaded.oldest is not None and loaded.oldest <= self.now:
            said += f", back to {self._time(loaded.oldest)}"
        behind = loaded.behind(self.now)
        said += f", {behind}" if behind else ""
        # Before any row is read all that is drawn is theirs.
        read_to = self.now if loaded.floor is None else loaded.floor
        counted_to = min(max(edge, read_to), self.now)
        since = loaded.analytics.since if loaded.analytics is not None else counted_to
        if loaded.analytics is not None and max(since, loaded.frame.start) < counted_to:
            sampling = loaded.analytics.sampling
            reach = f"{self._time(since)} to" if since > loaded.frame.start else "before"
            said += f" · {reach} {self._time(counted_to)} by analytics{f' ({sampling})' if sampling else ''}"
        elif edge > loaded.frame.start:
            said += f" · erased before {self._time(edge)}"
        if loaded.frame.start < loaded.deploys_from < inf:
            said += f" · deploys before {self._time(loaded.deploys_from)} not read"
        left_out = loaded.odd_times(self.now).sentence()
        words, style = state
        refused: list[Pieces] = []
        if loaded.refusal and edge > loaded.frame.start:
            # What to ask for is at its end, and never cut.
            refused = [[(f" {line}", WARN)] for line in wrapped(clean(loaded.refusal), self.width - 2, 2)]
        if not words:
            stand = "as they stood then" if self.of_record else "as they stand now"
            words = f"{stand}: a restart takes a failed run away"
            if loaded.earlier:
                words = f"with {counted(len(loaded.earlier), 'earlier run')} of what was restarted"
            # With what no duration was counted of, if that leaves it room: else it has a line of its own.
            beside = len(left_out) + 3 if loaded.earlier and left_out else 0
            if len(said) + len(words) + beside + 4 > self.width:
                words = f"with {count(len(loaded.earlier))} earlier" if loaded.earlier else stand
                if behind and not loaded.earlier:
                    words = ""  # a line more for it would be one less of a chart
        # What it rests on is never cut: how far it is sampled stands at its end.
        said = f"{said} · {words}" if words else said
        lines = wrapped(said, self.width - 2, 3)
        odd = wrapped(left_out, self.width - 2, 2)
        # How old the open ones are comes and goes: a line that comes with it would move every chart above.
        full = said if behind or loaded.local else f"{said}, {_BEHIND}"
        if odd and len(wrapped(f"{full} · {left_out}", self.width - 2, 3)) == len(lines):
            lines, odd = wrapped(f"{said} · {left_out}", self.width - 2, 3), []
        return [*([(f" {line}", style)] for line in lines), *([(f" {line}", WARN)] for line in odd), *refused]

    def _time(self, at: float) -> str:
        return clock(at, utc=self.utc, now=self.now, seconds=False)

    def _day(self, at: float) -> str:
        """A time as `_time` has it; without room, the date alone of one that has a date."""
        text = self._time(at)
        return text[:10] if self.width < _NARROW and len(text) > len("Sat 17:49:00") else text
