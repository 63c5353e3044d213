"""The lines about the workflow under the cursor: why it fails, what failed last, what is open, deploys."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct, field

from wfdash.core.history.count_history import Trends
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES
from wfdash.core.model.times import lasted
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, count, short_version, spoken
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.error_groups import Sample, group
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import BAD, HEADING, PLAIN, QUIET, STRONG, WARN, look

__all__ = ["Causes", "WorkflowFacts"]

_GROUPS: Final = 4
"""Causes that have a line."""
_COUNTED: Final = 10
"""Columns of `10 of 10`."""
_MESSAGE: Final = 4
"""Lines of an error's message."""
_DEPLOYS: Final = 3
"""Deploys that have a line, the newest."""
_FAILURES: Final = 6
"""Failures that have a line where other lines want the room too."""
_OPEN: Final = 30
"""Open instances that have a line, the oldest first."""
_ENDED: Final = 60
"""Ended ones that have a line; the room cuts them earlier as a rule."""
_LATE: Final = 75.0
"""Seconds after which it is told how old a row is: the newest page is listed each minute."""
_FEWEST: Final = 2
"""Rows of a list at least: with less room it is left out."""
_GONE: Final = "none of its failures is there any more"


class Causes(Struct):
    """The newest failures of a workflow, as far as they were read."""

    samples: list[Sample] = field(default_factory=list)
    failure: str = ""
    over: bool = False
    unread: bool = False
    """Whether some were only listed by the moment of a record: nobody knows their causes."""


