"""The record on screen: the same pages as of a moment, one recorded change back or forth, and back to now."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.worker import Worker

from wfdash.core.text.clean import clean
from wfdash.live.polling.events import Event
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context

if TYPE_CHECKING:
    from wfdash.live.records.record.reading import RecordReader

__all__ = ["TimeTravel"]

_SLOW = 0.5
"""Seconds after which it is said that something is waited for."""
_SAID_FOR = 5.0
"""Seconds between two times; a sentence stands a little longer."""


class TimeTravel:
    """Shows a session over the record in place of the live one, which goes on unseen.

    With a record of its own (`wfdash replay`) there is no live one, and no now to return to.
    """

    def __init__(self, app: App[Any], context: Context, replayed: "RecordReader | None" = None) -> None:
        self._app = app
        self._context = context
        self._replayed = replayed
        self._reader: RecordReader | None = replayed
        self._moving: Worker[None] | None = None
        self._telling = False
        """Whether it says that it is read."""
        self._turn = 0
        """Counts the keys: one takes the place of the one before that is still under way."""

    def begin(self, on_started: Callable[[], None]) -> None:
        """Opens a replay at its end, and says what is damaged in it."""
        if self._replayed is not None:
            self._show(self._replayed.last)
            on_started()
            for flaw in self._replayed.flaws:
                self._context.pages.say(f"this record: {flaw}", "warning", aside=True)

    def step(self, changes: int) -> None:
        """Goes so many recorded changes of what is on screen through the record, back when negative."""
        # What an action comes to has to be in sight until it has settled, and a record shows nothing of it.
        if self._context.desk.unsettled:
            self._context.notify("an action still runs: the record waits until it has settled")
            return

        self._turn += 1
        turn = self._turn

        async def move() -> None:
            telling = asyncio.create_task(self._tell_what_is_waited_for())
            try:
                await self._step(changes)
            finally:
                telling.cancel()
                if turn == self._turn:
                    self._context.moving = False

        # Until the moment is shown no key that writes does anything: it would be about rows of another time.
        self._context.moving = True
        # Exclusive: of keys held down only the last look counts.
        self._moving = self._app.run_worker(move, group="travel", exclusive=True)

    async def _tell_what_is_waited_for(self) -> None:
        """Says that a record is read, once that takes a while: a gigabyte on a busy disk takes seconds."""
        await asyncio.sleep(_SLOW)
        while True:
            self._telling = True
            self._context.notify(f"reading the record … {self._context.keys.key_of('layer.close')} stops")
            await asyncio.sleep(_SAID_FOR)

    def leave(self) -> bool:
        """Returns to now, in a replay to its end; False where that is what is shown already."""
        if self._context.moving:  # what was asked for is not wanted any more
            self._turn += 1
            self._context.moving = False
            self._app.workers.cancel_group(self._app, "travel")
            if self._context.past is None:
                return True
        return self._return()

    def _return(self) -> bool:
        if self._replayed is not None:
            return self._to_end(self._replayed)
        if self._context.past is None:
            return False
        self._context.past, self._context.back_to = None, ""
        # The live session went on unseen: nothing has to be read anew but what is shown.
        self._context.session = self._context.acting
        self._app.workers.cancel_group(self._app, "past")
        self._drop()
        self._ask_anew()
        return True

    def _to_end(self, replayed: "RecordReader") -> bool:
        if self._context.past is None or self._context.past >= replayed.last:
            return False
        self._show(replayed.last)
        return True

    def _drop(self) -> None:
        """Lets go of the record, which is opened anew for the next look."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    async def _step(self, changes: int) -> None:
        context = self._context
        if context.past is None and changes > 0:
            context.notify("this is now: there is nothing later")
            return
        if context.past is None:
            self._drop()  # of an account that was left meanwhile
        self._reader = self._reader or await self._open()
        if (reader := self._reader) is None:
            return
        at = context.clock() if context.past is None else context.past
        # What is stepped through is what the page on top is about: an instance, a workflow, or all of them.
        top = context.pages.opened_by
        workflow, instance = ("", "") if top == "workflows.open" else context.pages.place

        from wfdash.live.records.record.moments import PageMoments

        def look() -> tuple[float, str] | None:
            moments = PageMoments(reader, workflow, instance)
            moment = moments.away(at, back=changes < 0, number=abs(changes))
            if moment is None:
                return None
            number, of = moments.position(moment)
            return moment, f"{number} of {of}" if of > 1 else ""

        # A record may be large and its disk slow; the keys go on meanwhile.
        found = await asyncio.to_thread(look)
        if found is not None:
            self._show(*found)
        elif changes > 0 and self._return():
            context.notify("this is now" if self._replayed is None else "this is the end of the record")
        else:
            context.notify(f"nothing {'earlier' if changes < 0 else 'later'} of this page is recorded")
            if context.past is None:
                self._drop()

    async def _open(self) -> "RecordReader | None":
        """Opens the session's record with all that was seen so far.

        None, and says why, where there is none.
        """
        from wfdash.live.records.record.schema import Unusable

        session = self._context.session
        recorder = session.recorder if session is not None else None
        if recorder is None:
            self._context.notify("nothing is recorded: [record] on = false in the config")
            return None
        try:
            return await asyncio.to_thread(recorder.read)
        except (Unusable, OSError) as wrong:
            words = (
                recorder.trouble or f"the record cannot be read: {wrong}"
            )  # a trouble is a sentence itself
            self._context.notify(clean(words), severity="warning")
            return None

    def _show(self, moment: float, position: str = "") -> None:
        from wfdash.ui.session import past_session

        context, reader = self._context, self._reader
        live = context.acting if self._replayed is None else None
        assert reader is not None

        def emit(event: Event) -> None:
            # An answer of a moment that was left since must not draw over the one that is shown.
            if context.session is session:
                context.connection.tell(event)

        session = past_session(reader, moment, context.settings, live=live, notify=emit)
        session.poller.row_details.utc = context.utc
        context.past, context.past_position = moment, position
        if self._replayed is None:
            context.back_to = "now"
        else:
            context.back_to = "the end" if moment < self._replayed.last else ""
        context.session = session
        # A session of its own that polls the record once, so that no page knows whether it shows now or a
        # moment.
        self._app.run_worker(session.poller.run(), group="past", exclusive=True)
        self._ask_anew()

    def _ask_anew(self) -> None:
        """Every page asks the session that is in force now; the cursor stays on its instance."""
        listing = self._context.pages.listing
        if listing.workflow:
            listing.look_anew()
        for screen in self._app.screen_stack:
            if isinstance(screen, BaseScreen) and screen.is_ready:
                screen.ask_anew()
                # Its keys are others in a record than at now, and the next tick may be a second away.
                if (bar := screen.key_bar) is not None:
                    if self._telling:
                        bar.hush()
                    bar.draw()
        self._telling = False
