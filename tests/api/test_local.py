"""A dev session: found by reading alone, never polluted with ghosts, written to only when that is safe."""

import psutil
import pytest

from tests.api.dev_session import GHOST, NEW, OLD, DevSession
from tests.support.fakes.loopback import envelope, reply
from wfdash.api.errors import (
    AlreadyExists,
    BadAnswer,
    CannotTerminate,
    InstanceNotFound,
    Refused,
    WorkflowNotFound,
)
from wfdash.api.interface import AnswerListener, ListQuery, NewInstance, RestartFrom
from wfdash.api.local_process import SessionProcess
from wfdash.api.paging import walk

ROWS = [
    {"id": GHOST},
    {"id": "b", "status": "running", "created_on": "2026-11-21T10:00:00.000Z"},
    {"id": "a", "status": "complete", "created_on": "2026-11-21T09:00:00.000Z"},
]


def targets(server):
    return [(seen.method, seen.target) for seen in server.seen]


@pytest.mark.parametrize(("generation", "base"), [("A", OLD), ("B", NEW), ("C", NEW)])
async def test_each_generation_is_found_by_reading_alone(local, generation, base):
    session = DevSession(generation, list(ROWS))
    api, server = await local(session)
    assert [item["id"] for item in (await api.list_instances("orders")).items] == ["b", "a"]
    assert {seen.method for seen in server.seen} == {"GET"}
    assert server.seen[-1].target.startswith(base)
    assert bool(api.watch_only) == (generation != "C")
    probes = [f"GET {NEW}/workflows"] if generation == "A" else []
    assert session.reached_the_worker == probes


async def test_what_is_read_is_told_to_the_listener(local):
    seen = []

    class Listener(AnswerListener):
        def saw_workflows(self, workflows):
            seen.append([workflow.name for workflow in workflows])

        def saw_instances(self, workflow, query, page):
            seen.append((workflow, query.per_page, [item["id"] for item in page.items]))

        def saw_instance(self, workflow, instance, answer, *, simple):
            seen.append((workflow, instance, answer.result["status"], simple))

    api, _ = await local(DevSession("C", list(ROWS)))
    api.listener = Listener()
    (listed,) = (await api.list_workflows()).items
    await api.get_workflow(listed.name)
    await api.list_instances("orders", ListQuery(per_page=7))
    await api.get_instance("orders", "b", simple=True)
    assert seen == [
        [listed.name],
        [listed.name],
        ("orders", 7, ["b", "a"]),
        ("orders", "b", "running", False),
    ]


@pytest.mark.parametrize("generation", ["A", "B"])
async def test_the_older_two_can_be_watched_but_are_never_written_to(local, generation):
    api, server = await local(DevSession(generation, list(ROWS)))
    assert (await api.get_instance("orders", "b")).result["status"] == "running"
    for write in (
        api.change_status("orders", "b", "pause"),
        api.send_event("orders", "b", "paid", {}),
        api.create_instance("orders", NewInstance("c")),
    ):
        with pytest.raises(Refused, match=r"needs wrangler 4\.133 or later") as refused:
            await write
        assert not refused.value.sent
    assert {seen.method for seen in server.seen} == {"GET"}


@pytest.mark.parametrize(
    "body",
    ["ok", "[]", '{"success":true}', '{"success":true,"result":{}}', '{"success":false,"result":[]}', "<p>"],
)
async def test_worker_answering_200_to_anything_is_never_written_to(local, body):
    api, server = await local(lambda seen, writer: reply(200, body))
    for write in (
        api.change_status("orders", "b", "pause"),
        api.send_event("orders", "b", "paid", {}),
        api.create_instance("orders", NewInstance("c")),
    ):
        with pytest.raises(BadAnswer, match="not with the Workflows API of a dev session"):
            await write
    assert {seen.method for seen in server.seen} == {"GET"}


async def test_no_credential_is_sent_and_the_host_is_one_it_takes(local):
    api, server = await local(DevSession(rows=list(ROWS)))
    await api.list_instances("orders")
    for seen in server.seen:
        assert seen.headers["host"] == f"localhost:{server.port}"
        assert not {"authorization", "x-auth-key", "x-auth-email"} & set(seen.headers)


async def test_ghosts_are_hidden_and_counted(local):
    api, _ = await local(DevSession(rows=list(ROWS)))
    page = await api.list_instances("orders")
    assert ([item["id"] for item in page.items], page.hidden, page.total) == (["b", "a"], 1, 2)
    assert page.counts == {"running": 1}


async def test_an_id_that_no_list_has_shown_is_never_asked_for(local):
    session = DevSession(rows=list(ROWS))
    api, server = await local(session)
    for ask in (
        api.get_instance("orders", "typo"),
        api.change_status("orders", "typo", "pause"),
        api.send_event("orders", "typo", "paid", {}),
    ):
        with pytest.raises(InstanceNotFound, match="no list shows it"):
            await ask
    assert session.rows == ROWS, "a ghost was made"
    assert not [target for _, target in targets(server) if "typo" in target]


async def test_id_the_list_shows_by_now_is_looked_up_and_read(local):
    session = DevSession(rows=list(ROWS))
    api, _ = await local(session)
    await api.list_instances("orders")
    session.rows.insert(0, {"id": "new", "status": "running", "created_on": None})
    assert (await api.get_instance("orders", "new")).result["status"] == "running"


