"""Answers about logs, counts and versions, broken: read, or refused in words, and nothing else."""

import asyncio
import json
import random

import pytest

from tests.faults.test_shapes import answered, broken, spoiled
from tests.support.fakes.details import T0
from wfdash.api.analytics import read_past_instance
from wfdash.api.errors import WorkflowsError
from wfdash.api.log_source import LogQuery
from wfdash.api.logs import tail
from wfdash.core.model.times import iso
from wfdash.core.text.clean import clean

_NUMBERS = 1000
_QUERY = LogQuery("orders", "order-1", T0, T0 + 3600, "shop", "OrderWorkflow")
_AT = T0 * 1000


def telemetry(dice):
    events = [
        {
            "timestamp": _AT + n,
            "source": dice.choice(["a line", {"message": "x", "level": "warn"}, {"a": [1, {"b": None}]}]),
            "$metadata": {
                "id": f"{n}",
                "requestId": "r1",
                "type": "cf-worker",
                "level": "info",
                "message": "m",
            },
            "$workers": {"requestId": "r1", "eventType": "workflow"},
        }
        for n in range(dice.randrange(5))
    ]
    run = {"status": "COMPLETED", "statistics": {"abr_level": 1}}
    return {"success": True, "result": {"run": run, "events": {"events": events}, "statistics": {}}}


def counts(dice):
    groups = [
        {
            "count": n,
            "avg": {"sampleInterval": 1},
            "dimensions": {"time": "2026-11-21T10:00:00Z", "eventType": "WORKFLOW_SUCCESS"},
        }
        for n in range(dice.randrange(5))
    ]
    return {"data": {"viewer": {"accounts": [{"workflowsAdaptiveGroups": groups}]}}, "errors": None}


def versions(dice):
    kept = {"success_retention": "3 days", "error_retention": 86400}
    rows = [
        {"id": f"v{n}", "created_on": "2026-11-21T10:00:00Z", "default_retention": kept}
        for n in range(dice.randrange(4))
    ]
    return {"success": True, "result": rows, "result_info": {"total_pages": 1}}


def frame(dice):
    printed = {"timestamp": _AT, "level": "error", "message": ["a", {"b": 1}]}
    failed = {"timestamp": _AT, "name": "Error", "message": "no", "stack": "at x\nat y"}
    named = {"workflowName": "orders", "instanceId": "order-1"}
    event = {"eventTimestamp": _AT, "event": {"rpcMethod": "run"}, "tailAttributes": named}
    return {**event, "logs": [printed] * dice.randrange(3), "exceptions": [failed] * dice.randrange(2)}


def rows(dice):
    found = [
        [n, _AT + n, "span", "info", json.dumps(["a line", {"x": 1}]), 0] for n in range(dice.randrange(6))
    ]
    return {"success": True, "result": {"rows": found}}


def fate(dice):
    events = ["WORKFLOW_QUEUED", "WORKFLOW_START", "STEP_FAILURE", "WORKFLOW_SUCCESS"]
    seen = [
        {"datetime": "2026-11-21T10:00:00Z", "eventType": event, "workflowName": "orders", "stepName": "a-1"}
        for event in dice.sample(events, dice.randrange(5))
    ]
    return {"data": {"viewer": {"accounts": [{"workflowsAdaptive": seen}]}}, "errors": None}


async def read_fate(api):
    found = await read_past_instance(api, "orders", "order-1", account="acme", since=T0 - 86400, until=T0)
    return [f"{found}"]


async def read_lines(api):
    page = await api.log_reader().read(_QUERY)
    lines = ((line.message, line.level, line.order, iso(line.at)) for line in page.lines)
    return [*page.notes, *(text for texts in lines for text in texts)]


async def read_counts(api):
    found = await api.analytics("orders", since=T0 - 86400, until=T0, width=3600)
    return [f"{found.sampled:g}", *(str(tally.complete) for tally in found.tallies.values())]


async def read_versions(api):
    return [f"{each}" for each in await api.list_versions("orders")]


def deepened(body, dice):
    """The body with one of its values so deep that no parser may follow."""
    depth = dice.choice([400, 2000, 200_000])
    here = body.find(b":", dice.randrange(len(body)))
    return body if here < 0 else body[: here + 1] + b"[" * depth + b"]" * depth + b"," + body[here + 1 :]


def bytes_of(make, number):
    dice = random.Random(f"{make.__name__}{number}")
    body, headers = spoiled(json.dumps(broken(make(dice), dice, dice.randrange(6))).encode(), dice)
    if body and dice.random() < 0.05:
        body, headers = deepened(body, dice), {}
    return dice.choice([200] * 8 + [404, 429, 500]), headers, body


READS = {
    "telemetry": (telemetry, read_lines),
    "dev session": (rows, read_lines),
    "fate": (fate, read_fate),
    "counts": (counts, read_counts),
    "versions": (versions, read_versions),
}


@pytest.mark.parametrize("kind", READS)
def test_evidence_that_is_broken_is_read_or_refused(kind, attacked):
    make, read = READS[kind]
    outcomes = {True: 0, False: 0}

    async def attack():
        for number in range(_NUMBERS):
            status, headers, body = bytes_of(make, number)
            async with answered(status, body, headers, local=make is rows) as api:
                try:
                    lines, refused = await read(api), False
                except WorkflowsError as error:
                    lines, refused = [error.sentence], True
                except Exception as error:
                    raise AssertionError(f"{kind} {number}") from error
            outcomes[refused] += 1
            assert all(clean(line).isprintable() for line in lines), number

    asyncio.run(attack())
    attacked(_NUMBERS)
    assert min(outcomes.values()) > _NUMBERS // 10, "else it would pass by all of them being refused, or none"


async def test_more_lines_than_any_payload_is_long_are_read(attacked):
    event = {"timestamp": _AT, "source": "x" * 5000, "$metadata": {"requestId": "r1"}, "$workers": {}}
    events = [{**event, "timestamp": _AT + n} for n in range(900)]
    result = {"run": {"status": "COMPLETED"}, "events": {"events": events}}
    body = json.dumps({"success": True, "result": result}).encode()
    async with answered(200, body, {}) as api:
        page = await api.log_reader().read(_QUERY)
    assert len({line.at for line in page.lines}) == 900
    attacked(1)


def test_frame_of_a_tail_that_is_broken_gives_lines_or_none(attacked):
    printed = 0
    for number in range(2 * _NUMBERS):
        _, _, body = bytes_of(frame, number)
        for message in (body, body.decode("utf-8", "replace")):
            try:
                name, page = tail._read(message)
            except Exception as error:
                raise AssertionError(f"frame {number}") from error
            printed += len(page.lines)
            assert clean(name).isprintable()
            assert all(clean(f"{iso(line.at)} {line.message}").isprintable() for line in page.lines)
    attacked(2 * _NUMBERS)
    assert printed > _NUMBERS
