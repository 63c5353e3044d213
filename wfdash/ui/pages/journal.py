"""`J`: what was done from here, newest first, and what a dropped session left unfinished."""

import asyncio
import os
from collections.abc import Mapping
from math import inf
from typing import ClassVar

from platformdirs import user_state_path
from rich.style import Style
from textual.app import ComposeResult
from textual.widgets import Input

from wfdash.core.model.times import iso
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.markdown import table_row
from wfdash.core.text.words import count
from wfdash.core.text.wrap import wrapped
from wfdash.core.verbs.rules import phrase
from wfdash.live.records.batches import Batch, group_batches
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import MOST_READ, JournalEntry
from wfdash.live.records.unfinished import Unfinished
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.pages.journal_table import BatchTable
from wfdash.ui.terminal.clipboard import copy_text
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces, StatusLine
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN

__all__ = ["JournalScreen", "journal_markdown"]

_SOON = 2.0
"""Seconds until it is read again, where something was written meanwhile."""
_LATER = 6.0
"""The same where nothing was."""
_REST = 20.0
"""The same in times of what a read takes."""
_IN_FULL = 3
"""Lines for what the row under the cursor tells."""
_WRITTEN = "every action is written down here before it is sent"


def journal_markdown(entries: list[JournalEntry]) -> str:
    """A table for a ticket, oldest first, times in UTC."""
    rows = ["| at | who | account | what | workflow | instance | before | after | told |", "|" + "---|" * 9]
    for entry in reversed(entries):
        words = (
            iso(entry.at),
            entry.who,
            entry.account,
            f"{phrase(entry.verb)} {entry.event}",
            entry.workflow,
            entry.id,
            entry.before,
            entry.after or entry.answered,
            entry.reason,
        )
        rows.append(table_row(words))
    return "\n".join(rows) + "\n"


_ABOUT = "actions sent from this machine"


