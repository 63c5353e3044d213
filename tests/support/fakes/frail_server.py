"""A small Workflows server in memory that fails as told and logs what it accepted; time is virtual."""

import asyncio
import copy
import random
from dataclasses import dataclass, field

from wfdash.api.errors import (
    BadAnswer,
    CannotTerminate,
    Forbidden,
    InstanceNotFound,
    NotReached,
    OtherServer,
    RateLimited,
    Refused,
    ServerFailed,
)
from wfdash.api.interface import NEWEST, Created, DetailAnswer, InstancePage, StatusAnswer
from wfdash.core.model.status import FINAL
from wfdash.core.model.times import iso

START = 1_800_000_000.0
WRITE_FAULTS = (
    "",
    "timeout after",
    "timeout before",
    "reset after",
    "reset before",
    "unsent",
    "429",
    "429 after",
    "429 page before",
    "429 page after",
    "throttled before",
    "throttled after",
    "redirect before",
    "redirect after",
    "crash before",
    "crash after",
    "no status after",
    "page 400 before",
    "page 400 after",
    "challenge after",
    "500 after",
    "500 before",
    "html after",
    "403",
    "challenge",
)


class VirtualTime:
    """Sleeping costs nothing and moves the clock."""

    def __init__(self):
        self.now = START
        self.on_move = lambda: None

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        until = self.now + seconds
        await asyncio.sleep(0)
        if self.now < until:
            self.now = until
            self.on_move()


class NoBudget:
    async def acquire_action(self):
        await asyncio.sleep(0)

    async def acquire_detail(self):
        await asyncio.sleep(0)


@dataclass
class Run:
    id: str
    status: str
    queued: float
    start: float | None
    end: float | None = None
    events: list = field(default_factory=list)
    busy_until: float = 0.0
    created: float = START - 1000
    steps: list = field(default_factory=list)


