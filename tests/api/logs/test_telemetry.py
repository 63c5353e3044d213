"""Lines of the last days: found, paged, sampled, refused, and asked for again."""

import pytest
from msgspec.structs import replace

from tests.api.logs.simulated import START, Time, failed, lines_of, read
from tests.support.fakes.bad_network import close_after_request, cut_short, never_answer
from tests.support.fakes.loopback import envelope
from wfdash.api.errors import Forbidden, WorkflowsError
from wfdash.api.log_source import LogQuery
from wfdash.api.logs import telemetry as telemetry_logs
from wfdash.demo.http.faults import InjectedFault


async def test_telemetry_finds_lines_that_do_not_name_the_instance(api):
    detail, placed, page = await lines_of(api)
    assert page.notes == []
    assert all(entry.certain for entry in placed)
    assert any(detail.id not in entry.line.message for entry in placed)
    failed_step = detail.steps.failed()[-1]
    last = [entry for entry in placed if entry.step == failed_step.index][-1]
    assert last.line.level == "error"
    assert "charge card failed" in last.line.message


async def test_runs_beside_are_told_of_what_has_ended_alone(api, app):
    """With whom each speaks for: one that is not over leaves no row, and may be the instance's."""
    detail, placed, page = await lines_of(api)
    own = {entry.line.request for entry in placed}
    runs = {run.request: run for run in page.invocations}
    assert own < runs.keys()
    assert all(detail.id in runs[run].speakers for run in own)
    beside = [runs[run] for run in runs.keys() - own]
    near = [run for run in beside if any(run.may_overlap(runs[each]) for each in own)]
    assert near
    assert all(run.speakers and detail.id not in run.speakers for run in near)
    assert not (await read(api, detail.id)).invocations
    # Of a part of the rows nobody knows who is left out.
    app.state.telemetry.sampled = 10
    assert not (await read(api, detail.id, (detail.start, detail.end))).invocations


async def test_lines_of_a_worker_without_a_name_are_not_all(api):
    """Those of every Worker of the account would say nothing of this instance."""
    about = await api.get_workflow("orders")
    nobody = LogQuery("orders", "order-nobody", Time.now - 900, Time.now)
    page = await api.log_reader().read(nobody)
    assert (page.lines, page.unnamed) == ([], "")
    page = await api.log_reader().read(replace(nobody, script=about.script_name))
    assert page.lines
    assert "all lines of its Worker" in page.unnamed


@pytest.mark.parametrize("trouble", [{"twice": True}, {"disorder": True}, {"started": 1}])
async def test_telemetry_that_misbehaves_changes_nothing(api, app, trouble):
    _, right, _ = await lines_of(api)
    for name, value in trouble.items():
        setattr(app.state.telemetry, name, value)
    _, placed, _ = await lines_of(api)
    assert placed == right


async def test_sampled_answer_says_so(api, app):
    app.state.telemetry.sampled = 10
    _, _, page = await lines_of(api)
    assert any("about 1 of 10 lines" in note for note in page.notes)


async def test_missing_permission_is_named(api, app):
    app.state.faults.append(InjectedFault.parse("403@telemetry|/tails"))
    with pytest.raises(Forbidden, match="Workers Observability Read"):
        await read(api, "order-1")
    stream = api.log_stream().follow("shop-worker")
    with pytest.raises(Forbidden, match="Workers Tail Read"):
        await anext(stream)
    await stream.aclose()


@pytest.mark.parametrize("break_off", [cut_short, close_after_request])
async def test_question_that_broke_off_is_no_write(cloud, break_off):
    """It is sent as a POST, and changes nothing: nobody has to look for what it did."""
    api, _ = await cloud(break_off)
    with pytest.raises(WorkflowsError) as failure:
        await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1, script="shop"))
    assert "carried out" not in failure.value.sentence
    with pytest.raises(WorkflowsError) as failure:
        await api.analytics("orders", since=START, until=START + 3600, width=60.0)
    assert "carried out" not in failure.value.sentence


async def test_query_that_hangs_is_asked_once_more(cloud, monkeypatch):
    monkeypatch.setattr(telemetry_logs, "_HANGS", 0.3)
    asked = []

    async def behave(seen, writer):
        asked.append(seen.method)
        if len(asked) == 1:
            return await never_answer(seen, writer)
        return envelope({"run": {"status": "COMPLETED"}, "events": {"events": []}})

    api, _ = await cloud(behave)
    page = await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1))
    assert (list(page.lines), len(asked)) == ([], 2)


async def test_later_lines_of_a_run_need_not_name_the_instance(api):
    identity, _ = await failed(api)
    first = await read(api, identity)
    by_name = [line for line in first.lines if identity in line.message]
    others = [line for line in first.lines if identity not in line.message]
    assert by_name
    assert others
    about = await api.get_workflow("orders")
    # A time in which no line names it: the runs that did before are asked for, and nobody else's.
    at = others[-1].at
    query = LogQuery(
        "orders", "order-nobody", at - 0.01, at + 0.01, about.script_name, about.class_name, first.requests
    )
    page = await api.log_reader().read(query)
    assert page.unnamed == ""
    assert {line.request for line in page.lines} <= set(first.requests)
    assert others[-1].message in {line.message for line in page.lines}
