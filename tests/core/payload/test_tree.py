"""JSON values as a tree: folds, JSON in texts, search, paths, and bounds."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.harness.work import instructions
from wfdash.config.credential import Credential
from wfdash.core.model.step import ABSENT
from wfdash.core.payload.tree import (
    inner_json,
    path_text,
    rows,
    search,
    size_of,
    summary,
    value_at,
    value_text,
)
from wfdash.core.text.clean import mask_in_text

ORDER = {"id": 7, "items": [{"sku": "mug"}, {"sku": "pen"}], "raw": '{"deep": [1, 2]}', "token": "[REDACTED]"}


def shown(value, *unfolded):
    return [(node.label, node.preview, node.unfolded) for node in rows(value, {(), *unfolded})]


def test_only_what_is_unfolded_has_rows():
    assert shown(ORDER) == [
        ("", "{4 keys}", True),
        ("id", "7", None),
        ("items", '[{"sku": "mug"}, {"sku": "pen"}]', False),
        ("raw", '{"deep": [1, 2]}', False),
        ("token", '"[REDACTED]"', None),
    ]
    assert [label for label, *_ in shown(ORDER, ("items",), ("items", 1))][2:6] == ["items", "0", "1", "sku"]


def test_json_in_a_text_is_shown_parsed_with_its_text_below():
    shown_rows = rows(ORDER, {(), ("raw",), ("raw", "", "deep")})
    assert [node.label for node in shown_rows][3:8] == ["raw", "deep", "0", "1", "(as text)"]
    assert value_at(ORDER, ("raw", "", "deep", 1)) == 2
    assert value_at(ORDER, shown_rows[7].path) == ORDER["raw"]
    assert path_text(shown_rows[7].path) == "$.raw"
    assert inner_json("[broken") is ABSENT
    assert inner_json("plain") is ABSENT


def test_what_the_api_left_out_is_named():
    more = {"cut": "abc [truncated output]", "stream": "[ReadableStream (binary): 16393 bytes]"}
    notes = {node.label: node.note for node in rows(ORDER | more, {()})}
    assert notes["token"].startswith("redacted")
    assert notes["cut"] == "truncated; enter loads it all"
    assert notes["stream"] == "16.4 kB; enter saves it as a file"
    assert notes["raw"] == "JSON string"


def test_paths_and_search():
    assert path_text(("items", 0, "odd key")) == '$.items[0]["odd key"]'
    assert search(ORDER, "PEN")[0] == [("items", 1, "sku")]
    assert search(ORDER, "sku")[0] == [("items", 0, "sku"), ("items", 1, "sku")]
    assert search(ORDER, "") == ([], 0)
    assert value_at(ORDER, ("items", 9)) is ABSENT


def test_a_search_goes_into_the_json_of_a_text():
    order = {"output": json.dumps({"rows": [{"sku": f"mug-{n}"} for n in range(9000)], "open": True})}
    (found,), before = search(order, "mug-7123")
    assert found == ("output", "", "rows", 7123, "sku")
    assert before == 0
    assert search(order, '"open": true')[0] == [("output", -2)], "only across the parts: the text itself"
    assert search(order, "mug-1", here=("output", "", "rows", 10, "sku"))[1] == 1


def test_search_leads_to_a_place_far_down_a_long_array():
    long = [{"n": n} for n in range(5000)]
    way = (4321, "n")
    shown_rows = rows(long, {(), (4321,)}, reveal=way)
    assert [node.path for node in shown_rows][-3:] == [(-1,), (4321,), way]


def test_search_leads_to_each_place_by_one_row():
    """Among the first thousand it stands already."""
    long = [{"n": n} for n in range(1500)]
    for number in (0, 999, 1000, 1499):
        paths = [node.path for node in rows(long, {(), (number,)}, reveal=(number, "n"))]
        assert paths.count((number,)) == paths.count((number, "n")) == 1


def test_text_is_cleaned_in_rows_and_raw_when_copied():
    hostile = {"\x1b[2J": "\x1b]52;c;x\x07\u202e"}
    for node in rows(hostile, {()}):
        assert (node.label + node.preview).isprintable()
    assert value_text("\x1b") == "\x1b"


def test_deep_and_huge_values_are_bounded():
    deep = value = []
    for _ in range(5_000):
        value.append([])
        value = value[0]
    paths = {(0,) * depth for depth in range(5_000)}
    assert len(rows(deep, paths)) <= 102
    assert len(rows(list(range(100_000)), {()})) == 1002
    assert len(summary("x" * 10_000_000, 100)) < 200
    assert size_of(["x" * 100] * 1_000_000) == "over 2.0 MB"
    assert value_text(deep)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_every_row_leads_to_its_value(value):
    paths = {()}
    for _ in range(6):
        nodes = rows(value, paths)
        paths |= {node.path for node in nodes}
    for node in nodes:
        assert value_at(value, node.path) is not ABSENT
        assert node.preview.isprintable()
    assert len({node.path for node in nodes}) == len(nodes)
    assert size_of(value)
    assert size_of(value, least=2_000_000) == ""


def test_of_a_thousand_rows_only_those_drawn_are_put_in_words():
    """4 MB of objects held the keys for 70 ms with each answer. Beside a credential, as in the program."""
    mask_in_text(Credential("demo-token-not-a-secret", source="test").mask)
    value = [{"id": n, "tags": ["a", {"b": [n] * 20}]} for n in range(1000)]
    found = []
    laid_out = instructions(lambda: found.extend(rows(value, {()})))
    assert laid_out < 1000 * 600
    assert found[5].preview.startswith('{"id": 4, "tags": ["a", {"b": [4, 4')
