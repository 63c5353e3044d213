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
    assert parse_times(values) == [parse_time(value) for value in values]


@settings(max_examples=200, deadline=None)
@given(st.lists(entries, max_size=12))
def test_columns_say_what_the_steps_say(values):
    steps, alone = Steps(values), [Step(index, each) for index, each in enumerate(values)]
    expected = steps.columns
    answer = zip(
        expected.kinds, expected.names, expected.starts, expected.ends, expected.successes, expected.finished
    )
    assert list(answer) == [
        (each.kind, each.name, each.start, each.end, each.success, each.finished) for each in alone
    ]
    assert expected.errors == [each.error is not None for each in alone]
    failed = [each.index for each in alone if each.error is not None or each.success is False]
    unended = [each.index for each in alone if each.end is None or each.finished is False]
    assert [each.index for each in steps.failed()] == failed
    assert [each.index for each in steps.unended()] == unended


def test_a_step_is_read_once_and_only_when_looked_at():
    answer = detail("running", [done("a-1", 0, 1), step("b-1", 1), sleep("nap-1", 2, 3), wait("w-1", 4)])
    assert not answer.steps._read
    assert answer.steps[-1] is answer.steps[3]
    assert [each.name for each in answer.steps[1:3]] == ["b-1", "nap-1"]
    assert [each.index for each in answer.steps] == [0, 1, 2, 3]
    assert [each.name for each in answer.steps.of_kind("sleep")] == ["nap-1"]


def test_what_is_seldom_asked_of_a_step_is_read_from_its_entry():
    subject = Step(0, step("a-1", 0, attempts=[attempt(0, 1, False), attempt(2)]) | {"output": [1]})
    assert [tried.start for tried in subject.attempts] == [T0, T0 + 2]
    assert subject.config.limit == 5
    assert subject.output == [1]
    assert Step(0, termination()).trigger == "api"
    assert Step(0, wait("w-1", 0, event_type="paid")).event_type == "paid"
    assert Step(0, {"attempts": "many", "config": [], "error": ""}).attempts == []
