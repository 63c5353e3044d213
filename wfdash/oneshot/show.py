"""`wfdash show`: one instance, why it is there, and its timeline, good enough for a ticket."""

import sys
from argparse import Namespace
from typing import Any

from wfdash.core.detail import Detail, partial_reason
from wfdash.core.diagnosis import diagnose
from wfdash.core.entries import plain
from wfdash.core.status import is_final
from wfdash.core.text import clean
from wfdash.core.timeline_text import text_timeline
from wfdash.core.wording import brief
from wfdash.live.budget import Priority
from wfdash.live.reading import read_answer
from wfdash.oneshot.ending import UsageError
from wfdash.oneshot.print import instant, json_line, line, say
from wfdash.oneshot.session import Session

__all__ = ["prepare", "run"]


def prepare(parsed: Namespace) -> None:
    """Take the one id."""
    ids = [one for one in (parsed.instance, *parsed.ids) if one]
    if len(ids) != 1:
        raise UsageError("show takes one instance: wfdash show -i ID")
    parsed.instance = ids[0]


async def run(parsed: Namespace, session: Session) -> int:
    """Print it; returns the exit code."""
    workflow = await session.workflow()
    answer = await session.read(lambda: session.api.get_instance(workflow, parsed.instance), Priority.DETAIL)
    now = session.clock()
    detail = read_answer(workflow, parsed.instance, answer)
    why = diagnose(
        detail, now=now, local=session.api.local, retention=session.settings.retention.get(workflow)
    )
    if missing := partial_reason(detail):
        say(f"wfdash: {missing}")
    if parsed.json:
        whole = plain(answer.result)
        json_line({"workflow": workflow, "id": parsed.instance, "why": why.sentence, "result": whole})
        return 0
    for text in sheet(detail, why.sentence, now, whole=not sys.stdout.isatty()):
        line(text)
    return 0


def sheet(detail: Detail, why: str, now: float, *, whole: bool = True) -> list[str]:
    """The lines, all of data already cleaned by `line`; times in UTC. `whole`: no name of a step is cut."""
    head = f"{detail.workflow} / {detail.id}: {detail.status or 'no status'}"
    lines = [head, clean(why), ""]
    lines += [f"{name:<9} {value}" for name, value in _facts(detail, now) if value]
    lines += ["", *text_timeline(detail, now=now, whole=whole), "", f"as of {instant(now)}"]
    return lines


def _facts(detail: Detail, now: float) -> list[tuple[str, Any]]:
    began = detail.start if detail.start is not None else detail.queued
    took = "" if began is None else brief((detail.end if detail.end is not None else now) - began)
    if detail.end is None and is_final(detail.status):
        took = ""  # it ended, and nobody says when
    return [
        ("queued", detail.queued is not None and instant(detail.queued)),
        ("started", detail.start is not None and instant(detail.start)),
        ("ended", detail.end is not None and instant(detail.end)),
        ("took", took + ("" if detail.end is not None or not took else " so far")),
        ("trigger", " ".join(part for part in (detail.trigger, detail.cron) if part)),
        ("version", detail.version),
    ]