class JournalScreen(BaseScreen):
    """Lists what was done, read from the journal's files whenever they change: other sessions write there."""

    opened_by = "journal.open"
    offers = ("filter.edit", "mark.toggle", "copy.menu")
    labels: ClassVar[Mapping[str, str]] = {"instance.redrive": "resume"}
    BINDINGS = bindings("row.open", "filter.edit", "mark.toggle", "copy.menu", "instance.redrive")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._own: list[Batch] = []
        self._theirs: list[Batch] = []
        """What others did who write another journal: it is shown, and nothing can be done with it."""
        self._unfinished: dict[tuple[str, str], Unfinished] = {}
        self._seen: tuple[int, int] | None = None
        """The file as it was read last: its size and when it was written."""
        self._next_read = self._look_again = 0.0
        self._is_cut = False
        """Whether the journal holds older events than were read."""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="journal-title")
        hint = "filter: words of the verb, the instance, the workflow, the outcome"
        keys = (("enter", "to the rows"), (self.context.keys.key_of("layer.close"), "no filter"))
        yield Field(placeholder=hint, keys=keys)
        yield BatchTable()
        yield TextLines(id="in-full")
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.query_one(Field).display = False
        self.table.now, self.table.utc = self.context.clock(), self.context.utc
        self.table.focus()
        # A long journal takes seconds on a busy machine, and an empty page would say that there is none.
        self._draw_title("reading what was sent from this machine …", "")
        self.run_worker(self._read(), exit_on_error=False)

    async def _read(self) -> None:
        """Reads the journal in a thread, so that keys go on, and draws it."""
        session = self.context.session
        journal = session.journal if session is not None else None
        if journal is not None:
            began = self._steady()
            # The stamp before the read: what is written meanwhile is met by the next look, and never missed.
            self.table.is_ours, self._seen = journal.is_ours, _stamp(journal)
            self.table.own_session = journal.session
            self._own, self._unfinished, self.table.over = await asyncio.to_thread(_read, journal)
            self._is_cut = journal.size() > MOST_READ
            # What runs writes several lines a second: a long journal is read seldom, a short one soon.
            cost = self._steady() - began
            self._next_read = self._steady() + max(_SOON, _REST * cost)
            self._look_again = self._steady() + max(_LATER, 5 * _REST * cost)
        # After the page is up: a worker may come back before its widgets are there.
        self.call_after_refresh(self.fill)

    @property
    def table(self) -> BatchTable:
        return self.query_one(BatchTable)

    def tick(self, now: float) -> None:
        """Takes in what others did, and reads the files again when they changed."""
        if self._theirs_now() != self._theirs:
            self.fill()
        journal = self.context.session.journal if self.context.session is not None else None
        if journal is None or self._seen is None or self._steady() < self._next_read:
            return
        # Who was killed writes nothing any more: only another look tells that nobody waits for what is open.
        if _stamp(journal) != self._seen or self._steady() >= self._look_again:
            # Until this read is over, however long it takes: two at a time would each slow the other.
            self._next_read = inf
            self.run_worker(self._read(), exit_on_error=False)

    @staticmethod
    def _steady() -> float:
        return asyncio.get_running_loop().time()

    def _theirs_now(self) -> list[Batch]:
        """Batches that others tell of and this journal lacks; those of the same login are in it."""
        own = {_deed(batch) for batch in self._own}
        return [batch for batch in self.context.people.actions() if _deed(batch) not in own]

    @property
    def _all(self) -> list[Batch]:
        return sorted([*self._own, *self._theirs], key=lambda batch: -batch.first.at)

    def fill(self) -> None:
        self._theirs = self._theirs_now()
        words = self.query_one(Field).value.casefold().split()
        self.table.cut_off = set(self._unfinished)
        self.table.take([batch for batch in self._all if _matches(batch, words)])
        trouble = self._trouble()
        if trouble:
            self.table.message = f"{trouble}\nNothing is recorded until it can be."
        else:
            self.table.message = self._nothing()
        self.table.rows_changed()
        self.table.repaint()
        self._draw_in_full()
        newest = "the newest " if self._is_cut else ""
        summary = f"{count(len(self.table.batches))} of {newest}{count(len(self._all))} actions "
        self._draw_title(clean(trouble) or self._about, summary, WARN if trouble else QUIET)

    def _draw_title(self, about: str, summary: str, style: Style = QUIET) -> None:
        badges = badge_pieces(identity_of(self.context, ""))
        self.query_one("#journal-title", StatusLine).show(
            [(" ", PLAIN), *badges, ("journal", STRONG), (f" · {about}", style)], [(summary, QUIET)]
        )

    @property
    def _about(self) -> str:
        """A line on what is listed, and how many actions others tell of."""
        theirs = f", and {count(len(self._theirs))} that others tell of" if self._theirs else ""
        return f"{_ABOUT}{theirs}"

    def on_line_table_cursor_moved(self) -> None:
        self._draw_in_full()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw_in_full)

    def _draw_in_full(self) -> None:
        """What the row under the cursor tells: its cells cut it where the terminal is narrow."""
        row, lines = self.table.chosen, list[Pieces]()
        if row is not None:
            width = self.size.width
            title, words = self.table.in_full(row)
            said = wrapped(words, width - 4, _IN_FULL)
            said += [""] * (_IN_FULL - len(said))  # the table keeps its height while the cursor moves
            head: Pieces = [(fit(title, width - 8).rstrip(), STRONG)]
            lines = [ruled(head, width), *([("  " + line, PLAIN)] for line in said)]
        self.query_one("#in-full", TextLines).show(lines)

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
            return f"No action of the journal matches.\n{drop} clears the filter; {change} changes it."
        if context.past is not None:
            return (
                "A record holds what was seen, not what was sent.\n"
                "That stands in the journal of the machine that sent it."
            )
        if context.settings.demo:
            return f"The demo keeps no journal.\nWith an account {_WRITTEN}."
        return f"No action was sent from this machine yet.\nFrom now on {_WRITTEN}."

    # What a key is about.

    def printed_by(self) -> tuple[str, str]:
        """The instance under the cursor, where it is of what this dashboard watches."""
        row = self.table.chosen
        # What another dashboard tells is shown and not acted on, and in another account an id is another
        # instance's.
        if row is None or row.batch in self._theirs or self.table.whose(row.batch):
            return "", ""
        ids = row.batch.ids
        # A batch of one is about that instance, without being unfolded first.
        return row.batch.first.workflow, row.id or (ids[0] if len(ids) == 1 else "")

    def action_row_open(self) -> None:
        self.table.toggle()
        self.table.rows_changed()
        self.table.repaint()
        self._draw_in_full()

    def action_mark_toggle(self) -> None:
        """Marks the ids of the batch, or the one under the cursor, in the list of their workflow."""
        row = self.table.chosen
        if row is not None and row.batch in self._theirs:
            self.context.notify("somebody else's dashboard says so: its ids are shown and not taken")
        elif row is not None and (whose := self.table.whose(row.batch)):
            self.context.notify(f"it was sent {clean(whose)}: its instances are not in this list")
        elif row is not None:
            ids, workflow = [row.id] if row.id else row.batch.ids, row.batch.first.workflow
            self.context.notify(self.context.pages.listing.mark_later(workflow, ids))

    def cut_off(self) -> Unfinished | None:
        row = self.table.chosen
        return self._unfinished.get(row.batch.key) if row is not None else None

    def why_off(self, action: str) -> str:
        if action in ("row.open", "mark.toggle") and self.table.chosen is None:
            return "there is no action here"
        if action == "instance.redrive":
            return "" if self.cut_off() is not None else "this was not cut off: there is nothing to resume"
        return super().why_off(action)

    def action_copy_menu(self) -> None:
        """The actions that are shown, as Markdown: each event a line."""
        entries = [entry for batch in self.table.batches for entry in reversed(batch.entries)]
        text = journal_markdown(sorted(entries, key=lambda entry: -entry.at))
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


def _stamp(journal: Journal) -> tuple[int, int]:
    """The size and time of the journal's file, which differ after each line that is written."""
    try:
        status = journal.path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _read(journal: Journal) -> tuple[list[Batch], dict[tuple[str, str], Unfinished], set[str]]:
    """Reads batches, plans left open and sessions that are over. Blocks, for the files may be large."""
    unfinished = {(plan.session, plan.plan): plan for plan in journal.unfinished()}
    batches = group_batches(journal.read())
    for batch in batches:
        batch.sent_to  # noqa: B018  found out here, off the loop
    return batches, unfinished, journal.over({batch.first.session for batch in batches})


def _deed(batch: Batch) -> tuple[str, ...]:
    """What is alike where two journals tell of one action."""
    first = batch.first
    # Not by plan or time: another dashboard tells of no plan, and its time is that of the key, not of the
    # first line.
    return first.verb, first.workflow, first.who, *batch.sent_to[:1]


def _matches(batch: Batch, words: list[str]) -> bool:
    if not words:
        return True
    # By the name too that the filter of the list takes, so that a word copied from there finds it.
    found = " ".join([f"batch:{batch.first.plan}", *map(_haystack, batch.entries)])
    return all(word in found for word in words)


def _haystack(entry: JournalEntry) -> str:
    words = (entry.verb, entry.event, entry.id, entry.workflow, entry.reason, entry.who, entry.after)
    fields = (*words, entry.account)
    return " ".join(fields).casefold()
