"""Thousands of answers as the API gives them, then broken, swollen and cut: read, or refused in words.

Through the real client and decoder to the sentence and the timeline, in process; each from its own number, so
that one that fails can be made again.
"""

import asyncio
import gzip
import json
import random

import pytest

from tests.faults.test_shapes import HOSTILE, answered, broken, spoiled
from tests.support.fakes.details import T0, answer, attempt, done, failure, sleep, step, termination, wait
from wfdash.api.errors import WorkflowsError
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import clean
from wfdash.core.timeline.as_text import text_timeline
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.why import TimeWords

_BATCH = 300
_TIMES = ("2026-11-21T10:58:42.160Z", None)


def instance(dice):
    tries = [attempt(0, 1, False), attempt(9, 10, False), attempt(30)]
    steps = [
        *[done(f"load page-{n}-1", n, n + 1) for n in range(dice.randrange(4))],
        step("charge-1", 0, None, None, tries),
        sleep("nap-1", 31, 90),
        wait("approval-1", 95, None),
        step("ship-1", 90, 95, False) | {"error": failure()},
        termination(),
    ]
    statuses = ["queued", "running", "waiting", "errored", "complete", "rollingBack", "paused", "terminated"]
    result = answer(dice.choice(statuses), dice.sample(steps, dice.randrange(len(steps) + 1)))
    return {**result, "params": {"a": [1, "two"]}, "output": "three", "error": dice.choice([None, failure()])}


def listing(dice):
    keys = ("created_on", "modified_on", "started_on", "ended_on")
    return [
        {"id": f"order-{n}", "status": "running", **{key: dice.choice(_TIMES) for key in keys}}
        for n in range(dice.randrange(5))
    ]


def workflows(dice):
    return [
        {"name": f"w{n}", "instances": {"running": 3}, "schedules": [{"cron": "* * * * *"}]}
        for n in range(dice.randrange(4))
    ]


def swollen(value, dice):
    """The value with one place made deep, long, wide or many."""
    holder, key, here = None, None, value
    while isinstance(here, dict | list) and here and (holder is None or dice.random() < 0.7):
        holder, key = here, dice.choice(list(here) if isinstance(here, dict) else range(len(here)))
        here = here[key]
    if holder is None:
        return value
    match dice.randrange(5):
        case 0:
            for _ in range(dice.choice([50, 350, 450])):
                here = [here] if dice.random() < 0.5 else {"a": here}
            holder[key] = here
        case 1:
            holder[key] = dice.choice(["x", "\x1b[31m", "e\u0301", "\u202e", "日", "\ud800"]) * 50_000
        case 2:
            holder[key] = [here] * 5000
        case 3:
            holder[key] = {f"{n}\x9b": n for n in range(5000)}
        case 4:
            holder[key] = [dice.choice(HOSTILE) for _ in range(500)]
    return value


def bytes_of(number):
    """The answer of that number: what is asked, its status, headers and body."""
    dice = random.Random(number)
    make = dice.choice([instance, instance, listing, workflows])
    success = dice.choice([True, True, True, False, None])
    info = {"cursor": "next", "total_count": 7, "total_pages": 1}
    envelope = {"success": success, "errors": [], "messages": [], "result": make(dice), "result_info": info}
    envelope = broken(envelope, dice, dice.randrange(7))
    if dice.random() < 0.15 and isinstance(envelope, dict):
        envelope = swollen(envelope, dice)
    status = dice.choice([200] * 8 + [204, 304, 404, 429, 500])
    body, headers = spoiled(json.dumps(envelope).encode(), dice)
    if dice.random() < 0.05:
        body, headers = gzip.compress(gzip.compress(body)), {"content-encoding": "gzip, gzip"}
    return make, status, headers, body


async def texts_of(api, make):
    """What a person would read of it: every line raw, before it is cleaned."""
    if make is listing:
        page = await api.list_instances("orders")
        rows = [row for item in page.items if (row := Instance.from_item(item))]
        return [text for row in rows for text in (row.id, row.status, row.version, row.trigger)]
    if make is workflows:
        page = await api.list_workflows()
        return [text for each in page.items for text in (each.name, each.class_name, *each.counts)]
    reply = await api.get_instance("orders", "a")
    detail = read_detail("orders", "a", reply.result, refusal=reply.refusal)
    now = T0 + 3600
    why = diagnose(detail, now=now)
    return [detail.status, why.sentence, *text_timeline(detail, TimeWords(now))]


@pytest.mark.parametrize("batch", range(12))
def test_a_mutated_answer_is_told_or_refused(batch, attacked):
    refused = read = 0

    async def attack():
        nonlocal refused, read
        for number in range(batch * _BATCH, (batch + 1) * _BATCH):
            make, status, headers, body = bytes_of(number)
            async with answered(status, body, headers) as api:
                try:
                    lines = await texts_of(api, make)
                    read += 1
                except WorkflowsError as error:
                    lines = [error.sentence]
                    refused += 1
                except Exception as error:
                    raise AssertionError(f"number {number}") from error
            assert any(lines) or make is not instance, number
            for line in lines:
                assert clean(line).isprintable(), number

    asyncio.run(attack())
    attacked(refused + read)
    assert read > _BATCH // 10, "else it would pass by everything being refused"
    assert refused > _BATCH // 10
