"""Lines of a dev session by the calls that it traces: which attempt each call is, and whose the run is."""

import pytest
from msgspec.structs import replace

from tests.support.fakes.details import T0, attempt, detail, done, neighbours, sleep, step
from wfdash.core.logs.calls import Call, CallTree
from wfdash.core.logs.line import LogLine
from wfdash.core.logs.place import place_lines

ID = "order-1"


def call(identity, parent, start, end, **more):
    return Call(identity, parent, T0 + start, T0 + end, **more)


def run(name, start, end, steps, *, workflow="orders"):
    """A run with its steps: name and times of each, and of each of its attempts."""
    calls = [
        call(f"{name}-entry", f"{name}-engine", start, end, entry=True, caller=workflow),
        call(name, f"{name}-entry", start, end),
    ]
    for at, (begins, ends, attempts) in enumerate(steps):
        calls.append(call(f"{name}{at}", name, begins, ends))
        calls += [call(f"{name}{at}.{n}", f"{name}{at}", *times) for n, times in enumerate(attempts, 1)]
    return calls


def line(at, text, request):
    return LogLine(T0 + at, "log", text, "local", request=request, order=f"{at}{request}")


def places(lines, calls, steps, *, status="complete", as_of=None, others=(), **more):
    found = detail(status, steps, end=100, **more)
    placed = place_lines(
        lines, found, calls={call.id: call for call in calls}, as_of=as_of, others=neighbours(others)
    )
    return {entry.line.message: (entry.certain, entry.step, entry.attempt) for entry in placed}


TWINS = [done("probe-1", 1, 5), done("probe-2", 1.01, 4)]
OF_TWINS = run("r", 0, 6, [(0.99, 5.1, [(1.01, 4.99)]), (1, 4.1, [(1.02, 3.98)])])


def test_line_that_bears_no_call_beside_others_is_placed():
    lines = [line(2, f"id={ID} one", ""), line(2, "two", "r0.1")]
    lines = [replace(each, trace="t") for each in lines]
    found = places(lines, [replace(each, trace="t") for each in OF_TWINS], TWINS)
    assert found.keys() == {f"id={ID} one", "two"}


def test_twins_are_told_apart_by_their_times():
    lines = [line(0, f"id={ID}", "r"), line(2, "one", "r0.1"), line(2, "two", "r1.1")]
    found = places(lines, OF_TWINS, TWINS)
    assert found == {f"id={ID}": (True, None, None), "one": (True, 0, 1), "two": (True, 1, 1)}


class Tired(dict):
    """Gives up where somebody asks for ever."""

    left = 1000

    def get(self, *asked):
        self.left -= 1
        assert self.left, "it asks for ever"
        return super().get(*asked)


@pytest.mark.parametrize("parents", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}])
def test_calls_that_made_each_other_are_climbed_once(parents):
    tree = CallTree(Tired({name: call(name, above, 0, 1) for name, above in parents.items()}))
    assert {tree.run_of(name) for name in parents} <= parents.keys()


def test_twins_of_one_moment_are_told_by_their_order():
    """Where the times of either are within the other's, what began first was noted first."""
    calls = run("r", 0, 6, [(0.9, 5.5, [(1.1, 3.5)]), (0.9, 5.5, [(1.2, 3.5)])])
    lines = [line(0, f"id={ID}", "r"), line(2, "one", "r0.1"), line(2, "two", "r1.1")]
    twins = [done("probe-1", 1, 5), done("probe-2", 1.01, 5)]
    assert places(lines, calls, twins)["two"] == (True, 1, 1)
    # In one millisecond there is no order: then the text may say which, and else nothing does.
    calls = run("r", 0, 6, [(0.9, 5.5, [(1.1, 3.5)]), (0.9, 5.5, [(1.1, 3.5)])])
    assert places(lines, calls, twins)["two"] == (True, None, None)
    named = [*lines[:1], line(2, "[1] mail: one", "r0.1"), line(2, "[1] stock: two", "r1.1")]
    found = places(named, calls, [done("mail-1", 1, 5), done("stock-1", 1.01, 5)])
    assert [place[1] for place in found.values()] == [None, 0, 1]


def test_what_an_attempt_prints_late_is_its_own():
    """A promise that nobody waits for, an attempt beyond its time limit, and what a step says of another."""
    slow = step("slow-1", 10, 40, True, [attempt(10, 20, False), attempt(30, 40, True)])
    steps = [done("fire-1", 1, 2), done("next-1", 3, 8), slow]
    tried = [(10.01, 35), (30.01, 39.9)]
    calls = run("r", 0, 50, [(0.9, 2.1, [(1.01, 1.99)]), (2.9, 8.1, [(3.01, 7.99)]), (9.9, 41, tried)])
    lines = [line(0, f"id={ID}", "r")]
    lines += [line(5, "late", "r0.1"), line(9, "later, and no step runs", "r0.1")]
    lines += [line(33, "attempt 1 goes on", "r2.1"), line(34, "deep inside", "r2.2")]
    lines += [line(4, "[next] is to begin", "r1.1"), line(6, "beside it", "r")]
    assert places(lines, calls, steps) == {
        f"id={ID}": (True, None, None),
        "[next] is to begin": (True, 1, 1),
        "late": (True, 0, 1),
        "beside it": (True, None, None),
        "later, and no step runs": (True, 0, 1),
        "attempt 1 goes on": (True, 2, 1),
        "deep inside": (True, 2, 2),
    }


