"""How a final instance ended, in words: which step gave up and why, who stopped it, what was undone."""

from collections.abc import Sequence
from math import inf

from wfdash.core.model.detail import Detail, partial_reason
from wfdash.core.model.retry import attempts_allowed
from wfdash.core.model.step import Failure, Step
from wfdash.core.model.step_columns import Steps
from wfdash.core.model.step_kind import kind_of
from wfdash.core.model.times import lasted
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import counted, spoken
from wfdash.core.why.current_steps import is_open, left_open
from wfdash.core.why.failure import (
    failed_steps,
    failing_step,
    got_no_event,
    is_followed,
    is_of_run,
    root_failure,
    step_failure,
)
from wfdash.core.why.open_steps import short_name
from wfdash.core.why.platform_words import is_hollow, is_unstorable
from wfdash.core.why.step_names import failure_text, shown_name, spoken_name, terminator
from wfdash.core.why.why import TimeWords, Why

__all__ = ["of_final"]

_ERROR_CELLS = 110
"""Cells of an error within the sentence; the page has it whole."""
_IDLE = 3600.0
"""Seconds without an open step that are told where they are most of the time it took."""
_MOST_STEPS = 10_000
"""Steps that are looked through for that."""


def of_final(detail: Detail, status: str, at: TimeWords) -> Why:
    """Why a complete, errored or terminated instance is over. Nothing of it counts on."""
    if status == "complete":
        return _complete(detail, at)
    if status == "errored":
        return _errored(detail, at)
    return _terminated(detail, at)


def _complete(detail: Detail, at: TimeWords) -> Why:
    # An error that the code catches leaves a failed step in an instance that completes (seen on the real
    # engine).
    caught = failed_steps(detail)
    said = "finished" + _when(detail, at) + _took(detail)
    if len(caught) == 1 and got_no_event(caught[0]):
        said += f"; {_no_event(caught[0])} and the run went on"
    elif caught:
        names = spoken_name(caught[-1]) if len(caught) == 1 else f"{len(caught)} steps"
        said += f"; {names} failed on the way and the run went on"
    short = f"1 step failed: {short_name(caught[-1])}" if len(caught) == 1 else ""
    if len(caught) == 1 and got_no_event(caught[0]):
        short = f"{short_name(caught[0])}: no event"
    if len(caught) > 1:
        short = f"{len(caught)} steps failed"
    if detail.success is False:
        said += "; the answer contradicts itself: it says too that it did not succeed"
    elif detail.error is not None:
        said += f"; the answer carries an error all the same: {failure_text(detail.error, _ERROR_CELLS)}"
    return Why(said, short, detail.end)


def _errored(detail: Detail, at: TimeWords) -> Why:
    step, failure = failing_step(detail), root_failure(detail)
    error = failure_text(failure, _ERROR_CELLS) if failure is not None else "no error was answered"
    if step is None and failure is None:
        said = f"the run failed; {error}"
    elif step is None:
        said = _of_the_run(detail, error)
    elif is_of_run(detail, step):
        said = _of_the_run(detail, failure_text(detail.error or Failure("", ""), _ERROR_CELLS))
    elif got_no_event(step):
        said = _no_event(step)
    elif is_unstorable(step_failure(step) or failure):
        said = f"the return value of {spoken_name(step)} could not be stored: {error}"
    else:
        said = f"{spoken_name(step)} {_gave_up(step)}: {error}"
        # Its error repeats only its status: the step is the last failure that is known, and not surely the
        # cause.
        if is_hollow(detail.error) and is_followed(detail, step):
            # Nobody says that this was the end of it: the run went on, and no other cause is told.
            said += "; the run went on and then failed without a word of its own"
    ended = f"{_when(detail, at)}{_took(detail)}"
    said += (f"; errored{ended}" if ended else "") + _rollback(detail)
    if detail.success is True:
        said += "; the answer contradicts itself: it says too that it succeeded"
    short = _short_error(step, failure)
    if step is not None and is_of_run(detail, step) and detail.error is not None:
        short = fit(f"{short}, then {failure_text(detail.error, _ERROR_CELLS)}", _ERROR_CELLS).rstrip()
    return Why(said, _not_undone(detail, short), detail.end)


def _of_the_run(detail: Detail, error: str) -> str:
    """An error that no step failed with, and the steps that had failed when the code threw it."""
    before = detail.steps.picked("not followed", lambda _: _not_followed(detail))
    if before:
        return f"the run failed: {error}; before it {_failed_before(before)}"
    # A step that never ended may be where it broke: then nothing says that it was outside.
    all_ended = not detail.steps.fact("any open", lambda steps: any(map(is_open, steps.unended())))
    surely = detail.steps and all_ended and not partial_reason(detail)
    return f"the run failed outside any step: {error}" if surely else f"the run failed: {error}"


def _not_followed(detail: Detail) -> list[int]:
    return [step.index for step in failed_steps(detail) if not is_followed(detail, step)]


def _failed_before(steps: Sequence[Step]) -> str:
    """`"b" failed at its only attempt: NetError: timeout`; of several which they are, and the last one's."""
    last = max(steps, key=lambda step: step.end if step.end is not None else float("-inf"))
    failure = step_failure(last)
    error = f": {failure_text(failure, _ERROR_CELLS)}" if failure is not None else ""
    if len(steps) == 1:
        return _no_event(last) if got_no_event(last) else f"{spoken_name(last)} {_gave_up(last)}{error}"
    names = " and ".join(map(spoken_name, steps)) if len(steps) == 2 else f"{len(steps):,} steps"
    return f"{names} failed, {spoken_name(last)} last{error}"


