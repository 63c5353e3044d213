"""`wfdash history --by step` and `--by error`: what only instances themselves tell, the newest first."""

import sys
from argparse import Namespace
from functools import partial
from typing import Any

from msgspec import Struct, field

from wfdash.api.errors import InstanceNotFound
from wfdash.cli.commands.history_reading import HistoryReading, basis_sentence, table
from wfdash.cli.output import instant, json_line, say
from wfdash.cli.session import CommandSession, ProgressWords, tell_unanswered
from wfdash.core.history.steps import StepTally, tally_steps
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.text.words import brief, count
from wfdash.core.triage.error_groups import ErrorGroup, Sample, group
from wfdash.core.triage.fingerprint import Fingerprint, fingerprint
from wfdash.live.budget.joined_failures import found_elsewhere, join_failures, run_of
from wfdash.live.polling.read_instance import read_answer

__all__ = ["print_details"]

_MOST = 100
"""Instances that are read when `--read-details` does not say how many."""


async def print_details(parsed: Namespace, session: CommandSession, reading: HistoryReading) -> int:
    """Reads instances and prints one line a step, or one a cause; returns the exit code."""
    within = [row for row in reading.rows if _falls_within(row, reading, errors=parsed.by == "error")]
    limit = _MOST if parsed.read_details is None else parsed.read_details or len(within)
    unread = len(within) - min(limit, len(within))
    items: list[dict[str, Any]]
    rows: list[tuple[str, ...]]
    titles: tuple[str, ...]
    by_others = 0
    if parsed.by == "step":
        details = await _details(session, reading.workflow, within[:limit])
        what, number = "instances", len(details)
        steps = tally_steps(details)
        items, rows = [_step(tally) for tally in steps], [_step_cells(tally) for tally in steps]
        titles = ("step", "type", "runs", "failed", "retried", "half took", "95 of 100")
    else:
        causes = _Causes(session, reading)
        await causes.read(within[:limit])
        what, number, by_others = "errored instances", causes.within, causes.by_others
        groups = group(causes.samples)
        items, rows = [_error(found) for found in groups], [_error_cells(found) for found in groups]
        titles = ("count", "first", "last", "error", "step")
    if parsed.json:
        for item in items:
            json_line(item)
        json_line(reading.basis(complete=not unread and not session.unanswered))
        return tell_unanswered(session)
    table(titles, rows)
    read = f", {count(by_others)} of them by another wfdash" if by_others else ""
    more = f", {count(unread)} more not (--read-details)" if unread else ""
    say(f"{count(number)} {what} read in full{read}{more}")
    say(basis_sentence(reading))
    return tell_unanswered(session)


def _falls_within(row: Instance, reading: HistoryReading, *, errors: bool) -> bool:
    if errors:
        # The list of a dev session tells no end: there only the instance itself says when it failed.
        when = row.ended if row.ended is not None else reading.since
        return row.status == "errored" and reading.since <= when < reading.now
    return row.created is not None and reading.since <= row.created < reading.now


async def _details(session: CommandSession, workflow: str, rows: list[Instance]) -> list[Detail]:
    """Reads each of the rows; one that has been erased since it was listed is left out.

    Nothing of it comes from another process: what steps are called, did and took goes into no file.
    """
    reads, details = _InTurn(session, workflow, len(rows)), []
    for row in rows:
        if (detail := await reads.read(row)) is not None:
            details.append(detail)
    return details


class _Causes(Struct):
    """Collects one sample an errored instance; what `E` reads in another process serves too."""

    session: CommandSession
    reading: HistoryReading
    samples: list[Sample] = field(default_factory=list)
    within: int = 0
    """Instances that failed within the time that is asked about."""
    by_others: int = 0

    async def read(self, rows: list[Instance]) -> None:
        session, workflow = self.session, self.reading.workflow
        reads = _InTurn(session, workflow, len(rows))
        beside = None if session.api.local else session.budget.shared_file
        others = join_failures(beside, session.api.account_id, workflow, clock=session.budget.clock)
        session.endings.append(others.close)
        for row in rows:
            if (sample := await found_elsewhere(others, row)) is not None:
                self.by_others += 1
                reads.pass_over()
                self._take(sample)
                continue
            asked_at = others.asks(row.id)
            detail = await reads.read(row)
            if detail is None or not self._failed_within(row, detail):
                continue
            # One that was restarted since it was listed has no error now.
            if detail.status != "errored":
                self.within += 1
                continue
            sample = Sample(row.id, detail.end or row.ended, fingerprint(detail))
            others.tell(row.id, asked_at, sample, run_of(row))
            self._take(sample)

    def _take(self, sample: Sample) -> None:
        self.within += 1
        mark = Fingerprint(*sample.fingerprint.cause, "")
        self.samples.append(Sample(sample.id, sample.at, mark))

    def _failed_within(self, row: Instance, detail: Detail) -> bool:
        reading = self.reading
        return row.ended is not None or detail.end is None or reading.since <= detail.end < reading.now


class _InTurn(Struct):
    """Reads instances in turn and says how far it is."""

    session: CommandSession
    workflow: str
    number: int
    """Those that are to be read."""
    done: int = 0
    progress: ProgressWords | None = None

    async def read(self, row: Instance) -> Detail | None:
        """Reads an instance in full; None where it has been erased since it was listed."""
        session, remaining = self.session, self.number - self.done
        if self.progress is None:
            self.progress = ProgressWords(session, sys.stderr.isatty())
            self.progress.begin(
                f"{count(remaining)} instances are read one by one, a request each", remaining
            )
        self.progress.go_on(
            f"read {count(self.done)} of {count(self.number)} instances one by one", remaining
        )
        self.done += 1
        ask = partial(session.api.get_instance, self.workflow, row.id)
        try:
            answer = await session.read_or_note(row.id, ask, wanted=remaining)
        except InstanceNotFound:
            return None
        return read_answer(self.workflow, row.id, answer) if answer is not None else None

    def pass_over(self) -> None:
        """Counts one as done that another process has read."""
        self.done += 1


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