def test_call_that_says_another_step_is_none():
    lines = [line(0, f"id={ID}", "r"), line(2, "[1] mail: waits", "r0.1")]
    calls = run("r", 0, 6, [(0.9, 5.5, [(1.1, 3.5)])])
    steps = [done("stock-1", 1, 4), done("mail-1", 9, 10)]
    assert places(lines, calls, steps)["[1] mail: waits"] == (True, None, None)


def test_call_that_goes_on_is_no_step_by_its_time_alone():
    """It may be code beside the step, a promise of the step before, or what a step called."""
    steps = [done("a-1", 1, 2), step("b-1", 3, attempts=[attempt(3)])]
    calls = [call("r0", "r", 0.9, 2.1), call("r0.1", "r0", 1.01, 1.99)]
    lines = [line(0, f"id={ID} begins", "r"), line(1.5, "of a", "r0.1"), line(4, "speaks of b", "x")]
    lines += [line(5, "of the run", "r"), line(5, f"[{ID}] b: attempt 1", "y")]
    lines = [replace(each, trace="t") for each in lines]
    found = places(lines, calls, steps, status="running", as_of=T0 + 20)
    assert found["of a"] == (True, 0, 1)
    assert found["of the run"] == (True, None, None)
    assert found["speaks of b"] == (False, None, None)
    assert found[f"[{ID}] b: attempt 1"] == (True, 1, 1)


def test_step_made_in_a_step_is_told_from_the_run():
    """The outer attempt goes on: it has made a step, as a run has."""
    steps = [step("outer-1", 1, attempts=[attempt(1)]), done("inner-1", 2, 3)]
    calls = [call("in", "out", 1.9, 3.1), call("in.1", "in", 2.01, 2.99)]
    lines = [
        line(1.5, f"[{ID}] outer: attempt 1", "out"),
        line(2.5, "inside", "in.1"),
        line(4, "after", "out"),
    ]
    found = places(lines, calls, steps, status="running", as_of=T0 + 20)
    assert found == {
        f"[{ID}] outer: attempt 1": (True, 0, 1),
        "inside": (True, 1, 1),
        "after": (True, None, None),
    }


@pytest.mark.parametrize(
    ("text", "begins", "workflow", "seen"),
    [
        # Its step ran when the instance's did, and it says whose it is.
        (f"id={ID}", 1.01, "orders", (True, 0, 1)),
        # A parent in another workflow, at the same time or not.
        (f"creates {ID}", 1.01, "parents", None),
        (f"id={ID}", 20, "parents", None),
        # Another one of the workflow, that speaks of it, whatever it calls it.
        (f"id={ID}", 20, "orders", (False, None, None)),
        (f"sends to {ID}", 20, "orders", (False, None, None)),
        # Another one that does not.
        ("works", 20, "orders", None),
    ],
)
def test_run_is_the_instance_s_where_its_steps_ran_then(text, begins, workflow, seen):
    calls = run("p", begins - 0.2, begins + 4, [(begins - 0.1, begins + 3.1, [(begins, begins + 2.9)])])
    calls = [call for call in calls if not call.entry] + [
        call("p-entry", "p-engine", begins, begins + 4, entry=True, caller=workflow)
    ]
    found = places([line(begins + 1, text, "p0.1")], calls, [done("remote-1", 1, 4)])
    assert found.get(text) == seen


def test_run_that_was_there_before_the_instance_is_a_parent():
    """Its steps may have run when the child's did, and its own workflow is known once it has ended."""
    lines = [line(-5, "begins", "p"), line(2, f"polls id={ID}", "p0.1")]
    calls = [call("p0", "p", 0.9, 5), call("p0.1", "p0", 1.1, 3)]
    found = places(lines, calls, [done("remote-1", 1, 4)], status="running", as_of=T0 + 20)
    assert {place[0] for place in found.values()} == {False}


def test_code_that_a_step_called_is_not_the_step():
    calls = [
        *OF_TWINS,
        call("box-entry", "x", 2, 3, entry=True, caller="shop"),
        call("box", "box-entry", 2, 3),
    ]
    text = f"id={ID} step=mail attempt=1 in the box"
    lines = [line(0, f"id={ID}", "r"), line(2.5, text, "box")]
    assert places(lines, calls, [done("mail-1", 1, 5), TWINS[1]])[text] == (False, None, None)


def test_rollback_handler_is_no_attempt_of_its_step():
    calls = run("r", 0, 9, [(0.9, 2.1, [(1.01, 1.99), (5, 6)])])
    lines = [line(1.5, f"id={ID} does", "r0.1"), line(5.5, f"id={ID} undoes", "r0.2")]
    found = places(lines, calls, [done("reserve-1", 1, 2)], status="errored")
    assert list(found.values()) == [(True, 0, 1), (True, None, None)]


