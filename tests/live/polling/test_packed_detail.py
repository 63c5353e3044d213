"""An answer as packed text comes back as it was."""

import pytest
from msgspec.json import encode

from wfdash.api.answers.instance_json import read_instance_json
from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.model.detail import read_detail
from wfdash.core.model.lazy_steps import plain
from wfdash.core.model.status import is_final
from wfdash.core.why.context import why_context
from wfdash.demo.engine.world import build
from wfdash.demo.http import render
from wfdash.live.polling.packed_detail import PackedDetail

NOW = 1_800_000_000.0


def read(workflow, identity, result, **more):
    body = encode({"success": True, "result": result, "errors": [], "messages": []})
    return read_detail(workflow, identity, read_instance_json(body)["result"], **more)


def test_packed_answers_come_back_as_they_were():
    world, seen = build("incident", clock=lambda: NOW), 0
    for workflow in world.workflows.values():
        for instance in workflow.walk(newest_first=True):
            if is_final(instance.status):
                continue
            seen += 1
            detail = read(workflow.name, instance.id, render.detail(instance), refusal="odd")
            detail.read_at = NOW - seen
            packed = PackedDetail.of(detail)
            if packed is None:
                assert len(encode(plain(detail.raw))) > 16_000
                continue
            back = packed.detail()
            assert plain(back.raw) == plain(detail.raw)
            for name in detail.__struct_fields__:
                if name not in ("raw", "steps"):
                    assert getattr(back, name) == getattr(detail, name), name
            assert back.steps.columns == detail.steps.columns
            assert read_fields(back) == read_fields(detail)
            context = why_context(detail, local=False)
            assert context.why(back, now=NOW) == context.why(detail, now=NOW)
            assert len(packed.text) < 6_000
    assert seen > 150


@pytest.mark.parametrize(
    "result",
    [
        {"status": "running", "params": {"text": "x" * 16_000}, "steps": []},
        {"status": "running"},
        {"status": "running", "steps": [7]},
        {"status": "running", "steps": [{"name": 1}]},
        {"status": "running", "steps": "none"},
    ],
    ids=["long", "no steps", "no objects", "odd types", "no list"],
)
def test_answers_that_would_come_back_otherwise_are_not_packed(result):
    assert PackedDetail.of(read("orders", "a", result)) is None
    assert PackedDetail.of(read("orders", "a", {"status": "running", "steps": []}, simple=True)) is None
