"""What is stuck or out of the ordinary, worst first, each with its reason."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.retry import attempts_allowed, open_attempt
from wfdash.core.model.status import STATUSES, running_code
from wfdash.core.model.step import Step
from wfdash.core.model.times import lasted
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.words import spoken
from wfdash.core.why.current_steps import current_steps
from wfdash.core.why.step_names import plain_step, spoken_name
from wfdash.core.why.why import TimeWords

__all__ = [
    "Oddity",
    "StepTimes",
    "cron_fire",
    "missed_fires",
    "odd_detail",
    "odd_row",
    "queue_pressure",
    "queue_stalled",
    "queue_stands_still",
    "worst_first",
]

_PAUSING_TOO_LONG = 300.0
"""Seconds that a pause may wait for a running step. A fixed number, for how long code may run that cannot be
interrupted no p95 of sleeping steps tells."""
_FEWEST_SAMPLES = 5
"""Runs of a step below which its p95 is chance."""
_SAMPLES = 200
"""Steps of one instance that are learnt from: its loops say the same over and over."""
_RUNS = 200
"""Runs of a step that are kept, the last ones: those of 12,000 instances are 20 MB, and tell of the past. Of
each step 1,000 were 0.4 MB and 400 a quarter of that, and a dashboard grew for an hour until it had them."""
_NAMES = 1000
"""Steps that are learnt about, the last ones: names may hold what differs from run to run."""
_SHORTEST = 10.0
"""Seconds below which no open step is called slow, whatever its siblings took."""
_STALLED = 180.0
"""Seconds for which a queue has to stand still: a slot that has just come free is taken within seconds."""
_LATE_FIRE = 120.0
"""Seconds a cron run may be late: dispatch was measured 24 to 33 s after the boundary."""
_BEGUN = tuple(status for status in STATUSES if status != "queued")


class Oddity(Struct, frozen=True):
    """What looks stuck or odd: `id` is "" for a whole workflow, a higher `weight` is worse."""

    workflow: str
    id: str
    kind: str
    reason: str
    weight: float
    read_at: float | None = None
    """When the answer came that it rests on, epoch seconds; None for what concerns the whole workflow."""


class StepTimes:
    """How long each step usually takes and how often it is tried, learnt from instances that were read."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], dict[tuple[str, int], float]] = defaultdict(dict)
        self._passed: dict[tuple[str, str], dict[tuple[str, int], float]] = defaultdict(dict)
        """Of those the ones that succeeded."""
        self._p95: dict[tuple[str, str], float | None] = {}
        """Kept until another run of the step is learnt: to sort thousands for each open step takes long."""
        self._tried: dict[tuple[str, str], dict[tuple[str, int], float]] = defaultdict(dict)
        """Attempts of each run, however it ended; of one that is being retried with the next."""
        self.learnt = 0
        """How many answers were learnt from: what was found odd by fewer of them may be usual by now."""

    def learn(self, detail: Detail) -> None:
        """Takes in the last finished steps of an instance; reading it again counts them once."""
        self.learnt += 1
        columns = detail.steps.columns
        retried = set(columns.retried)
        for index in range(len(detail.steps))[-_SAMPLES:]:
            if columns.kinds[index] != "step":
                continue
            key, run = (detail.workflow, plain_step(columns.names[index])), (detail.id, index)
            over, tries = columns.successes[index] is not None, 1
            if index in retried:
                attempts = detail.steps[index].attempts
                tries = len(attempts) if over else 1 + sum(each.success is False for each in attempts)
            if over or index in retried:
                _keep(self._tried[key], run, tries)
                _bound(self._tried)
            took = lasted(columns.starts[index], columns.ends[index])
            # Failed ones too: where many are tried to their end, that is how long it takes.
            if over and took is not None:
                _keep(self._taken[key], run, took)
                if columns.successes[index] is True:
                    _keep(self._passed[key], run, took)
                self._p95.pop(key, None)
                for kept in (self._taken, self._passed):
                    _bound(kept)

    def p95(self, workflow: str, step: Step) -> float | None:
        """Seconds within which 95 of 100 runs of this step finished, and 95 of 100 that succeeded as well.

        None below five that succeeded. Where errors are looked through, most that are read have failed, and
        what fails may fail at once: by those each run that does its work would be slow.
        """
        key = (workflow, plain_step(step.name))
        if key not in self._p95:
            passed, taken = (sorted(runs.get(key, {}).values()) for runs in (self._passed, self._taken))
            enough = len(passed) >= _FEWEST_SAMPLES
            self._p95[key] = max(_p95(passed), _p95(taken)) if enough else None
            _bound(self._p95)
        return self._p95[key]

    def usual_attempts(self, workflow: str, step: Step, *, but: str) -> float | None:
        """Attempts that 95 of 100 runs of this step did with, passed or failed, `but` this instance's.

        None below five runs.
        """
        runs = self._tried.get((workflow, plain_step(step.name)), {})
        tried = sorted(tries for (instance, _), tries in runs.items() if instance != but)
        return _p95(tried) if len(tried) >= _FEWEST_SAMPLES else None


