"""How the versions fare: counted over loaded rows, drawn beside the groups of errors."""

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any

from msgspec.structs import replace

from wfdash.core.history.rate.trend import last_trend
from wfdash.core.history.sentence import read_within
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import MINUTE
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import count, percent, short_version
from wfdash.core.triage.error_groups import ErrorGroup, VersionShare, blame
from wfdash.core.triage.headline import Evidence, Headline, Trend, headline
from wfdash.core.triage.version_blame import worst_version
from wfdash.live.feeds.failures.version_rows import VersionRows
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN

__all__ = ["VersionShares"]

_SHOWN = 3
"""Versions that have a line, the worst first."""
_RECOUNT = 5.0
"""Seconds between two counts over the loaded rows."""


class VersionShares:
    """Counts over again every few seconds, for it looks at many rows."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.shares: list[VersionShare] = []
        self.rows: list[Instance] = []
        """Between which no instance is missing."""
        self.until = float("inf")
        """Up to when it is known how they ended."""
        self._open_read_at: float | None = None
        self._of_two = 0
        """Those that are in no version's count, for the list says another one than they do."""
        self._past = 0
        """Rows beside them, from before the newest version."""
        self._beside = 0
        self._counted_at = float("-inf")
        self._trend: tuple[float, Trend | None] | None = None
        self._said: tuple[Sequence[Any], Sequence[Any], Headline] | None = None
        """The last headline, and what it rests on: what is compared, and lists that are never changed."""

    def count(self, compared: VersionRows) -> None:
        """Counts how versions fare, unless that was done a few seconds ago."""
        now = self._context.clock()
        # Rows of the version before, once they were listed, are the proof: the count does not wait for them.
        if now - self._counted_at >= _RECOUNT or compared.beside != self._beside:
            self.rows, both, self.until = compared.rows()
            self._open_read_at = compared.open_read_at
            self._beside, self._of_two = compared.beside, len(compared.of_two_versions)
            self.shares, self._past, self._counted_at = blame(both, now), len(both) - len(self.rows), now

    def trend(self, deployed: Mapping[str, float]) -> Trend | None:
        """The last change of the failure rate of `rows`, judged once a count."""
        if self._trend is None or self._trend[0] != self._counted_at:
            self._trend = self._counted_at, last_trend(self.rows, now=self._counted_at, deployed=deployed)
        return self._trend[1]

    def headline(self, groups: Sequence[ErrorGroup], evidence: Evidence) -> Headline:
        """The headline of the page, judged again only where what it rests on is another.

        Each drawing asks for it, and over 20,000 rows it takes as long as all the rest of the page.
        """
        now, utc = self._context.clock(), self._context.utc
        # Its times are told to the day that it is now, and by the hour.
        small = (replace(evidence, shares=(), rows=(), deployed=dict(evidence.deployed)), now // MINUTE, utc)
        lists = (groups, evidence.shares, evidence.rows)
        if self._said is None or self._said[0] != small or not all(map(is_, self._said[1], lists)):
            self._said = small, lists, headline(groups, evidence, now=now, utc=utc)
        return self._said[2]

    def lines(self, poller: Watcher, width: int) -> list[Pieces]:
        """A title and a line for each of the first few versions; none where nothing was counted."""
        if not self.shares:
            return []
        title = f"VERSIONS, newest {count(len(self.rows))} instances"
        if poller.filtered:
            title = f"VERSIONS, {count(len(self.rows))} instances from before the filter"
        now = self._context.clock()
        if not self._is_behind and (read := read_within(self._open_read_at, now)):
            title = f"{title.replace(' instances', '')}, {read}"  # at 80 columns all of it has room
            title += f", {count(self._past)} before the last deploy" if self._past else ""
        elif self._past:
            title += f" and {count(self._past)} from before the last deploy"
        if self._is_behind:
            title += f", as they had ended by {self._context.time_of(self.until, seconds=False)}"
        if self._of_two:
            title += f", {count(self._of_two)} told with two versions left out"
        head = ruled([(fit(title, width - 6).rstrip(), QUIET)], width)
        return [head, *self._versions(poller, self.shares[:_SHOWN], width)]

    @property
    def _is_behind(self) -> bool:
        """Whether what ended last is not counted: then it is told up to when it is."""
        return self.until < self._counted_at

    def _versions(self, poller: Watcher, shares: Sequence[VersionShare], width: int) -> list[Pieces]:
        """A line a version, with columns as wide as their longest number."""
        worst = worst_version(self.shares)
        widths = [
            max(len(count(n)) for n in column) for column in zip(*(_numbers(share) for share in shares))
        ]
        rates = max((len(percent(share.share)) for share in shares), default=0)
        lines: list[Pieces] = []
        for share in shares:
            errored, finished = (count(n).rjust(room) for n, room in zip(_numbers(share), widths))
            style = WARN if share == worst else PLAIN
            words = f"{percent(share.share):>{rates}}  {errored} of {finished} ended in error"
            words += f", {count(share.open)} open" if share.open else ""
            if not share.finished:
                words = f"{'–':>{rates}}  none known to have ended"
            name = f"  {clean(short_version(share.version)):<8}  "
            for since in self._dates(poller, share):
                words += since if cells(name + words + since) < width else ""
            lines.append([(name, STRONG), (words, style)])
        return lines

    def _dates(self, poller: Watcher, share: VersionShare) -> list[str]:
        """Clauses on when a version was deployed, and how far back its instances are counted."""
        context, at = self._context, poller.versions.appeared.get(share.version)
        moments = ((", deployed {}", at), (" (counted back to {})", share.first_seen))
        return [said.format(context.time_of(when)) for said, when in moments if when]


def _numbers(share: VersionShare) -> tuple[int, int]:
    return share.errored, share.finished
