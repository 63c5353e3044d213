"""Why is it there, since when, and what happens next: one sentence for an instance."""

from collections.abc import Sequence
from math import inf

from msgspec.structs import replace

from wfdash.core.model.detail import Detail, partial_reason
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES, is_final
from wfdash.core.model.step import Step
from wfdash.core.model.step_columns import Steps
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, counted
from wfdash.core.why.current_steps import (
    current_steps,
    deadline,
    doing,
    has_stopped,
    has_succeeded,
    last_begun,
    of_current,
)
from wfdash.core.why.ended import of_final
from wfdash.core.why.failure import lost_attempts, ran_again, who_cut_off, who_cut_off_any
from wfdash.core.why.open_steps import (
    QUIET,
    attempt_count,
    has_no_retry_left,
    of_several,
    of_single,
    short_name,
    side_by_side,
)
from wfdash.core.why.session_times import SessionTimes, of_cut
from wfdash.core.why.step_names import failure_text, spoken_name
from wfdash.core.why.why import TimeWords, Why

__all__ = ["diagnose", "time_words"]

_LOCAL_LAG = 30.0
"""Seconds past a promised change after which an instance of a dev session looks stuck: less than in the
cloud, for all of it is on this machine."""
_SOON_GONE = 2 * 86400.0
"""Seconds before its end from which it is told that an instance will be erased."""


def diagnose(
    detail: Detail,
    *,
    now: float,
    row: Instance | None = None,
    local: bool = False,
    retention: float | None = None,
    running: int | None = None,
    allowed: float | None = None,
    session: SessionTimes | None = None,
    paused: Sequence[tuple[float, float | None]] = (),
    watched: float | None = None,
    listed: str = "",
    utc: bool = True,
) -> Why:
    """Says why from what was answered: the status, the open steps and the clock. Never raises.

    `running` is how many instances of the workflow run, `allowed` how many may at once, `retention` how many
    seconds finished ones are kept; None when not known. `paused` says from when to when it was, `watched`
    since when no pause can have gone unseen, `listed` what the list goes on saying against the answer. A
    `local` server's instances stop with their `session` although they say `running`.
    """
    at = time_words(
        detail, now, row=row, local=local, session=session, paused=paused, watched=watched, utc=utc
    )
    status = detail.status or (row.status if row is not None else "")
    why = _diagnose(detail, status, at, row, local, retention, running, allowed, session, listed)
    return _with_runs_again(why, detail, local=local)


def _diagnose(
    detail: Detail,
    status: str,
    at: TimeWords,
    row: Instance | None,
    local: bool,
    retention: float | None,
    running: int | None,
    allowed: float | None,
    session: SessionTimes | None,
    listed: str,
) -> Why:
    if detail.unread:
        word = clean(status, 80) or "no status was listed"
        return Why(f"{word}; it was not read by then, so nothing but its row is recorded", "not recorded")
    # Before the steps: those that an end left open stay open in the answer for ever.
    if is_final(status):
        return _with_expiry(of_final(detail, status, at), detail, retention, at)
    if detail.simple and not detail.steps:
        return _without_steps(detail, status, row, at)
    steps = current_steps(detail)
    if end := _contradicting_end(detail, status, at):
        if detail.end is not None and at.now - detail.end < at.lag:
            # The engine writes the end a moment before the status (seen on the real one): no cause for alarm.
            return Why(f"{end}, and its status still says {status}", "ended just now", detail.end)
        said = f"the answer contradicts itself: its status is {status}, yet {end}"
        if not steps:
            return Why(said, "contradicts itself", detail.end)
        why = _by_steps(detail, steps, status, at)
        return replace(why, sentence=f"{said}; {why.sentence}", looks_stuck=False)
    # It has no step yet; what it waits for is the others that run.
    if status == "queued":
        return _queued(detail, row, running, allowed, at)
    if status == "paused":
        return _paused(steps, row, at, local)
    if status == "waitingForPause":
        return _pausing(detail, steps, at)
    if status == "rollingBack":
        # What a pause does to what rolls back is not documented, and wfdash sends none: its handlers' next
        # tries are taken as they are answered.
        return _with_suspicion(_rolling_back(detail, steps, replace(at, watched=float("-inf"))), local)
    if local and status == "running" and (cut := of_cut(detail, steps, session, at)) is not None:
        return cut
    if status in STATUSES and listed and listed != status:
        # Which of the two is right cannot be known from here, so that it is no sign of a stuck one.
        why = _by_steps(detail, steps, status, at)
        said = f"the list says {clean(listed, 40)}, its own answer {status}: they contradict each other"
        short = (
            f"list says {clean(listed, 16)}; {why.short}" if why.short else f"list says {clean(listed, 16)}"
        )
        return replace(why, sentence=f"{said}; {why.sentence}", short=short, looks_stuck=False)
    if status in STATUSES:
        return _with_suspicion(_by_steps(detail, steps, status, at), local)
    # What a status does that is not known here is not known either: no time-out or try of it is foretold.
    why = _by_steps(detail, steps, status, replace(at, sure_since=float("inf"), foretells=False))
    named = f"status {clean(status, 80)}" if status else "no status was answered"
    if not steps:
        return Why(named, "")
    return replace(why, sentence=f"{named}; {why.sentence}", looks_stuck=False)


