"""A large answer read in pieces says what it says when parsed at once; what is monstrous is a sentence."""

import json
from itertools import pairwise

import pytest

from tests.support.fakes.details import answer, done
from wfdash.api.answers.envelope import MOST_ROWS, Unreadable, read_json, rows
from wfdash.api.answers.instance_json import read_instance_json
from wfdash.api.answers.large_json import LARGE, read_large_json
from wfdash.core.model.detail import read_detail
from wfdash.core.model.lazy_steps import Entries, UnparsedValue, plain

ROW = {"id": "order-1", "status": "running", "note": "日 \ud83d" + "x" * 300, "deep": [1, None, {"a": 1e3}]}
MEGABYTE = 1_000_000


def envelope(result, **more):
    body = json.dumps({"success": True, "errors": [], "messages": ["m"], "result": result, **more}).encode()
    assert len(body) > LARGE
    return body


@pytest.mark.parametrize("result", [[ROW] * 900, {"a": [ROW] * 900, "b": None}, "x" * LARGE, [None] * 99_999])
def test_a_large_answer_is_what_it_is_at_once(result):
    body = envelope(result, result_info={"cursor": "next"})
    read = read_large_json(body)
    assert read == read_json(body)


def test_rows_beyond_the_most_are_counted():
    body = envelope([{**ROW, "id": str(number)} for number in range(MOST_ROWS + 500)])
    kept, left_out = rows(read_large_json(body)["result"])
    assert [row["id"] for row in kept] == [str(number) for number in range(MOST_ROWS)]
    assert left_out == 500


def test_small_rows_beyond_the_most_are_counted():
    kept, left_out = rows([{}] * (MOST_ROWS + 1))
    assert (len(kept), left_out) == (MOST_ROWS, 1)


def test_large_value_is_a_sentence_until_written_out():
    huge = {"numbers": [7] * MEGABYTE * 2}
    steps = [done("a-1", 0, 1) | {"output": huge}, done("b-1", 1, 2)]
    body = json.dumps({"success": True, "result": answer("complete", steps, params=huge)}).encode()
    result = read_instance_json(body)["result"]
    detail = read_detail("orders", "order-1", result)
    assert isinstance(detail.params, UnparsedValue)
    assert detail.params == "[6.0 MB, more than the API allows: not shown]"
    assert detail.steps[0].output == detail.params
    assert [step.name for step in detail.steps] == ["a-1", "b-1"]
    written = plain(result)
    assert (written["params"], written["steps"][0]["output"]) == (huge, huge)


def test_a_monstrous_error_of_a_step_stays_with_it():
    failed = done("a-1", 0, 1) | {"success": False, "error": {"name": "E", "message": "x" * 5 * MEGABYTE}}
    result = read_instance_json(envelope(answer("errored", [failed])))["result"]
    assert isinstance(result["steps"], Entries)
    assert read_detail("orders", "a", result).steps.columns.errors == [True]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"success":true,"result":[' + b"{}," * 1_000_001 + b"{}]}", "1,000,000 objects"),
        (b'{"success":true,"result":{' + b'"a":1,' * MEGABYTE + b'"b":2}}', "that the API does not have"),
        (b'{"success":true,"result":[' + b"[" * MEGABYTE + b"]" * MEGABYTE + b"]}", "nested"),
        (b'{"success":true,"result":[' + b"1," * MEGABYTE, "not JSON"),
        (b"\xff" * 2 * MEGABYTE, "not JSON"),
        (b"[" + b"1," * MEGABYTE + b"1]", "not JSON|expected"),
    ],
)
@pytest.mark.parametrize("read", [read_large_json, read_instance_json])
def test_what_no_answer_can_be_is_told(read, body, words):
    with pytest.raises(Unreadable, match=words):
        read(body)


@pytest.mark.parametrize("read", [read_large_json, read_instance_json])
def test_a_list_of_millions_of_numbers_is_not_taken_apart(read):
    value = read(b'{"success":true,"result":[' + b"1," * 3 * MEGABYTE + b"1]}")["result"]
    assert value == "[6.0 MB, more than the API allows: not shown]"


def test_letters_cut_in_two_show_in_a_large_answer():
    cut = envelope([ROW] * 900).replace(b"xxx", "日".encode()[:2])
    assert read_large_json(cut)["result"] == read_json(cut)["result"]


def test_each_cut_of_a_large_answer_is_read_or_told():
    body = envelope(answer("running", [done(f"a-{n}", n, n + 1) for n in range(3000)]))
    found = 0
    for start, end in pairwise(range(0, len(body), len(body) // 50)):
        try:
            read_instance_json(body[start:end] if start % 2 else body[:end])
        except Unreadable:
            found += 1
    assert found > 40
