"""Whose the lines of a dev session are where others print the same words: twins, children, other handlers."""

import pytest
from msgspec.structs import replace

from tests.core.logs.test_calls import ID, call, line, run
from tests.support.fakes.details import T0, attempt, detail, done, neighbours, step
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.objects import InstanceObjects, TracedObjects, object_of
from wfdash.core.logs.place import place_lines

TWIN = "order-1-mail"
STEPS = [done("charge-1", 1, 5), done("ship-1", 6, 9)]
FULL = f"id={ID} step=charge attempt=1"


def objects_of(runs=(), begins=(), **traces):
    """Whose calls, and who began in which trace, by the instances' ids."""
    return TracedObjects(
        {name: object_of("orders", identity) for name, identity in dict(runs).items()},
        {
            trace: frozenset(object_of("orders", each) for each in ids.split())
            for trace, ids in traces.items()
        },
        begins=dict(begins),
    )


def twin(name, trace, *, later=0.0, caller="orders"):
    """A run that does what the instance does."""
    steps = [
        (0.99 + later, 5.01 + later, [(1.01 + later, 4.99)]),
        (5.99 + later, 9.01, [(6.01 + later, 8.99)]),
    ]
    return [replace(each, trace=trace) for each in run(name, 0, 9.5, steps, workflow=caller)]


def placed(lines, calls, objects=None, *, steps=STEPS, status="complete", as_of=None, **more):
    found = detail(status, steps, end=None if as_of else 10, **more)
    entries = place_lines(
        lines,
        found,
        calls={each.id: each for each in calls},
        objects=objects or TracedObjects(),
        as_of=None if as_of is None else T0 + as_of,
    )
    return {entry.line.request: (entry.is_sure, entry.step, entry.attempt) for entry in entries}


def at(text, request, trace, moment=2):
    return replace(line(moment, text, request), trace=trace)


def test_object_is_named_after_workflow_and_instance():
    """As a session of wrangler 4.164 stored them."""
    first = "6e5091deb9bedeb4366ef2b188cd2897c17c08482cec47076042b0e961ae1a67"
    child = "cf1efb3612f84b40f14a74025b1f85779ca44de4f410edb0ca9181e5895b3180"
    assert object_of("work", "polls-a07f3e9") == first
    assert object_of("work", "polls-a07f3e9-kid") == child


def test_ids_of_objects_made_in_another_way_say_nothing():
    objects = InstanceObjects(TracedObjects({"r": "ab12"}, {"t": frozenset(["ab12"])}), "orders", ID, [TWIN])
    assert (objects.speak, objects.owners(str), objects.began_in("t")) == (False, {}, (False, False))


@pytest.mark.parametrize("trace", ["t", "u"])
def test_twin_that_prints_the_others_id_is_not_it(trace):
    """Both fit all the attempts: one batch has one trace, two creations have two."""
    calls = [*twin("r", "t"), *twin("k", trace, later=0.001)]
    lines = [at("works", "r0.1", "t"), at(f"[{ID}] charge: attempt 1", "k0.1", trace)]
    # Nothing is told of whose they are: neither is sure.
    assert placed(lines, calls) == {"r0.1": (False, 0, 1), "k0.1": (False, 0, 1)}
    # The silent one is the instance, whose every line is sure; what the other says in its name is not.
    runs = {"r0.1": ID, "k": TWIN}
    assert placed(lines, calls, objects_of(runs)) == {"r0.1": (True, 0, 1), "k0.1": (False, 0, 1)}
    # Told of the other alone: nothing else is left that fits, and what it prints names nobody.
    both = {"r0.1": (False, 0, 1), "k0.1": (False, 0, 1)}
    assert placed(lines, calls, objects_of({"k": TWIN}, t=ID)) == both


