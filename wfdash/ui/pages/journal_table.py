"""The journal as a table: a row a batch, which opens into its ids, and these into their events."""

from collections.abc import Callable, Hashable
from typing import Final

from msgspec import Struct
from rich.style import Style
from textual.strip import Strip

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock, counted
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import phrase
from wfdash.live.records.batches import Batch, IdOutcome
from wfdash.live.records.journal_entries import JournalEntry, JournalEvent
from wfdash.live.records.person import is_own_login, with_seat
from wfdash.ui.widgets.list_table import ListTable
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, CURSOR, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["BatchTable"]

_MEASURED = 300
"""Batches by which columns are measured: of thousands the newest are looked at."""
_WHO_FROM = 110
"""Columns from which there is room for who it was."""
_STYLES: Final[dict[str, Style]] = {
    JournalEvent.UNKNOWN: BAD,
    JournalEvent.SKIPPED: WARN,
    JournalEvent.PLANNED: QUIET,
    JournalEvent.SENT: QUIET,
}
_MOST_IDS = 1000
"""Ids of a batch that are listed when it is opened; the command line names them all."""


def _style(entry: JournalEntry) -> Style:
    refused = entry.event == JournalEvent.SETTLED and entry.outcome is Outcome.REFUSED
    return WARN if refused else _STYLES.get(entry.event, PLAIN)


class _Row(Struct, frozen=True):
    """A batch, one of its ids, or one event of an id."""

    batch: Batch
    id: str = ""
    entry: JournalEntry | None = None

    @property
    def key(self) -> Hashable:
        entry = self.entry
        return (self.batch.key, self.id, (entry.at, entry.event) if entry is not None else None)


