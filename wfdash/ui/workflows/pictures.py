"""The pictures behind the page, counted from rows as they come, and the causes that are read for one."""

import asyncio
from collections.abc import Container, Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.api.interface import Version
from wfdash.core.history.frame import Frame, last_hour
from wfdash.core.history.picture import Picture, picture
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import ACTIVE
from wfdash.core.model.times import DAY, HOUR
from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.feeds.workflow_rows import RowsOfWorkflow
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context
from wfdash.ui.history.charts import GUTTER
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.workflows.facts import Causes

__all__ = ["Pictures", "with_failures_read"]

_CAUSES: Final = ENOUGH
"""Of the newest failures of the workflow under the cursor, how many are read: fewer bear no cause."""
_PURPOSE: Final = "why it failed"
_AT_ONCE: Final = 4_000
"""Rows that are counted before a key may be answered: 10 to 30 ms."""
_AGAIN: Final = 60.0
"""Seconds until the failures of one are looked at again."""


class Pictures:
    """Counts each workflow's picture once an answer and minute; asks only for causes, in `read_causes`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.behind = False
        """Whether some are to be counted yet."""
        self._found: dict[str, tuple[tuple[int, int, int, bool], Picture]] = {}
        self._causes: dict[str, tuple[float, Causes]] = {}
        self._read: dict[str, dict[str, Detail]] = {}
        """What the causes were taken from, for the list that is opened next."""
        self._versions: dict[str, Mapping[str, Version]] = {}
        self._counted: list[tuple[float, dict[str, int]]] = []
        """When the server counted last, and before that, and how many of each workflow had not ended."""
        self._recalled: dict[str, tuple[int, bool]] = {}
        """How long the journal was, and whether rows were to be read, when restarted runs were looked up."""
        self._loaded: tuple[tuple[str, int, Frame], LoadedHistory] | None = None

    def of(self, poller: Watcher) -> dict[str, Picture]:
        """The picture of each workflow whose rows were read, by name.

        Of many rows only some are counted at once; `behind` then, and the others have their pictures of
        before.
        """
        now, found = self._context.clock(), {}
        self._note_counts(poller)
        read = {name: rows for name, rows in poller.workflow_rows.of.items() if rows.read_at is not None}
        due = {
            name: key
            for name, rows in read.items()
            if (key := self._key(name, rows, now)) != (self._found[name][0] if name in self._found else None)
        }
        # What an answer changed goes before those of which a minute alone went by.
        waiting = sorted(
            due, key=lambda name: name in self._found and self._found[name][0][0] == due[name][0]
        )
        left = _AT_ONCE
        while waiting and left > 0:
            name = waiting.pop(0)
            left -= len(read[name].rows)
            self._found[name] = due[name], self._counted_picture(poller, name, read[name], now)
        self.behind = bool(waiting)
        for name, rows in read.items():
            samples = self._causes[name][1].samples if name in self._causes else []
            if name in self._found:
                found[name] = with_failures_read(self._found[name][1], samples, rows.rows)
        return found

    def _key(self, name: str, rows: RowsOfWorkflow, now: float) -> tuple[int, int, int, bool]:
        """What a picture hangs on."""
        return rows.number, int(now // 60), len(self.deployed(name)), self._context.utc

    def _counted_picture(self, poller: Watcher, name: str, rows: RowsOfWorkflow, now: float) -> Picture:
        return picture(
            [*rows.rows.values(), *rows.earlier.runs.values()],
            now=now,
            floor=rows.floor,
            exhausted=rows.exhausted,
            partial=rows.partial,
            deployed=self.deployed(name),
            counted=self._counted_before(rows.read_at or now, name),
            utc=self._context.utc,
        )

    def _note_counts(self, poller: Watcher) -> None:
        at = poller.counts.all_at
        if at is None or (self._counted and self._counted[-1][0] == at):
            return
        active = {
            each.name: sum(each.counts.get(status, 0) for status in ACTIVE)
            for each in poller.counts.workflows
        }
        self._counted = [*self._counted[-7:], (at, active)]

    def _counted_before(self, moment: float, workflow: str) -> tuple[float, int] | None:
        """The last count before a moment, for rows listed then: one counted later may not be listed yet."""
        before = [
            (at, active[workflow]) for at, active in self._counted if at <= moment and workflow in active
        ]
        return before[-1] if before else None

    def failure(self, poller: Watcher, workflow: str) -> str:
        """Why a workflow's rows could not be read."""
        rows = poller.workflow_rows.of.get(workflow)
        return rows.failure if rows is not None and rows.read_at is None else ""

    def loaded(self, poller: Watcher, workflow: str, columns: int) -> LoadedHistory | None:
        """The last hour of a workflow, counted for so many columns; None before its rows are read."""
        rows = poller.workflow_rows.of.get(workflow)
        if rows is None or rows.read_at is None:
            return None
        now = self._context.clock()
        of = last_hour(now, max(20, columns - GUTTER - 1), least=_least(rows.rows.values(), now))
        key = workflow, rows.number, of
        if self._loaded is None or self._loaded[0] != key:
            found = LoadedHistory(
                of, local=poller.local, retention=self._context.settings.retention.get(workflow)
            )
            found.add(rows.rows.values(), walked=True)
            found.add_runs(rows.earlier.runs)
            found.floor = float("-inf") if rows.exhausted else rows.floor
            self._loaded = key, found
        self._loaded[1].versions = self._versions.get(workflow, {})
        return self._loaded[1]

    async def recall(self, poller: Watcher) -> bool:
        """Looks up runs that restarts took out of the rows since; whether there were any."""
        session = self._context.session
        if session is None or poller.local:
            return False
        journal, found = session.journal, False
        written = await asyncio.to_thread(journal.size) if journal is not None else 0
        for name, of in list(poller.workflow_rows.of.items()):
            # Not after each page: every look opens the record, and that of the demo is copied for it.
            reach = written, of.is_short(self._context.clock())
            if of.read_at is None or self._recalled.get(name) == reach:
                continue
            self._recalled[name] = reach
            since = self._context.clock() - DAY
            runs = await asyncio.to_thread(session.restarted.find, name, dict(of.rows), since)
            found = of.remember(runs.values()) or found
        return found

    def deployed(self, workflow: str) -> Mapping[str, float]:
        """When each version came, as far as they were read."""
        versions = self._versions.get(workflow, {})
        return {v.id: v.created for v in versions.values() if v.created is not None}

    def causes(self, workflow: str) -> Causes | None:
        found = self._causes.get(workflow)
        return found[1] if found is not None else None

    def read(self, workflow: str) -> list[Detail]:
        """The newest failures of a workflow that were read in full."""
        return list(self._read.get(workflow, {}).values())

    def are_causes_due(self, poller: Watcher, workflow: str) -> bool:
        """Whether they were not asked for a moment ago, and can be."""
        at, _ = self._causes.get(workflow, (float("-inf"), None))
        can = self._context.session is not None and not poller.local
        return can and self._context.clock() - at >= _AGAIN

    async def read_causes(self, poller: Watcher, workflow: str, errored: int) -> bool:
        """Reads the newest failures and, once, the versions; whether anything was asked."""
        session, now = self._context.session, self._context.clock()
        if session is None or not self.are_causes_due(poller, workflow):
            return False
        _, before = self._causes.get(workflow, (now, None))
        reads, causes = session.reads, Causes()
        self._causes[workflow] = now, before or causes
        try:
            if workflow not in self._versions:
                self._versions[workflow] = {v.id: v for v in await reads.versions(workflow)}
            rows = self._errored(poller, workflow)
            # Among the newest rows few may have failed although many did: then these are listed by
            # themselves.
            if len(rows) < _CAUSES and errored > len(rows):
                rows, _ = await reads.errored_instances(workflow, _PURPOSE)
            had = {sample.id: sample for sample in before.samples} if before is not None else {}
            for row in rows[:_CAUSES]:
                # Of the same end the cause is the same: only what failed since costs a read.
                if (sample := had.get(row.id)) is not None and sample.at == row.ended:
                    causes.samples.append(sample)
                    continue
                try:
                    detail = await reads.instance(workflow, row.id, _PURPOSE)
                except InstanceNotFound:
                    continue
                if detail.unread:
                    causes.unread = True
                elif detail.status == "errored":
                    causes.samples.append(Sample(row.id, row.ended, fingerprint(detail)))
                    self._read.setdefault(workflow, {})[row.id] = detail
                    self._causes[workflow] = now, causes
        except WorkflowsError as error:
            causes.failure = error.sentence
        except asyncio.CancelledError:
            # The cursor went on; once it is back they are asked for at once, less those read by now.
            self._causes[workflow] = float("-inf"), self._causes[workflow][1]
            raise
        causes.over = True
        self._causes[workflow] = now, causes
        samples = {sample.id for sample in causes.samples}
        read = self._read.get(workflow, {})
        self._read[workflow] = {identity: read[identity] for identity in read if identity in samples}
        return True

    @staticmethod
    def _errored(poller: Watcher, workflow: str) -> list[Instance]:
        """The errored ones that are loaded, those that ended last first."""
        rows = poller.workflow_rows.of.get(workflow)
        found = [row for row in rows.rows.values() if row.status == "errored"] if rows is not None else []
        return sorted(found, key=lambda row: row.ended or 0.0, reverse=True)


def _least(rows: Iterable[Instance], now: float) -> float:
    """How many seconds it takes for enough to end for a rate.

    Over fewer it would jump between nothing and all.
    """
    ended = [row.ended for row in rows if row.ended is not None and row.status in ("complete", "errored")]
    lately = [at for at in ended if at >= now - HOUR]
    return (now - min(lately)) * ENOUGH / len(lately) if lately else 0.0


def with_failures_read(found: Picture, samples: Iterable[Sample], rows: Container[str]) -> Picture:
    """The picture with a later last failure, where one is among those read for their causes."""
    times = [each.at for each in samples if each.at is not None and each.id not in rows]
    last = max([*times, *([found.last_failure] if found.last_failure is not None else [])], default=None)
    return found if last == found.last_failure else replace(found, last_failure=last)
