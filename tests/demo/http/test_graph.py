"""The graph of every version of every world, as the official SDK reads it."""

from cloudflare.types.workflows.version_graph_response import VersionGraphResponse
from pydantic import TypeAdapter

from tests.demo.bench import Bench
from wfdash.demo.engine.program import All, Do, Sleep, Wait
from wfdash.demo.engine.world import build
from wfdash.demo.http.graph import graph


def nodes_of(bench):
    [version] = bench.good("GET", "/jobs/versions")
    answer = bench.good("GET", f"/jobs/versions/{version['id']}/graph")
    assert {key: answer[key] for key in ("id", "class_name", "workflow_id")} == {
        key: version[key] for key in ("id", "class_name", "workflow_id")
    }
    return answer["graph"] and answer["graph"]["workflow"]["nodes"]


def test_each_kind_of_step_is_a_node():
    program = [
        Do("load", limit=2),
        *[Do("page")] * 3,
        Sleep("rest", "5 minutes"),
        Wait("approval", "approve", timeout="1 day"),
        All([Do("a"), Do("b")]),
    ]
    load, pages, rest, approval, both = nodes_of(Bench(program))
    assert (load["type"], load["name"], load["config"]["retries"]["limit"]) == ("step_do", "load", 2)
    assert (pages["type"], [node["name"] for node in pages["nodes"]]) == ("loop", ["page"])
    assert rest == {"type": "step_sleep", "name": "rest", "duration": "5 minutes"}
    assert approval["options"] == {"event_type": "approve", "timeout": "1 day"}
    assert (both["kind"], [node["name"] for node in both["nodes"]]) == ("all", ["a", "b"])


def test_a_program_that_never_ends_has_a_graph():
    def forever(story):
        number = 0
        while True:
            number += 1
            yield Do(f"turn {number}")

    assert len(nodes_of(Bench(forever))) == 500


def test_a_language_without_graphs_has_none():
    assert nodes_of(Bench([Do("a")], language="python")) is None


def test_every_graph_is_of_the_published_shape():
    adapter = TypeAdapter(VersionGraphResponse)
    drawn = 0
    for workflow in build("incident").workflows.values():
        for version in workflow.versions:
            answer = adapter.validate_python(graph(version, workflow))
            drawn += answer.graph is not None and len(answer.graph.workflow.nodes) > 0
    assert drawn > 5
