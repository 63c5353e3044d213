"""Batches that ended before all of them was sent: one key goes on with one, another one drops it."""

import asyncio
from collections.abc import Sequence

from rich.style import Style
from textual import events

from wfdash.api.errors import WorkflowsError
from wfdash.core.model.detail import Detail
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import count, estimated
from wfdash.core.text.wrap import wrapped
from wfdash.core.verbs.rules import refusal
from wfdash.live.actions.resume import (
    Resumption,
    plan_resumption,
    still_under_way,
    stopped_at,
    why_not_resumed,
)
from wfdash.live.records.person import with_seat
from wfdash.live.records.unfinished import Unfinished
from wfdash.ui.actions.prompt import PromptScreen
from wfdash.ui.actions.prompt_text import shown_names
from wfdash.ui.base.dialog import LowerHalf, foot_lines, scrolled
from wfdash.ui.base.lone_key import LoneKey
from wfdash.ui.context import Context
from wfdash.ui.keys.prompt_gate import bare
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, BAD, PLAIN, QUIET, STRONG, WARN

__all__ = ["CutOffScreen"]


class CutOffScreen(LowerHalf):
    """Offers batches that were cut off. It sends nothing: the rest goes through the ordinary prompt."""

    def __init__(self, context: Context, batches: Sequence[Unfinished] | None = None) -> None:
        """`batches` are those to choose from, by default all that the start found."""
        super().__init__(context)
        self._batches = list(context.desk.cut_off if batches is None else batches)
        self._at = 0
        self._read: int | None = None
        """How many were read so far, while that goes on."""
        self._over: Resumption | None = None
        """What became of a batch of which nothing is left to send."""
        self._top = 0
        """The first of the outcomes that is shown."""
        self._trouble = ""
        self._waits, self._wait_until = "", 0.0
        """What is waited for before it is read again, and until when."""
        self._lone = LoneKey(self, self._say)

    def on_mount(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    @property
    def _chosen(self) -> Unfinished:
        return self._batches[self._at]

    def draw(self) -> None:
        if not self.is_ready:
            return
        width, height = self.room
        foot = foot_lines(self._foot(), width)
        room = height - 2 - len(foot)
        lines = self._outcomes(width, room) if self._over is not None else self._lines(width)
        # Its line stands empty too: keys must not move up and down as a sentence comes and goes.
        trouble: Pieces = [(f"   {fit(clean(self._trouble), width - 4)}".rstrip(), BAD)]
        self.panel.show([self._title(), *lines[:room], trouble, *foot])

    def _title(self) -> Pieces:
        many = "1 batch was" if len(self._batches) == 1 else f"{count(len(self._batches))} batches were"
        return [(" cut off ", Style(reverse=True, bold=True)), (f" {many} not carried out to the end", PLAIN)]

    def _lines(self, width: int) -> list[Pieces]:
        context, lines = self.context, list[Pieces]()
        for at, unfinished in enumerate(self._batches):
            when = context.time_of(unfinished.at)
            mark = "▌ " if at == self._at and len(self._batches) > 1 else "  "
            lines.append([(f" {mark}", STRONG), (fit(clean(stopped_at(unfinished)), width - 4), STRONG)])
            states = (
                f"{count(len(ids))} {words}"
                for words, ids in (
                    ("answered", unfinished.settled),
                    ("skipped", unfinished.skipped),
                    ("sent and not answered", (*unfinished.sent, *unfinished.unknown)),
                    ("not sent", unfinished.unsent),
                    ("restarted, how they ended was not read", unfinished.followed),
                )
                if ids
            )
            who = f"{when} by {clean(with_seat(unfinished.who, unfinished.seat)) or 'nobody named'}: "
            lines += [[(f"     {line}", QUIET)] for line in wrapped(who + ", ".join(states), width - 6, 2)]
            if unfinished.held:
                lines += [[(f"     {line}", WARN)] for line in wrapped(clean(unfinished.held), width - 6, 3)]
            if reason := why_not_resumed(unfinished):
                lines.append([(fit(f"     {reason}", width), WARN)])
        return lines

    def _outcomes(self, width: int, room: int) -> list[Pieces]:
        """What a read told of those that had been sent, where nothing else is left; the failed ones first."""
        assert self._over is not None
        # Failed ones first: they are what somebody still has to do something about.
        results = sorted(self._over.sent_before, key=lambda result: not result.failed)
        now = ", ".join(f"{count(times)} {clean(word)}" for word, times in self._over.statuses())
        lines: list[Pieces] = [
            [("   nothing is left to send; what was sent before the cut:", PLAIN)],
            [(f"   {fit(f'{count(len(results))} read: {now}', width - 4)}", STRONG)],
        ]
        shown = len(results) if len(results) <= room - 2 else max(1, room - 3)
        top = self._top = max(0, min(self._top, len(results) - shown))
        names = shown_names([result.id for result in results], max(12, width // 3))
        for result, name in list(zip(results, names, strict=True))[top : top + shown]:
            words = fit(clean(result.sentence), max(8, width - len(name) - 8))
            lines.append([(f"   {name}  ", STRONG), (words, BAD if result.failed else PLAIN)])
        if shown < len(results):
            lines.append(scrolled(top, top + shown, len(results)))
        return lines

    def _foot(self) -> list[Pieces]:
        later: Pieces = [("esc", STRONG), (" later", PLAIN)]
        if self._read is not None:
            reading = f"reading {count(self._read)} of {count(len(self._chosen.to_read))} that were sent"
            if (rest := self._wait_until - self.context.clock()) > 0:
                reading = f"{self._waits} {estimated(rest)}"
            return [[(reading, QUIET)], [("esc", STRONG), (" stop, nothing is sent", PLAIN)]]
        if self._over is not None:
            return [[("d", ACCENT), (" note it in the journal", PLAIN)], later]
        unsent = len(self._chosen.unsent)
        keys: list[Pieces] = []
        if not why_not_resumed(self._chosen):
            only_read = self._chosen.open == self._chosen.followed
            keys.append([("R", ACCENT), (" read how they ended" if only_read else " resume", PLAIN)])
        keys.append([("d", ACCENT), (" drop it", PLAIN)])
        if unsent:
            keys.append([("m", ACCENT), (f" mark the {count(unsent)} unsent", PLAIN)])
        return [*keys, later]

    # Keys.

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        # esc is let through in any case: it only puts off, and a person who wants out must get out.
        if self._lone.crowded() and event.key != "escape":
            return
        if event.key == "escape":
            # It stays open in the journal: "later" may be another person's shift.
            self.context.desk.put_off()
            self.close()
        # Reads go on; only leaving stops them.
        elif self._read is not None:
            return
        elif event.key in ("down", "up") and self._over is not None:
            self._top += 1 if event.key == "down" else -1
        elif event.key in ("down", "up"):
            step = 1 if event.key == "down" else -1
            self._at = max(0, min(len(self._batches) - 1, self._at + step))
        elif bare(event) == "R" and self._over is None:
            self._resume()
        elif bare(event) == "m" and self._chosen.unsent:
            listing, chosen = self.context.pages.listing, self._chosen
            self.context.notify(listing.mark_later(chosen.workflow, chosen.unsent, alone=True))
        elif bare(event) == "d":
            # What is dropped is offered never again.
            self._lone.take(event, self._drop_chosen)
        self.draw()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._lone.cancel()

    def _say(self, words: str) -> None:
        self._trouble = words
        self.draw()

    def _resume(self) -> None:
        guard = self.context.desk.guard
        self._trouble = why_not_resumed(self._chosen) or (
            refusal(self._chosen.verb, "", read_only=guard.read_only, watch_only=guard.watch_only) or ""
        )
        if not self._trouble:
            self._read = 0
            self.run_worker(self._plan(self._chosen), exit_on_error=False)

    async def _plan(self, unfinished: Unfinished) -> None:
        """Reads what had been sent, then asks for the rest; leaving the panel ends it."""
        session = self.context.session
        assert session is not None

        async def read(identity: str) -> Detail:
            detail = await session.reads.instance(unfinished.workflow, identity, "resume")
            self._read = (self._read or 0) + 1
            self.draw()
            return detail

        await self.context.desk.look_again()
        if not any(each.key == unfinished.key for each in self.context.desk.cut_off):
            self._read = None
            self._say("another wfdash went on with it meanwhile: nothing of it is left to send")
            return
        try:
            resumption = await plan_resumption(unfinished, read, now=self.context.clock(), on_wait=self._wait)
        except WorkflowsError as error:
            self._trouble = f"{error}: nothing sent"
            self._read = None
            self.draw()
            return
        self._read = None
        if not resumption.plan.eligible:
            self._over = resumption
            self.draw()
            return

        async def claim() -> str:
            return await self.context.desk.take_over(unfinished, resumption)

        # The prompt comes under the hands of somebody who has just pressed a key here.
        self.context.gate.close()
        notes = resumption.notes()
        self.app.switch_screen(PromptScreen(self.context, resumption.plan, claim=claim, notes=notes))

    def _wait(self, number: int, seconds: float) -> None:
        self._waits = f"{still_under_way(number)}: read again in"
        self._wait_until = self.context.clock() + seconds
        self.set_interval(1.0, self.draw)
        self.draw()

    def _drop_chosen(self) -> None:
        self.run_worker(self._drop(), exit_on_error=False)

    async def _drop(self) -> None:
        """Notes that nobody goes on with it: then it is offered no more."""
        unfinished, session = self._chosen, self.context.session
        journal = session.journal if session is not None else None
        if journal is None:
            return
        if self._over is not None:
            self._trouble = await self.context.desk.take_over(unfinished, self._over, final=True)
        else:
            await asyncio.to_thread(journal.close_unfinished, unfinished)
            self._trouble = journal.trouble
            self.context.desk.forget(unfinished)
        if self._trouble:
            self.draw()
            return
        unsent = f": {count(len(unfinished.unsent))} were never sent" if unfinished.unsent else ""
        done = "noted in the journal" if self._over is not None else f"dropped{unsent}"
        self.context.notify(f"{done}; {self.context.keys.key_of('journal.open')} keeps what was done")
        self._batches.remove(unfinished)
        self._at, self._over = 0, None
        if self._batches:
            self.draw()
        else:
            self.close()
