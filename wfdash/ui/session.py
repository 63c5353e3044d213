"""What is alive behind the screens: the client, the budget, the poller and the operator; and its beginning.

httpx comes with it, so it is opened only by what is about to ask.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct, field
from platformdirs import user_state_path

from wfdash.api.interface import Exchange, Observer, Workflows
from wfdash.config.settings import Settings
from wfdash.core.filter.query import Query
from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import mask_in_text
from wfdash.live.actions.operator import Operator
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.clock_skew import Skew
from wfdash.live.budget.shared_counter import SharedCounter, share_counter
from wfdash.live.polling.events import Event, RecordChanged
from wfdash.live.reads.reads import Reads
from wfdash.live.reads.restarted_runs import RestartedRuns
from wfdash.live.records.journal import Journal
from wfdash.live.records.record.listener import RecordListener
from wfdash.live.records.record.location import location_of
from wfdash.live.records.record.observations import Observation
from wfdash.live.records.record.recorder import Recorder, UntilOpen
from wfdash.live.watcher import Watcher

if TYPE_CHECKING:
    from wfdash.live.hooks.earlier_causes import Cause
    from wfdash.live.records.record.reading import RecordReader
    from wfdash.live.records.search.recall import RecordRecall

__all__ = ["AccountSession", "BegunSession", "Connect", "open_session", "past_session"]

_FIRST_ROWS = 1.0
"""Seconds from the first answer to the opening of the record: what is drawn and loaded by then goes first."""
Connect = Callable[[Observer], Awaitable[Workflows]]


class AccountSession(Struct):
    api: Workflows
    budget: Budget
    poller: Watcher
    operator: Operator
    reads: Reads
    journal: Journal | None
    skew: Skew
    recorder: Recorder | None = None
    """None where the settings keep no record."""
    recall: "RecordRecall | RecordedIds | None" = None
    """Looks up what instances hold, or which there were where the record keeps no payloads."""
    behind: "AccountSession | None" = None
    """The one that goes on unseen while this one shows a moment of the record; None of any other."""
    restarted: RestartedRuns = field(default_factory=RestartedRuns)
    """Looks up the runs that a restart took out of the list."""

    @property
    def account_id(self) -> str:
        """The account that is asked, once it is known; "" before, and for a dev session."""
        return self.api.account_id

    @property
    def local(self) -> bool:
        """Whether a dev session answers, which has one version and no list by status."""
        return self.api.local

    async def earlier_causes(self, workflow: str, before: float) -> "set[Cause]":
        """Why the newest failures that ended before that moment failed; read behind all else."""
        from wfdash.live.hooks.earlier_causes import read_earlier_causes

        return await read_earlier_causes(self.api, self.budget, workflow, before)

    async def close(self) -> None:
        """Closes the connections, writes what the record waits for and lets go of the journal."""
        if self.recall is not None:
            self.recall.close()
        if self.recorder is not None:
            await asyncio.to_thread(self.recorder.close)
        if self.journal is not None:
            self.journal.close()
        await self.api.close()


async def open_session(
    settings: Settings,
    connect: Connect,
    *,
    clock: Callable[[], float],
    report: Callable[[RecordChanged], None],
) -> AccountSession:
    """Makes everything ready; nothing has been asked yet. The demo keeps no journal.

    `report` is called with what happens to the record; what the watcher sees is told to nobody yet.
    """
    if settings.credential is not None:
        mask_in_text(settings.credential.mask)  # before anything can quote it
    steady = asyncio.get_running_loop().time
    budget = Budget(clock=clock, steady=steady, share=settings.share, counter=_counter(settings))
    skew = Skew(clock)

    def saw(exchange: Exchange) -> None:
        budget.saw(exchange)
        skew.saw(exchange)

    api = await connect(saw)
    recorder = _recorder_of(api, settings, skew.server_time, report) if settings.record.on else None
    poller = Watcher(
        api,
        clock=skew.server_time,
        budget=budget,
        interval=settings.interval,
        local=settings.local,
        retention=settings.retention,
        notify=lambda _: None,  # who opens the session begins by drawing all there is
    )
    journal = _journal_of(settings, skew.server_time)
    operator = Operator(
        api,
        budget=budget,
        journal=journal,
        clock=skew.server_time,
        steady=steady,
        sink=poller.sink,
        read_only="this session is read-only until you quit" if settings.read_only else "",
    )
    recall = _let_look_up(poller, recorder, settings) if recorder is not None else None
    return AccountSession(
        api,
        budget,
        poller,
        operator,
        Reads(api, budget),
        journal,
        skew,
        recorder,
        recall,
        restarted=RestartedRuns(recorder=recorder, journal=journal),
    )


def _counter(settings: Settings) -> SharedCounter:
    """The counter of the credential, shared with other processes; in the demo one for this process alone."""
    if settings.credential is None or settings.demo:
        return SharedCounter(what="dashboard")
    folder = user_state_path("wfdash")
    return share_counter(settings.credential, settings.base_url, folder, what="dashboard")


def _journal_of(settings: Settings, clock: Callable[[], float]) -> Journal | None:
    """Makes the file that has every write before it is sent; the demo keeps none."""
    if settings.demo:
        return None
    folder = user_state_path("wfdash")
    return Journal(folder, profile=settings.profile_name, account=settings.kept_for, clock=clock)


def _recorder_of(
    api: Workflows, settings: Settings, clock: Callable[[], float], report: Callable[[RecordChanged], None]
) -> Recorder:
    """A recorder that keeps all that this server answers; its file is opened once something was answered."""
    loop = asyncio.get_running_loop()

    def changed(sentence: str) -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(report, RecordChanged(sentence))

    recorder = Recorder(clock=clock, report=changed)

    def seen(observation: Observation) -> None:
        recorder.saw(observation)
        # Once something was answered and not before: until then it may not be clear whose account it is.
        if not recorder.started:
            _begin_record(recorder, settings, api)

    api.listener = RecordListener(seen, clock=clock, epoch=lambda: recorder.epoch)
    return recorder


def _let_look_up(
    poller: Watcher, recorder: Recorder, settings: Settings
) -> "RecordRecall | RecordedIds | None":
    """Has the watcher look in the record for what a filter asks: by what instances held, or by id alone."""
    if settings.record.payloads:
        recall = _recall(recorder)
        poller.look_up(recall)
        return recall
    if settings.demo:
        # The demo erases nothing, and each look into a record in memory copies it.
        return None
    ids = RecordedIds(recorder)
    poller.look_up_ids(ids)
    return ids


def _recall(recorder: Recorder) -> "RecordRecall":
    from wfdash.live.records.search.recall import RecordRecall

    return RecordRecall(recorder.read, is_ready=lambda: recorder.started)


class RecordedIds:
    """Finds recorded instances by id; SQLite and the search are loaded with the first question."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._recall: RecordRecall | None = None

    async def find_ids(self, workflow: str, query: Query, now: float, most: int) -> Sequence[Instance]:
        """Those that a filter for ids names, as they were listed last; none of more than so many."""
        if self._recall is None:
            await UntilOpen(lambda: self._recorder.started)()
            self._recall = _recall(self._recorder)
        return await self._recall.find_ids(workflow, query, now, most)

    def close(self) -> None:
        if self._recall is not None:
            self._recall.close()


