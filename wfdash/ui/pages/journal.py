"""`J`: what was done from here, newest first, and what a dropped session left unfinished."""

import asyncio
import os

from platformdirs import user_state_path
from rich.style import Style
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widgets import Input

from wfdash.core.model.times import iso
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.markdown import table_row
from wfdash.core.text.words import clock, count
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import phrase
from wfdash.live.records.journal import MOST_READ, JournalEntry
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.terminal.clipboard import copy_text
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.status_line import StatusLine
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, CURSOR, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["JournalScreen", "journal_markdown"]

_WRITTEN = "every action is written down here before it is sent"
_MEASURED = 300
_WHO_FROM = 110
"""Columns from which there is room for who it was."""
_STYLES = {"unknown": BAD, "skipped": WARN, "planned": QUIET, "sent": QUIET}


def _style(entry: JournalEntry) -> Style:
    refused = entry.event == "settled" and entry.reason.startswith(f"{Outcome.REFUSED}: ")
    return WARN if refused else _STYLES.get(entry.event, PLAIN)


def journal_markdown(entries: list[JournalEntry]) -> str:
    """A table for a ticket, oldest first, times in UTC."""
    rows = ["| at | who | what | workflow | instance | before | after | told |", "|" + "---|" * 8]
    for entry in reversed(entries):
        words = (
            iso(entry.at),
            entry.who,
            f"{phrase(entry.verb)} {entry.event}",
            entry.workflow,
            entry.id,
            entry.before,
            entry.after or entry.answered,
            entry.reason,
        )
        rows.append(table_row(words))
    return "\n".join(rows) + "\n"


def _what(entry: JournalEntry) -> str:
    return f"{phrase(clean(entry.verb))} {entry.event}"


class _Entries(LineTable):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[JournalEntry] = []
        self.now = 0.0
        self.utc = True
        self._widths = (9, 10, 10, 0)

    def take(self, entries: list[JournalEntry]) -> None:
        """Shows these entries. The columns are as wide as the newest of them need."""
        self.entries = entries
        newest = entries[:_MEASURED]
        at = max((len(self._at(entry)) for entry in newest), default=8) + 1
        what = max((len(_what(entry)) for entry in newest), default=8) + 2
        named = max((cells(clean(entry.id)) for entry in newest), default=8) + 2
        wide = self.size.width
        who = max((cells(clean(entry.who)) for entry in newest), default=0) + 2 if wide >= _WHO_FROM else 0
        self._widths = (at, min(what, wide * 3 // 10), min(named, wide // 4), min(who, wide // 5))

    def _at(self, entry: JournalEntry) -> str:
        return clock(entry.at, utc=self.utc, now=self.now)

    def row_count(self) -> int:
        return len(self.entries)

    def header_line(self, width: int) -> Strip | None:
        if not self.entries:
            return None
        at, what, named, who = self._widths
        titles = f" {fit('AT', at)}{fit('WHAT', what)}{fit('INSTANCE', named)}{fit('WHO', who)}RESULT"
        return strip_of([(titles, HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        entry = self.entries[index]
        change = " → ".join(clean(word) for word in (entry.before, entry.after or entry.answered) if word)
        reason = clean(entry.reason) or change
        at, what, named, who = self._widths
        pieces: list[tuple[str, Style]] = [
            (f" {fit(self._at(entry), at)}", QUIET),
            (fit(_what(entry), what - 1) + " ", _style(entry)),
            (f"{fit(clean(entry.id), named - 2, cut='middle')}  ", STRONG),
            (fit(clean(entry.who), who), QUIET),
            (fit(reason, max(1, width - at - what - named - who - 2)), PLAIN),
        ]
        return strip_of(pieces, width, CURSOR if cursor else None)


_ABOUT = "actions sent from this machine"


class JournalScreen(BaseScreen):
    """Read from the file each time it opens; other sessions on this machine write there too."""

    opened_by = "journal.open"
    offers = ("filter.edit", "copy.menu")
    BINDINGS = bindings("filter.edit", "copy.menu")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._all: list[JournalEntry] = []
        self._is_cut = False
        """Whether the journal holds older events than were read."""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="journal-title")
        hint = "filter: words of the verb, the instance, the workflow, the outcome"
        keys = (("enter", "to the rows"), (self.context.keys.key_of("layer.close"), "no filter"))
        yield Field(placeholder=hint, keys=keys)
        yield _Entries()
        yield KeyBar(self.context.pages.why_off)

    def on_mount(self) -> None:
        self.query_one(Field).display = False
        self.table.now, self.table.utc = self.context.clock(), self.context.utc
        self.table.focus()
        self.run_worker(self._read(), exit_on_error=False)

    async def _read(self) -> None:
        """In a thread: the keys go on meanwhile."""
        session = self.context.session
        journal = session.journal if session is not None else None
        if journal is not None:
            self._all = list(reversed(await asyncio.to_thread(journal.read)))
            self._is_cut = journal.size() > MOST_READ
        self.call_after_refresh(self.fill)

    @property
    def table(self) -> _Entries:
        return self.query_one(_Entries)

    def fill(self) -> None:
        words = self.query_one(Field).value.casefold().split()
        self.table.take([entry for entry in self._all if all(word in _haystack(entry) for word in words)])
        trouble = self._trouble()
        if trouble:
            self.table.message = f"{trouble}\nNothing is recorded until it can be."
        else:
            self.table.message = self._nothing()
        self.table.rows_changed()
        self.table.repaint()
        newest = "the newest " if self._is_cut else ""
        summary = f"{count(len(self.table.entries))} of {newest}{count(len(self._all))} events "
        badges = badge_pieces(identity_of(self.context, ""))
        self.query_one("#journal-title", StatusLine).show(
            [
                (" ", PLAIN),
                *badges,
                ("journal ", STRONG),
                (clean(trouble) or _ABOUT, WARN if trouble else QUIET),
            ],
            [(summary, QUIET)],
        )

    def _trouble(self) -> str:
        session = self.context.session
        return session.journal.trouble if session is not None and session.journal is not None else ""

    def action_filter_edit(self) -> None:
        field = self.query_one(Field)
        field.display = True
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.fill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()

    def close_layer(self) -> bool:
        field = self.query_one(Field)
        if not field.display:
            return False
        field.value = ""
        field.display = False
        self.table.focus()
        return True

    def _nothing(self) -> str:
        context = self.context
        if self._all:
            drop, change = context.keys.key_of("layer.close"), context.keys.key_of("filter.edit")
            return f"No event of the journal matches.\n{drop} clears the filter; {change} changes it."
        if context.settings.demo:
            return f"The demo keeps no journal.\nWith an account {_WRITTEN}."
        return f"No action was sent from this machine yet.\nFrom now on {_WRITTEN}."

    def action_copy_menu(self) -> None:
        """The rows that are shown, as Markdown."""
        text = journal_markdown(self.table.entries)
        context = self.context
        context.notify(
            copy_text(
                text,
                write=context.terminal.write,
                environ=os.environ,
                folder=user_state_path("wfdash"),
                name="journal",
            )
        )


def _haystack(entry: JournalEntry) -> str:
    fields = (entry.verb, entry.event, entry.id, entry.workflow, entry.reason, entry.who, entry.after)
    return " ".join(fields).casefold()
