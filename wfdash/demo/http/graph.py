"""The structure of a workflow's code as `/versions/{id}/graph` words it, found by a run without time.

Node types and keys are those of the official SDK's `VersionGraphResponse` (cloudflare 5.9).
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from zlib import crc32

from wfdash.demo.engine.program import All, Do, Op, Program, RunContext, Sleep, StepFailure, Wait
from wfdash.demo.engine.times import iso
from wfdash.demo.engine.workflow import SimulatedVersion, SimulatedWorkflow

__all__ = ["graph"]

_MOST = 500
"""Nodes after which a run is cut: a program may loop for as long as its answers say so."""


def graph(version: SimulatedVersion, workflow: SimulatedWorkflow) -> dict[str, Any]:
    """The answer of the endpoint; `graph` is null for a language that Cloudflare draws none for."""
    drawn = None
    if workflow.language == "javascript":
        parts = {"class_name": workflow.class_name, "functions": {}, "nodes": _nodes_of(version, workflow)}
        drawn = {"version": 1, "workflow": parts}
    return {
        "id": version.id,
        "class_name": workflow.class_name,
        "workflow_id": workflow.id,
        "created_on": iso(version.created),
        "modified_on": iso(version.created),
        "graph": drawn,
    }


def _nodes_of(version: SimulatedVersion, workflow: SimulatedWorkflow) -> list[dict[str, Any]]:
    context = RunContext("graph", crc32(version.id.encode()), {}, version.index)
    if workflow.params is not None:
        context.params = workflow.params(context)
    return _walk(workflow.writer(context))[0]


def _walk(program: Program) -> tuple[list[dict[str, Any]], Any]:
    """The nodes of a run in which each step succeeds at once, and what it returned."""
    nodes: list[dict[str, Any]] = []
    answer: Any = None
    while len(nodes) < _MOST:
        try:
            op = program.send(answer)
        except StopIteration as stopped:
            return _rolled(nodes), stopped.value
        except StepFailure:
            break
        node, answer = _node(op)
        nodes.append(node)
    return _rolled(nodes), None


def _node(op: Op) -> tuple[dict[str, Any], Any]:
    """One op as a node, and the answer its program goes on with."""
    if isinstance(op, Do):
        retries = {"limit": op.limit, "delay": op.delay, "backoff": op.backoff}
        config = {"retries": retries, "timeout": op.timeout}
        return {"type": "step_do", "name": op.name, "config": config, "nodes": []}, op.output
    if isinstance(op, Sleep):
        return {"type": "step_sleep", "name": op.name, "duration": op.duration}, None
    if isinstance(op, Wait):
        options = {"event_type": op.type, "timeout": op.timeout}
        payload = op.reply.payload if op.reply else {}
        event = {"payload": payload, "timestamp": 0.0, "type": op.type}
        return {"type": "step_wait_for_event", "name": op.name, "options": options}, event
    nodes: list[dict[str, Any]] = []
    answers = []
    for branch in op.branches:
        if isinstance(branch, Do | Sleep | Wait | All):
            node, answer = _node(branch)
            nodes.append(node)
        else:
            inner, answer = _walk(branch)
            nodes.append({"type": "block", "nodes": inner})
        answers.append(answer)
    return {"type": "parallel", "kind": "all", "nodes": _rolled(nodes)}, answers


def _rolled(nodes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Equal nodes in a row as the loop that made them."""
    rolled = []
    for node, equal in groupby(nodes):
        rolled.append({"type": "loop", "nodes": [node]} if len(list(equal)) > 1 else node)
    return rolled