def test_twin_whose_row_of_creation_is_lost_is_not_sure():
    """The instance itself printed nothing: of its own run no call is known here."""
    lines = [at(f"{FULL} of the twin", "k0.1", "u")]
    assert placed(lines, twin("k", "u"), objects_of(z=ID)) == {"k0.1": (False, 0, 1)}
    assert placed(lines, twin("k", "u"), objects_of(u=ID)) == {"k0.1": (True, 0, 1)}
    # It goes on, and where it was begun is not told yet: so far nothing speaks against it.
    calls = [each for each in twin("k", "u") if each.end < T0 + 5]
    steps = [STEPS[0], step("ship-1", 6, attempts=[attempt(6)])]
    objects = objects_of(z=ID)
    assert placed(lines, calls, objects, steps=steps, status="running", as_of=6.5)["k0.1"][0]
    objects = objects_of(u=TWIN, z=ID)
    assert not placed(lines, calls, objects, steps=steps, status="running", as_of=6.5)["k0.1"][0]


@pytest.mark.parametrize(("began", "ended", "sure"), [(1.003, 4.995, False), (1.003, 5.02, True)])
def test_twins_that_go_on_are_told_by_words_and_times(began, ended, sure):
    """Many that begin at once, as of a schedule: while they run no object is told. Two that print each
    other's id alone say what these say, but the steps of each ended when its own did."""
    steps = [STEPS[0], step("ship-1", 6, attempts=[attempt(6)])]
    other = run("k", 0, 9.5, [(began - 0.02, ended + 0.02, [(began, ended)])])
    both = [*twin("r", "t"), *(replace(each, trace="u") for each in other)]
    calls = [each for each in both if each.end < T0 + 6]
    lines = [
        at(FULL, "r0.1", "t"),
        at("bare", "r0.1", "t", 3),
        at(f"id={TWIN} step=charge attempt=1", "k0.1", "u"),
        # Of the call of a step that goes on there is no row.
        at(f"id={TWIN} step=ship attempt=1", "k1.1", "u", 6.5),
    ]
    entries = place_lines(
        lines,
        detail("running", steps),
        others=neighbours([TWIN]),
        calls={each.id: each for each in calls},
        objects=objects_of(z=ID, begins={"t": {"orders": 1}, "u": {"orders": 1}}),
        as_of=T0 + 30,
    )
    assert {entry.line.message: entry.is_sure for entry in entries} == {FULL: sure, "bare": sure}


@pytest.mark.parametrize(
    ("of_its_own", "trace", "begins", "lives", "sure"),
    [
        # It prints a customer, and the other its id: nothing tells them apart until one has ended.
        ("[cust-48112] charge", "u", 1, True, False),
        (None, "u", 1, True, False),
        ("[cust-48112] charge", "t", 2, True, False),
        (None, "t", 2, True, False),
        # That one speaks for itself: so does one that prints the other's id, as this may.
        (f"[{TWIN}] charge: attempt 1", "u", 1, True, False),
        # It was not there.
        (None, "u", 1, False, True),
        # A run of which nobody knows whose it is.
        ("[cust-48112] charge", "u", 1, False, False),
        (f"asks {TWIN}", "u", 1, True, False),
        (f"[{TWIN}] tells {ID}", "u", 1, True, False),
    ],
)
@pytest.mark.parametrize("traced", [False, True])
def test_line_of_what_runs_is_sure_by_elimination(of_its_own, trace, begins, lives, sure, traced):
    """Two creations, or one batch: what a follower has written cannot be taken back."""
    running = [step("charge-1", 1, attempts=[attempt(1)])]
    lines = [at(FULL, "k", "t")]
    lines += [at(of_its_own, "r", trace)] if of_its_own else []
    counts = {"t": {"orders": begins}, trace: {"orders": begins}}
    entries = place_lines(
        lines,
        detail("running", running, queued=0),
        others={TWIN: Lifetime(T0 - 1, T0 + 90) if lives else Lifetime(T0 - 90, T0 - 80)},
        calls={each.id: each for each in twin("z", "v")},
        objects=objects_of(begins=counts, **({"z": ID} if traced else {})),
        as_of=T0 + 5,
    )
    assert {entry.is_sure for entry in entries if entry.line.request == "k"} == {sure}


