"""The words of a timeline row: what it is called, what became of it, how long it took."""

from typing import Final, Literal

from wfdash.core.model.retry import attempts_allowed, is_used_up
from wfdash.core.model.step import Step
from wfdash.core.model.step_kind import OWN
from wfdash.core.model.times import lasted
from wfdash.core.text.clean import clean
from wfdash.core.text.words import brief
from wfdash.core.timeline.outline import ALIVE, Outline, State
from wfdash.core.timeline.rows import Row
from wfdash.core.why.current_steps import deadline, has_stopped, has_succeeded, since
from wfdash.core.why.failure import cut_by_a_pause, got_no_event, lost_attempts, step_failure, who_cut_off
from wfdash.core.why.step_names import failure_text, shown_name, terminator
from wfdash.core.why.why import TimeWords

__all__ = ["STATE_GLYPHS", "Tone", "length_text", "marker", "words"]

Tone = Literal["name", "quiet", "bad", "warn", "alive"]

STATE_GLYPHS: Final[dict[State, str]] = {
    "done": "✓",
    "failed": "✗",
    "runs": "●",
    "retries": "↻",
    "sleeps": "◌",
    "waits": "◌",
    "pending": "…",
    "cut": "◇",
    "stopped": "■",
    "unknown": "?",
}
_STILL: Final = "stands still"


def marker(row: Row) -> str:
    """Whether something lies beneath: `▸` folded, `▾` unfolded, or a space."""
    return " " if row.unfolded is None else "▾" if row.unfolded else "▸"


def words(outline: Outline, row: Row, at: TimeWords) -> list[tuple[str, Tone]]:
    """The row's name and notes as toned pieces of cleaned text, to be cut where the room ends."""
    step = outline.detail.steps[row.step]
    if row.kind == "fold":
        return _of_fold(outline, row)
    if row.kind == "attempt":
        return _of_attempt(step, row)
    if row.kind == "next":
        return [
            ("next try", "alive"),
            (f" {_STILL if _stands(outline) else _due(step, at, outline)}", "quiet"),
        ]
    if row.kind == "termination":
        return [("terminated", "name"), (f" {terminator(step.trigger)}".rstrip(), "quiet")]
    pieces: list[tuple[str, Tone]] = []
    if row.kind not in OWN and step.name:
        pieces.append((f"{clean(row.kind, 80) or 'no type'} ", "quiet"))
    pieces.append((shown_name(step), "name"))
    pieces.extend(_notes(outline, step, row, at))
    return pieces


def _stands(outline: Outline) -> bool:
    """Whether the instance is paused: its timers stand, and what was planned comes that much later."""
    return outline.detail.status == "paused"


def _notes(outline: Outline, step: Step, row: Row, at: TimeWords) -> list[tuple[str, Tone]]:
    stands = _stands(outline)
    notes: list[tuple[str, Tone]] = []
    if row.state == "retries" and is_used_up(step):
        notes.append((" · no retry left", "quiet"))
    elif row.state == "retries" and not row.unfolded:
        # What comes when is worth more than which one it is, and is not said again in a row beneath.
        notes.append((f" {_STILL}" if stands else f" · next try {_due(step, at, outline)}", "quiet"))
    if len(step.attempts) > 1 or row.state == "retries":
        allowed = attempts_allowed(step.config)
        attempts = len(step.attempts)
        number = f"{attempts} of {allowed}" if allowed is not None and allowed >= attempts else f"{attempts}"
        # Over its attempts one by one the number of them says nothing more.
        if not row.unfolded or row.state in ("runs", "retries"):
            notes.append((f", attempt {number}", "warn" if row.state in ("runs", "retries") else "quiet"))
    if step.event_type:
        # An arrow is an event that came or may still come: a wait that timed out got none, and of one that
        # failed otherwise nobody says whether it came.
        sign = "←" if row.state != "failed" else "no event" if got_no_event(step) else "event"
        notes.append((f" {sign} {clean(step.event_type, 120)}", "quiet"))
    if row.state == "runs" and has_stopped(step):
        # The step is open and drawn so, but nothing of it runs.
        notes.append((f" · its attempt {'succeeded' if has_succeeded(step) else 'ended'}", "quiet"))
    if row.state == "pending":
        notes.append((" not begun an attempt", "quiet"))
    if lost_attempts(step) and row.state != "failed":
        # Who took one that never ended, the platform or a reload, is not told here.
        ended = all(step.attempts[position].end is not None for position in lost_attempts(step))
        said = f"{who_cut_off(step)} an attempt" if ended else "an attempt never ended"
        notes.append((f" ran again: {said}", "warn"))
    if stands and row.state in ("sleeps", "waits"):
        notes.append((f" {_STILL}", "quiet"))
    elif row.state in ("sleeps", "waits") and step.end is not None:
        notes.append((f" {_ends(row.state, step.end, at)}", "quiet"))
    if row.state == "cut":
        notes.append((" never ended", "quiet"))
    if row.slow and row.state != "failed":
        notes.append((" slow", "warn"))
    if row.state in ("failed", "retries") and (failure := step_failure(step)) is not None:
        notes.append((f"  {failure_text(failure, 120)}", "bad" if row.state == "failed" else "quiet"))
    return notes