async def test_it_stops_asking_at_the_first_404(local):
    session = DevSession(rows=list(ROWS))
    api, server = await local(session)
    await api.list_instances("orders")
    session.rows.pop()
    for _ in range(3):
        with pytest.raises(InstanceNotFound):
            await api.get_instance("orders", "a")
    assert len([target for _, target in targets(server) if target.endswith("/instances/a")]) == 1


async def test_filters_are_applied_here_and_never_sent(local):
    api, _ = await local(DevSession(rows=list(ROWS)))
    assert [i["id"] for i in (await api.list_instances("orders", ListQuery(status="running"))).items] == ["b"]
    since = await api.list_instances("orders", ListQuery(date_start=1795255200 - 1, date_end=1795255200 + 1))
    assert [i["id"] for i in since.items] == ["b"]


async def test_pages_are_walked_by_number(local):
    rows = [{"id": f"i{n}", "status": "running", "created_on": None} for n in range(250)]
    api, server = await local(DevSession(rows=rows))
    found = [item["id"] async for page in walk(api, "orders") for item in page.items]
    assert found == [row["id"] for row in rows]
    assert len(server.seen) == 2 + 3


async def test_create_looks_for_the_id_first_and_sends_it_as_id(local):
    api, server = await local(DevSession(rows=list(ROWS)))
    with pytest.raises(AlreadyExists):
        await api.create_instance("orders", NewInstance("a"))
    assert {seen.method for seen in server.seen} == {"GET"}
    created = await api.create_instance("orders", NewInstance("c", params=[1], has_params=True))
    assert created.id == "c"
    assert server.seen[-1].json() == {"id": "c", "params": [1]}
    with pytest.raises(Refused, match="no retention"):
        await api.create_instance("orders", NewInstance("d", success_retention="1 day"))


async def test_a_batch_is_made_one_by_one_and_leaves_out_taken_ids(local):
    api, server = await local(DevSession(rows=list(ROWS)))
    created = await api.create_instances("orders", [NewInstance("a"), NewInstance("c"), NewInstance("d")])
    assert [each.id for each in created] == ["c", "d"]
    assert [seen.json() for seen in server.seen if seen.method == "POST"] == [{"id": "c"}, {"id": "d"}]


async def test_the_engines_refusals_are_told_apart(local):
    api, server = await local(DevSession(rows=list(ROWS)))
    with pytest.raises(CannotTerminate, match="already final"):
        await api.change_status("orders", "a", "terminate")
    with pytest.raises(Refused, match="not found in execution history"):
        await api.change_status("orders", "b", "restart", restart_from=RestartFrom("nowhere"))
    with pytest.raises(WorkflowNotFound, match="no workflow nope"):
        await api.list_instances("nope")
    assert server.seen[-2].json()["from"] == {"name": "nowhere"}


async def test_a_taken_id_that_the_session_itself_refuses(local):
    session = DevSession(rows=list(ROWS))

    def behave(seen, writer):
        if seen.method == "POST":
            words = "WorkflowError: (instance.already_exists) An instance with this ID already exists."
            return envelope(None, status=500, errors=[{"code": 10001, "message": words}])
        return session(seen, writer)

    api, _ = await local(behave)
    with pytest.raises(AlreadyExists, match="is taken"):
        await api.create_instance("orders", NewInstance("gone-from-the-list"))


async def test_a_step_is_read_from_the_detail(local):
    api, _ = await local(DevSession(rows=list(ROWS)))
    answer = await api.get_step("orders", "b", "charge-1")
    assert answer.result is not None
    assert answer.result["output"] == {"long": "x" * 2000}


async def test_what_a_dev_session_has_not(local):
    api, server = await local(DevSession(rows=list(ROWS)))
    assert await api.list_versions("orders") == []
    assert await api.verify_token() == {}
    assert await api.list_accounts() == []
    assert server.seen == []
    assert [w.name for w in (await api.list_workflows()).items] == ["orders"]
    assert (await api.get_workflow("orders")).counts["running"] == 1
    with pytest.raises(Refused, match="newest first"):
        await api.list_instances("orders", ListQuery(direction="asc"))


async def test_a_session_that_was_replaced_is_probed_anew(local):
    session = DevSession(rows=list(ROWS))
    api, server = await local(session)
    await api.list_instances("orders")
    session.generation = "A"
    with pytest.raises(BadAnswer):
        await api.list_instances("orders")
    await api.list_instances("orders")
    assert api.watch_only
    assert server.seen[-1].target.startswith(OLD)


async def test_a_host_that_the_session_refuses_is_told_in_its_words(local):
    api, _ = await local(lambda seen, writer: reply(403, "Invalid Host header", content_type="text/plain"))
    with pytest.raises(BadAnswer, match="Invalid Host header"):
        await api.list_workflows()


def test_session_behind_a_tunnel_is_not_searched_for_each_time(monkeypatch):
    searched = []
    every = psutil.process_iter
    monkeypatch.setattr(psutil, "process_iter", lambda names: searched.append(names) or every(names))
    process = SessionProcess(1)
    assert [process.started() for _ in range(5)] == [None] * 5
    assert len(searched) == 1