@pytest.mark.parametrize(("now", "sure"), [(12, True), (60, False)])
def test_row_of_what_has_just_ended_may_come(now, sure):
    """It comes some seconds later; what is not there then is lost."""
    calls = [replace(each, method="") for each in twin("r", "t") if not each.entry and "1" not in each.id[:2]]
    entries = place_lines(
        [at(FULL, "r0.1", "t")],
        detail("complete", STEPS, end=10),
        calls={each.id: each for each in calls},
        objects=objects_of(z=ID, begins={"t": {"orders": 1}}),
        now=T0 + now,
    )
    assert [entry.is_sure for entry in entries] == [sure]


def test_child_that_speaks_as_its_parent_is_not_it():
    """Its step ran within the parent's, and the session has told the child's run."""
    kid = [replace(each, trace="t") for each in run("k", 2, 4, [(2.1, 3.9, [(2.2, 3.8)])])]
    lines = [at(FULL, "r0.1", "t"), at(f"{FULL} in the child", "k0.1", "t", 3), at(f"[{ID}] ends", "k", "t")]
    both = placed(lines, [*twin("r", "t"), *kid])
    assert both == {"r0.1": (True, 0, 1), "k0.1": (False, None, None), "k": (False, None, None)}
    objects = objects_of({"r": ID, "k": f"{ID}-kid"}, t=f"{ID} {ID}-kid")
    found = placed(lines, [*twin("r", "t"), *kid], objects)
    assert found == {"r0.1": (True, 0, 1), "k0.1": (False, None, None)}


GATHERED = {
    f"id={ID} step=charge attempt=1 begins": True,
    f"id={TWIN} step=charge attempt=1 begins": False,
    "id=mail-77 step=charge attempt=1 of another workflow": False,
    f"id={TWIN} tries again": False,
    f"starts {TWIN}": False,
    f"{TWIN} step=charge attempt=1": False,
    f"2026-11-30 INFO [{TWIN}] charge: attempt 1": False,
    f"orderId={TWIN} step=charge attempt=1": False,
    f"[orders:{TWIN}] charge: attempt 1": False,
    f'{{"orderId":"{TWIN}","step":"charge","attempt":1}}': False,
    f"id={TWIN} peer={ID} step=charge attempt=1": False,
    f"order {TWIN}: charge attempt 1": False,
    f"id={ID} peer={TWIN} step=charge attempt=1": True,
    "charge: {id: cus-77}": True,
}


def printed_in(call, trace, texts, moment=2):
    return [at(text, call, trace, moment + n / 100) for n, text in enumerate(texts)]


def sure_of(lines, calls, objects):
    entries = place_lines(
        lines,
        detail("complete", STEPS, end=10),
        others=neighbours([TWIN]),
        calls={each.id: each for each in calls},
        objects=objects,
    )
    return {entry.line.message: entry.is_sure for entry in entries}


def test_line_that_a_logger_let_go_in_anothers_call_is_not_sure():
    """It gathers the lines of all, and whoever prints the fourth prints them all."""
    calls = [*twin("r", "t"), *twin("k", "u", later=0.001)]
    objects = objects_of({"r": ID, "k": TWIN})
    assert sure_of(printed_in("r0.1", "t", GATHERED), calls, objects) == GATHERED
    # With the one that it names it stands too, and nothing else that the other prints.
    here = {text: False for text in GATHERED if text.startswith(f"id={ID} ")}
    assert sure_of(printed_in("k0.1", "u", GATHERED), calls, objects) == here


def test_line_that_says_another_attempt_is_not_sure():
    """Gathered in one step and let go in the next."""
    texts = {f"id={ID} step=ship attempt=1": True, f"id={ID} step=charge attempt=1": False}
    texts |= {"charge is behind us": True, "bare": True}
    found = sure_of(printed_in("r1.1", "t", texts, 7), twin("r", "t"), objects_of({"r": ID}))
    assert found == texts


