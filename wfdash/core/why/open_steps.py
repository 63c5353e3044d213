"""What the open steps of an instance are at, in words: one of them, or several side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.model.retry import attempts_allowed, back_off, duration, is_used_up
from wfdash.core.model.step import Failure, Step
from wfdash.core.model.step_kind import kind_of
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import spoken
from wfdash.core.why.current_steps import (
    Doing,
    deadline,
    doing,
    has_stopped,
    has_succeeded,
    since,
)
from wfdash.core.why.failure import lost_attempts, who_cut_off
from wfdash.core.why.step_names import error_name, failure_text, shown_name, spoken_name
from wfdash.core.why.why import TimeWords, Why

__all__ = [
    "QUIET",
    "SideBySide",
    "attempt_count",
    "has_no_retry_left",
    "of_several",
    "of_single",
    "short_name",
    "side_by_side",
]

_UNTOLD = "this server does not say until when"
_SHORT_NAME = 22
"""Cells of a step's name in a cell, which has to say besides what the step is at."""
QUIET = 180.0
"""Seconds without anything that runs after which an instance looks stuck: code between steps is short."""
_LATE = 3.0
"""Seconds after which a try that has not come is late: an answer is under way for a second or two."""
_MOST = 1000
"""Steps side by side of which it is said which changes next."""
_FEW = 100
"""As many as have a sentence each made with every frame."""
_TELLING = ("retries", "waits", "runs", "pending", "sleeps")
"""Of steps side by side, which one a cell has room for: what fails, then what somebody else must do."""


def of_single(step: Step, at: TimeWords) -> Why:
    """Why an instance is where it is when this one step is open."""
    kind = doing(step)
    if kind == "sleeps":
        return _sleeping(step, at)
    if kind == "waits":
        return _waiting(step, at)
    if kind == "retries":
        return replace(_retrying(step, at), aside=_attempt_words(step))
    if kind == "pending":
        return _pending(step, at)
    return _running(step, at)


class SideBySide(Struct, frozen=True):
    """What is told of parallel steps that does not move with the clock; of 25,000 it is worked out once."""

    counts: Counter[str]
    """How many are at what, by the words of `_counted`."""
    begun: float | None
    """When the last of them began what it is at."""
    last_error: str
    """What the one whose attempt failed last failed with, in words; "" when none has."""
    dated: int
    """How many change by themselves at a moment that is known."""
    soonest: Mapping[Doing, Step]
    """Of those at the same thing the one that does so first."""
    latest: Step | None
    """And the last of all."""


def side_by_side(steps: Sequence[Step]) -> SideBySide:
    dated = [(due, step) for step in steps if (due := deadline(step)[0]) is not None]
    dated.sort(key=lambda entry: entry[0])
    soonest = {doing(step): step for _, step in reversed(dated)}
    latest = dated[-1][1] if dated else None
    counts = Counter(map(_what, steps))
    begun = max((at for at in map(since, steps) if at is not None), default=None)
    return SideBySide(counts, begun, _last_error(steps), len(dated), soonest, latest)


