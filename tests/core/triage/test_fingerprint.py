"""Failures that differ only by chance share a fingerprint; those that differ in kind do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.model.detail import read_detail
from wfdash.core.text.chance import plain_message
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.core.why.step_names import base_name


@pytest.mark.parametrize(
    ("left", "other"),
    [
        ("order 8812 not found", "order 17 not found"),
        ("connect to 10.0.0.7:5432 refused", "connect to 192.168.1.9:5432 refused"),
        ("GET https://a.example.com/x?id=1 gave 503", "GET https://a.example.com/y gave 503"),
        ("no row 1f0c2a9e-0000-4000-8000-a1b2c3d4e5f6", "no row 9d3e4b11-aaaa-4bbb-8ccc-0123456789ab"),
        ("timed out at 2026-11-21T14:02:11.123Z", "timed out at 2026-11-20T01:00:00Z"),
        ("mail to ann@example.com bounced", "mail to bob@example.net bounced"),
        ("cart-991 is locked", "cart-17 is locked"),
        ("db7.internal:5432 went away", "db12.internal:5432 went away"),
        ("took 1,204.5 ms\n    at charge (x.js:1)", "took 3 ms\n    at other (y.js:2)"),
    ],
)
def test_chance_is_taken_out(left, other):
    assert plain_message(left) == plain_message(other)


@pytest.mark.parametrize(
    ("left", "other"),
    [
        ("card declined: insufficient funds", "card declined: expired"),
        ("order not found", "customer not found"),
        ("connection refused", "connection reset"),
    ],
)
def test_kinds_stay_apart(left, other):
    assert plain_message(left) != plain_message(other)


@given(st.text(max_size=300))
def test_any_message_gives_one_line(message):
    assert "\n" not in plain_message(message)


def test_a_megabyte_is_looked_at_in_part_only():
    assert len(plain_message("x" * 1_000_000)) <= 2_000


def test_one_counter_is_taken_off_a_step_name():
    assert base_name("page-2-1") == "page-2"
    assert base_name("charge card-1") == "charge card"
    assert base_name("plain") == "plain"


def attempt(message):
    error = {"name": "PaymentError", "message": message} if message else None
    return {"start": None, "end": None, "success": message is None, "error": error}


def test_the_last_attempt_of_the_failing_step_names_the_cause():
    detail = read_detail(
        "orders",
        "a",
        {
            "status": "errored",
            "versionId": "9f2c",
            "error": {"name": "Error", "message": "PaymentError: card 2 declined"},
            "steps": [
                {"type": "step", "name": "load-1", "success": True, "attempts": [attempt(None)]},
                {
                    "type": "step",
                    "name": "charge card-1",
                    "success": False,
                    "attempts": [attempt("gateway hiccup"), attempt("card 2 declined")],
                },
                {
                    "type": "rollback",
                    "name": "load-1",
                    "success": False,
                    "attempts": [attempt("handler broke")],
                },
                {"type": "termination", "trigger": {"source": "api"}},
            ],
        },
    )
    mark = fingerprint(detail)
    assert (mark.error, mark.message, mark.step, mark.version) == (
        "PaymentError",
        "card <n> declined",
        "charge card",
        "9f2c",
    )


def test_an_empty_timeout_message_takes_the_instance_s_words():
    detail = read_detail(
        "w",
        "a",
        {
            "error": {"name": "Error", "message": "WorkflowTimeoutError: Execution timed out after 1500ms"},
            "steps": [
                {
                    "type": "waitForEvent",
                    "name": "approval-1",
                    "error": {"name": "WorkflowTimeoutError", "message": ""},
                }
            ],
        },
    )
    mark = fingerprint(detail)
    assert (mark.error, mark.message) == ("WorkflowTimeoutError", "Execution timed out after <duration>")


def test_a_failure_outside_every_step_has_none():
    detail = read_detail(
        "w", "a", {"error": {"name": "TypeError", "message": "x is not a function"}, "steps": []}
    )
    assert fingerprint(detail).step == ""


def test_a_class_that_the_engine_calls_error_keeps_its_own_name():
    error = {"name": "Error", "message": "PaymentError: card declined: insufficient funds"}
    detail = read_detail("w", "a", {"error": error, "steps": []})
    mark = fingerprint(detail)
    assert (mark.error, mark.message) == ("PaymentError", "card declined: insufficient funds")


def test_a_step_whose_failure_was_caught_is_not_to_blame():
    error = {"name": "RejectedError", "message": "order was rejected by a person"}
    caught = {"name": "CourierError", "message": "rate limited"}
    steps = [
        {"type": "step", "name": "book courier-1", "success": False, "error": caught},
        {"type": "step", "name": "ask a person-1", "success": True},
    ]
    mark = fingerprint(read_detail("w", "a", {"status": "errored", "error": error, "steps": steps}))
    assert (mark.error, mark.message, mark.step) == ("RejectedError", "order was rejected by a person", "")
