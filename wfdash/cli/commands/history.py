"""`wfdash history`: what came, ended and failed, by hour, version, workflow, step or error."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from wfdash.cli.commands.history_reading import (
    HistoryReading,
    basis_sentence,
    count_erased,
    read_account,
    read_back,
    table,
)
from wfdash.cli.exits import UsageError
from wfdash.cli.output import instant, json_line, say
from wfdash.cli.session import CommandSession
from wfdash.core.history.bucket import Bucket, Tally, sum_of
from wfdash.core.history.earlier_runs import last_ends
from wfdash.core.history.history import History, times_ahead
from wfdash.core.history.rate.change import changes_of
from wfdash.core.history.retention import Edge
from wfdash.core.history.sentence import OddTimes, failures
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import HOUR, iso
from wfdash.core.text.words import brief, count, percent, short_version

__all__ = ["prepare", "run"]

_NAMED = 3
"""Versions of an hour that are named; more would make each line as wide as all of them."""
_TITLES = ("created", "complete", "errored", "terminated", "failed", "half took", "95 of 100")


def prepare(parsed: Namespace) -> None:
    """Refuses a filter that rows cannot tell."""
    parsed.query = None
    if parsed.filter:
        from wfdash.core.filter.query import parse

        query = parsed.query = parse(parsed.filter)
        if query.needs_marks or query.needs_details:
            raise UsageError(
                "--filter: history counts rows, and step, error, blocked and marked are not in them; "
                "--by step and --by error read instances"
            )
    if parsed.read_details is not None and parsed.by not in ("step", "error"):
        raise UsageError("--read-details goes with --by step or --by error")


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Prints one line a bucket, version, step or error; returns the exit code."""
    if parsed.by in ("step", "error"):
        reading = await read_back(session, await session.workflow(), seconds=parsed.since, query=parsed.query)
        from wfdash.cli.commands.history_details import print_details

        return await print_details(parsed, session, reading)
    if parsed.query is not None and parsed.query.batches and not session.names_workflow:
        # An id stands in several workflows: counted over all of them it would bring instances of which the
        # batch had none.
        raise UsageError("--filter: a batch is of one workflow; name it with -w")
    if session.names_workflow:
        reading = await read_back(session, await session.workflow(), seconds=parsed.since, query=parsed.query)
    else:
        reading = await read_account(session, seconds=parsed.since, query=parsed.query)
    # A bucket may be cut by --since, and is whole for the eye all the same.
    history = History(HOUR, since=reading.since, until=reading.now)
    rows = [*reading.rows, *reading.earlier]
    history.had_ended(last_ends(reading.earlier))
    # By workflow each stands where its versions would.
    history.add([_of_workflow(row, reading) for row in rows] if parsed.by == "workflow" else rows)
    if history.lacks_ends(local=session.api.local):
        reading.edge = Edge(reading.now, reading.now)
    # Analytics are asked by time alone: they know of no filter, and of no version.
    elif parsed.by == "hour" and parsed.query is None:
        await count_erased(session, reading, HOUR)
    rated = parsed.query is None or not parsed.query.chooses_outcomes
    if parsed.json:
        for item in _items(parsed.by, history, reading):
            # Under a filter that lets only failures pass every rate is 100 %, which says nothing of the
            # workflow.
            json_line(item if rated else item | {"failure_rate": None})
        # Last, and on stdout: who keeps the numbers must keep with them how far back they reach.
        json_line(reading.basis(complete=not history.undated))
        return 0
    _print(parsed.by, history, reading, rated=rated)
    _say(history, reading, rated=rated, local=session.api.local)
    return 0


def _items(by: str, history: History, reading: HistoryReading) -> Iterator[dict[str, Any]]:
    if by != "hour":
        for name, tally in _groups(by, history, reading):
            named = {"workflow": name} if by == "workflow" else _version_keys(name, reading)
            yield named | _item(tally, reading.since, reading.now, _edge(by, name, reading))
        return
    for bucket in _buckets(history, reading):
        if bucket.counted:
            # Counts of analytics outlive the instances, so that nothing of them is unknown for being erased.
            yield _item(bucket, bucket.start, bucket.end, Edge())
            continue
        yield _item(bucket, bucket.start, bucket.end, reading.edge)


def _item(tally: Tally, start: float, end: float, kept: Edge) -> dict[str, Any]:
    """The counts as one object; null where what there was may have been erased, which is not nothing."""
    return {
        "from": iso(start),
        "to": iso(end),
        "created": kept.number(tally.created, start),
        "complete": kept.number(tally.complete, start),
        "errored": kept.number(tally.errored, start),
        "terminated": kept.number(tally.terminated, start),
        "failure_rate": kept.rate(tally, start),
        "took_p50": _seconds(tally.p50),
        "took_p95": _seconds(tally.p95),
    }


def _seconds(duration: float | None) -> float | None:
    """A duration to the millisecond, which is as exact as the times are that it comes from."""
    return None if duration is None else round(duration, 3)


def _of_workflow(row: Instance, reading: HistoryReading) -> Instance:
    return replace(row, version=reading.workflow or row.id.partition("/")[0])


def _version_keys(version: str, reading: HistoryReading) -> dict[str, Any]:
    deployed = reading.versions[version].created if version in reading.versions else None
    whose = {"workflow": _owner(version, reading)} if reading.workflows else {}
    return whose | {"version": version, "deployed": None if deployed is None else iso(deployed)}


