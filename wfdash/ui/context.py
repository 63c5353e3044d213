"""What every screen is given: settings, clock, session, and what it may ask of the rest of the dashboard.

The protocols name what screens ask of objects that stand above them: so no file of the ui imports its user.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from textual import events

from wfdash.config.settings import Settings
from wfdash.core.filter.query import Query
from wfdash.core.rows.marks import Marks
from wfdash.core.rows.order import Order
from wfdash.core.text.words import clock
from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.keys.prompt_gate import KeyGate

if TYPE_CHECKING:  # httpx comes with the session, once the app runs
    from wfdash.core.handoff.handover import Handover
    from wfdash.core.model.instance import Instance
    from wfdash.live.actions.plan import Guard, Plan, Progress, Result
    from wfdash.live.actions.progress import ActionProgress
    from wfdash.live.actions.redrive import Redrive
    from wfdash.live.actions.resume import Resumption
    from wfdash.live.hooks.runner import HookRun
    from wfdash.live.polling.events import Event
    from wfdash.live.records.batches import Batch
    from wfdash.live.records.last_action import Done
    from wfdash.live.records.notes import SessionStory
    from wfdash.live.records.pins import Pin, Pins, PinState
    from wfdash.live.records.unfinished import Unfinished
    from wfdash.ui.session import AccountSession, Connect

__all__ = [
    "Connection",
    "Context",
    "Desk",
    "ListedRows",
    "Notify",
    "Pages",
    "People",
    "Prepare",
    "Prompts",
    "ShiftLog",
    "Terminal",
]


Prepare: TypeAlias = Callable[[Callable[[int], None]], Awaitable["Redrive"]]
"""Makes a plan of what it reads; it is given what tells how many were read."""


class Notify(Protocol):
    def __call__(self, message: str, *, severity: str = "information") -> None: ...


class Terminal(Protocol):
    """Writes to the terminal, and tells what it has taken and how its keys came."""

    def write(self, sequence: str) -> None:
        """Hands the terminal a control sequence of our own as it is."""

    def bell(self) -> None: ...
    def is_drawn(self) -> bool:
        """Whether it has taken all that was written to it."""

    def came_alone(self, event: events.Event) -> bool:
        """Whether this key is all that the terminal sent for a moment, be it still on its way here."""

    @property
    def pasting(self) -> bool:
        """Whether a key may be the rest of a paste that the line holds up."""


class ListedRows(Protocol):
    """The list of instances that lies under every page: one workflow, one filter, one set of marks."""

    @property
    def workflow(self) -> str: ...
    @property
    def instance(self) -> str | None:
        """The id under the cursor; None without rows."""

    @property
    def query(self) -> Query: ...
    @property
    def order(self) -> Order: ...
    @property
    def marks(self) -> Marks: ...
    def ids(self) -> Sequence[str]:
        """The ids that the filter shows, from the top."""

    def filter_by(self, text: str) -> str:
        """Puts a filter in force; why it cannot be read, or "" when it can."""

    def set_order(self, order: Order) -> None:
        """Sorts another way; the cursor stays on its instance."""

    def look_anew(self) -> None:
        """Lists the same in the session that is in force now; the cursor stays on its instance."""

    def leave_all(self, workflow: str) -> None:
        """Drops rows, marks and filter: another account from now on."""

    def step(self, workflow: str, instance: str, rows: int) -> str | None:
        """Puts the cursor so many rows under this instance; the id it is on then, None for no other one."""

    def mark_later(self, workflow: str, instances: Sequence[str], *, alone: bool = False) -> str:
        """Marks these in the list of that workflow as it is shown, now or next; what came of it, in words."""


class Pages(Protocol):
    """Opens and closes pages, each by its name, as every screen sees the navigator."""

    awaited: str
    """A page that was asked for before it was clear of which workflow; "" for none."""

    @property
    def listing(self) -> ListedRows: ...
    @property
    def in_ascii(self) -> bool: ...
    @property
    def at_root(self) -> bool: ...
    @property
    def in_record(self) -> bool: ...
    @property
    def back_to(self) -> str: ...
    @property
    def opened_by(self) -> str:
        """The action that opens the page on top; "" for the root."""

    @property
    def place(self) -> tuple[str, str]:
        """The workflow that is listed and the instance that is open; "" for none."""

    def open(self, name: str, *arguments: Any) -> None: ...
    def show_workflow(self, workflow: str) -> None: ...
    def show_instance(self, workflow: str, instance: str, *, over: str = "") -> None: ...
    def show_awaited(self, workflow: str) -> None:
        """Opens the page of this workflow that was asked for before any was listed, if one was."""

    def list_found(self, filter: str, workflow: str = "") -> None:
        """Lists what this filter shows in place of the page on top; `go_back` leads there again."""

    def go_back(self) -> bool:
        """From the list to the page that it was opened from; False where there is none."""

    def close_all(self) -> None: ...
    def close_layer(self) -> None: ...
    def press(self, action: str) -> None:
        """Presses the key of an action, if it has one here."""

    def why_off(self, action: str) -> str:
        """Why an action would do nothing now; "" when it is on."""

    def say(self, message: str, severity: str, *, aside: bool = False) -> None:
        """Puts a sentence on the bottom line; `aside` once nothing else is said there."""

    def leave(self, code: int = 0) -> None: ...


class Desk(Protocol):
    """Holds the plans that are being carried out, whatever screen is shown."""

    @property
    def guard(self) -> "Guard": ...
    @property
    def actions(self) -> "Sequence[ActionProgress]": ...
    @property
    def bulk(self) -> "ActionProgress | None": ...
    @property
    def unsettled(self) -> "list[Plan]":
        """Plans on many with ids that are unsent or have not settled."""

    @property
    def followed_runs(self) -> int: ...
    def start(
        self,
        plan: "Plan",
        on_event: "Callable[[Progress | Result], None] | None" = None,
        *,
        canary: int = 0,
    ) -> "ActionProgress": ...
    def go_on(self, progress: "ActionProgress") -> None: ...
    def stop(self, progress: "ActionProgress") -> None: ...
    def shown(self, now: float) -> "list[ActionProgress]":
        """The actions that run or ended a moment ago."""

    def last_done(self) -> "Done | None": ...

    async def batches(self, names: Collection[str], workflow: str) -> dict[str, frozenset[str]]:
        """The ids of each of the journal's batches that are named."""

    cut_off: "list[Unfinished]"

    @property
    def offered(self) -> str:
        """A sentence on a batch that was cut off; "" for none."""

    @property
    def may_show(self) -> bool:
        """Whether there may be an action on many to see."""

    def offer(self, batches: "Sequence[Unfinished]") -> None: ...

    async def look_again(self) -> None: ...
    def put_off(self) -> None: ...
    def forget(self, unfinished: "Unfinished") -> None: ...
    async def take_over(
        self, unfinished: "Unfinished", resumption: "Resumption", *, final: bool = False
    ) -> str: ...