class BegunSession:
    """A session on its way, which may ask for its first rows before there is a screen to show them.

    The answer takes its time, the modules of the screens take theirs: one after the other would be both.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Connect,
        *,
        first: tuple[str, Query | None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`first` is the workflow, and the filter, whose rows are asked for at once."""
        self._unreported: list[RecordChanged] = []
        self._report: Callable[[RecordChanged], None] = self._unreported.append
        # Where the account is still to be found out, a person may have to choose it first.
        self._first = first if settings.account_id or settings.local or settings.demo else None
        self._closed = False
        self._polling: asyncio.Task[None] | None = None
        self._opening = asyncio.create_task(self._open(settings, connect, clock))

    async def _open(self, settings: Settings, connect: Connect, clock: Callable[[], float]) -> AccountSession:
        session = await open_session(settings, connect, clock=clock, report=lambda event: self._report(event))
        if self._first is not None:
            session.poller.begin(*self._first)
            # Polled at once: the modules of the screens take as long to load as the first answer takes to
            # come.
            self._polling = asyncio.create_task(session.poller.run())
        return session

    def tell(self, notify: Callable[[Event], None]) -> None:
        """Hands every update of the opened session to this callback, and what was said of its record."""
        # A screen begins by drawing all there is, so that what was seen before it is no news.
        self._opening.result().poller.tell(notify)
        self._report = notify
        for event in self._unreported:
            notify(event)

    async def opened(self) -> AccountSession:
        return await self._opening

    async def poll(self) -> None:
        """Polls until the end; cancel to stop."""
        await (self._polling or (await self._opening).poller.run())

    async def close(self) -> None:
        """Asks nothing more and closes the connections; a second time changes nothing."""
        opening, polling = self._opening, self._polling
        opening.cancel()
        if polling is not None:
            polling.cancel()
        # Awaited, or the client would be closed under a request that is still being cancelled.
        await asyncio.gather(opening, *filter(None, [polling]), return_exceptions=True)
        if not self._closed and not opening.cancelled() and opening.exception() is None:
            self._closed = True
            await opening.result().close()


def past_session(
    reader: "RecordReader",
    moment: float,
    settings: Settings,
    *,
    live: AccountSession | None,
    notify: Callable[[Event], None],
) -> AccountSession:
    """A session over a record, whose clock stands at that moment; never closed, for it holds nothing."""
    from wfdash.live.records.record.replayed import READ_ONLY, ReplayedWorkflows
    from wfdash.live.records.search.recall import RecordRecall

    def clock() -> float:
        return moment

    steady = asyncio.get_running_loop().time
    # A budget for nothing: what is read out of a file must neither wait nor be counted among requests.
    api, budget = ReplayedWorkflows(reader, clock), Budget(clock=steady, steady=steady, free=True)
    poller = Watcher(
        api, clock=clock, budget=budget, retention=settings.retention, notify=notify, stands=True
    )
    poller.look_up(RecordRecall(lambda: reader, at=clock))
    operator = Operator(
        api, budget=budget, journal=None, clock=clock, steady=steady, sink=poller.sink, read_only=READ_ONLY
    )
    journal = live.journal if live is not None else None
    return AccountSession(
        api,
        budget,
        poller,
        operator,
        Reads(api, budget),
        journal,
        Skew(clock),
        behind=live,
        restarted=RestartedRuns(replayed=reader, journal=journal, until=moment),
    )


def _begin_record(recorder: Recorder, settings: Settings, api: Workflows) -> None:
    """Opens the record once something was answered and the account is known: nobody waits for that."""
    location = location_of(user_state_path("wfdash"), settings, api.account_id)
    if location is not None:
        asyncio.get_running_loop().call_later(_FIRST_ROWS, recorder.start, location)
