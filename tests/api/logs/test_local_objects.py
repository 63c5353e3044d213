"""What a dev session tells of its objects: the questions are put to a store with rows as wrangler's."""

import json
import sqlite3

import pytest

from wfdash.api.logs.local_objects import LocalObjects

OBJECT, OTHER = "6566bbcd", "a1008c84"
_NAMED = {"durable_object_subrequest": "objectId", "jsRpcCall": "jsrpc.method"}


def row(span, parent, name, value=None):
    return ("t", span, parent, "work", name, "span", 0, 1, json.dumps({_NAMED[name]: value} if value else {}))


def subrequest(span, parent, held):
    return row(span, parent, "durable_object_subrequest", held)


def method(span, parent, name):
    return row(span, parent, "jsRpcCall", name)


RESTARTED = [
    method("get", "entry", "get"),
    subrequest("sub", "get", OBJECT),
    method("restart", "entry", "restart"),
    subrequest("sub2", "restart", OBJECT),
    method("change", "session", "changeInstanceStatus"),
]


async def begun(rows):
    store = sqlite3.connect(":memory:")
    names = "trace_id, span_id, parent_id, service, name, kind, start_ms, duration_ms, attributes"
    store.execute(f"CREATE TABLE spans ({names})")
    store.executemany(f"INSERT INTO spans VALUES ({', '.join('?' * 9)})", rows)

    async def ask(sql, params):
        return [list(found) for found in store.execute(sql, params)]

    traced = await LocalObjects().read([("call", "t")], ["t"], {}, "shop", ask)
    return set(traced.traces.get("t", ())), set(traced.called.get("t", ()))


LOOKED_AT = [method("get2", "entry2", "get"), subrequest("sub3", "get2", OTHER)]
CREATED = [method("new", "entry3", "create"), subrequest("sub4", "new", OTHER)]
NONE: set[str] = set()


@pytest.mark.parametrize(
    ("lost", "more", "begun_in", "called_in"),
    [
        ((), [], {OBJECT}, NONE),
        # One that was looked at beside it was not begun.
        ((), LOOKED_AT, {OBJECT}, NONE),
        # The row between the object and what was begun is lost: who else was called may be meant.
        (("restart",), [], NONE, {OBJECT}),
        (("restart",), LOOKED_AT, NONE, {OBJECT, OTHER}),
        (("restart", "change"), [], NONE, NONE),
        (("sub", "sub2"), [], NONE, NONE),
        # One that was created, and two: of the second nothing may be left.
        (("restart", "change"), CREATED, {OTHER}, NONE),
        (("restart", "change", "sub", "sub2"), CREATED[:1], NONE, NONE),
        (("restart",), [method("new", "entry3", "create"), method("new2", "entry4", "create")], NONE, NONE),
        (("restart",), [method("new", "entry3", "createBatch")], NONE, NONE),
    ],
)
async def test_object_that_was_begun_is_told_by_what_is_left(lost, more, begun_in, called_in):
    assert await begun([row for row in RESTARTED if row[1] not in lost] + more) == (begun_in, called_in)