def _ends(state: State, end: float, at: TimeWords) -> str:
    """When a sleep or a wait ends by itself, `until 14:02:11`; or should have, `was to time out 12s ago`."""
    if at.is_due(end):
        return f"was to {'wake' if state == 'sleeps' else 'time out'} {brief(at.now - end)} ago"
    return f"until {at.at(end)}"


def _of_fold(outline: Outline, row: Row) -> list[tuple[str, Tone]]:
    group = outline.of_step[row.step]
    pieces: list[tuple[str, Tone]] = []
    if group.kind not in OWN:
        pieces.append((f"{clean(group.kind, 80)} ", "quiet"))
    pieces.append((clean(group.name) or "(no name)", "name"))
    pieces.append((f" ×{len(group.members):,}", "name"))
    if group.failed:
        pieces.append((f" {group.failed:,} failed", "bad"))
    if group.slow:
        pieces.append((f" {len(group.slow):,} slow", "warn"))
    if group.most:
        pieces.append((f"  {brief(group.least)} · {brief(group.middle)} · {brief(group.most)}", "quiet"))
    return pieces


def _of_attempt(step: Step, row: Row) -> list[tuple[str, Tone]]:
    attempt = step.attempts[row.attempt]
    pieces: list[tuple[str, Tone]] = [(f"attempt {row.attempt + 1}", "name")]
    if row.state == "cut":
        pieces.append((" cut off", "quiet"))
    elif row.attempt in lost_attempts(step):
        paused = cut_by_a_pause(attempt)
        pieces.append((" cut off by a pause" if paused else " lost by the platform", "warn"))
    if attempt.error is not None:
        said = failure_text(attempt.error, 120)
        before = step.attempts[row.attempt - 1].error if row.attempt else None
        again = before is not None and said == failure_text(before, 120)
        pieces.append(("  same error", "quiet") if again else (f"  {said}", "bad"))
    return pieces


def _due(step: Step, at: TimeWords, outline: Outline) -> str:
    if outline.detail.status == "waitingForPause":
        return "not known: it is being paused"
    due, began = deadline(step)[0], since(step)
    if due is not None and began is not None and at.paused:
        due = at.resumed(due, began, step.attempts[-1].start if step.attempts else None)
        if due is None:
            return "not known: it was paused"
    if due is None:
        return "no end known"
    # At 80 columns there is no room for why: the sentence above says it.
    later = " or later" if began is not None and at.may_have_paused(began) else ""
    if at.is_due(due):
        return f"was due {brief(at.now - due)} ago{later}"
    return f"{f'~{brief(due - at.now)}' if due - at.now >= 1 else 'any moment'}{later}"


def length_text(outline: Outline, row: Row, now: float) -> str:
    """How long it took, `48s`; `48s+` while it goes on; of a fold from its first start to its last end."""
    step = outline.detail.steps[row.step]
    start: float | None
    end: float | None
    if row.kind == "fold":
        members, columns = outline.of_step[row.step].members, outline.detail.steps.columns
        start = min((at for index in members if (at := columns.starts[index]) is not None), default=None)
        end = max((at for index in members if (at := columns.ends[index]) is not None), default=None)
    elif row.kind == "attempt":
        start, end = step.attempts[row.attempt].start, step.attempts[row.attempt].end
    elif row.kind == "next":
        return ""
    else:
        start, end = step.start, step.end
    if start is None:
        return ""
    if row.state in ALIVE and outline.moving:
        return f"{brief(now - start)}+"
    if end is None or row.state == "cut":
        return ""
    took = lasted(start, end)
    return "" if took is None else brief(took)
