"""An answer whose steps are parsed when looked at says what the same answer says when parsed at once."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes.details import answer, attempt, done, failure, sleep, step, termination
from wfdash.api.answers.envelope import read_json
from wfdash.api.answers.instance_json import read_instance_json
from wfdash.api.answers.large_json import _pieces, object_texts
from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.model.detail import read_detail
from wfdash.core.model.lazy_steps import Entries, plain
from wfdash.core.model.step_columns import Steps
from wfdash.core.timeline.outline import build_outline
from wfdash.core.why.current_steps import current_steps
from wfdash.core.why.failure import ran_again
from wfdash.core.why.platform_words import RESET

moments = st.one_of(
    st.none(),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2027-01-15T08:00:00+02:00"]),
)
# Each has its success: by that they are counted, as the API sends them.
tries = [
    attempt(0, 1, False),
    attempt(1, 2, True),
    attempt(2),
    attempt(3, 4, False, failure("WorkflowInternalError", "")),
    attempt(4, 5, False, failure("Error", RESET)),
    attempt(5, 6, False, failure("Error", "Aborting engine: User called pause")),
    {**attempt(6, 7), "success": "true"},
]
promised = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["step", "sleep", "hibernate", ""]),
        "name": st.one_of(st.none(), st.text(max_size=5)),
        "start": moments,
        "end": moments,
        "success": st.sampled_from([None, True, False]),
        "finished": st.sampled_from([None, True, False]),
        "error": st.sampled_from([None, "", "lost", {"name": "E", "message": "m"}, {}, 3, []]),
        "output": st.recursive(st.one_of(st.none(), st.integers(), st.text(max_size=3)), st.lists),
        "attempts": st.lists(st.sampled_from(tries), max_size=3),
    },
)
broken = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from([3, [], {}]),
            "start": st.sampled_from(["soon", "2027-01-15T08:00:00", 12, ""]),
            "success": st.sampled_from([1, "true"]),
        },
    ),
)


def body(steps, **more):
    return json.dumps(
        {"success": True, "errors": [], "result": {"status": "running", "steps": steps, **more}}
    ).encode()


@settings(max_examples=200, deadline=None)
@given(st.lists(promised, max_size=6), st.booleans())
def test_steps_as_promised_are_left_until_looked_at(steps, mark):
    answer = read_instance_json((b"\xef\xbb\xbf" if mark else b"") + body(steps, step_count=3))
    assert isinstance(answer["result"]["steps"], Entries)
    assert plain(answer["result"]) == {"status": "running", "steps": steps, "step_count": 3}
    assert list(answer["result"]) == ["status", "steps", "step_count"]
    assert (answer["success"], answer["errors"]) == (True, [])
    lazily, alone = read_detail("orders", "a", answer["result"]).steps, Steps(steps)
    assert lazily.columns == alone.columns
    assert [each.raw for each in lazily] == steps
    assert [lazily.attempts(index) for index in range(len(steps))] == [
        each.get("attempts", ()) for each in steps
    ]
    asked, parsed = (
        read_detail("orders", "a", {"status": "running", "steps": each})
        for each in (answer["result"]["steps"], steps)
    )
    for picked in (ran_again, current_steps, read_fields):
        assert repr(picked(asked)) == repr(picked(parsed))


def test_what_is_asked_of_all_steps_parses_few_of_them():
    """Kept, the steps of 60 MB would be two million values, and each full collection takes a second."""
    steps = [step(f"fetch-{n}", n, n + 1, True, tries[:2]) for n in range(300)]
    lost = step("lost-1", 300, 302, True, [tries[3], attempt(4, 5, True)])
    steps += [{}] * 300 + [lost, sleep("nap-1", 302)]
    found = read_instance_json(body(steps))["result"]
    parsed = []

    def parse(text):
        parsed.append(text)
        return json.loads(bytes(text))

    found["steps"] = Entries(found["steps"].texts, found["steps"].heads, parse)
    detail = read_detail("orders", "a", found)
    assert [each.name for each in ran_again(detail)] == ["lost-1"]
    assert [each.name for each in current_steps(detail)] == ["nap-1"]
    assert read_fields(detail).odd == "ran-twice"
    assert len(parsed) < 10


def test_attempt_cut_off_is_found_wherever_it_stands():
    cut, later = attempt(0), attempt(5, 6, True)
    for tries in ([cut, later], [later, cut]):
        found = read_instance_json(body([step("charge", 0, 6, True, tries)]))["result"]
        assert [each.name for each in ran_again(read_detail("orders", "a", found))] == ["charge"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(promised, broken), max_size=4))
def test_whatever_stands_among_the_steps_is_read(steps):
    answer = read_instance_json(body(steps))["result"]
    assert plain(answer)["steps"] == steps
    assert read_detail("orders", "a", answer).steps.columns == Steps(steps).columns


def in_order(value):
    """Compared as text: a NaN is not even itself."""
    return repr(sorted(value.items()) if isinstance(value, dict) else value)


@pytest.mark.parametrize(
    "sent",
    [
        b'{"result":null,"success":false,"errors":[{"code":7}]}',
        b'{"result":{"status":"queued"},"success":true}',
        b'{"result":{"steps":null}}',
        b'{"result":{"steps":[{"output":NaN}]}}',
        b"[]",
        b"3",
    ],
)
def test_an_answer_of_another_shape_is_parsed_at_once(sent):
    answer, plainly = read_instance_json(sent), read_json(sent)
    assert in_order(answer) == in_order(plainly)
    assert not isinstance((answer or {}).get("result") if isinstance(answer, dict) else None, Entries)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b'"' + "日".encode()[:2] + b'"', "\ufffd"),
        (b"1" + b"0" * 400, 10**400),
        (b"1" + b"0" * 5000, float("inf")),
        (b"1e999", float("inf")),
        (b"[" * 300 + b"]" * 300, None),
        (b"[" * 500 + b"]" * 500, "nested deeper than 400 levels"),
    ],
)
def test_a_monstrous_output_stays_with_its_own_step(sent, expected):
    steps = b'[{"name":"a-1","type":"step","output":' + sent + b'},{"name":"b-1","output":1}]'
    result = read_instance_json(b'{"success":true,"result":{"steps":' + steps + b"}}")["result"]
    first, other = read_detail("orders", "a", result).steps
    assert expected is None or first.output == expected
    assert (first.name, first.kind, other.name, other.output) == ("a-1", "step", "b-1", 1)


def test_a_timeline_of_them_is_the_timeline_of_their_values():
    tries = [attempt(0, 1, False), attempt(9, 10, False), attempt(30, 31, True)]
    steps = [
        *[done(f"load page-{n}-1", n, n + 1) for n in range(7)],
        step("charge-1", 0, 31, True, tries),
        sleep("nap-1", 31, 90),
        step("ship-1", 90, 95, False) | {"error": failure()},
        step("late-1", 95, None, None, [attempt(95, 96, False), attempt(120)]),
        termination(),
    ]
    sent = json.dumps({"result": answer("running", steps)}).encode()
    lazily, alone = (
        build_outline(read_detail("orders", "a", read(sent)["result"]))
        for read in (read_instance_json, read_json)
    )
    assert isinstance(lazily.detail.steps.entries, Entries)
    for each in (
        "states",
        "lengths",
        "failed",
        "alive",
        "families",
        "targets",
        "slow",
        "work",
        "start",
        "end",
    ):
        assert getattr(lazily, each) == getattr(alone, each)


DECEPTIVE = [
    {"name": "}, {", "output": ["},", "\\"], "attempts": [{"a": 1}, {"b": {}}]},
    {},
    {"output": "x" * 5000, "attempts": [{}, {}, {"error": {"name": "E"}}]},
    {"name": '"}, ]'},
]


@pytest.mark.parametrize("steps", [DECEPTIVE * 20_000, [{}] * 250_000, [{"output": [{}] * 250_000}, {}]])
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
def test_steps_taken_apart_in_pieces_are_all_there(steps, separators):
    body = json.dumps({"success": True, "result": {"steps": steps}}, separators=separators).encode()
    read = read_instance_json(body)["result"]["steps"]
    assert isinstance(read, Entries)
    assert len(read) == len(steps)
    assert all(read[index] == steps[index] for index in range(0, len(steps), 997))
    assert read[-1] == steps[-1]


@pytest.mark.parametrize("entries", [200_000, 3])
def test_no_call_takes_many_steps_apart(entries):
    """The parser lets no key through while it runs: 900,000 empty steps in one call took 130 ms."""
    step = b"{}" if entries > 3 else b'{"output":"' + b"}," * 100_000 + b'"}'
    pieces = list(_pieces(b"[" + b" , ".join([step] * entries) + b"]"))
    assert sum(len(object_texts(piece)) for piece in pieces) == entries
    assert max(len(object_texts(piece)) for piece in pieces) < 100_000


def test_values_that_are_no_steps_end_it_at_once():
    body = b'{"result":{"steps":[{},' + b"1," * 4_000_000 + b"1]}}"
    assert "not shown" in read_instance_json(body)["result"]["steps"]
