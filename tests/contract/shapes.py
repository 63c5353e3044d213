"""Whether a request has the shape that Cloudflare publishes, as the types of the official SDK tell it."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints
from urllib.parse import parse_qsl, unquote

from cloudflare.types import workflows
from cloudflare.types.accounts import account_list_params
from cloudflare.types.workflows import instance_bulk_params, instances
from cloudflare.types.workflows.instances import status_edit_params
from pydantic import TypeAdapter

from wfdash.demo.http.request_log import LoggedRequest

__all__ = ["check"]

ACCOUNT = r"/client/v4/accounts/[0-9a-f]{32}"
NAME = r"[a-zA-Z0-9_][a-zA-Z0-9-_]{0,63}"
SINGLE = rf"{ACCOUNT}/workflows/{NAME}/instances/[^/]+"
VERBS = {
    "pause": status_edit_params.Variant0,
    "resume": status_edit_params.Variant1,
    "terminate": status_edit_params.Variant2,
    "restart": status_edit_params.Variant3,
}
QUERIES: dict[str, Any] = {
    r"/client/v4/user/tokens/verify": None,
    r"/client/v4/accounts": account_list_params.AccountListParams,
    rf"{ACCOUNT}/workflows": workflows.WorkflowListParams,
    rf"{ACCOUNT}/workflows/{NAME}": None,
    rf"{ACCOUNT}/workflows/{NAME}/versions": workflows.VersionListParams,
    rf"{ACCOUNT}/workflows/{NAME}/instances": workflows.InstanceListParams,
    SINGLE: workflows.InstanceGetParams,
    rf"{SINGLE}/step": workflows.InstanceStepParams,
}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", rf"{ACCOUNT}/workflows/{NAME}/instances"): workflows.InstanceCreateParams,
    ("POST", rf"{ACCOUNT}/workflows/{NAME}/instances/batch"): [instance_bulk_params.Body],
    ("PATCH", rf"{SINGLE}/status"): VERBS,
    ("POST", rf"{SINGLE}/events/[a-zA-Z0-9_][a-zA-Z0-9-_]{{0,99}}"): instances.EventCreateParams,
}


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def check(asked: LoggedRequest) -> str:
    """Assert that the request is as published; gives the endpoint's pattern."""
    path, _, query = asked.path.partition("?")
    assert asked.headers["authorization"].startswith("Bearer ")
    assert "x-auth-key" not in asked.headers
    for (method, pattern), shape in BODIES.items():
        if method == asked.method and re.fullmatch(pattern, path):
            assert not query
            assert asked.headers["content-type"] == "application/json"
            _body(asked.json, shape)
            return f"{method} {pattern}"
    for pattern, shape in QUERIES.items():
        if asked.method == "GET" and re.fullmatch(pattern, path):
            assert not asked.body
            pairs = parse_qsl(query, strict_parsing=bool(query))
            assert len({key for key, _ in pairs}) == len(pairs)
            _fits(dict(pairs), shape)
            return f"GET {pattern}"
    raise AssertionError(f"nothing published answers {asked.method} {unquote(asked.path)}")


def _body(body: Any, shape: Any) -> None:
    if isinstance(shape, list):
        assert isinstance(body, list)
        assert 1 <= len(body) <= 100
        for each in body:
            _body(each, shape[0])
    elif shape is VERBS:
        _fits({{"from": "from_"}.get(key, key): value for key, value in body.items()}, VERBS[body["status"]])
    elif shape is instances.EventCreateParams:
        return  # any JSON
    else:
        # The published type of params is a text; any JSON is what reaches the workflow unchanged.
        _fits({key: value for key, value in body.items() if key != "params"}, shape)


def _fits(values: Mapping[str, Any], shape: Any) -> None:
    """No key that is not published, no null, each value of its type."""
    if shape is None:
        assert not values
        return
    expected = get_type_hints(shape, include_extras=True)
    assert set(values) <= set(expected), set(values) - set(expected)
    assert None not in values.values()
    given = {"account_id": "x", "workflow_name": "x", "instance_id": "x"}
    _adapter(shape).validate_python({key: given[key] for key in given if key in expected} | dict(values))