def time_words(
    detail: Detail,
    now: float,
    *,
    row: Instance | None = None,
    local: bool = False,
    session: SessionTimes | None = None,
    paused: Sequence[tuple[float, float | None]] = (),
    watched: float | None = None,
    utc: bool = True,
) -> TimeWords:
    """How times of an instance are told: for its sentence and its timeline the same."""
    # Of a status that its row does not tell yet the row's date is none.
    changed = row.modified if row is not None and row.status == (detail.status or row.status) else None
    words = TimeWords(now, utc, paused=paused, watched=watched, changed=changed)
    if not local:
        return words
    # The engine is prompt on loopback (10 to 30 ms), so what is late there is soon suspicious.
    since = session.watched if session is not None else None
    sure_since = float("inf") if since is None else since
    return replace(words, sure_since=sure_since, lag=_LOCAL_LAG, local=True)


def _with_runs_again(why: Why, detail: Detail, *, local: bool) -> Why:
    """Says which steps ran again since the platform lost an attempt: that may have been paid for twice."""
    # Of the only open step that runs its own sentence says it where the attempt before was lost.
    current = current_steps(detail)
    said_of = current[0].index if len(current) == 1 and doing(current[0]) == "runs" else None
    again = ran_again(detail)
    if said_of is not None:
        again = [
            step for step in again if step.index != said_of or lost_attempts(step) != [len(step.attempts) - 2]
        ]
    if not again:
        return why
    if len(again) == 1:
        lost, named = lost_attempts(again[0]), spoken_name(again[0])
        which = f"attempt {lost[0] + 1}" if len(lost) == 1 else f"{len(lost)} attempts"
        said = f"{who_cut_off(again[0], local=local)} {which} of {named}, "
        said += "which ran again: its effects may have happened twice"
    else:
        who = set(who_cut_off_any(detail, local=local))
        subject = who.pop() if len(who) == 1 else "the platform or a pause cut off"
        said = f"{subject} attempts of {len(again):,} steps, which ran again: "
        said += "their effects may have happened twice"
    twice = f"ran twice: {short_name(again[0])}" if len(again) == 1 else f"{len(again):,} steps ran twice"
    return replace(why, sentence=f"{why.sentence}; {said}", short=why.short or twice)


def _contradicting_end(detail: Detail, status: str, at: TimeWords) -> str:
    """What the answer of one that goes on says of an end all the same; "" for nothing.

    While it is queued or rolls back it may be the end of the run before, as it is where a step began since.
    """
    if status not in ("running", "waiting", "paused", "waitingForPause"):
        return ""
    if detail.end is None and detail.success is None:
        return ""
    began = of_current(detail, "began", last_begun)
    if began is not None and (detail.end is None or began >= detail.end):
        return ""
    how = {True: "succeeded", False: "failed", None: ""}[detail.success]
    if detail.end is None:
        return f"it {how}"
    return f"it ended {at.ago(detail.end)}" + (f" and {how}" if how else "")