def _owner(version: str, reading: HistoryReading) -> str:
    """The workflow that a version belongs to, where those of several are counted together."""
    ids = (row.id for row in reading.rows if row.version == version)
    return next(ids, "").partition("/")[0]


def _edge(by: str, name: str, reading: HistoryReading) -> Edge:
    """How far back all is told of a version, or of a workflow."""
    workflow = name if by == "workflow" else _owner(name, reading) if reading.workflows else ""
    edge = reading.edge_of.get(workflow, reading.edge)
    came = reading.versions[name].created if by == "version" and name in reading.versions else None
    # Of what is younger than that nothing has been erased.
    return Edge() if came is not None and came >= edge.both else edge


def _groups(by: str, history: History, reading: HistoryReading) -> list[tuple[str, Tally]]:
    """The tallies by version or workflow, the most often created first; a workflow without any too."""
    found = dict(history.versions())
    if by == "workflow":
        for name in reading.workflows or [reading.workflow]:
            found.setdefault(name, Tally())
    return sorted(found.items(), key=lambda pair: (-pair[1].created, pair[0]))


def _print(by: str, history: History, reading: HistoryReading, *, rated: bool) -> None:
    deployed = {version.id: version.created for version in reading.versions.values()}
    groups = _groups(by, history, reading) if by != "hour" else []
    numbers = [_cells(tally, reading.since, _edge(by, name, reading), rated=rated) for name, tally in groups]
    if by == "workflow":
        rows = [(name, *cells) for (name, _), cells in zip(groups, numbers, strict=True)]
        table(("workflow", *_TITLES), rows)
        return
    if by == "version":
        whose = ("workflow",) if reading.workflows else ()
        rows = [
            (
                *([_owner(version, reading)] if whose else []),
                short_version(version) or "-",
                instant(deployed.get(version)),
                *cells,
            )
            for (version, _), cells in zip(groups, numbers, strict=True)
        ]
        table((*whose, "version", "deployed", *_TITLES), rows)
        return
    buckets = _buckets(history, reading)
    rows = []
    for bucket in buckets:
        came = [v for v, at in deployed.items() if at is not None and bucket.start <= at < bucket.end]
        mark = f"{', '.join(map(short_version, came))} came" if came else ""
        # As many as in a canary of every commit would make each line as wide as all their names.
        if len(came) > _NAMED:
            mark = f"{count(len(came))} versions came"
        kept = Edge() if bucket.counted else reading.edge
        rows.append((instant(bucket.start), *_cells(bucket, bucket.start, kept, rated=rated), mark))
    table(("from", *_TITLES, ""), rows)


def _buckets(history: History, reading: HistoryReading) -> Sequence[Bucket]:
    """The hours, with the counts of analytics where rows may have been erased."""
    found = history.buckets(reading.since, reading.now)
    if reading.analytics is None:
        return found
    edge = reading.edge.both
    return [bucket if bucket.start >= edge else reading.analytics.in_place_of(bucket) for bucket in found]


def _cells(tally: Tally, start: float, kept: Edge, *, rated: bool) -> tuple[str, ...]:
    rate = kept.rate(tally, start) if rated else None
    numbers = (
        kept.number(tally.created, start),
        *(kept.number(getattr(tally, name), start) for name in ("complete", "errored", "terminated")),
    )
    return (
        *("?" if number is None else count(number) for number in numbers),
        "-" if rate is None else percent(rate),
        *("-" if took is None else brief(took) for took in (tally.p50, tally.p95)),
    )


def _say(history: History, reading: HistoryReading, *, rated: bool, local: bool) -> None:
    """Says what the numbers show and rest on; `rated` where the filter leaves a rate to tell of."""
    deployed = {v.id: v.created for v in reading.versions.values() if v.created is not None}
    start = max(reading.since, min(reading.now, reading.edge.both))
    if not reading.rows:
        say(f"no instance of {reading.workflow or 'any workflow'} is in the list" + _matching(reading))
    elif not rated:
        total = sum_of(history.buckets(start, reading.now))
        say(
            f"{count(total.complete)} completed and {count(total.errored)} failed of those that match; "
            "the filter is by status, so a failure rate would mean nothing"
        )
    elif not history.lacks_ends(local=local) and start < reading.now:
        rows = [*reading.rows, *reading.earlier]
        _, changes = changes_of(rows, start=start, now=reading.now, deployed=deployed)
        total = sum_of(history.buckets(start, reading.now))
        # What is told beside the total is counted over the same time, however far back was read.
        within = [row for row in rows if row.ended is not None and start <= row.ended < reading.now]
        running = [row for row in rows if not row.is_over]
        said = failures(changes, total, within, deployed=deployed, now=reading.now, running=running).sentence
        if start > reading.since:
            said += f"; counts only what ended since {instant(start)}, older ones may have been erased"
        say(said)
    odd = OddTimes(
        times_ahead(reading.rows, reading.now),
        history.crossed,
        uncreated=history.uncreated,
        resumed=history.resumed,
        others=history.others,
    )
    if history.lacks_ends(local=local):
        say(f"{count(history.undated)} have ended, and this server's list does not say when")
    else:
        odd = replace(odd, undated=history.undated)
    if said := odd.sentence():
        say(said)
    say(basis_sentence(reading))


def _matching(reading: HistoryReading) -> str:
    return " or matches the filter" if reading.loaded else ""
