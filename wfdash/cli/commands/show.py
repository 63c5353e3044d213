"""`wfdash show`: one instance, why it is there, and its timeline, good enough for a ticket."""

import sys
from argparse import Namespace
from collections.abc import Iterator

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.cli.commands.inputs import check_id
from wfdash.cli.commands.recalled import recalled_row
from wfdash.cli.commands.why_facts import WhyFacts
from wfdash.cli.exits import UsageError
from wfdash.cli.output import instant, json_line, line, say
from wfdash.cli.session import CommandSession
from wfdash.core.model.detail import Detail, partial_reason
from wfdash.core.model.lazy_steps import plain
from wfdash.core.model.status import is_final
from wfdash.core.model.step import ABSENT, Failure
from wfdash.core.model.times import parse_time
from wfdash.core.payload.tree import value_text
from wfdash.core.text.clean import clean
from wfdash.core.text.words import brief
from wfdash.core.timeline.as_text import text_timeline
from wfdash.core.why.current_steps import ended_before
from wfdash.core.why.step_names import spoken_name
from wfdash.core.why.why import TimeWords
from wfdash.keymap.actions import key_text
from wfdash.keymap.check import keys_in_force
from wfdash.live.polling.read_instance import read_answer

__all__ = ["prepare", "run"]

_ERRORS = 20
"""Different errors of attempts that are printed whole."""
_STEPS, _TIMES = 1_000, 3
"""Steps whose times are looked at, and times that could not be read that are printed."""
_ROOM = 100
"""Characters of an error that its line of the timeline shows for sure."""


