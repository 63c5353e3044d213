"""What a pane says when it has nothing to show, or nothing new: one sentence, and one next step below."""

from collections.abc import Callable

from wfdash.api.errors import WorkflowNotFound
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, filled
from wfdash.live.feeds.search.filter_search import MOST
from wfdash.live.feeds.search.progress import Searched
from wfdash.live.polling.freshness import Freshness

__all__ = ["PATIENCE", "PAYLOADS_KEEP", "empty_message", "is_lost", "no_answer", "what_enter_reads"]

_SILENT = 5.0
"""Seconds without an answer after which a pane says so, long before the request is given up."""
PAYLOADS_KEEP = "[record] payloads = true keeps them"
PATIENCE = "wfdash waits and then tries again; `wfdash doctor` says what to check."


def no_answer(fresh: Freshness, now: float) -> str:
    """`no answer for 6 s`, once a question has waited that long; "" before and without one."""
    waited = fresh.unanswered(now)
    return f"no answer for {int(waited)} s" if waited >= _SILENT else ""


def is_lost(fresh: Freshness, *, frozen: bool) -> bool:
    """Whether what was answered once is only a memory: the connection is gone, though polling goes on."""
    return fresh.stale and fresh.answered_at is not None and not frozen


def empty_message(
    fresh: Freshness,
    *,
    workflow: str,
    filter: str,
    loaded: int,
    total: int | None,
    complete: bool,
    searched: Searched | None,
    script_deleted: bool = False,
    doubt: str = "",
    word: str = "",
    frozen: bool = False,
    now: float,
    key_of: Callable[[str], str],
) -> str:
    """What a table without rows says in their place; `doubt` is what the filter names that nobody knows.

    `word` is one that was looked for in ids alone.
    """
    name = clean(workflow)
    if not workflow:
        return (
            f"No workflow is chosen yet.\n{key_of('workflows.open')} lists all workflows; "
            f"{key_of('goto.open')} goes to one by name."
        )
    thaws = f"Polling is frozen: {key_of('poll.freeze')} resumes it, {key_of('poll.now')} asks once"
    if fresh.answered_at is None and not (frozen and filter and loaded):
        return f"Nothing was read of {name}.\n{thaws}." if frozen else _unanswered(fresh, name, now, key_of)
    change = f"{key_of('layer.close')} clears the filter; {key_of('filter.edit')} changes it."
    if doubt:
        change = f"{doubt[0].upper()}{clean(doubt[1:])}. {change}"
    if filter and searched is not None and searched.unrecorded:
        none = f"No match for {clean(filter)}: {searched.unrecorded} are not recorded."
        return f"{none}\n{PAYLOADS_KEEP} from then on. {change}"
    if filter and searched is not None and (searched.unread or searched.looking):
        return f"{_searching(searched, clean(filter), key_of)}. {change}"
    if filter and loaded:
        if not (complete or frozen or fresh.stale):  # a table near its end asks for older rows
            return f"{_loading(loaded, total)}\n{change}"
        rest = "" if complete else f" of {count(total)}" if total else ", and there are more"
        none = f"None of the {count(loaded)} instances loaded{rest} matches {clean(filter)}."
        if word:
            none = f"No id of the {count(loaded)} instances loaded{rest} has {clean(word)} in it."
            change = f"params~{clean(word)} looks for it in their params. {change}"
        return f"{none}\n{f'{thaws}. ' if frozen else ''}{change}"
    if fresh.failure:
        return f"{clean(fresh.failure)}\nwfdash keeps trying; {key_of('poll.now')} tries now."
    if script_deleted:
        return f"{name} has no instances.\nIts Worker script was deleted: it cannot run."
    return f"{name} has no instances.\n{key_of('instance.create')} creates one."


def _loading(loaded: int, total: int | None) -> str:
    """`No match in 11,187 of 100,822 so far, still loading (11 %).`, while older rows are on their way."""
    if not total or total <= loaded:
        return f"No match in {count(loaded)} so far, still loading."
    return f"No match in {count(loaded)} of {count(total)} so far, still loading ({filled(loaded, total)})."


def _unanswered(fresh: Freshness, name: str, now: float, key_of: Callable[[str], str]) -> str:
    """The message before the first answer: what is loaded, or why that fails and what to do."""
    if not fresh.failure and (silent := no_answer(fresh, now)):
        return f"Loading the instances of {name}: {silent}.\n{PATIENCE}"
    if not fresh.failure:
        return f"Loading the instances of {name}.\nThe first rows come with the first answer."
    step = f"wfdash keeps trying; {key_of('poll.now')} tries now"
    if isinstance(fresh.error, WorkflowNotFound):
        step = f"{key_of('workflows.open')} lists those there are; {step}"
    return f"{clean(fresh.failure)}\n{step}, and `wfdash doctor` says what to check."


def _searching(searched: Searched, filter: str, key_of: Callable[[str], str]) -> str:
    """The message while rows that may match are still to be read."""
    goes_on = f"; {key_of('poll.now')} reads on" if searched.over else ", and are read one by one"
    if searched.waits:
        goes_on = f"; {what_enter_reads(searched)}"
    if searched.looking:
        goes_on = ", and are looked up first"
    none = f"None of the {count(searched.read)} instances read so far matches {filter}."
    if not searched.read:
        none = f"Nothing was read yet for {filter}."
    return f"{none}\n{count(searched.unread)} may match{goes_on}"


def what_enter_reads(searched: Searched) -> str:
    """The clause on what `enter` begins to read at the end of typing."""
    return f"enter reads the newest {count(MOST)}" if searched.unread > MOST else "enter reads them"