def of_several(steps: Sequence[Step], at: TimeWords, beside: SideBySide) -> Why:
    """Parallel steps: what each is at, or how many are at what, and which of them changes next."""
    # Each has a sentence of its own: of a thousand they would take 100 ms with every frame. Of so many only
    # those that may be told have theirs.
    few = len(steps) <= _FEW
    among = steps if few else [*beside.soonest.values()] if len(steps) <= _MOST else []
    each = [of_single(step, at) for step in among]
    due = [(why.deadline, why.estimate, step) for why, step in zip(each, among) if why.deadline is not None]
    begun = [why.since for why in each if why.since is not None]
    if not few and beside.begun is not None:
        begun.append(beside.begun)
    # Their names say more than the same sentence for each of them.
    if [*beside.counts] == ["runs"]:
        said = f"{len(steps)} steps run: {_list([spoken_name(step, 28) for step in steps[:3]], len(steps))}"
    elif len(steps) <= 4:
        said = f"{len(steps)} steps are open: " + ", ".join(_clause(step, at) for step in steps)
    else:
        said = f"{len(steps)} steps are open: " + _counted(beside.counts) + beside.last_error
    stuck = bool(each) and all(why.looks_stuck for why in each)
    if stuck and not few:  # where the last of all is late, the others are
        late = of_single(beside.latest, at).looks_stuck if beside.latest is not None else False
        stuck = late and beside.dated == len(steps)
    if not due:
        return Why(said, f"{len(steps)} open: {short_name(steps[-1])}", max(begun, default=None), None, stuck)
    soonest, estimate, step = min(due, key=lambda entry: entry[0])
    verb = {"sleeps": "wakes", "waits": "times out", "retries": "is tried again", "runs": "times out"}
    due_verb = {"sleeps": "wake", "waits": "time out", "retries": "be tried again", "runs": "time out"}
    what = spoken_name(step, 28)
    unknown = len(steps) - (len(due) if few else beside.dated) - beside.counts["used up"]
    if at.is_due(soonest):
        said += f"; {what} was to {due_verb[doing(step)]} {at.ago(soonest)}"
    else:
        # A time-out is a bound, not an end: nothing is first while a step can end by itself before it.
        surely = not unknown and beside.counts.keys() <= {"sleeps", "retries", "used up"}
        first = " first," if surely else ""
        said += f"; {what} {verb[doing(step)]}{first} {at.until(soonest, estimate=estimate)}"
        if unknown:
            said += f"; this server does not say when the {'other ends' if unknown == 1 else 'others end'}"
    telling = of_single(_telling(among, due), at)
    short = f"{len(steps)} open: {telling.short}"
    begun_last = max(begun, default=None)
    return Why(said, short, begun_last, soonest, stuck, estimate, lasts=telling.lasts, aside=telling.aside)


def _pending(step: Step, at: TimeWords) -> Why:
    """The sentence for a step of which no attempt has begun.

    No time-out counts yet, and a wait for a key is open.
    """
    lasted = at.since(step.start) if step.start is not None else ""
    said = f"{spoken_name(step)} has not begun an attempt{lasted}"
    key = clean(step.concurrency_key, 120)
    if key:
        said += f'; it waits for the concurrency key "{key}"'
    short = f"{short_name(step)}, {f'waits for key {key}' if key else 'not begun'}"
    if step.start is not None:
        short += f", {at.coarse(step.start)}"
    return Why(said, short, step.start)


def _sleeping(step: Step, at: TimeWords) -> Why:
    named = spoken_name(step)
    # A dev session gives no planned end; nothing is made up in its place.
    if step.end is None:
        if step.start is None:
            return Why(f"sleeping in {named}; {_until_when(step)}", "sleeps")
        return Why(
            f"sleeping{at.since(step.start)} in {named}; {_until_when(step)}",
            f"sleeps since {at.coarse(step.start)}",
            step.start,
        )
    if at.is_due(step.end):
        said = f"sleeping until {at.at(step.end)}, due {at.ago(step.end)}, in {named}"
        overdue, note = _overdue(step, step.end, at)
        return Why(f"{said}{note}", f"sleeps, {at.remaining(step.end)}", step.start, step.end, overdue)
    if not at.foretells:
        return Why(f"sleeping in {named}, planned until {at.at(step.end)}", "sleeps", step.start)
    ahead = at.until(step.end, estimate=False)
    length = f" ({ahead})" if not ahead.startswith("at ") else ""
    return Why(
        f"sleeping until {at.at(step.end)}{length} in {named}",
        f"sleeps until {at.at(step.end)}",
        step.start,
        step.end,
    )


def _until_when(step: Step) -> str:
    """Says of a sleep or wait without a readable end that there is none, or what stands in its place."""
    if step.raw_end is None:
        return _UNTOLD
    return f"its end cannot be read as a time: {fit(clean(str(step.raw_end), 120), 40).rstrip()}"


