"""What is alive behind the screens: the client, the budget, the poller and the operator.

Imported once the app runs, because httpx comes with it.
"""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from platformdirs import user_state_path

from wfdash.api.interface import Exchange, Observer, Workflows
from wfdash.config.settings import Settings
from wfdash.core.text.clean import mask_in_text
from wfdash.live.actions.operator import Operator
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.clock_skew import Skew
from wfdash.live.budget.shared_counter import SharedCounter, share_counter
from wfdash.live.polling.events import Event
from wfdash.live.reads.reads import Reads
from wfdash.live.records.journal import Journal
from wfdash.live.watcher import Watcher

__all__ = ["AccountSession", "Connect", "open_session"]

Connect = Callable[[Observer], Awaitable[Workflows]]


class AccountSession(Struct):
    api: Workflows
    budget: Budget
    poller: Watcher
    operator: Operator
    reads: Reads
    journal: Journal | None
    skew: Skew

    @property
    def account_id(self) -> str:
        """The account that is asked, once it is known; "" before, and for a dev session."""
        return self.api.account_id

    async def close(self) -> None:
        """Closes the connections and lets go of the journal."""
        if self.journal is not None:
            self.journal.close()
        await self.api.close()


async def open_session(
    settings: Settings, connect: Connect, *, clock: Callable[[], float], notify: Callable[[Event], None]
) -> AccountSession:
    """Makes everything ready; nothing has been asked yet. The demo keeps no journal."""
    if settings.credential is not None:
        mask_in_text(settings.credential.mask)
    counter = SharedCounter(what="dashboard")
    if settings.credential is not None and not settings.demo:
        folder = user_state_path("wfdash")
        counter = share_counter(settings.credential, settings.base_url, folder, what="dashboard")
    steady = asyncio.get_running_loop().time
    budget = Budget(clock=clock, steady=steady, share=settings.share, counter=counter)
    skew = Skew(clock)

    def saw(exchange: Exchange) -> None:
        budget.saw(exchange)
        skew.saw(exchange)

    api = await connect(saw)
    poller = Watcher(
        api,
        clock=skew.server_time,
        budget=budget,
        interval=settings.interval,
        local=settings.local,
        retention=settings.retention,
        notify=notify,
    )
    journal = None
    if not settings.demo:
        journal = Journal(
            user_state_path("wfdash"),
            profile=settings.profile_name,
            account=settings.kept_for,
            clock=skew.server_time,
        )
    operator = Operator(
        api,
        budget=budget,
        journal=journal,
        clock=skew.server_time,
        steady=asyncio.get_running_loop().time,
        sink=poller.sink,
        read_only="this session is read-only until you quit" if settings.read_only else "",
    )
    return AccountSession(api, budget, poller, operator, Reads(api, budget), journal, skew)