def _by_steps(detail: Detail, steps: Sequence[Step], status: str, at: TimeWords) -> Why:
    if len(steps) == 1:
        return of_single(steps[0], at)
    if steps:
        return of_several(steps, at, of_current(detail, "side by side", side_by_side))
    word = "waiting" if status == "waiting" else "running"
    began = detail.start if detail.start is not None else detail.queued
    # The step that is open may be among those that did not come: "no open step" would be a guess.
    if reason := partial_reason(detail):
        came = clean(reason.removeprefix("partial answer: "))
        lasts = f" for {at.passed(began)}" if began is not None else ""
        return Why(f"{word}{lasts}; which step is open is not known: {came}", "partial answer", began)
    if not detail.steps:
        said = f"{word} for {at.passed(began)}, no step yet" if began is not None else f"{word}, no step yet"
        return Why(f"{said}{_stood(began, at)}", "no step yet", began, None, _long(began, at))
    ended = detail.steps.fact("last end", _last_end)
    quiet = began if ended is None else ended
    if quiet is None:
        return Why(f"{word} with no open step", "no open step")
    stuck = _long(quiet, at)
    last = detail.steps[-1]
    if stuck and last.kind == "step" and last.success is False and last.end is not None:
        said = f"{spoken_name(last)} failed for good {at.ago(last.end)} and the run has not gone on"
        return Why(said, f"{short_name(last)} failed, no step since", last.end, None, stuck)
    said = f"{word} with no open step for {at.passed(quiet)}{_stood(quiet, at)}"
    return Why(said, f"no open step, {at.coarse(quiet)}", quiet, None, stuck)


def _last_end(steps: Steps) -> float | None:
    return max((end for end in steps.columns.ends if end is not None), default=None)


def _stood(since: float | None, at: TimeWords) -> str:
    """A clause on a pause in the time since then, told or possible; "" where there was none."""
    if since is None or (free := at.free_since(since)) == since:
        return ""
    if any(end == free for _, end in at.paused):
        return f"; it was paused meanwhile and resumed {at.ago(free)}"
    return f"; {at.stood_still()}"


def _with_suspicion(why: Why, local: bool) -> Why:
    if not why.looks_stuck:
        return why
    hint = ": did its dev session end or reload?" if local else ""
    return replace(why, sentence=f"{why.sentence}; looks stuck{hint}")


def _long(since: float | None, at: TimeWords) -> bool:
    return since is not None and at.now - at.free_since(since) > QUIET


def _queued(
    detail: Detail, row: Instance | None, running: int | None, allowed: float | None, at: TimeWords
) -> Why:
    since, again = _in_queue_since(detail, row, at)
    said = "queued" + (" again" if again else "") + (f" for {at.passed(since)}" if since is not None else "")
    # Both, or the number that runs alone: how many may run at once only the version says, and not each does.
    if running is not None and allowed is not None:
        said += f"; {_slots(running, round(allowed))}"
    elif running is not None:
        said += f"; {count(running)} running"
    short = "queued" + (f" {at.coarse(since)}" if since is not None else "")
    if running:
        most = f" of {count(round(allowed))}" if allowed is not None else ""
        short += f", {count(running)}{most} running"
    return Why(said, short, since)


def _in_queue_since(detail: Detail, row: Instance | None, at: TimeWords) -> tuple[float | None, bool]:
    """When it came into the queue, and whether it has run before, as one that was resumed has.

    The answer of such a one goes on telling when it was queued first.
    """
    again = bool(detail.steps) or (detail.step_count or 0) > 0
    if again:
        return at.changed, True
    return detail.queued if detail.queued is not None else (row.created if row is not None else None), False


def _slots(running: int, allowed: int) -> str:
    if running < allowed:
        return f"{count(running)} of the {count(allowed)} that may run at once {_are(running)} running"
    most = "the only one" if allowed == 1 else f"all {count(allowed)}"
    return f"{most} that may run at once {_are(allowed)} running"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _paused(steps: Sequence[Step], row: Instance | None, at: TimeWords, local: bool) -> Why:
    since = row.modified if row is not None else None
    if since is not None:
        said = f"paused for {at.passed(since)}"
    elif row is not None and not local:
        # The row was read before the pause: the next list has the moment, and a sentence that grows and
        # shrinks within seconds lays the page out twice.
        said = "paused"
    else:
        said = _paused_since(at)
    if len(steps) == 1:
        said += f"; {_standing(steps[0])}"
    elif steps:
        said += f"; {len(steps)} open steps stand still until resumed"
    else:
        said += "; goes on when it is resumed"
    short = f"paused in {short_name(steps[0])}" if steps else "paused"
    return Why(said, short, since)


def _standing(step: Step) -> str:
    """A clause on a step of a paused instance: what stands still until it is resumed, or how it ended."""
    named = spoken_name(step)
    if has_no_retry_left(step):
        return f"the last attempt of {named} failed and no retry is left"
    if has_stopped(step):
        how = "succeeded" if has_succeeded(step) else "ended, how is not known,"
        return f"attempt {attempt_count(step)} of {named} {how} and the step has not ended"
    what = {"sleeps": "its sleep", "waits": "its wait", "retries": "the next try of"}
    return f"{what.get(doing(step), 'step')} {named} stands still until resumed"


