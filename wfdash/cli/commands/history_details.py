"""`wfdash history --by step` and `--by error`: what only instances themselves tell, the newest first."""

import sys
from argparse import Namespace
from functools import partial
from typing import Any

from wfdash.api.errors import InstanceNotFound
from wfdash.cli.commands.history_reading import HistoryReading, basis_sentence, table
from wfdash.cli.output import instant, json_line, say
from wfdash.cli.session import CommandSession, ProgressWords
from wfdash.core.history.steps import StepTally, tally_steps
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.text.words import brief, count
from wfdash.core.triage.error_groups import ErrorGroup, Sample, group
from wfdash.core.triage.fingerprint import Fingerprint, fingerprint
from wfdash.live.polling.read_instance import read_answer

__all__ = ["print_details"]

_MOST = 100
"""Instances that are read when `--read-details` does not say how many."""


async def print_details(parsed: Namespace, session: CommandSession, reading: HistoryReading) -> None:
    """Reads instances and prints one line a step, or one a cause."""
    within = [row for row in reading.rows if _falls_within(row, reading, errors=parsed.by == "error")]
    limit = _MOST if parsed.read_details is None else parsed.read_details or len(within)
    pairs = await _details(session, reading.workflow, within[:limit])
    pairs = [pair for pair in pairs if parsed.by != "error" or _failed_within(*pair, reading)]
    unread = len(within) - min(limit, len(within))
    items: list[dict[str, Any]]
    rows: list[tuple[str, ...]]
    titles: tuple[str, ...]
    if parsed.by == "step":
        steps = tally_steps(detail for _, detail in pairs)
        items, rows = [_step(tally) for tally in steps], [_step_cells(tally) for tally in steps]
        titles = ("step", "type", "runs", "failed", "retried", "half took", "95 of 100")
    else:
        groups = _causes(pairs)
        items, rows = [_error(found) for found in groups], [_error_cells(found) for found in groups]
        titles = ("count", "first", "last", "error", "step")
    if parsed.json:
        for item in items:
            json_line(item)
        json_line(reading.basis(complete=not unread))
        return
    table(titles, rows)
    what = "errored instances" if parsed.by == "error" else "instances"
    more = f", {count(unread)} more not (--read-details)" if unread else ""
    say(f"{count(len(pairs))} {what} read in full{more}")
    say(basis_sentence(reading))


def _falls_within(row: Instance, reading: HistoryReading, *, errors: bool) -> bool:
    if errors:
        # The list of a dev session tells no end: there only the instance itself says when it failed.
        when = row.ended if row.ended is not None else reading.since
        return row.status == "errored" and reading.since <= when < reading.now
    return row.created is not None and reading.since <= row.created < reading.now


def _failed_within(row: Instance, detail: Detail, reading: HistoryReading) -> bool:
    return row.ended is not None or detail.end is None or reading.since <= detail.end < reading.now


async def _details(
    session: CommandSession, workflow: str, rows: list[Instance]
) -> list[tuple[Instance, Detail]]:
    """Each with its row; one that has been erased since it was listed is left out."""
    pairs, progress = [], ProgressWords(session, sys.stderr.isatty())
    for number, row in enumerate(rows):
        left, ask = len(rows) - number, partial(session.api.get_instance, workflow, row.id)
        if not number:
            progress.begin(f"{count(left)} instances are read one by one, a request each", left)
        progress.go_on(f"read {count(number)} of {count(len(rows))} instances one by one", left)
        try:
            answer = await session.read(ask, wanted=left)
        except InstanceNotFound:
            continue
        pairs.append((row, read_answer(workflow, row.id, answer)))
    return pairs


def _causes(pairs: list[tuple[Instance, Detail]]) -> list[ErrorGroup]:
    """One a cause, whatever the version; one that was restarted since it was listed has no error now."""
    samples = []
    for row, detail in pairs:
        if detail.status == "errored":
            mark = fingerprint(detail)
            samples.append(Sample(row.id, detail.end or row.ended, Fingerprint(*mark.cause, "")))
    return group(samples)


def _step(tally: StepTally) -> dict[str, Any]:
    return {
        "step": tally.step,
        "type": tally.type,
        "runs": tally.runs,
        "failed": tally.failed,
        "retried": tally.retried,
        "p50": None if tally.p50 is None else round(tally.p50, 3),
        "p95": None if tally.p95 is None else round(tally.p95, 3),
    }


def _step_cells(tally: StepTally) -> tuple[str, ...]:
    numbers = (count(number) for number in (tally.runs, tally.failed, tally.retried))
    took = ("-" if value is None else brief(value) for value in (tally.p50, tally.p95))
    return (tally.step, tally.type or "-", *numbers, *took)


def _error(found: ErrorGroup) -> dict[str, Any]:
    mark = found.fingerprint
    return {
        "error": f"{mark.error}: {mark.message}" if mark.message else mark.error,
        "step": mark.step or None,
        "count": found.count,
        "first": None if found.first is None else iso(found.first),
        "last": None if found.last is None else iso(found.last),
    }


def _error_cells(found: ErrorGroup) -> tuple[str, ...]:
    item = _error(found)
    step = f'at "{item["step"]}"' if item["step"] else ""
    return (count(found.count), instant(found.first), instant(found.last), item["error"], step)