def _p95(values: Sequence[float]) -> float:
    """What 95 of 100 do not exceed; the values in order, one at least."""
    return values[min(len(values) - 1, int(0.95 * len(values)))]


def _bound(names: dict[tuple[str, str], Any]) -> None:
    """Forgets the name met first once there are more than _NAMES."""
    if len(names) > _NAMES:
        del names[next(iter(names))]


def _keep(runs: dict[tuple[str, int], float], run: tuple[str, int], value: float) -> None:
    """Adds a run as the newest, and forgets the oldest beyond _RUNS."""
    runs[run] = value
    if len(runs) > _RUNS:
        del runs[next(iter(runs))]


def odd_row(workflow: str, row: Instance, *, now: float, read_at: float | None = None) -> Oddity | None:
    """What the list row alone gives away."""
    since = row.modified
    if row.status == "waitingForPause" and since is not None and now - since > _PAUSING_TOO_LONG:
        reason = f"pause asked {spoken(now - since)} ago, and its step still runs"
        return Oddity(workflow, row.id, "pausing", reason, now - since, read_at)
    return None


def odd_detail(
    detail: Detail, times: StepTimes, at: TimeWords, *, read_at: float | None = None
) -> list[Oddity]:
    """What the steps give away: slower than its own p95, or retries nearly spent."""
    # While it is paused nothing runs: every open step would look slow.
    if detail.status == "paused":
        return []
    return [
        replace(odd, read_at=read_at)
        for step in current_steps(detail)
        if step.kind == "step"
        for odd in (_slow(detail, step, times, at), _nearly_spent(detail, step, times))
        if odd is not None
    ]


def _slow(detail: Detail, step: Step, times: StepTimes, at: TimeWords) -> Oddity | None:
    usual = times.p95(detail.workflow, step)
    if usual is None or step.start is None:
        return None
    # An attempt is finished before a pause begins: only between two of them time stands still.
    first = next((attempt.end for attempt in step.attempts if attempt.end is not None), None)
    taken = at.now - step.start
    if first is not None:
        paused = [(max(start, first), end or at.now) for start, end in at.paused]
        taken -= sum(max(0.0, end - start) for start, end in paused)
    # Of a step that takes milliseconds, twice the usual is noise.
    if taken <= max(usual, _SHORTEST):
        return None
    reason = f"{spoken_name(step)} has run {spoken(taken)}; 95 of 100 took {spoken(usual)} or less"
    if first is not None and at.may_have_paused(first):
        reason += f"; {at.stood_still()}"
    return Oddity(detail.workflow, detail.id, "slow step", reason, taken / max(usual, 1.0) * 60)


def _nearly_spent(detail: Detail, step: Step, times: StepTimes) -> Oddity | None:
    """A step near its last attempt, unless others are tried as often: where many fail that is usual."""
    allowed = attempts_allowed(step.config)
    failed = sum(attempt.success is False for attempt in step.attempts)
    if allowed is None or allowed < 3 or failed < allowed - 1:
        return None
    usual = times.usual_attempts(detail.workflow, step, but=detail.id)
    if usual is None or failed < usual:
        return None
    last = "final retry is running" if open_attempt(step) else "one retry is left"
    reason = f"{spoken_name(step)} failed {failed} of {allowed}; {last}"
    return Oddity(detail.workflow, detail.id, "last attempt", reason, 3_600.0)