def _paused_since(at: TimeWords) -> str:
    """`paused for at least 4 m`, from when it was first seen so: a dev session's rows tell no moment."""
    start, end = at.paused[-1] if at.paused else (float("-inf"), None)
    if end is not None or start == float("-inf"):
        return "paused, since when is not known"
    return f"paused for at least {at.passed(start)}"


def _pausing(detail: Detail, steps: Sequence[Step], at: TimeWords) -> Why:
    # A sleep or a wait stops at once; only code that runs is finished first (measured on the engine).
    oldest, busy = of_current(detail, "busy", _busy)
    if oldest is None:
        said = "pausing: no step runs any more"
        if steps:
            said = f"pausing: {spoken_name(steps[0])} is open but does not run"
            due = deadline(steps[0])[0] if doing(steps[0]) == "retries" else None
            if has_no_retry_left(steps[0]):
                said += "; no retry of it is left"
            if due is not None and at.is_due(due):
                said += f"; its next try was due {at.ago(due)}"
        return Why(said, "pausing")
    names = spoken_name(oldest) + (f" and {busy - 1} more" if busy > 1 else "")
    said = f"pausing: {names} still {'runs' if busy == 1 else 'run'}"
    short = f"{short_name(oldest)} still runs"
    if oldest.start is not None:
        said += f", {at.passed(oldest.start)} so far"
        short += f", {at.coarse(oldest.start)}"
    ends = "that ends" if busy == 1 else "they end"
    return Why(f"{said}; pauses when {ends}", short, oldest.start)


def _busy(steps: Sequence[Step]) -> tuple[Step | None, int]:
    """The step that began first of those whose code runs, and how many run."""
    busy = [step for step in steps if doing(step) == "runs" and not has_stopped(step)]
    oldest = min(busy, key=lambda step: step.start if step.start is not None else inf, default=None)
    return oldest, len(busy)


def _rolling_back(detail: Detail, steps: Sequence[Step], at: TimeWords) -> Why:
    handlers = detail.steps.of_kind("rollback")
    failed = detail.steps.fact("handlers failed", lambda _: sum(each.success is False for each in handlers))
    # No total: how many handlers there are to run no answer tells.
    done = len(handlers) - len(steps) - failed
    said = f"rolling back, {f'{done:,}' if done else 'no'} {'handlers' if done > 1 else 'handler'} done"
    short = f"rollback, {done:,} done"
    if failed:
        said += f", {failed:,} failed"
        short += f", {failed:,} failed"
    since = deadline = None
    estimate = stuck = False
    if steps:
        step = steps[-1]
        why = of_single(step, at)
        since, deadline, estimate, stuck = why.since, why.deadline, why.estimate, why.looks_stuck
        if doing(step) == "retries":
            said += f"; {why.sentence}"
        else:
            said += f", {spoken_name(step)} running"
            said += f" for {at.passed(since)}" if since is not None else ""
            said += f" (attempt {attempt_count(step)})" if len(step.attempts) > 1 else ""
        short += f": {short_name(step)}"
    elif not handlers:
        said, short = "rolling back, no handler has started yet", "rolling back"
    elif (
        since := max((handler.end for handler in handlers if handler.end is not None), default=None)
    ) is not None:
        said += f", none open for {at.passed(since)}"
        stuck = _long(since, at)
    if detail.error is not None:
        said += f"; after {failure_text(detail.error, 80)}"
    return Why(said, short, since, deadline, stuck, estimate)


def _without_steps(detail: Detail, status: str, row: Instance | None, at: TimeWords) -> Why:
    began = detail.start if detail.start is not None else (row.started if row is not None else None)
    said = clean(status, 80) + (f" for {at.passed(began)}" if began is not None else "")
    if detail.step_count is not None:
        said += f", {counted(detail.step_count, 'step')} begun"
    return Why(f"{said}; its steps were not read", clean(status, 80), began)


def _with_expiry(why: Why, detail: Detail, retention: float | None, at: TimeWords) -> Why:
    if retention is None or detail.end is None:
        return why
    remaining = detail.end + retention - at.now
    # Of what is kept for weeks more the date would only stand in the way.
    if remaining > _SOON_GONE:
        return why
    expires = at.until(detail.end + retention, estimate=True)
    expiry = f"erased {expires}" if remaining >= 1 else f"may be erased {expires}"
    return replace(why, sentence=f"{why.sentence}; {expiry}", deadline=detail.end + retention, estimate=True)
