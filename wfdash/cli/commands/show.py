"""`wfdash show`: one instance, why it is there, and its timeline, good enough for a ticket."""

import asyncio
import sys
from argparse import Namespace
from contextlib import suppress

from wfdash.api.errors import WorkflowsError
from wfdash.cli.commands.inputs import check_id
from wfdash.cli.exits import UsageError
from wfdash.cli.output import instant, json_line, line, say
from wfdash.cli.session import CommandSession
from wfdash.core.model.detail import Detail, partial_reason
from wfdash.core.model.lazy_steps import plain
from wfdash.core.model.retention import kept_for
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import clean
from wfdash.core.text.words import brief
from wfdash.core.timeline.as_text import text_timeline
from wfdash.core.why.diagnose import diagnose
from wfdash.live.budget.budget import Priority
from wfdash.live.polling.read_instance import read_answer

__all__ = ["prepare", "run"]

_KEPT_WITHIN = 5.0
"""Seconds after which it is shown without saying how long it is kept."""


def prepare(parsed: Namespace) -> None:
    """Take the one id."""
    ids = [identity for identity in (parsed.instance, *parsed.ids) if identity]
    if len(ids) != 1:
        raise UsageError("show takes one instance: wfdash show -i ID")
    check_id(ids[0])
    parsed.instance = ids[0]


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Print it; returns the exit code."""
    workflow = await session.workflow()
    answer = await session.read(lambda: session.api.get_instance(workflow, parsed.instance), Priority.DETAIL)
    now = session.clock()
    detail = read_answer(workflow, parsed.instance, answer)
    kept = await _kept(session, detail)
    why = diagnose(detail, now=now, local=session.api.local, retention=kept)
    if missing := partial_reason(detail):
        say(f"wfdash: {missing}")
    if parsed.json:
        result = plain(answer.result)
        json_line({"workflow": workflow, "id": parsed.instance, "why": why.sentence, "result": result})
        return 0
    for text in sheet(detail, why.sentence, now, kept=kept, uncut=not sys.stdout.isatty()):
        line(text)
    return 0


async def _kept(session: CommandSession, detail: Detail) -> float | None:
    """Seconds it is kept: as the config says, else, of what has ended, its version; None when nobody does."""
    configured = session.settings.retention.get(detail.workflow)
    if configured is not None or session.api.local or not is_final(detail.status) or not detail.version:
        return configured
    with suppress(WorkflowsError, TimeoutError):
        async with asyncio.timeout(_KEPT_WITHIN):
            await session.budget.acquire(Priority.DETAIL)
            versions = await session.api.list_versions(detail.workflow)
            defaults = (version.default_retention for version in versions if version.id == detail.version)
            return kept_for(next(defaults, None), detail.status)
    return None


def sheet(
    detail: Detail, why: str, now: float, *, kept: float | None = None, uncut: bool = True
) -> list[str]:
    """The lines, all of data already cleaned by `line`; times in UTC, `kept` in seconds from its end.

    `uncut`: no name of a step is cut.
    """
    head = f"{detail.workflow} / {detail.id}: {detail.status or 'no status'}"
    lines = [head, clean(why), ""]
    lines += [f"{name:<9} {value}" for name, value in _summary(detail, now, kept) if value]
    lines += ["", *text_timeline(detail, now=now, uncut=uncut), "", f"as of {instant(now)}"]
    return lines


def _summary(detail: Detail, now: float, kept: float | None) -> list[tuple[str, str]]:
    began = detail.start if detail.start is not None else detail.queued
    took = "" if began is None else brief((detail.end if detail.end is not None else now) - began)
    if detail.end is None and is_final(detail.status):
        took = ""  # it ended, and nobody says when
    return [
        ("queued", _at(detail.queued)),
        ("started", _at(detail.start)),
        ("ended", _at(detail.end)),
        ("took", took + ("" if detail.end is not None or not took else " so far")),
        ("trigger", " ".join(part for part in (detail.trigger, detail.cron) if part)),
        ("version", detail.version),
        ("kept", f"until about {instant(detail.end + kept)}" if detail.end and kept is not None else ""),
    ]


def _at(moment: float | None) -> str:
    return "" if moment is None else instant(moment)