def prepare(parsed: Namespace) -> None:
    """Takes the one id of the command line."""
    ids = [identity for identity in (parsed.instance, *parsed.ids) if identity]
    if len(ids) != 1:
        raise UsageError("show takes one instance: wfdash show -i ID")
    check_id(ids[0])
    parsed.instance = ids[0]


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Prints the instance with its timeline; returns the exit code."""
    workflow = await session.workflow()
    try:
        answer = await session.read(lambda: session.api.get_instance(workflow, parsed.instance))
    except InstanceNotFound as error:
        say(f"wfdash: {clean(error.sentence)}")
        if recalled := await recalled_row(session, workflow, parsed.instance):
            key = key_text(keys_in_force(session.settings.keys)["past.back"][0])
            say(f"wfdash: {recalled}; in the dashboard a step back in time ({key}) shows it")
        await _say_past(session, workflow, parsed.instance)
        return error.exit_code
    now = session.clock()
    detail = read_answer(workflow, parsed.instance, answer)
    facts = WhyFacts(session)
    context = await facts.context(detail)
    row = await facts.row(detail)
    why = context.why(detail, now=now, row=row)
    if missing := partial_reason(detail):
        say(f"wfdash: {missing}")
    if parsed.json:
        result = plain(answer.result)
        json_line({"workflow": workflow, "id": parsed.instance, "why": why.sentence, "result": result})
        return 0
    # Names are cut on a terminal only: a pipe has no width.
    for text in sheet(
        detail,
        why.sentence,
        context.words(detail, now=now, row=row),
        kept=context.retention,
        uncut=not sys.stdout.isatty(),
    ):
        line(text)
    return 0


async def _say_past(session: CommandSession, workflow: str, instance: str) -> None:
    """Says what became of an instance that is not there any more, where analytics tell."""
    now = session.clock()
    try:
        past = await session.read(lambda: session.api.past_instance(workflow, instance, now=now))
    # Whatever becomes of that question, the answer to the one that was asked is there: it is not there.
    except WorkflowsError as error:
        say(f"wfdash: what became of it is not known. {error.sentence}")
        return
    if past is not None:
        say(f"wfdash: {past.sentence(workflow, instant)}")


def sheet(
    detail: Detail,
    why: str,
    at: TimeWords,
    *,
    kept: float | None = None,
    uncut: bool = True,
) -> list[str]:
    """The lines of `show`, data cleaned by `line`; times in UTC, `kept` in seconds from the instance's end.

    `uncut`: no name of a step is cut.
    """
    head = f"{detail.workflow} / {detail.id}: {detail.status or 'no status'}"
    lines = [head, clean(why), ""]
    lines += [f"{name:<9} {value}" for name, value in _summary(detail, at.now, kept) if value]
    lines += _unread_times(detail)
    lines += ["", *text_timeline(detail, at, uncut=uncut), *_texts(detail)]
    lines += ["", f"as of {instant(at.now)}"]
    return lines


def _unread_times(detail: Detail) -> list[str]:
    """Sentences on times in an unknown form, as they came: what is counted is counted without them."""
    raw = plain(detail.raw)
    found = [f"{key} {raw[key]!r}" for key in ("queued", "start", "end") if _is_unread(raw.get(key))]
    steps = raw.get("steps")
    for step in steps[:_STEPS] if isinstance(steps, list) else ():
        attempts = step.get("attempts") if isinstance(step, dict) else None
        parts = [(step, "")] if isinstance(step, dict) else []
        parts += [
            (attempt, f"attempt {number} of ")
            for number, attempt in enumerate(attempts if isinstance(attempts, list) else (), 1)
            if isinstance(attempt, dict)
        ]
        found += [
            f'{key} of {which}"{step.get("name")}" {part[key]!r}'
            for part, which in parts
            for key in ("start", "end")
            if _is_unread(part.get(key))
        ]
    if not found:
        return []
    more = f" and {len(found) - _TIMES} more" if len(found) > _TIMES else ""
    return [f"not read as times: {', '.join(found[:_TIMES])}{more}"]


def _is_unread(value: object) -> bool:
    return value is not None and parse_time(value) is None


def _texts(detail: Detail) -> Iterator[str]:
    """Yields whole what a line of the timeline has no room for: errors, params and output."""
    if detail.error is not None:
        yield from _block("error", _error_text(detail.error))
    shown = set() if detail.error is None else {detail.error.message}
    for step in (*detail.steps.retried(), *detail.steps.failed()):
        for error in (*(attempt.error for attempt in step.attempts), step.error):
            # Retries mostly fail alike: each text once, and only where its line of the timeline had to cut
            # it.
            if error is None or error.message in shown or not _is_cut(error):
                continue
            if len(shown) > _ERRORS:
                return
            shown.add(error.message)
            yield from _block(f"error of {spoken_name(step)}", _error_text(error))
    if detail.params is not ABSENT:
        yield from _block("params", value_text(detail.params))
    if detail.output is not ABSENT and detail.output is not None:
        yield from _block("output", value_text(detail.output))


def _is_cut(failure: Failure) -> bool:
    return len(failure.message) > _ROOM or "\n" in failure.message.strip()


def _error_text(failure: Failure) -> str:
    name, message = failure.name.strip(), failure.message.strip()
    return message if not name or message.startswith(f"{name}:") else f"{name}: {message}"


def _block(title: str, text: str) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in text.splitlines() or [""])


def _summary(detail: Detail, now: float, kept: float | None) -> list[tuple[str, str]]:
    began = detail.start
    if began is None and detail.status != "queued" and not is_final(detail.status):
        began = detail.queued  # what never started took no time, however long it stood in the queue
    # Started again from a step it goes on telling when it began first, and when it ended then.
    before = ended_before(detail)
    end = None if before else detail.end
    took = "" if began is None else brief((end if end is not None else now) - began)
    if detail.end is None and is_final(detail.status):
        took = ""  # it ended, and nobody says when
    if began is not None and detail.end is not None and detail.end < began - 1.0:
        took = ""  # its end is dated before its start
    return [
        ("queued", _at(detail.queued)),
        ("started", _at(detail.start)),
        ("ended", f"{_at(detail.end)}, the run before" if before else _at(detail.end)),
        ("took", took + ("" if end is not None or not took else " so far")),
        ("trigger", " ".join(part for part in (detail.trigger, detail.cron) if part)),
        ("version", detail.version),
        ("kept", f"until about {instant(end + kept)}" if end and kept is not None else ""),
    ]


def _at(moment: float | None) -> str:
    return "" if moment is None else instant(moment)