def _waiting(step: Step, at: TimeWords) -> Why:
    if step.event_type:
        awaited = f'event "{clean(step.event_type, 120)}"'
        short = clean(step.event_type, 120)
    else:
        awaited, short = f"an event in {spoken_name(step)}", shown_name(step)
    short = fit(short, _SHORT_NAME).rstrip() if cells(short) > _SHORT_NAME else short
    begun = at.since(step.start) if step.start is not None else ""
    if not at.foretells:
        return Why(f"waiting for {awaited}{begun}", f"{short}, waits", step.start)
    if step.end is None:
        lasted = f" since {at.coarse(step.start)}" if step.start is not None else ""
        said = f"waiting for {awaited}{begun}; {_until_when(step)}"
        return Why(said, f"{short}, waits{lasted}", step.start)
    if at.is_due(step.end):
        said = f"waiting for {awaited}{begun}; {at.next('its time-out was', step.end, estimate=False)}"
        overdue, note = _overdue(step, step.end, at)
        return Why(f"{said}{note}", f"{short}, {at.remaining(step.end)}", step.start, step.end, overdue)
    said = f"waiting for {awaited}{begun}; times out {at.until(step.end, estimate=False)}"
    return Why(said, f"{short}, {at.remaining(step.end)} left", step.start, step.end)


def _overdue(step: Step, end: float, at: TimeWords) -> tuple[bool, str]:
    """Whether a sleep or a wait is surely late, and what may be why not: a pause stops its clock."""
    late = at.now - end > at.lag
    if not late or step.start is None or not at.may_have_paused(step.start):
        return late, ""
    surely = at.now - at.at_latest(end, step.start) > at.lag
    return surely, "" if surely else f"; {at.stood_still()}"


def _retrying(step: Step, at: TimeWords) -> Why:
    last = step.attempts[-1]
    when = since(step)
    ago = f" {at.ago(when)}" if when is not None else ""
    error = _with(last.error) if last.error else ""
    said = f"attempt {attempt_count(step)} of {spoken_name(step)} failed{ago}{error}"
    short, attempt = short_name(step), _attempt_words(step)
    due, estimate = deadline(step)
    if not at.foretells:
        return Why(said, f"{short}{attempt or ' failed'}", when)
    if due is not None and when is not None and at.paused:
        due = at.resumed(due, when, last.start)
        if due is None:
            said += "; when the next try comes is not known: it was paused in between"
            return Why(said, f"{short}{attempt or ' failed'}", when)
    if due is not None and when is not None and at.may_have_paused(when):
        # Somebody else's pause moves the next try without a word: all that is known is when it comes at the
        # earliest. It is late once that was so long ago that no pause can have lasted until then.
        latest = at.at_latest(due, when)
        if at.now - latest > at.lag:
            said += f"; its next try was due {at.ago(latest)} at the latest and has not come"
            return Why(
                said, f"{short}, retry was {at.remaining(latest)}{attempt}", when, latest, True, estimate
            )
        if at.now - due >= _LATE:
            said += f"; its next try was due {at.ago(due)} and has not come; {at.stood_still()}"
            return Why(said, f"{short}, retry was {at.remaining(due)}{attempt}", when, due, False, estimate)
        if not at.is_due(due):
            said += f"; {at.next('next try', due, estimate=estimate)} or later; {at.stood_still()}"
            return Why(
                said, f"{short}, retry in {at.remaining(due, '~')}{attempt}", when, due, False, estimate
            )
    if due is not None:
        said += f"; {at.next('next try', due, estimate=estimate)}"
        overdue = at.now - due > at.lag
        ahead = "" if at.is_due(due) else "in "
        short += f", retry {ahead}{at.remaining(due, '~')}{attempt}"
        return Why(said, short, when, due, overdue, estimate)
    if is_used_up(step):
        # It should have ended the step: nothing is left that could move it by itself.
        stuck = when is not None and at.now - when > at.lag
        return Why(f"{said}; no retry is left", f"{short}, no retry left{attempt}", when, None, stuck)
    if step.config is not None and step.config.delay == "[dynamic]":
        said += "; its delay is [dynamic], so when the next try comes is unknown"
    else:
        said += "; when the next try comes is not known"
    return Why(said, f"{short}{attempt or ' failed'}", when)


