"""Searching params and outputs: found is what brute force finds, whatever is in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.filter.contents import LONGEST, Contents, read_contents, texts_at
from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.grammar import QueryError
from wfdash.core.filter.query import parse
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcid", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def detail(**fields):
    return read_detail("orders", "order-1", {"status": "complete", **fields})


def matches(text, **fields):
    row = Instance.from_item({"id": "order-1", "status": "complete"})
    read = read_fields(detail(**fields))
    return parse(text).match(row, 0.0, MatchContext(details={"order-1": read}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params~4711", True),
        ("params~CUS_4711", True),
        ("params~łódź", True),
        ("params~4712", False),
        ("-params~4712", True),
        ("params.customer:cus_4711", True),
        ("params.customer:cus_47", False),
        ("params.customer~47", True),
        ("params.Customer:CUS_4711", True),
        ("params.lines.sku:mug", True),
        ("params.lines.1.sku:mug", False),
        ("params.lines.1.sku:tee", True),
        ("params.total:12.5", True),
        ("params.express:true", True),
        ("params.gone:null", True),
        ("params.nothing:null", False),
        ("params.lines:mug", False),
        ("output~ch_9", True),
        ("output.charge:ch_9", True),
        ("params~ch_9", False),
        ("any~ch_9", True),
        ("any~picked", True),
        ("output~picked", False),
        ("any~4711,nothing", True),
        ('params~"\\"sku\\":\\"mug\\""', True),
    ],
)
def test_contents_are_found_by_text_and_by_place(text, expected):
    fields = {
        "params": {
            "customer": "cus_4711", "city": "Łódź", "lines": [{"sku": "mug"}, {"sku": "tee"}], "total": 12.5,
            "express": True, "gone": None,
        },
        "output": '{"charge":"ch_9"}',
        "steps": [{"name": "pick-1", "type": "step", "output": {"state": "picked"}, "success": True}],
    }  # fmt: skip
    assert matches(text, **fields) is expected


@pytest.mark.parametrize("value", ['say "hi"', "C:\\data", "line1\nline2", "\x1b[31m", "tab\there"])
@pytest.mark.parametrize("field", ["params", "output", "any"])
def test_a_value_is_found_however_json_writes_it(field, value):
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    texts = {"params": {"text": value}, "output": {"text": value}}
    assert matches(f'{field}~"{quoted}"', **texts)
    assert not matches(f'-{field}~"{quoted}"', **texts)
    assert not matches(f'{field}~"{quoted}!"', **texts)


@given(JSON, st.text(min_size=1, max_size=3))
def test_part_of_params_is_found_where_their_text_has_it(params, part):
    text = (
        params if isinstance(params, str) else json.dumps(params, ensure_ascii=False, separators=(",", ":"))
    )
    contents = read_contents(detail(params=params))
    assert (part.lower() in contents.params) is (params is not None and part.lower() in text.lower())


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers() | st.text("xyz", max_size=4)))
def test_each_value_is_found_at_its_place(params):
    text = read_contents(detail(params=params)).params
    for key, value in params.items():
        assert list(texts_at(text, key)) == [value if isinstance(value, str) else json.dumps(value)]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '"' + "a" * 10 + '"', "null", "\0"])
def test_what_is_no_object_has_nothing_at_a_place(text):
    assert list(texts_at(text, "a.b")) == []


def test_a_megabyte_is_searched_as_far_as_it_is_kept():
    contents = read_contents(detail(params={"a": "x" * LONGEST + "behind", "b": "y"}))
    assert len(contents.params) == LONGEST
    assert "behind" not in contents.params


def test_an_answer_without_contents_holds_none():
    assert read_contents(detail()) == Contents()


@pytest.mark.parametrize("text", ["status.a:b", "params.a>3", "params:4711", "no.such:field"])
def test_places_are_of_params_and_output_alone(text):
    with pytest.raises(QueryError):
        parse(text)


@given(st.text(max_size=20))
def test_any_value_goes_through_the_grammar_and_back(value):
    for field in ("params~", "params.a.b:", "any~"):
        quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        try:
            query = parse(field + quoted)
        except QueryError:
            assert not value
        else:
            assert parse(str(query)) == query