def queue_pressure(workflow: str, history: Sequence[tuple[float, Mapping[str, int]]]) -> Oddity | None:
    """A queue that grows while no more instances run, over the counts seen so far, oldest first."""
    # Two counts grow by chance every other time.
    if len(history) < 3:
        return None
    (start, first), (end, last) = history[0], history[-1]
    queued = [counts.get("queued", 0) for _, counts in history]
    grown = queued[-1] - queued[0]
    running, before = last.get("running", 0), first.get("running", 0)
    # A burst that is worked off is no pressure: the queue must grow all the time, by more than chance.
    if end - start < 60 or grown < 10 or any(b < a for a, b in pairwise(queued)):
        return None
    if running > before * 1.05:
        return None
    pace = grown / (end - start) * 60
    reason = (
        f"queued grows by about {pace:.0f} a minute while {running} run: a concurrency limit, most likely"
    )
    return Oddity(workflow, "", "queue", reason, 1_800.0 + grown)


def queue_stalled(
    workflow: str, history: Sequence[tuple[float, Mapping[str, int]]], allowed: float | None
) -> Oddity | None:
    """A queue of which nothing begins although more may run, over the counts seen so far, oldest first.

    `allowed` is how many may run at once; None where that is not told: then none may be running.
    """
    if not history:
        return None
    last = history[-1][1]
    queued, running = last.get("queued", 0), running_code(last)
    most = 1 if allowed is None else allowed
    if running >= most or not (stood := queue_stands_still(history, most)):
        return None
    still = spoken(stood)
    if allowed is None:
        reason = f"{queued} queued, none running, and none has begun for {still}"
    else:
        free = f"{round(allowed) - running} of the {round(allowed)} that may run at once are free"
        reason = f"{queued} queued, and none has begun for {still} although {free}"
    return Oddity(workflow, "", "queue", reason, 5_400.0 + queued)


def queue_stands_still(history: Sequence[tuple[float, Mapping[str, int]]], most: float = inf) -> float:
    """Seconds for which nothing of a queue has begun although less than `most` ran; 0 for not long."""
    if not history:
        return 0.0
    end, last = history[-1]
    since = end
    for at, counts in reversed(history):
        # Whatever began since then runs, has ended, or waits: then one of these had grown.
        if not counts.get("queued", 0) or any(last.get(key, 0) > counts.get(key, 0) for key in _BEGUN):
            break
        if running_code(counts) >= most:
            break
        since = at
    return end - since if end - since >= _STALLED else 0.0


def cron_fire(row: Instance) -> tuple[str, float] | None:
    """The schedule that made a row and the boundary it was made for, epoch seconds; None for any other row.

    A cron run's id is the expression, a dash and the boundary in epoch milliseconds.
    """
    cron, dash, boundary = row.id.rpartition("-")
    if dash and boundary.isascii() and boundary.isdigit() and len(boundary) <= 16:
        return cron, int(boundary) / 1000
    return None


def missed_fires(workflow: Workflow, fired: Mapping[str, float], *, now: float) -> list[Oddity]:
    """Cron schedules whose next fire has passed without an instance; `fired`: the last boundary of each."""
    return [
        Oddity(
            workflow.name,
            "",
            "cron",
            f"{schedule.cron} was due {spoken(now - schedule.next_at)} ago and no instance came of it",
            7_200.0 + now - schedule.next_at,
        )
        for schedule in workflow.schedules
        if schedule.next_at is not None
        and now - schedule.next_at > _LATE_FIRE
        and fired.get(schedule.cron, 0.0) < schedule.next_at
    ]


def worst_first(oddities: Iterable[Oddity]) -> list[Oddity]:
    """Keeps the heaviest of each instance and kind, and sorts them by weight."""
    heaviest: dict[tuple[str, str, str], Oddity] = {}
    for odd in oddities:
        key = (odd.workflow, odd.id, odd.kind)
        if key not in heaviest or odd.weight > heaviest[key].weight:
            heaviest[key] = odd
    return sorted(heaviest.values(), key=lambda odd: (-odd.weight, odd.workflow, odd.id, odd.kind))