class Prompts(Protocol):
    """Opens what leads to a write: prompts and forms; and says why a verb would do nothing."""

    def write(self, action: str) -> None:
        """Asks for what a key that writes stands for."""

    def prompt(self, plan: "Plan", prepare: "Prepare | None" = None) -> None:
        """Asks for confirmation of a plan, or of the one that `prepare` makes of it."""

    def show_bulk(self, progress: "ActionProgress") -> None: ...
    def draw(self) -> None:
        """Draws what runs, has just ended or was cut off on every screen that shows it."""

    def why_off(self, action: str, targets: "Callable[[], Sequence[Instance]]") -> str: ...


class ShiftLog(Protocol):
    """Keeps what a shift watches, notes and hands over."""

    pins: "Pins"
    story: "SessionStory"

    def pin(self, workflow: str, identity: str) -> "Pin": ...
    def watched_changed(self, state: "PinState") -> None: ...
    def toggle(self, workflow: str, identity: str) -> None: ...
    def acted(self, progress: "ActionProgress") -> None: ...
    def handover(self) -> "Handover": ...
    def end(self) -> None: ...


class People(Protocol):
    """The other dashboards on this account. Words are cleaned, places are raw."""

    @property
    def places(self) -> Sequence[tuple[str, str]]: ...
    def words(self) -> Sequence[str]: ...
    def warnings(self, workflow: str, ids: Sequence[str]) -> list[str]: ...
    def actions(self) -> "Sequence[Batch]":
        """What they did of late, as their dashboards say it; raw, to be shown and for nothing else."""


class Connection(Protocol):
    """Leads to another account or profile, and brings what its session sees."""

    connector: "Callable[[Settings], Connect]"

    def tell(self, event: "Event") -> None:
        """Brings news to the screens."""

    def take_account(self, account_id: str) -> None: ...
    def take_profile(self, name: str, environ: Mapping[str, str] = ...) -> None: ...
    def reconnect(self, settings: Settings, *, workflow: str) -> None: ...
    def offer_config(self) -> None: ...
    def forbid_writes(self) -> None: ...


class Context:
    """What every screen is given. The app puts its parts in as it makes them; screens read and own none."""

    pages: Pages
    desk: Desk
    prompts: Prompts
    shift: ShiftLog
    connection: Connection
    people: People

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float],
        notify: Notify,
        terminal: Terminal,
    ) -> None:
        """`notify` says a sentence on the bottom line."""
        self.settings = settings
        self.machine_clock = clock
        self.notify = notify
        self.terminal = terminal
        self.keys = KeyNames(lambda: self.settings)
        self.gate = KeyGate()
        self.utc = settings.time != "local"
        self.session: AccountSession | None = None
        self.past: float | None = None
        """The moment that is shown out of a record, epoch seconds; None for now."""
        self.past_position = ""
        """Which of the moments of its second it is, `2 of 3`; "" for the only one."""
        self.back_to = ""
        """Where `esc` leads from that moment before it closes anything: `now`, `the end`; "" for nowhere."""
        self.moving = False
        """Whether a moment of the record is on its way to the screen: what is pressed is about that."""
        self.failure = ""
        """Why there is no session, in a sentence; "" once there is one."""
        self.long_read = ""
        """A read of many requests that somebody waits for: how far it is and what stops it; "" for none."""
        self.hook_runs: Sequence[HookRun] = ()
        """Commands that ran by themselves for what changed, the newest last."""
        self.last_key_at = self.last_pointed_at = float("-inf")

    def clock(self) -> float:
        """The server's time, once it is clear that this machine's clock is wrong: ages are reckoned by it."""
        return self.now if self.past is None else self.past

    def time_of(self, at: float, *, seconds: bool = True, zone: bool = False) -> str:
        """An instant in words, in the chosen zone, with its day where that is not today."""
        return clock(at, utc=self.utc, now=self.clock(), seconds=seconds, zone=zone)

    @property
    def now(self) -> float:
        """The server's time, also while a moment of the record is shown, when `clock` stands there."""
        return self.machine_clock() - (self.acting.skew.seconds if self.acting is not None else 0.0)

    @property
    def acting(self) -> "AccountSession | None":
        """The session that can send; while a moment of the record is shown, the live one behind it."""
        session = self.session
        return session.behind if session is not None and session.behind is not None else session

    @property
    def in_production(self) -> bool:
        """Whether the account in use, which the API may have named only later, is guarded as production."""
        account = self.settings.account_id
        if self.session is not None:
            account = self.session.account_id or account
        return self.settings.is_production(account)