class WorkflowFacts(Struct, frozen=True):
    """Draws what is known of one workflow as lines beside the charts."""

    workflow: Workflow
    causes: Causes | None
    trends: Trends
    rows: Sequence[Instance]
    """Its newest instances, as far as they are loaded."""
    has_all: bool
    """Whether no older one was left unread."""
    deployed: Mapping[str, float]
    now: float
    unusual: bool
    """Whether its failures rose."""
    key: str
    """The key that lists all causes."""
    recorded: bool = False
    """Whether it is a record that is shown, of which nothing more is read."""

    def lines(self, width: int, height: int) -> list[Pieces]:
        """The causes and its counts by status; then, as far as there is room, what one looks up next."""
        lines = self.cause_lines(width, max(4, height - len(self._order) - 3))
        counts = self.count_lines(width)
        lines = [*lines, [], *counts] if lines else counts
        others = (
            ("DEPLOYS", self._deploys(width)),
            (f"OPEN LONGEST{'' if self.has_all else ' · of those loaded'}", self._open(width)),
            ("ENDED LAST · how long ago", self._ended(width)),
        )
        # Failures come first, but take no more than some of the room that others have something for.
        spare = height - len(lines) - 2 - sum(len(rows) + 2 for _, rows in others if rows)
        failures = self._failures(width)[: max(_FAILURES, spare)]
        for titled, rows in (("LATEST FAILURES · how long ago", failures), *others):
            room = height - len(lines) - 2
            if rows and room >= min(_FEWEST, len(rows)):
                title, _, rest = titled.partition(" · ")
                words: Pieces = [(title, HEADING), (f" · {rest}" if rest else "", QUIET)]
                lines += [[], ruled(words, width), *rows[:room]]
        return lines

    def cause_lines(self, width: int, height: int) -> list[Pieces]:
        """Causes of the newest failures, the commonest first, each with its step and when it came last."""
        causes = self.causes
        words: Pieces = [("WHY IT FAILED", HEADING)]
        title = ruled(words, width)
        if causes is None:
            return [title, [("  reading the newest failures", QUIET)]] if self._errored else []
        if causes.failure:
            return [title, [(f"  {fit(clean(causes.failure), width - 3)}", WARN)]]
        if not causes.samples:
            gone = "none of its failures was read by then" if causes.unread else _GONE
            said = gone if causes.over else "reading the newest failures"
            return [title, [(f"  {fit(said, width - 3)}", QUIET)]] if self._errored else []
        read = len(causes.samples)
        said = f" · the newest {read} read, {self.key} reads more"
        if causes.unread or self.recorded:
            others = ", others not" if causes.unread or read < self._errored else ""
            said = f" · {read} read by then{others}"
        lines: list[Pieces] = [ruled([*words, (said, QUIET)], width)]
        for found in group(causes.samples)[:_GROUPS]:
            mark = found.fingerprint
            error = clean(f"{mark.error}: {mark.message}" if mark.message else mark.error)
            part = wrapped(error, width - _COUNTED - 3, _MESSAGE)
            style = BAD if self.unusual else STRONG
            piece: list[Pieces] = [
                [(f"  {f'{found.count} of {read}' if not number else '':<{_COUNTED}}", PLAIN), (line, style)]
                for number, line in enumerate(part)
            ]
            # Without a step it may have failed in any: a deploy resets whichever runs.
            facts = (
                f'at "{clean(mark.step)}"' if mark.step else "",
                f"version {short_version(mark.version)}" if mark.version else "",
                f"{age(self.now - found.last)}\xa0ago" if found.last is not None else "",
            )
            when_and_where = wrapped(", ".join(filter(None, facts)), width - _COUNTED - 3, 2)
            piece += [[(f"{'':{_COUNTED + 2}}{line}", QUIET)] for line in when_and_where]
            if len(lines) + len(piece) > height:
                break
            lines += piece
        return lines

    def _failures(self, width: int) -> list[Pieces]:
        """The errored ones that ended last, with the error of those that were read."""
        samples = self.causes.samples if self.causes else []
        read = {sample.id: sample.fingerprint for sample in samples}
        failed = [row for row in self.rows if row.status == "errored" and (row.ended or inf) <= self.now]
        # One that was created before all that are loaded may have failed last.
        listed = {row.id for row in self.rows}
        failed += [
            Instance(each.id, "errored", ended=each.at)
            for each in samples
            if each.id not in listed and each.at is not None
        ]
        failed.sort(key=lambda row: row.ended or 0.0, reverse=True)
        found = []
        for row in failed[:_ENDED]:
            mark, said = read.get(row.id), ""
            if mark is not None:
                said = f'{mark.error} at "{mark.step}"' if mark.step else mark.error
            found.append((row, age(self.now - (row.ended or 0.0)), said))
        return _instances(found, width)

    def _open(self, width: int) -> list[Pieces]:
        """Lines on those that have not ended, the oldest first."""
        active = [row for row in self.rows if not row.is_over and row.created is not None]
        active.sort(key=lambda row: row.created or 0.0)
        found = [
            (row, age(self.now - (row.created or 0.0)), f"{row.status}{self._listed(row)}")
            for row in active[:_OPEN]
        ]
        return _instances(found, width)

    def _ended(self, width: int) -> list[Pieces]:
        """Lines on those that ended last without an error, and how long they took.

        Of a workflow that goes well that is most of what there is to see.
        """
        over = [row for row in self.rows if row.status != "errored" and (row.ended or inf) <= self.now]
        ended = sorted(filter(lambda row: row.is_over, over), key=lambda row: -(row.ended or 0.0))
        return _instances(
            [(row, age(self.now - (row.ended or 0.0)), _how(row)) for row in ended[:_ENDED]], width
        )

    def _listed(self, row: Instance) -> str:
        """A clause on how old the row is, where it may have ended since, below the newest page."""
        old = self.now - (self.now if row.seen is None else row.seen)
        return f", listed {age(old)} ago" if old > _LATE else ""

    def _deploys(self, width: int) -> list[Pieces]:
        newest = sorted(self.deployed.items(), key=lambda pair: -pair[1])[:_DEPLOYS]
        return [
            [(f"  {fit(short_version(version), 10)}", STRONG), (f"{age(self.now - at)} ago".rjust(12), PLAIN)]
            for version, at in newest
        ]

    def count_lines(self, width: int) -> list[Pieces]:
        """A line a status that has or had instances, with how far it moved since wfdash began to look."""
        if not self.workflow.counts:
            return [[("  this server gives no counts", QUIET)]]
        return [ruled([("COUNTS", HEADING)], width), *(self._count(status) for status in self._order)]

    def _count(self, status: str) -> Pieces:
        delta, appearance = self.trends.delta(self.workflow.name, status), look(status)
        worse = (BAD if delta > 0 else WARN) if status == "errored" and delta else QUIET
        return [
            (f"  {appearance.glyph} ", appearance.style),
            (fit(clean(status), 16), PLAIN),
            (count(self.workflow.counts.get(status, 0)).rjust(9), PLAIN),
            (f"{delta:+,d}".rjust(9) if delta else "", worse),
        ]

    @property
    def _order(self) -> Sequence[str]:
        counts = self.workflow.counts
        present = [
            status
            for status in STATUSES
            if counts.get(status) or any(self.trends.history(self.workflow.name, status))
        ]
        unknown = sorted(status for status in counts if status not in STATUSES and counts[status])
        return sorted(present, key=lambda status: status == "complete") + unknown

    @property
    def _errored(self) -> int:
        return self.workflow.counts.get("errored", 0)


def _how(row: Instance) -> str:
    """`complete, took 12 s`."""
    took = lasted(row.started, row.ended)
    return row.status if took is None else f"{row.status}, took {spoken(took)}"


def _instances(found: Sequence[tuple[Instance, str, str]], width: int) -> list[Pieces]:
    """A line an instance: the glyph of its status, its id, a time and what there is to say."""
    room = min(max((cells(clean(row.id)) for row, _, _ in found), default=0), width * 2 // 5)
    return [
        [
            (f"  {look(row.status).glyph} ", look(row.status).style),
            (fit(clean(row.id), room, cut="middle"), PLAIN),
            (when.rjust(8), PLAIN),
            (f"  {fit(clean(said), max(1, width - room - 15))}", QUIET),
        ]
        for row, when, said in found
    ]