def test_steps_of_the_run_before_a_restart_are_gone():
    """From its second step on: of what the first run did there the answer says nothing."""
    first = run("r", 0, 6, [(0.9, 2.1, [(1.01, 1.99)]), (2.9, 5.1, [(3.01, 4.99)])])
    again = run("s", 20, 30, [(20.1, 20.2, []), (22.9, 25.1, [(23.01, 24.99)])])
    lines = [
        line(1.5, f"id={ID} a", "r0.1"),
        line(3.5, f"id={ID} b", "r1.1"),
        line(23.5, f"id={ID} b2", "s1.1"),
    ]
    found = detail("complete", [done("a-1", 1, 2), done("b-1", 23, 25)], end=30)
    placed = place_lines(lines, found, calls={call.id: call for call in [*first, *again]})
    assert [(entry.certain, entry.step, entry.gone) for entry in placed] == [
        (True, 0, False),
        (True, None, True),
        (True, 1, False),
    ]


def test_step_goes_on_in_another_run():
    """Paused or cut by a reload, and resumed: the second attempt is a call of a run of its own."""
    steps = [done("a-1", 1, 2), step("long-1", 3, 20, True, [attempt(3, 9, False), attempt(12, 20, True)])]
    calls = run("r", 0, 9, [(0.9, 2.1, [(1.01, 1.99)]), (2.9, 8.9, [(3.01, 8.9)])])
    calls += run("s", 11, 21, [(11.2, 11.3, []), (11.9, 20.1, [(12.01, 19.99)])])
    lines = [line(0, f"id={ID}", "r"), line(11, f"id={ID} again", "s"), line(15, "goes on", "s1.1")]
    found = places([*lines, line(5, "is cut", "r1.1")], calls, steps)
    assert (found["is cut"], found["goes on"]) == ((True, 1, 1), (True, 1, 2))


def test_line_of_a_run_that_fits_nowhere_is_not_sure():
    """A child says the parent's step in the parent's words: what is told of it counts for more."""
    calls = run("r", 0, 9, [(3.9, 5.1, [(4, 5)])])
    texts = [f"id={ID} step=a attempt=1 works", f"id={ID} step=a works", f"starts {ID}, a attempt 1"]
    lines = [line(4.5 + n / 100, text, "r0.1") for n, text in enumerate(texts)]
    found = places(lines, calls, [done("a-1", 4.4, 4.6)])
    assert list(found.values()) == [(False, None, None)] * 3


def test_run_that_fits_in_part_may_say_it_all():
    calls = run("r", 0, 9, [(0.9, 2.1, [(1, 2)]), (3.9, 5.1, [(4, 5)]), (6, 8, [(6.1, 7)])])
    lines = [line(1.5 + n / 10, f"{text} {ID}", "r0.1") for n, text in enumerate(["id=", "starts"])]
    lines += [line(1.4, f"id={ID} a attempt 1", "r0.1")]
    found = places(lines, calls, [done("a-1", 0.95, 2.05), done("b-1", 4.4, 4.6)])
    assert {place[0] for text, place in found.items() if "attempt" not in text} == {False}
    assert found[f"id={ID} a attempt 1"] == (True, 0, 1)


@pytest.mark.parametrize(
    ("as_of", "seen"),
    [
        # The store lost the row of its call, whatever it says: the run speaks of its step in the same words.
        (60, (False, 1, 1)),
        # Of a call that may go on, or has ended just now, there is no row yet.
        (8, (True, 1, 1)),
    ],
)
def test_line_whose_call_is_not_told_is_only_likely(as_of, seen):
    entries = run("r", 0, 9, [(0.9, 2.1, [(1.01, 1.99)])])
    calls = {entry.id: replace(entry, trace="t") for entry in entries if as_of == 60 or entry.end < 5}
    text = f"id={ID} step=b attempt=1 works"
    lines = [replace(line(4, text, "lost"), trace="t"), replace(line(0, f"id={ID}", "r"), trace="t")]
    # While it goes on, a second run that names it would leave open which is its own.
    if as_of == 60:
        lines += [replace(line(4.1, f"id={ID} step=b attempt=1 beside", "x"), trace="another")]
    found = detail("complete", [done("a-1", 1, 2), done("b-1", 3, 5)], end=9)
    placed = place_lines(lines, found, calls=calls, as_of=T0 + as_of)
    places_of = {entry.line.request: (entry.certain, entry.step, entry.attempt) for entry in placed}
    # A trace of which the session tells nothing at all is a queue's, or an alarm's.
    beside = {"x": seen} if as_of == 60 else {}
    assert places_of == {"r": (True, None, None), "lost": seen, **beside}


def test_sleep_is_no_attempt():
    calls = run("r", 0, 20, [(0.9, 2.1, [(1.01, 1.99)]), (2.5, 9, []), (9.5, 12, [(10.1, 11.5)])])
    lines = [line(0, f"id={ID}", "r"), line(11, "after the sleep", "r2.1")]
    steps = [done("a-1", 1, 2), sleep("rest-1", 2.6, 8.9, True), done("b-1", 10, 12)]
    assert places(lines, calls, steps)["after the sleep"] == (True, 2, 1)