def test_line_is_not_sure_where_a_child_began_in_its_trace():
    """Of a call that goes on nothing is told, and the child uses the same words."""
    running = [step("charge-1", 1, attempts=[attempt(1)])]
    lines = [at(FULL, "x", "t")]
    calls = [replace(call("c", "e", 0, 0.5, entry=True), trace="t")]
    for objects, sure in (
        (objects_of(t=ID), True),
        (objects_of(t=f"{ID} {ID}-kid"), False),
        (objects_of(t=TWIN, u=ID), False),
        # While it goes on no object is told, only how many of which workflow were begun.
        (objects_of(u=ID, begins={"t": {"orders": 1}}), True),
        (objects_of(u=ID, begins={"t": {"orders": 2}}), False),
        (objects_of(u=ID, begins={"t": {"orders": 1, "mails": 1}}), False),
        (objects_of(u=ID, begins={"t": {"mails": 1}}), False),
    ):
        found = placed(lines, calls, objects, steps=running, status="running", as_of=20)
        assert found["x"][0] is sure


def test_run_entered_by_nobody_knows_whom_is_not_sure():
    """The row of who entered it is lost: another workflow's run may have the same steps and times."""
    lines = [at(f"{FULL} of the other", "k0.1", "u")]
    assert placed(lines, twin("k", "u", caller="")) == {"k0.1": (False, 0, 1)}
    assert placed(lines, twin("k", "u")) == {"k0.1": (True, 0, 1)}
    assert placed(lines, twin("k", "u", caller=""), objects_of({"k": ID})) == {"k0.1": (True, 0, 1)}
    # While it goes on there is no such row, and once the instance has ended there should be.
    methods = {"k": "run", "k0": "do", "k1": "do", "k0.1": "(this)", "k1.1": "(this)"}
    calls = [replace(each, method=methods[each.id]) for each in twin("k", "u") if not each.entry]
    assert placed(lines, calls) == {"k0.1": (False, 0, 1)}


@pytest.mark.parametrize(("as_of", "sure"), [(4, True), (20, False)])
def test_code_without_any_trace_is_not_the_instance(as_of, sure):
    """A queue's consumer, an alarm: of a run there is the row of its creation some seconds later."""
    running = [step("charge-1", 1, attempts=[attempt(1)])]
    lines = [at(f"{FULL} in the queue", "q", "queue")]
    found = placed(lines, twin("r", "t")[:1], steps=running, status="running", as_of=as_of)
    assert found == {"q": (sure, 0, 1)}


def test_method_that_a_step_calls_is_not_the_step():
    """Where the row of its caller is lost, too."""
    entry = call("d-entry", "x", 1.5, 4, entry=True, method="drive", trace="t")
    calls = [*twin("r", "t"), entry, replace(call("d", "d-entry", 1.5, 4), trace="t")]
    lines = [at(f"{FULL} in the object", "d", "t"), at(FULL, "r0.1", "t")]
    assert placed(lines, calls, objects_of({"r": ID}, t=ID)) == {
        "d": (False, None, None),
        "r0.1": (True, 0, 1),
    }


def test_call_that_ended_long_ago_is_not_the_open_attempt():
    """The engine has noted by then that an attempt has ended: a child's call lies in its time."""
    running = [step("charge-1", 1, attempts=[attempt(1)])]
    calls = [each for each in run("k", 1, 9, [(1.1, 1.9, [(1.2, 1.8)])]) if not each.entry]
    lines = [at(f"{FULL} in the child", "k0.1", "", 1.5)]
    assert placed(lines, calls, steps=running, status="running", as_of=20) == {"k0.1": (False, None, None)}


def test_method_that_was_handed_the_step_is_not_the_run():
    """The step that it makes is the instance's, and what it prints beside that is its own."""
    methods = {"k-entry": "go", "k": "go", "k0": "do", "k1": "do", "k0.1": "(this)", "k1.1": "(this)"}
    calls = [replace(each, method=methods[each.id]) for each in twin("k", "t")]
    lines = [at(FULL, "k0.1", "t"), at(f"{FULL} back in the method", "k", "t", 5.5)]
    objects = objects_of({"k0.1": ID}, t=ID)
    assert placed(lines, calls, objects) == {"k0.1": (True, 0, 1), "k": (False, None, None)}
    # The same where its own row is lost.
    calls = [each for each in calls if each.id != "k"]
    assert not placed(lines, calls, objects)["k"][0]


CUT = [done("a-1", 0.2, 0.8), step("slow-1", 1, 30, True, [attempt(1, 9, False), attempt(20, 30, True)])]