class BatchTable(ListTable[_Row]):
    """The journal as a table: a batch opens into its ids, and an id into its events."""

    in_order = "the newest action stands first"

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self.cut_off: set[tuple[str, str]] = set()
        """Keys of the batches that were not carried out to the end, and that nobody has decided on."""
        self.is_ours: Callable[[str], bool] = lambda account: True
        """Whether an account, or the origin of a dev session, is the one that is shown."""
        self.own_session = ""
        """What this dashboard wrote: of two people of one login only that tells apart who it was."""
        self.over: set[str] = set()
        """Sessions whose process is gone: nobody waits for what they had under way."""
        self.now = 0.0
        self.utc = True
        self._open: set[Hashable] = set()
        self._summaries: dict[tuple[str, str], str] = {}
        self._found: dict[tuple[str, str], dict[str, IdOutcome]] = {}
        self._widths = (9, 10, 10, 0)

    def key_for(self, row: _Row) -> Hashable:
        return row.key

    def take(self, batches: list[Batch]) -> None:
        """Shows these batches, in columns as wide as the newest of them need."""
        self.batches = batches
        self._summaries.clear()
        self._found.clear()
        self._measure()
        self._unfold()

    def on_resize(self) -> None:
        self._measure()
        super().on_resize()

    def _measure(self) -> None:
        newest = self.batches[:_MEASURED]
        at = max((len(self._at(batch.first.at)) for batch in newest), default=8) + 1
        what = max((len(phrase(clean(batch.first.verb))) for batch in newest), default=8) + 4
        named = max((cells(clean(self._named(batch))) for batch in newest), default=8) + 2
        wide = self.size.width
        names = max((cells(self._who(batch)) for batch in newest), default=0) + 2
        who = names if wide >= _WHO_FROM else 0
        self._widths = (at, min(what, wide * 3 // 10), min(named, wide // 4), min(who, wide // 5))

    def toggle(self) -> None:
        """Opens or closes the batch or the id under the cursor."""
        row = self.chosen
        if row is not None and row.entry is None:
            self._open ^= {row.key}
            self._unfold()

    def _unfold(self) -> None:
        rows: list[_Row] = []
        for batch in self.batches:
            rows.append(head := _Row(batch))
            if head.key not in self._open:
                continue
            ids = batch.ids
            for identity in ids[:_MOST_IDS]:
                if len(ids) > 1:
                    rows.append(head := _Row(batch, identity))
                if head.key in self._open:
                    rows += [_Row(batch, identity, entry) for entry in batch.of(identity)]
        self.rows = rows

    def _named(self, batch: Batch) -> str:
        ids = batch.sent_to
        return ids[0] if len(batch.ids) == 1 else counted(len(ids), "instance")

    def _who(self, batch: Batch, *, in_full: bool = False) -> str:
        """`you`, `ana@desk`, `root@vm on pts/3`, cleaned; `in_full` says all that is known."""
        first = batch.first
        if first.session and first.session == self.own_session:
            return f"you, {clean(first.who)}" if in_full else "you"
        if in_full:
            return clean(with_seat(first.who, first.seat))
        # Whoever has another login is told by that.
        terminal = first.seat.partition(" from ")[0].partition(" (")[0]
        return clean(with_seat(first.who, terminal) if is_own_login(first.who) else first.who)

    def whose(self, batch: Batch) -> str:
        """`to http://127.0.0.1:8787`, where it was sent to another dev session or account; raw."""
        account = batch.first.account
        if not account or self.is_ours(account):
            return ""
        return f"to {account}" if "://" in account else f"to account {account}"

    def _at(self, at: float) -> str:
        return clock(at, utc=self.utc, now=self.now)

    def header_line(self, width: int) -> Strip | None:
        if not self.rows:
            return None
        at, what, named, who = self._widths
        titles = f" {fit('AT', at)}{fit('WHAT', what)}{fit('INSTANCE', named)}{fit('WHO', who)}RESULT"
        return strip_of([(titles, HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        row = self.rows[index]
        pieces = self._batch(row, width) if not row.id else self._inner(row, width)
        return strip_of(pieces, width, CURSOR if cursor else None)

    def _batch(self, row: _Row, width: int) -> Pieces:
        at, what, named, who = self._widths
        first, opened = row.batch.first, row.key in self._open
        rest = max(1, width - at - what - named - who - 2)
        said, style = self._summary(row.batch), PLAIN
        if row.batch.key in self.cut_off:
            said, style = f"cut off, R resumes: {said}", BAD
        elif opened:
            said = f"batch:{first.plan} in {first.workflow} · {said}" if first.plan else said
        if whose := self.whose(row.batch):
            said = f"{whose}: {said}"
        return [
            (f" {fit(self._at(first.at), at)}", QUIET),
            ("▾ " if opened else "▸ ", QUIET),
            (fit(phrase(clean(first.verb)), what - 3) + " ", PLAIN),
            (f"{fit(clean(self._named(row.batch)), named - 2, cut='middle')}  ", STRONG),
            (fit(self._who(row.batch), who), QUIET),
            (fit(clean(said), rest), style),
        ]

    def in_full(self, row: _Row) -> tuple[str, str]:
        """The title and the words of a row without cuts; cleaned."""
        first = row.batch.first
        if row.entry is not None:
            title = f"{row.entry.event} {row.id}"
            said = f"{row.entry.before} → {row.entry.after or row.entry.answered}"
            return clean(title), clean(row.entry.reason or said)
        who = f" by {self._who(row.batch, in_full=True)}" if first.who else ""
        if row.id:
            outcome = self._outcomes(row.batch)[row.id]
            return clean(f"{phrase(first.verb)} {row.id}{who}"), clean(outcome.words)
        whose = self.whose(row.batch)
        title = f"{phrase(first.verb)} {self._named(row.batch)} in {first.workflow}{who}"
        cut = "cut off, R resumes: " if row.batch.key in self.cut_off else ""
        said = f"{cut}{self._summary(row.batch)}" + (f" · batch:{first.plan}" if first.plan else "")
        return clean(f"{title} {whose}".rstrip()), clean(said)

    def _summary(self, batch: Batch) -> str:
        if batch.key not in self._summaries:
            self._summaries[batch.key] = batch.summary(over=self._is_over(batch))
        return self._summaries[batch.key]

    def _is_over(self, batch: Batch) -> bool:
        return batch.first.session in self.over

    def _outcomes(self, batch: Batch) -> dict[str, IdOutcome]:
        if batch.key not in self._found:
            self._found[batch.key] = batch.outcomes(over=self._is_over(batch))
        return self._found[batch.key]

    def _inner(self, row: _Row, width: int) -> Pieces:
        at, what, named, _ = self._widths
        if row.entry is not None:
            entry = row.entry
            change = " → ".join(clean(word) for word in (entry.before, entry.after or entry.answered) if word)
            when = f" {fit(self._at(entry.at), at)}"
            said = f"     {entry.event:<11}"
            rest = max(1, width - len(when) - len(said) - 1)
            return [(when, QUIET), (said, _style(entry)), (fit(clean(entry.reason) or change, rest), PLAIN)]
        outcome = self._outcomes(row.batch)[row.id]
        opened = "▾" if row.key in self._open else "▸"
        room = max(8, named + what - 6)
        return [
            (f" {' ' * at}  {opened} ", QUIET),
            (f"{fit(clean(row.id), room, cut='middle')}  ", STRONG),
            (fit(clean(outcome.words), max(1, width - at - room - 8)), BAD if outcome.failed else PLAIN),
        ]