@dataclass
class FrailServer:
    """Writes take the next of `faults` ("" works); reads take the next of `read_faults`."""

    clock: VirtualTime
    runs: dict[str, Run] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    read_faults: list[str] = field(default_factory=list)
    accepted: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    before_write: object = None
    read_seconds: float = 0.0
    local: bool = False
    watch_only: str = ""

    def add(self, identity, status, *, busy=0.0):
        begun = self.clock() - 100
        end = begun + 50 if status in FINAL else None
        start = None if status == "queued" else begun
        self.runs[identity] = Run(identity, status, begun, start, end, busy_until=self.clock() + busy)
        return self.runs[identity]

    def settle(self):
        for run in self.runs.values():
            if run.status == "waitingForPause" and self.clock() >= run.busy_until:
                run.status = "paused"
            if run.status == "rollingBack" and self.clock() >= run.busy_until:
                run.status, run.end = "terminated", self.clock()

    async def _read(self, what):
        await self.clock.sleep(self.read_seconds)
        self.reads.append(what)
        fault = self.read_faults.pop(0) if self.read_faults else ""
        if fault == "500":
            raise ServerFailed("The API failed (500).", http=500)
        if fault == "400":
            raise Refused("The API refused to read it (400).", http=400)
        if fault == "hang":
            await self.clock.sleep(30)
            raise NotReached("No answer within 30 s.")
        if fault == "reset":
            raise NotReached("The connection was reset.")
        self.settle()

    async def get_instance(self, workflow, instance, *, simple=False, order=""):
        await self._read(instance)
        run = self.runs.get(instance)
        if run is None:
            raise InstanceNotFound("There is no such instance.", http=404)
        times = {"queued": run.queued, "start": run.start, "end": run.end}
        result = {"status": run.status, "steps": run.steps}
        result |= {key: at and iso(at) for key, at in times.items()}
        return DetailAnswer(result)

    async def list_instances(self, workflow, query=NEWEST):
        await self._read("list")
        status, per_page = query.status, query.per_page
        rows = [run for run in self.runs.values() if not status or run.status == status]
        start = (query.page - 1) * per_page if query.page else int(query.cursor or 0)
        shown = [
            {
                "id": run.id,
                "status": run.status,
                "created_on": iso(run.created),
                "started_on": run.start and iso(run.start),
                "ended_on": run.end and iso(run.end),
            }
            for run in rows[start : start + per_page]
        ]
        more = str(start + per_page) if start + per_page < len(rows) else None
        return InstancePage(shown, more, len(rows))

    async def _write(self, instance, what, apply):
        self.asked.append((instance, what))
        if self.before_write is not None:
            self.before_write(instance)
        await asyncio.sleep(0)
        self.settle()
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "429 after":
            earlier = copy.deepcopy(self.runs)
            apply()
            if self.runs != earlier:  # what changed nothing may be sent once more
                self.accepted.append((instance, what))
            raise RateLimited("Too many requests.", http=429, retry_after=7, denied=True)
        early = {
            "timeout before": NotReached("Timed out."),
            "reset before": NotReached("The connection was reset."),
            "unsent": NotReached("Connection refused.", sent=False),
            "429": RateLimited("Too many requests.", http=429, retry_after=7, denied=True),
            "500 before": ServerFailed("The API failed (500).", http=500),
            "403": Forbidden("The token may not write.", http=403, denied=True),
            "challenge": Forbidden("A page was in the way.", http=403),
        }
        if fault in early:
            early["challenge"].challenge = True
            raise early[fault]
        odd = {
            "429 page": RateLimited("Too many requests.", http=429, retry_after=7),
            "throttled": ServerFailed("Please wait and consider throttling.", http=500, code=971),
            "redirect": OtherServer("The server pointed elsewhere.", http=302),
            "crash": ValueError("Invalid IPv6 URL"),
            "page 400": Refused("The server refused (400, an HTML page).", http=400),
            "challenge": early["challenge"],
        }
        kind, _, moment = fault.rpartition(" ")
        if moment == "before" and kind in odd:
            raise odd[kind]
        answer = apply()
        self.accepted.append((instance, what))
        if moment == "after" and kind in odd:
            raise odd[kind]
        if fault == "no status after" and isinstance(answer, StatusAnswer):
            return StatusAnswer("", http=200)
        if fault == "html after":
            raise BadAnswer("Not JSON.", http=200)
        if fault == "500 after":
            raise ServerFailed("The API failed (500).", http=500)
        if fault in ("timeout after", "reset after"):
            raise NotReached("No answer came.")
        return answer

    async def change_status(self, workflow, instance, verb, *, rollback=False, restart_from=None):
        def apply():
            run = self.runs.get(instance)
            if run is None:
                raise InstanceNotFound("There is no such instance.", http=404, denied=True)
            getattr(self, f"_{verb}")(run, rollback)
            return StatusAnswer(run.status, self.clock())

        return await self._write(instance, verb + (" with rollback" if rollback else ""), apply)

    def _pause(self, run, rollback):
        if run.status in ("running", "waiting"):
            run.status = "waitingForPause" if run.busy_until > self.clock() else "paused"

    def _resume(self, run, rollback):
        if run.status in ("paused", "waitingForPause"):
            run.status = "running"

    def _terminate(self, run, rollback):
        if run.status in FINAL:
            raise CannotTerminate("It is final.", http=409, code=10401, denied=True)
        run.status = "rollingBack" if rollback and run.busy_until > self.clock() else "terminated"
        run.end = self.clock()

    def _restart(self, run, rollback):
        run.status, run.queued, run.start, run.end = "queued", self.clock(), None, None

    async def send_event(self, workflow, instance, event_type, payload):
        def apply():
            run = self.runs.get(instance)
            if run is None:
                raise InstanceNotFound("There is no such instance.", http=404, denied=True)
            run.events.append((event_type, payload))
            return {}

        return await self._write(instance, "send_event", apply)

    async def create_instance(self, workflow, new):
        def apply():
            self.runs[new.id] = Run(new.id, "queued", self.clock(), None, created=self.clock())
            return Created(new.id, "queued")

        return await self._write(new.id, "create", apply)

    async def create_instances(self, workflow, new):
        def apply():
            built = [subject for subject in new if subject.id not in self.runs]
            for subject in built:
                self.runs[subject.id] = Run(subject.id, "queued", self.clock(), None, created=self.clock())
            return [Created(subject.id, "queued") for subject in built]

        return await self._write(f"{len(new)} at once", "create", apply)


def shuffled_faults(seed, count):
    chance = random.Random(seed)
    return [chance.choice(WRITE_FAULTS) if chance.random() < 0.6 else "" for _ in range(count)]