def test_line_of_an_attempt_that_a_reload_cut_keeps_its_place():
    """Its call never ends, so that there is never a row of it."""
    calls = [replace(call("e", "x", 0, 0.1, entry=True, method="create"), trace="t")]
    lines = [at(f"id={ID} step=slow attempt=1 tick", "cut", "t", 5), at("bare", "cut", "t", 6)]
    found = place_lines(
        lines,
        detail("complete", CUT, end=31),
        calls={each.id: each for each in calls},
        objects=objects_of(t=ID),
    )
    seen = [(entry.certain, entry.likely, entry.step, entry.attempt) for entry in found]
    assert seen == [(True, True, 1, 1), (False, True, None, None)]


def test_lines_before_a_restart_are_of_the_run_before():
    """The steps that they were printed in are in the answer no more."""
    first = [replace(each, trace="t") for each in run("r", 0, 6, [(0.9, 5.9, [(1.01, 5.8)])])]
    again = [replace(each, trace="u") for each in run("s", 20, 30, [(20.9, 25.1, [(21.01, 24.99)])])]
    lines = [at(FULL, "r0.1", "t"), at("outside", "r", "t", 5), at("of the second", "s0.1", "u", 23)]
    lines += [at(f"{FULL} untold", "cut", "t", 3)]
    # Of a trace that nothing is told of the words say it, and they alone.
    lines += [at(f"{FULL} lost", "lost", "z", 4), at("bare", "bare", "z", 4)]
    found = place_lines(
        lines,
        detail("complete", [done("charge-1", 21, 25)], queued=20, start=20, end=30),
        calls={each.id: each for each in [*first, *again]},
        objects=objects_of({"r0": ID, "s0.1": ID}, t=ID, u=ID),
    )
    seen = {entry.line.request: (entry.is_sure, entry.step, entry.gone) for entry in found}
    assert seen == {
        "r0.1": (True, None, True),
        "r": (True, None, True),
        "cut": (True, None, True),
        "lost": (False, None, True),
        "bare": (False, None, False),
        "s0.1": (True, 0, False),
    }


RESTARTED = [done("load-1", 1, 2), done("import-1", 8, 9)]


def gone_of(lines, steps=RESTARTED, **more):
    entries = place_lines(lines, detail("complete", steps, end=10, **more), others=neighbours([TWIN]))
    return {entry.line.message.split(": ")[-1]: entry.gone for entry in entries}


def test_attempt_that_a_restart_from_its_step_cut_is_of_before():
    """The answer says neither that it was restarted nor of the attempt, and the session lost the call."""
    lines = [
        at(f"id={ID} step=import attempt=1: cut", "a", "old", 4),
        at(f"id={ID} step=import attempt=1: again", "b", "new", 8.5),
        at(f"id={ID}: between", "c", "old", 3),
        at(f"id={TWIN} step=import attempt=1: of another", "d", "old", 5),
    ]
    assert gone_of(lines) == {"cut": True, "again": False, "between": False}
    # Its own code may name what comes next.
    assert gone_of([replace(each, trace="one") for each in lines]) == dict.fromkeys(
        ("cut", "again", "between"), False
    )
    # Whether it comes is known of what somebody printed there alone.
    assert gone_of(lines[:1]) == {"cut": False}


def test_run_that_a_second_restart_replaced_is_of_before():
    """It was restarted twice from one step: the run between made that step alone, and was cut in it."""
    cut = [replace(each, trace="u") for each in run("c", 3, 7, [(3.9, 6.9, [(4, 6.8)])])]
    last = [replace(each, trace="v") for each in run("l", 7, 9.5, [(7.99, 9.1, [(8.01, 8.99)])])]
    lines = [at(f"tick for {ID} in import (attempt 1)", "c0.1", "u", 5), at("tick", "l0.1", "v", 8.5)]
    objects = objects_of({"c0.1": ID, "l0.1": ID}, u=ID, v=ID)
    found = place_lines(
        lines,
        detail("complete", RESTARTED, end=10),
        calls={each.id: each for each in [*cut, *last]},
        objects=objects,
    )
    assert [(entry.is_sure, entry.gone, entry.step) for entry in found] == [
        (True, True, None),
        (True, False, 1),
    ]
    # Of a run that nobody tells of it is not said.
    [entry, _] = place_lines(
        lines, detail("complete", RESTARTED, end=10), calls={each.id: each for each in [*cut, *last]}
    )
    assert not entry.gone