def _storing(step: Step, at: TimeWords) -> Why:
    """The sentence for a step whose attempt ended and which has not.

    Its value may still be on its way to be stored.
    """
    ended = since(step)
    ago = f" {at.ago(ended)}" if ended is not None else ""
    which = f"attempt {attempt_count(step)} of {spoken_name(step)}"
    coarse = f" {at.coarse(ended)} ago" if ended is not None else ""
    if has_succeeded(step):
        stuck = ended is not None and at.now - at.free_since(ended) > QUIET
        short = f"{short_name(step)}, attempt succeeded{coarse}"
        return Why(f"{which} succeeded{ago} and the step has not ended", short, ended, None, stuck)
    # Had it failed, another might be to come: that it is stuck is known once that should have begun too.
    wait = 0.0 if is_used_up(step) else back_off(step.config, len(step.attempts))
    stuck = ended is not None and wait is not None and at.now - at.free_since(ended) > QUIET
    if wait and ended is not None:
        stuck = stuck and at.now - at.at_latest(ended + wait, ended) > QUIET
    said = f"{which} ended{ago} and the step has not; how the attempt ended is not known"
    return Why(said, f"{short_name(step)}, attempt ended{coarse}", ended, None, stuck)


def _running(step: Step, at: TimeWords) -> Why:
    if has_stopped(step):
        return _storing(step, at)
    begun = since(step)
    lasted = at.since(begun) if begun is not None else ""
    allowed = attempts_allowed(step.config)
    attempt = f", attempt {attempt_count(step)}" if step.attempts and allowed != 1 else ""
    before = step.attempts[-2] if len(step.attempts) > 1 else None
    lost = lost_attempts(step) == [len(step.attempts) - 2]
    what = "has been running" if kind_of(step.kind).runs_code else "has been open"
    said = f"{spoken_name(step)} {what}{lasted}{attempt}"
    if lost:
        said += (
            f"; {who_cut_off(step, local=at.local)} the one before, so its effects may have happened twice"
        )
    elif before is not None and before.error is not None:
        said += f"; the one before failed{_with(before.error)}"
    short = short_name(step)
    lasts = begun is not None and not at.lies_ahead(begun)
    if begun is not None and lasts:
        short += f", {at.coarse(begun)}+"
    aside = ""
    if before is not None and allowed != 1:
        aside = f" · attempt {attempt_count(step)}"
        short += aside
    due, estimate = deadline(step)
    # An attempt from before the present session of a dev server may have been cut unseen: its time-out would
    # foretell what never comes.
    if due is None or begun is None or at.lies_ahead(begun) or (begun < at.sure_since and due > at.now):
        return Why(said, short, begun, lasts=lasts, aside=aside)
    stuck = at.now - due > at.lag
    if at.is_due(due):
        limit = duration(step.config.timeout) if step.config else None
        said += f"; over its time-out of {spoken(limit or 0)}, due {at.ago(due)}"
    else:
        said += f"; times out {at.until(due, estimate=estimate)}"
    return Why(said, short, begun, due, stuck, estimate, lasts=lasts, aside=aside)


def _telling(steps: Sequence[Step], due: Sequence[tuple[float, bool, Step]]) -> Step:
    """The step that a cell names: what fails, then what is waited for. A step around a sleep waits too.

    One that began after each sleep and wait is around none of them: it may run because one of them lost a
    race, and stays open for ever. Whoever sent the event that it names would wait for nothing.
    """
    ends = {step.index: end for end, _, step in due}
    asleep = [step for step in steps if doing(step) in ("sleeps", "waits")]
    among = [step for step in steps if step.index in ends]
    if asleep and all(doing(step) in ("sleeps", "waits", "runs") for step in steps):
        last = max(step.start or 0.0 for step in asleep)
        since = [step for step in steps if doing(step) == "runs" and (step.start or 0.0) > last]
        among = since or asleep
    return min(among, key=lambda step: (_TELLING.index(doing(step)), ends.get(step.index, float("inf"))))


