"""Steps by column: what they say of an answer, whatever it holds, is what each step says by itself."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes.details import T0, attempt, detail, done, sleep, step, termination, wait
from wfdash.core.model.step import Step
from wfdash.core.model.step_columns import Steps
from wfdash.core.model.times import parse_time, parse_times

instants = st.one_of(
    st.none(),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(["2027-01-15T08:00:00.000Z", "9999-12-31T23:59:59-14:00", "soon", "", "2027"]),
)
junk = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.just([]), st.just({}))
entries = st.one_of(
    junk,
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.one_of(junk, st.sampled_from(["step", "sleep", "rollback"])),
            "name": st.one_of(junk, st.sampled_from(["a-1", "b-1"])),
            "start": st.one_of(instants, junk),
            "end": st.one_of(instants, junk),
            "success": junk,
            "finished": junk,
            "error": st.one_of(junk, st.just({"name": "E", "message": "m"})),
        },
    ),
)


@given(st.lists(st.one_of(instants, junk), max_size=12))
def test_many_instants_are_read_as_each_is(values):
    assert parse_times(values) == [parse_time(one) for one in values]


@settings(max_examples=200, deadline=None)
@given(st.lists(entries, max_size=12))
def test_columns_say_what_the_steps_say(values):
    steps, alone = Steps(values), [Step(index, one) for index, one in enumerate(values)]
    known = steps.columns
    told = zip(known.kinds, known.names, known.starts, known.ends, known.successes, known.finished)
    assert list(told) == [
        (one.kind, one.name, one.start, one.end, one.success, one.finished) for one in alone
    ]
    assert known.errors == [one.error is not None for one in alone]
    failed = [one.index for one in alone if one.error is not None or one.success is False]
    unended = [one.index for one in alone if one.end is None or one.finished is False]
    assert [one.index for one in steps.failed()] == failed
    assert [one.index for one in steps.unended()] == unended


def test_a_step_is_read_once_and_only_when_looked_at():
    answer = detail("running", [done("a-1", 0, 1), step("b-1", 1), sleep("nap-1", 2, 3), wait("w-1", 4)])
    assert not answer.steps._read
    assert answer.steps[-1] is answer.steps[3]
    assert [one.name for one in answer.steps[1:3]] == ["b-1", "nap-1"]
    assert [one.index for one in answer.steps] == [0, 1, 2, 3]
    assert [one.name for one in answer.steps.of_kind("sleep")] == ["nap-1"]


def test_what_is_seldom_asked_of_a_step_is_read_from_its_entry():
    one = Step(0, step("a-1", 0, attempts=[attempt(0, 1, False), attempt(2)]) | {"output": [1]})
    assert [tried.start for tried in one.attempts] == [T0, T0 + 2]
    assert one.config.limit == 5
    assert one.output == [1]
    assert Step(0, termination()).trigger == "api"
    assert Step(0, wait("w-1", 0, event_type="paid")).event_type == "paid"
    assert Step(0, {"attempts": "many", "config": [], "error": ""}).attempts == []