def test_run_of_a_twin_is_no_run_before():
    """It begins its next step a moment before the instance does, as a run does that a restart cut."""
    steps = [done("charge-1", 1, 5), done("ship-1", 6, 9)]
    ahead = [(0.99, 5.01, [(1.01, 4.98)]), (5.95, 8.9, [(5.99, 8.8)])]
    calls = [*twin("r", "t"), *(replace(each, trace="u") for each in run("k", 0, 9.5, ahead))]
    words = [f"[{ID}] charge: attempt 1", f"[{ID}] ship: attempt 1"]
    lines = [at(words[0], "k0.1", "u", 2), at(words[1], "k1.1", "u", 6.5)]
    by_id = {each.id: each for each in calls}
    # Where nothing tells whose it is it went on beside that step, too.
    for objects in (objects_of({"r": ID, "k": TWIN}), objects_of({"r": ID})):
        entries = place_lines(
            lines, detail("complete", steps, end=10), others=neighbours([TWIN]), calls=by_id, objects=objects
        )
        assert not any(entry.certain for entry in entries)
        assert not any(entry.gone for entry in entries)


def test_lines_before_a_restart_are_marked_where_calls_are_lost():
    """One of them says an attempt: so the instance ran in that trace before."""
    lines = [
        at(f"id={ID} step=flood attempt=1: full", "a", "old", -1.5),
        at(f"[{ID}] [flood] [1]: words", "b", "old", -1.2),
        at(f"{ID}: made by its parent", "p", "new", -1.1),
        at(f"id={ID} step=charge attempt=1: now", "n", "new", 2),
        at(f"[{TWIN}] flood, attempt 1: of another", "q", "old", -1),
    ]
    calls = {each.id: each for each in twin("z", "other")}
    entries = place_lines(lines, detail("complete", STEPS, end=10), others=neighbours([TWIN]), calls=calls)
    found = {entry.line.message.split(": ")[-1]: entry.gone for entry in entries}
    assert found == {"full": True, "words": True, "made by its parent": False, "now": False}


@pytest.mark.parametrize(
    ("called", "begun", "later", "sure"),
    [
        ((ID,), (), 0, True),
        ((ID, TWIN), (), 0, False),
        ((TWIN,), (), 0, False),
        # What is told of those that were begun goes before it.
        ((ID,), (TWIN,), 0, False),
        # Its steps ran at other times.
        ((ID,), (), 0.5, False),
    ],
)
def test_run_is_told_by_the_only_object_that_was_called(called, begun, later, sure):
    """The row that leads from the one to the other is lost."""
    of_called, of_begun = (frozenset(object_of("orders", each) for each in ids) for ids in (called, begun))
    elsewhere = {"z": frozenset([object_of("orders", ID)])}
    objects = TracedObjects(traces=elsewhere | ({"u": of_begun} if begun else {}), called={"u": of_called})
    lines = [at(FULL, "k0.1", "u")]
    assert placed(lines, twin("k", "u", later=later), objects)["k0.1"][0] is sure


def test_line_that_is_not_sure_says_why():
    """One that a logger let go in another's call, and one of a run that nothing is told of."""
    texts = [f"id={TWIN} step=charge attempt=1", f"id={ID} step=charge attempt=1"]
    lines = [at(text, "r0.1", "t", 2 + n / 100) for n, text in enumerate(texts)]
    lines += [at(f"{FULL} lost", "lost", "t", 3)]
    entries = place_lines(
        lines,
        detail("complete", STEPS, end=10),
        others=neighbours([TWIN]),
        calls={each.id: each for each in twin("r", "t")},
        objects=objects_of({"r": ID}),
    )
    assert [(entry.certain, entry.why) for entry in entries] == [
        (False, "they name another one first"),
        (True, ""),
        (False, "the session does not tell whose run it was"),
    ]