def _clause(step: Step, at: TimeWords) -> str:
    """`bad branch waits for attempt 2 of 2`: one of a few parallel steps."""
    named, kind = spoken_name(step, 28), doing(step)
    if kind == "sleeps":
        return f"{named} sleeps" + (f" until {at.at(step.end)}" if step.end is not None else "")
    if kind == "waits":
        event = f' "{clean(step.event_type, 120)}"' if step.event_type else ""
        return f"{named} waits for {'event' + event if event else 'an event'}"
    if kind == "retries":
        error = step.attempts[-1].error
        return f"{named} failed attempt {attempt_count(step)}{_with(error, 40) if error else ''}"
    if kind == "pending":
        return f"{named} has not begun an attempt"
    if has_stopped(step):
        became = "succeeded" if has_succeeded(step) else "ended"
        return f"{named} has not ended after its attempt {became}"
    return f"{named} runs" + (f" (attempt {attempt_count(step)})" if len(step.attempts) > 1 else "")


def _last_error(steps: Sequence[Step]) -> str:
    """What the open step whose attempt failed last failed with; "" when none has."""
    failed = [(since(step) or 0.0, step) for step in steps if doing(step) == "retries"]
    last = max(failed, key=lambda entry: entry[0])[1].attempts[-1].error if failed else None
    return f"; the last failure was {error_name(last) or failure_text(last, 40)}" if last else ""


def has_no_retry_left(step: Step) -> bool:
    """Whether an open step failed for the last time: nothing is to come of it."""
    return doing(step) == "retries" and is_used_up(step)


def _what(step: Step) -> str:
    """What the step is at, as one of the keys of `_counted`."""
    if has_no_retry_left(step):
        return "used up"
    return "stopped" if doing(step) == "runs" and has_stopped(step) else doing(step)


def _counted(numbers: Mapping[str, int]) -> str:
    words = (
        ("runs", "run", "runs"),
        ("stopped", "have not ended after an attempt that did", "has not ended after an attempt that did"),
        ("used up", "have no retry left", "has no retry left"),
        ("pending", "have not begun an attempt", "has not begun an attempt"),
        ("retries", "are between attempts", "is between attempts"),
        ("waits", "wait for events", "waits for an event"),
        ("sleeps", "sleep", "sleeps"),
    )
    counts = ((numbers.get(kind, 0), many, singular) for kind, many, singular in words)
    return ", ".join(
        f"{number} {singular if number == 1 else many}" for number, many, singular in counts if number
    )


def _list(first: Sequence[str], number: int) -> str:
    shown = ", ".join(first)
    return f"{shown} and {number - len(first)} more" if number > len(first) else shown


def attempt_count(step: Step) -> str:
    """Says which attempt it is: `3 of 6`, or `3` where the policy sets no end or is not told."""
    allowed = attempts_allowed(step.config)
    attempts = len(step.attempts)
    return f"{attempts} of {allowed:,}" if allowed is not None and allowed >= attempts else f"{attempts}"


def _attempt_words(step: Step) -> str:
    """`attempt 3 of 6 failed` for the end of a cell, where a narrow one leaves it out."""
    if not step.attempts or attempts_allowed(step.config) == 1:
        return ""
    return f" · attempt {attempt_count(step)} failed"


def short_name(step: Step) -> str:
    name = shown_name(step)
    return fit(name, _SHORT_NAME, cut="middle") if cells(name) > _SHORT_NAME else name


def _with(failure: Failure, width: int = 80) -> str:
    """` with PaymentError`, or `: message` where the error's name says nothing; for the end of a clause."""
    name = error_name(failure)
    return f" with {name}" if name else f": {failure_text(failure, width)}"