def _no_event(step: Step) -> str:
    """`"approval" got no event "approve" within 1 d`."""
    waits = lasted(step.start, step.end)
    waited = f" within {spoken(waits)}" if waits is not None else ""
    event = f' "{clean(step.event_type, 120)}"' if step.event_type else ""
    return f"{spoken_name(step)} got no event{event}{waited}"


def _terminated(detail: Detail, at: TimeWords) -> Why:
    ends = detail.steps.of_kind("termination")
    who = terminator(ends[-1].trigger) if ends else ""
    said = f"terminated{_when(detail, at)}{' ' * bool(who)}{who}{_took(detail)}"
    # A terminated instance keeps its open steps open for ever; they count nothing down.
    cut = left_open(detail.steps)
    if cut:
        names = spoken_name(cut[-1]) + (f" and {len(cut) - 1} more" if len(cut) > 1 else "")
        said += f"; {names} {'was' if len(cut) == 1 else 'were'} left unfinished"
    short = f"stopped in {shown_name(cut[-1])}" if cut else ""
    return Why(said + _rollback(detail), _not_undone(detail, fit(short, 60).rstrip()), detail.end)


def _not_undone(detail: Detail, short: str) -> str:
    """The words of a cell, led by "rollback failed" where somebody has to undo by hand.

    Of ten alike it is that one.
    """
    if detail.rollback_outcome != "failed":
        return short
    return f"rollback failed; {short}" if short else "rollback failed"


def _gave_up(step: Step) -> str:
    attempts, allowed = len(step.attempts), attempts_allowed(step.config)
    if not kind_of(step.kind).runs_code or not attempts:
        return "failed"
    # NonRetryableError, or a run that ended while it was between two attempts.
    if attempts == 1 and (allowed is None or allowed > 1):
        return "failed at its first attempt and was not tried again"
    if allowed is not None and attempts < allowed:
        return f"was given up after {attempts} of {allowed:,} attempts"
    return "failed at its only attempt" if attempts == 1 else f"gave up after {attempts:,} attempts"


def _rollback(detail: Detail) -> str:
    handlers = detail.steps.of_kind("rollback")
    # The outcome is answered; that all handlers are done would be a guess from what is listed.
    if detail.rollback_outcome == "complete":
        return "; rolled back" + (f", {counted(len(handlers), 'handler')}" if handlers else "")
    if detail.rollback_outcome == "failed":
        return f"; {_failed_rollback(detail, handlers)}"
    if detail.rollback_outcome:
        return f"; rollback {clean(detail.rollback_outcome, 80)}"
    return f"; {counted(len(handlers), 'handler')} ran" if handlers else ""


def _failed_rollback(detail: Detail, handlers: Sequence[Step]) -> str:
    """Which handler failed with what, and which finished steps had none run: those were not undone."""
    broken = next((step for step in reversed(handlers) if step.success is False), None)
    failure = (step_failure(broken) if broken is not None else None) or detail.rollback_error
    error = f": {failure_text(failure, 80)}" if failure else ""
    said = f"its rollback failed{f' at {spoken_name(broken)}' if broken is not None else ''}{error}"
    not_undone = detail.steps.indices("not undone", _not_undone_by)
    if not not_undone:
        return said
    names = (
        spoken_name(detail.steps[not_undone[-1]])
        if len(not_undone) == 1
        else f"{len(not_undone):,} finished steps"
    )
    return f"{said}; no handler ran for {names}"


def _not_undone_by(steps: Steps) -> list[int]:
    """The finished steps of which no handler ran."""
    begun = {handler.name for handler in steps.of_kind("rollback")}
    rows = enumerate(zip(steps.columns.kinds, steps.columns.successes, steps.columns.names))
    return [index for index, (kind, ok, name) in rows if kind == "step" and ok and name not in begun]


def _short_error(step: Step | None, failure: Failure | None) -> str:
    if step is not None and got_no_event(step):
        return f"{short_name(step)}: timed out"
    error = "" if failure is None else failure_text(failure, _ERROR_CELLS)
    text = f"{short_name(step)}: {error}" if step is not None else error
    return fit(text, _ERROR_CELLS).rstrip() if cells(text) > _ERROR_CELLS else text


def _when(detail: Detail, at: TimeWords) -> str:
    return f" {at.ago(detail.end)}" if detail.end is not None else ""


def _took(detail: Detail) -> str:
    if detail.end is None or detail.start is None:
        return ""
    took = lasted(detail.start, detail.end)
    if took is None:
        return "; its end is dated before its start"
    said, idle = f", took {spoken(took)}", _longest_idle(detail)
    # Started again from a step it keeps its first start: a run of seconds took days then, by the answer.
    return f"{said}, with no step open for {spoken(idle)} of it" if idle > max(_IDLE, took / 2) else said


def _longest_idle(detail: Detail) -> float:
    """Seconds of the longest stretch between two steps in which none was open; 0 where that is not known."""
    if partial_reason(detail) or len(detail.steps) > _MOST_STEPS:
        return 0.0
    return detail.steps.fact("longest idle", _idle_of)


def _idle_of(steps: Steps) -> float:
    columns = steps.columns
    spans = sorted(
        (start, inf if end is None else end)
        for start, end in zip(columns.starts, columns.ends, strict=True)
        if start is not None
    )
    longest, until = 0.0, spans[0][1] if spans else inf
    for start, end in spans[1:]:
        longest, until = max(longest, start - until), max(until, end)
    return longest
