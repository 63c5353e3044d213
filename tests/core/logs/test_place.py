"""Lines put in their places: whose they are, in which attempt, and what is never claimed."""

import gc

import pytest

from tests.support.fakes.details import T0, answer, attempt, detail, done, neighbours, sleep, step
from wfdash.core.logs import place
from wfdash.core.logs.attempts import Attempts
from wfdash.core.logs.cloud_runs import CloudRun, times_of
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.line import LogLine, LogScope
from wfdash.core.logs.place import failing_lines
from wfdash.core.logs.whose import distinctive, words_of_speakers
from wfdash.core.model.detail import read_detail

ID = "order-1"
TWICE = step("charge card-1", 10, 40, True, [attempt(10, 20, False), attempt(30, 40, True)])
BOTH = [done("load a-1", 0, 10), done("load b-1", 0, 10)]


def line(at, text, **more):
    fields = {"level": "log", "source": "telemetry", "request": "run", "order": ""} | more
    return LogLine(T0 + at, message=text, **fields)


def ran(request, at, lasted, speakers=(), words=()):
    start, end = times_of(T0 + at, lasted, ())
    return CloudRun(request, T0 + at, start, end, frozenset(speakers), frozenset(words))


def place_lines(lines, found, others=(), **more):
    """Where the rows of the runs tell who else there was: those that do not name it name another."""
    runs = {}
    for own in lines:
        if own.source == "telemetry":
            runs.setdefault(own.request, []).append(own)
    tried = [at for each in found.steps for attempt in each.attempts for at in (attempt.start, attempt.end)]
    moments = sorted({*tried, *found.steps.columns.ends, found.start, found.end} - {None})
    runs_there = []
    names_it = [run for run, printed in runs.items() if any(found.id in own.message for own in printed)]
    since = moments[0] if moments else T0
    for run, printed in sorted(runs.items(), key=lambda item: item[1][0].at):
        until = min((at for at in moments if at >= printed[-1].at), default=max([*moments[-1:], T0]))
        if run not in names_it:
            runs_there.append(ran(run, until - T0, 0.0, {f"other-{run}-1"}))
            continue
        # Together they are there whenever the instance does something.
        until = max(moments[-1:] or [until]) if run == names_it[-1] else until
        start, end = min(since, printed[0].at), max(until, printed[-1].at)
        runs_there.append(CloudRun(run, until, start, end, frozenset([found.id])))
        since = min((at for at in moments if at > until), default=until)
    others = [*others, *(f"other-{run}-1" for run in runs)]
    return place.place_lines(lines, found, others=neighbours(others), invocations=runs_there, **more)


def placed(lines, steps=(TWICE,), *, others=(), **more):
    found = detail("complete", steps, end=100, **more)
    return [
        (entry.line.message, entry.certain, entry.step, entry.attempt)
        for entry in _place(lines, found, others)
    ]


def _place(lines, found, others=()):
    return place_lines(lines, found, others=others)


BRANCHES = [done("long-1", 0, 20), done("short-1", 0, 1), done("short-2", 9, 10)]


@pytest.mark.parametrize(
    ("steps", "entry", "place"),
    [
        ([TWICE], line(12, f"{ID} asks the bank"), (True, 0, 1)),
        ([TWICE], line(33, f"{ID} asks the bank"), (True, 0, 2)),
        ([TWICE], line(25, f"{ID} between two attempts"), (True, None, None)),
        ([TWICE], line(12, "asks the bank"), (False, 0, 1)),
        ([TWICE], line(12, "asks the bank", instance=ID), (True, 0, 1)),
        # At the edge only the text can say whether the code is still inside.
        ([TWICE], line(40, f"{ID} done"), (True, None, None)),
        ([TWICE], line(40, f"{ID} charge card done"), (True, 0, 2)),
        # Code outside steps speaks of a step right after it, and right before.
        ([TWICE], line(9.99, f"{ID}: now charge card"), (True, None, None)),
        ([TWICE], line(40.01, f"{ID}: charge card is through"), (True, None, None)),
        # Two at once: the name decides, or nothing does.
        (BOTH, line(5, f"{ID} works"), (True, None, None)),
        (BOTH, line(5, f"{ID} load b works"), (True, 1, 1)),
        (BOTH, line(5, f"[{ID}] load b: works"), (True, 1, 1)),
        (BOTH, line(5, f'{{"id": "{ID}", "step": "load b"}}'), (True, 1, 1)),
        # One of two may speak of the other.
        (BOTH, line(5, f"{ID} waits for load b"), (True, None, None)),
        # Code between the steps of another branch prints while a long one runs.
        (BRANCHES, line(5, f"{ID} goes on"), (True, None, None)),
        (BRANCHES, line(0.5, f"{ID} works"), (True, None, None)),
        # A promise that nobody waits for prints in the next step.
        ([done("fire-1", 0, 1), done("next-1", 2, 9)], line(5, f"{ID} fire: late"), (True, None, None)),
        (BOTH, line(5, f"{ID} works on load bb"), (True, None, None)),
        ([done("load-1", 0, 10), done("load all-1", 0, 10)], line(5, f"{ID}: load all"), (True, 1, 1)),
        (
            [done("load-1", 0, 10), done("other-1", 0, 10), done("load all-1", 20, 30)],
            line(5, f"{ID}: load all"),
            (True, None, None),
        ),
        # The last line of a step bears the time of its end, where another one goes on.
        ([done("a-1", 0, 10), done("b-1", 0, 20)], line(10, f"{ID} is through"), (True, None, None)),
        ([done("probe-1", 0, 10), done("probe-2", 0, 20)], line(10, f"{ID} probe 1"), (True, None, None)),
        ([done("a-1", 0, 20), done("b-1", 10, 20)], line(10, f"{ID} begins"), (True, None, None)),
        # Another one's id, or one that ours is only a part of.
        ([TWICE], line(12, f"{ID}2 asks the bank"), (False, 0, 1)),
        ([TWICE], line(12, f"{ID}-child asks the bank"), (False, 0, 1)),
        ([TWICE], line(12, f"{ID} starts order-2"), (False, 0, 1)),
        ([TWICE], line(12, f"{ID} POST /orders", foreign=True), (False, None, None)),
        ([step("a-1", 0, attempts=[attempt(0)])], line(500, f"{ID} still"), (True, 0, 1)),
    ],
)
def test_place_of_one_line(steps, entry, place):
    found = detail("running", steps)
    [only] = place_lines([entry], found, others=["order-2"])
    assert (only.certain, only.step, only.attempt) == place


ROUNDS = [done("turn-1", 0, 10), done("turn-2", 11, 20)]


@pytest.mark.parametrize(
    ("steps", "text", "sure"),
    [
        # By its time alone: a promise of the step before, code beside the step and an attempt past its limit.
        ([TWICE], "asks the bank", False),
        ([TWICE], "charge card goes on", False),
        ([TWICE], "attempt 1 goes on", False),
        ([TWICE], "charge card: attempt 1", True),
        ([TWICE], '{"step": "charge card", "attempt": 1}', True),
        ([TWICE, done("charge-1", 50, 60)], "charge card: attempt 1", True),
        # A promise of the round before says the same.
        (ROUNDS, "turn: attempt 1", False),
        (ROUNDS, "step=turn-2 attempt=1", True),
        # What begins later has printed nothing yet: another round, and the handler that undoes it.
        ([TWICE, done("charge card-2", 50, 60)], "charge card: attempt 1", True),
        ([TWICE, done("charge card-1", 50, 60, kind="rollback")], "charge card: attempt 1", True),
        # Nothing else ever ran.
        ([done("only-1", 5, 30)], "works", True),
    ],
)
def test_step_of_a_cloud_line_is_certain_by_its_words(steps, text, sure):
    entries = [line(12, f"{ID} {text}"), line(12, text, source="tail", instance=ID)]
    for entry in entries:
        [only] = place_lines([entry], detail("complete", steps, end=100))
        assert (only.certain, only.attempt, only.is_sure) == (True, 1, sure)


def test_lines_of_others_are_left_out():
    lines = [
        line(12, "order-2 asks", request="two"),
        line(13, "ours"),
        line(14, "of the tail", request="t", instance="order-2"),
    ]
    assert placed(lines, others=["order-2"]) == [("ours", False, 0, 1)]


def test_request_speaks_for_all_its_lines():
    ours = [line(11, f"{ID} begins", request="A"), line(12, "asks the bank", request="A")]
    theirs = [line(11.5, "order-2 begins", request="B"), line(13, "asks the bank", request="B")]
    both = [line(14, f"{ID} {n}", request="C") for n in ("one", "order-2")] + [
        line(15, "order-2", request="C")
    ]
    assert placed([*ours, *theirs], others=["order-2"]) == [
        (f"{ID} begins", True, 0, 1),
        ("asks the bank", True, 0, 1),
    ]
    # A run that names both is no evidence for any of its lines.
    assert {entry[1] for entry in placed(both, others=["order-2"])} == {False}


def test_open_attempt_is_known_up_to_the_answer_alone():
    found = detail("running", [step("a-1", 0, attempts=[attempt(0)])])
    lines = [line(5, f"{ID} works"), line(19.5, f"{ID} works"), line(30, f"{ID} works"), line(31, f"{ID}: a")]
    placed = place_lines(lines, found, as_of=T0 + 20)
    assert [entry.step for entry in placed] == [0, None, None, None]


def test_request_handler_speaks_for_nobody():
    handler = [line(11, f"created {ID}", request="A", foreign=True), line(12, "more", request="A")]
    assert {entry[1] for entry in placed(handler)} == {False}


def test_line_of_an_untraced_call_speaks_for_itself():
    """In a dev session, where a call goes on: neither its other lines nor its time say which step it is."""
    lines = [
        line(2, f"{ID} load a, attempt 1", request="s1", source="local"),
        line(3, "deep inside", request="s1", source="local"),
        line(2, f"{ID} load b", request="s2", source="local"),
        line(4, f"{ID} load b, attempt 2", request="s2", source="local"),
        line(5, f"{ID} outside", request="s3", source="local"),
    ]
    both = (0, 1)
    entries = place_lines(lines, detail("complete", BOTH, end=100))
    assert {(entry.line.message.removeprefix(f"{ID} "), entry.step, entry.among) for entry in entries} == {
        ("load a, attempt 1", 0, ()),
        ("deep inside", None, both),
        ("load b", None, both),
        ("load b, attempt 2", None, both),
        ("outside", None, both),
    }
    # An invocation of the cloud is the run of every step: it tells nothing of one.
    cloud = [line(2, f"{ID} load a", request="r"), line(3, "deep inside", request="r")]
    assert [entry[2] for entry in placed(cloud, BOTH)] == [0, None]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[1] turn: attempt 1", (1, 1)),
        ('{"step": {"name": "charge", "attempt": 1}}', (2, 1)),
        ("[1] turn-2: works", (None, None)),
        ("step=turn-2 attempt=1", (1, 1)),
        ('{"step": "turn", "count": 2}', (1, 1)),
        ("step=charge attempt=2 goes on", (None, None)),
        ("step=charge attempt=1", (2, 1)),
        ("charge: works", (None, None)),
        ("reads for attempt 1 of charge", (2, 1)),
        ("only: works", (None, None)),
        ("only: attempt 1", (3, 1)),
        ("speaks of only", (None, None)),
    ],
)
def test_words_of_an_untraced_line_must_leave_one_attempt(text, place):
    """A promise of the round before names this one too; an attempt past its limit the next one."""
    steps = [done("turn-1", 0, 1), done("turn-2", 2, 3)]
    steps += [step("charge-1", 10, 20, True, [attempt(10, 14, False), attempt(15, 20, True)])]
    steps += [done("only-1", 30, 35)]
    at = 2.5 if "turn" in text else 32 if "only" in text else 12
    own = line(at, f"{text}; id={ID}", request="x", source="local")
    [entry] = place_lines([own], detail("complete", steps, end=40))
    assert (entry.step, entry.attempt) == place


def test_promise_of_the_round_before_is_not_the_next_round():
    """It names it, attempt and all: its call began before."""
    steps = [done("turn-1", 0, 1), done("turn-2", 2, 3)]
    lines = [
        line(at, f"id={ID} step=turn attempt=1 at {at}", request=call, source="local")
        for at, call in ((0.5, "a"), (2.5, "a"), (2.6, "b"))
    ]
    entries = place_lines(lines, detail("complete", steps, end=40))
    assert [entry.step for entry in entries] == [0, None, 1]


def test_call_outlives_its_attempt():
    """After its time limit the code of an attempt runs on, in the next attempt and after the last."""
    slow = step("slow-1", 0, attempts=[attempt(0, 10), attempt(20, 30)])
    lines = [
        line(1, f"{ID} slow: begins", request="s1", source="local"),
        line(25, f"{ID} slow: goes on", request="s1", source="local"),
        line(26, "bare", request="s1", source="local"),
        line(21, f"{ID} slow: begins", request="s2", source="local"),
        line(40, f"{ID} slow: goes on", request="s2", source="local"),
    ]
    entries = place_lines(lines, detail("errored", [slow], end=50))
    assert {(entry.attempt, entry.among) for entry in entries} == {(None, (0,))}


def test_replays_are_folded_and_repetition_is_not():
    steps = [done("a-1", 0, 1), sleep("rest-1", 1, 50, True), done("b-1", 50, 51)]
    lines = [line(-0.1, f"{ID} starts", request="one"), line(1.5, "same", request="one")]
    lines += [line(1.6, "same", request="one")]
    for wake, name in ((49.8, "two"), (60, "three")):
        lines += [line(wake, f"{ID} starts", request=name), line(wake + 0.01, "same", request=name)]
        lines += [line(wake + 0.02, "same", request=name)]
    found = place_lines(lines, detail("complete", steps, end=70))
    assert [(entry.line.message, entry.times) for entry in found] == [
        (f"{ID} starts", 3),
        ("same", 3),
        ("same", 3),
    ]
    assert found[0].line.at == T0 - 0.1


def test_lines_of_steps_side_by_side_are_no_replays():
    lines = [line(5, f"{ID} deep inside", request=f"s{n}", source="local") for n in range(2)]
    assert [entry.times for entry in place_lines(lines, detail("running", BOTH))] == [1, 1]
    # Whether a step had begun by then, the answer of a moment before cannot say.
    late = [line(15, f"{ID} deep inside", request=f"s{n}", source="local") for n in range(2)]
    assert [entry.times for entry in place_lines(late, detail("running", BOTH), as_of=T0 + 12)] == [1, 1]
    assert [entry.times for entry in place_lines(late, detail("running", BOTH))] == [2]


def test_lines_of_the_run_before_a_restart_are_no_replays():
    lines = [line(-at, f"{ID} fails", request=f"r{at}") for at in (60, 50, 40)]
    assert [entry.times for entry in place_lines(lines, detail("running", [TWICE]))] == [1, 1, 1]


def test_scope_of_a_step_and_of_an_attempt():
    entries = place_lines([line(at, f"{ID} at {at}") for at in (5, 12, 33)], detail("complete", [TWICE]))
    held = [
        [scope.holds(entry) for entry in entries] for scope in (LogScope(), LogScope((0,)), LogScope((0,), 2))
    ]
    assert held == [[True] * 3, [False, True, True], [False, False, True]]


def test_line_of_one_of_two_at_once_belongs_to_both_together():
    twins = [done("probe-1", 0, 10), done("probe-2", 0, 10), done("load-1", 0, 10)]
    lines = [line(5, f"{ID} probe"), line(6, f"{ID} deep inside"), line(11, f"{ID} outside")]
    named, deep, outside = place_lines(lines, detail("complete", twins))
    both, first, tried = LogScope((0, 1)), LogScope((0,)), LogScope((0,), 1)
    assert [scope.holds(named) for scope in (both, first, tried)] == [True, False, False]
    assert [scope.may_hold(named) for scope in (both, first, tried)] == [False, True, True]
    assert [scope.holds(deep) for scope in (both, first)] == [False, False]
    assert both.may_hold(deep)
    assert not both.may_hold(outside)


UNDONE = [
    step("charge-1", 0, 40, False, [attempt(0, 10, False), attempt(30, 40, False)]),
    done("reserve-1", 41, 45, kind="rollback"),
]


@pytest.mark.parametrize(
    ("steps", "error", "said"),
    [
        (UNDONE, {"name": "Error", "message": "declined"}, ["again", "gives up"]),
        (UNDONE[1:], {"name": "TypeError", "message": "x"}, ["first", "again", "gives up", "outside"]),
        (UNDONE[:1], None, ["again", "gives up"]),
    ],
)
def test_lines_of_a_failure_end_before_it_is_undone(steps, error, said):
    texts = {5: "first", 31: "again", 39: "gives up", 40.5: "outside", 43: "undone"}
    found = detail("errored", steps, end=50, error=error)
    placed = place_lines([line(at, f"{ID} {text}") for at, text in texts.items()], found)
    assert [entry.line.message.removeprefix(f"{ID} ") for entry in failing_lines(placed, found)] == said
    assert len(failing_lines(placed, detail("complete", steps, end=50))) == 5


def test_queued_instance_printed_before_a_restart_alone():
    lines = [line(-30, f"{ID} of the run before"), line(1, "[order-7] of somebody", request="r")]
    found = place_lines(lines, detail("queued", start=None))
    assert [entry.line.message for entry in found] == [f"{ID} of the run before"]


def test_replays_are_not_folded_without_steps():
    lines = [line(at, f"{ID} fails", request=f"r{at}") for at in (5, 15)]
    assert [entry.times for entry in place_lines(lines, detail("running"))] == [1, 1]


def test_same_line_from_two_sources_counts_once():
    telemetry = [line(11, f"{ID} x", order=str(n), request="A") for n in range(2)]
    tail = [line(11, f"{ID} x", order=str(n), request="t", source="tail", instance=ID) for n in range(3)]
    again = [telemetry[1], tail[0]]
    assert len(placed([*telemetry, *tail, *again])) == 3
    assert len(placed([*again, *telemetry])) == 2


@pytest.mark.parametrize(
    ("identity", "speaks"),
    [
        ("order-1", True),
        ("1", False),
        ("12345", False),
        ("20261128", True),
        ("test", False),
        ("nightly", False),
        ("a1", False),
        ("3f2a9c", True),
        ("welcome-mail-to-anna", True),
    ],
)
def test_id_must_be_distinctive_to_be_evidence(identity, speaks):
    assert distinctive(identity) is speaks


@pytest.mark.parametrize(
    ("identity", "text", "is_ours"),
    [
        ("1234567", "[1234567] first: hello", True),
        ("4711", 'id=4711 step="load"', True),
        ("4711", '{"instanceId": "4711", "n": 1}', True),
        ("x1", "instance: x1, begins", True),
        ("nightly", '{"instance":"nightly"}', True),
        ("x1", "[x1] begins", False),
        ("nightly", "[nightly] begins", False),
        ("4711", "sends 4711 mails", False),
        ("4711", "orderId=4711", False),
        ("4711", "[4711-a] begins", False),
        ("2026", "[2026] report", False),
        ("2026", "id=2026 report", True),
        ("1999", '{"instanceId": "1999"}', True),
        ("12", "id=12", False),
    ],
)
def test_plain_id_counts_where_a_program_names_itself(identity, text, is_ours):
    found = read_detail("orders", identity, answer("complete", [TWICE], end=100))
    [entry] = place_lines([line(12, text)], found, others=["9", "12345"])
    assert entry.certain is is_ours
    # And in the lines of another it is not that one's.
    other = read_detail("orders", "order-1", answer("complete", [TWICE], end=100))
    left = place_lines([line(12, text)], other, others=[identity])
    assert bool(left) is not is_ours


def test_many_lines_of_many_steps_are_placed_in_time():
    steps = [done(f"step {n}-1", n, n + 0.9) for n in range(2000)]
    lines = [line(n % 2000 + 0.5, f"{ID} works") for n in range(20_000)]
    found = place_lines(lines, detail("complete", steps, end=3000))
    assert all(T0 + entry.step < entry.line.at < T0 + entry.step + 0.9 for entry in found)


def test_two_runs_at_once_that_name_one_instance_name_it_not():
    """An instance is in one run at a time: a child that prints its parent's id alone runs beside it."""
    parent = [line(at, f"{ID} charge card: attempt 1", request="A") for at in (11, 19)]
    child = [line(at, f"[{ID}] charge card: attempt 1", request="B") for at in (12, 13)]
    later = [line(35, f"{ID} charge card: attempt 2", request="C")]
    steps = (TWICE,)
    assert [entry[1] for entry in placed([*parent, *child, *later], steps)] == [False] * 4 + [True]
    # Nor is an attempt in two runs, where the parent says nothing more.
    assert [entry[1] for entry in placed([later[0], line(38, f"{ID} B", request="B")], steps)] == [False] * 2
    assert [entry[1] for entry in placed([parent[0], *later], steps)] == [True] * 2
    # Nor where one names another too: the parent may be the one that speaks of its child.
    child = [line(12, f"[{ID}] order-2 begins", request="B"), line(13, "order-2", request="B")]
    assert [entry[1] for entry in placed([*parent, *child], steps, others=["order-2"])] == [False, False]


@pytest.mark.parametrize("source", ["telemetry", "local"])
def test_step_that_a_line_names_may_have_printed_it(source):
    """A promise of an attempt goes on while the next step runs."""
    steps = [done("upload-1", 0, 5), done("verify-1", 6, 20), done("later-1", 21, 30)]
    texts = ["step=upload attempt=1", "step=upload", "step=later attempt=1", "step=upload attempt=2"]
    lines = [line(8, f"{text} {ID}", source=source, request=f"r{text}") for text in texts]
    found = place_lines(lines, detail("complete", steps, end=40))
    among = {entry.line.message.removesuffix(f" {ID}"): entry.among or entry.step for entry in found}
    assert among["step=upload attempt=1"] == (0, 1)
    assert among["step=upload"] == ((0, 1) if source == "local" else (1,))
    assert {among[text] for text in texts[2:]} <= {1, (1,)}


FROM_TEN = detail("complete", [TWICE], queued=10, start=10, end=41)


def _cloud(lines, runs, *, others=()):
    """What is certain of a finished instance; of each run the words that stand where it says who speaks."""
    # The others go on for longer than it was there.
    lasted = {run: 30.0 if run == "S" else 55.0 for run in runs}
    runs_there = [ran(run, 10 + lasted[run], lasted[run], speakers) for run, speakers in runs.items()]
    found = place.place_lines(lines, FROM_TEN, others=neighbours(others), invocations=runs_there)
    return {entry.is_sure for entry in found}


SPEAKS_FOR_IT = [
    line(10.1, f"[{ID}] charge card: attempt 1", request="S"),
    line(39, f"[{ID}] charge card: attempt 2", request="S"),
]


@pytest.mark.parametrize(
    ("runs", "others", "sure"),
    [
        # Nothing else ran.
        ({"S": {ID}}, (), True),
        # A run that prints nothing: it may be the instance's.
        ({"S": {ID}, "Q": ()}, (), False),
        ({"S": {ID}, "Q": {"main"}}, (), False),
        # Each of the others speaks for itself; a word that is no known id may be anything.
        ({"S": {ID}, "Q": {"order-7"}}, ("order-7",), True),
        ({"S": {ID}, "Q": {"main"}}, ("main",), True),
        ({"S": {ID}, "Q": {"order-7"}}, (), False),
        ({"S": {ID}, "Q": {"order-7", "order-8"}}, ("order-7", "order-8"), False),
        # Two that speak for one: one of them is not that one.
        ({"S": {ID}, "Q": {"order-7"}, "R": {"order-7"}}, ("order-7",), False),
        # Another that names it.
        ({"S": {ID}, "Q": {ID, "order-7"}}, (), False),
        # It says that it is another, and mentions the instance.
        ({"S": {"order-1-mail"}}, (), False),
        # Of the run itself there is no row, or nobody asked.
        ({"Q": {"order-7"}}, (), False),
        ({}, (), False),
    ],
)
def test_cloud_line_is_certain_where_no_other_run_is_left(runs, others, sure):
    """A sibling that prints the id of one that prints nothing uses the words that it would."""
    assert _cloud(SPEAKS_FOR_IT, runs, others=others) == {sure}


def test_run_after_the_instance_is_not_its_own():
    """A mail job begins when the order has ended, and speaks of it alone: nothing ran beside that."""
    after = [line(42, f"[{ID}] charge card: attempt 2", request="M")]
    runs_there = [ran("M", 43, 1.5, {ID})]
    [entry] = place.place_lines(after, FROM_TEN, invocations=runs_there)
    assert not entry.certain


@pytest.mark.parametrize(
    ("began", "ended", "lived", "sure"),
    [
        # It began and ended with it: what each says may be the other's.
        (10, 41, (10, 41), False),
        (10.08, 41.05, (10.08, 41.07), False),
        (10.15, 41.1, (10.15, 41.1), False),
        # The run of each began late, as its code was loaded.
        (10.5, 41, (10.1, 41.1), False),
        (10.7, 41, (9.4, 41), False),
        # Of that one it is not known when it was there.
        (10, 41, None, False),
        # One of them was there for longer than the other.
        (10, 44, (10, 44), True),
        (10, 60, (10, 60), True),
        (5, 41, (5, 41), True),
        (12, 41, (12, 41), True),
        (10, 30, (10, 30), True),
        (10.4, 41.3, (10.39, 41.32), True),
    ],
)
def test_two_at_the_very_same_times_may_print_each_others_id(began, ended, lived, sure):
    """In their words they are what two are that print their own."""
    beside = printed_by("Q", f"[{OTHER}] charge card: attempt 1", began=began, ended=ended)
    lives = {}
    if lived is not None:
        first, last = T0 + lived[0], T0 + lived[1]
        lives = {OTHER: Lifetime(first, last, (first, last))}
    assert sure_beside([STEP_SAID], beside, lived=lives) == {sure}


@pytest.mark.parametrize(("began", "ended", "sure"), [(10, 40, True), (10, 25, False), (22, 40, False)])
def test_run_is_not_sure_where_another_has_no_row(began, ended, sure):
    """So may that of the instance itself, where a twin prints its id: at each step one must have gone on."""
    lines = [line(min(max(began, 11), 35), STEP_SAID, request="S")]
    run = printed_by("S", STEP_SAID, began=began, ended=ended)
    [entry] = place.place_lines(lines, FROM_TEN, invocations=[run])
    assert (entry.certain, bool(entry.why)) == (sure, not sure)
    # One that prints nothing is there all the same.
    rest = printed_by("T", began=27, ended=45) if ended == 25 else printed_by("T", began=9, ended=20)
    [entry] = place.place_lines(lines, FROM_TEN, invocations=[run] if sure else [run, rest])
    assert entry.certain


STEP_SAID = f"[{ID}] charge card: attempt 1"
BY_KEY = f"id={ID} step=charge card attempt=1"
OTHER = "order-7"


def printed_by(request, *texts, began=5, ended=60):
    """A run that went on from one moment to another, as its row and its lines tell."""
    said = [words_of_speakers(text) for text in texts]
    speakers = frozenset(word for first, _ in said for word in first)
    words = frozenset(word for _, held in said for word in held)
    return CloudRun(request, T0 + ended, T0 + began, T0 + ended, speakers, words)


def sure_beside(own, *beside, others=(OTHER,), lived=()):
    lines = [line(11, text, request="S") for text in own]
    runs = [printed_by("S", *own, began=10.01, ended=40.99), *beside]
    found = place.place_lines(
        lines,
        FROM_TEN,
        others=neighbours(others) | dict(lived),
        invocations=runs,
    )
    return {entry.is_sure for entry in found}


@pytest.mark.parametrize(
    ("of_its_own", "of_the_twin"),
    [
        ("[cust-48112] charge card: attempt 1", STEP_SAID),
        ("[req-3f9a12c4] charge card attempt 1", BY_KEY),
        ("[2026-11-30T04:36:20.000Z] charge card attempt 1", BY_KEY),
        ("[1796014180759] charge card attempt 1", f"[1796014180764] {BY_KEY}"),
        (f"charge card attempt 1 started id={OTHER}", STEP_SAID),
        (f"looks up id={OTHER}", STEP_SAID),
        ("[cust-48112] charge card", f"GET https://shop.test/orders/{ID}/pay step=charge card attempt=1"),
        ("[cust-48112] charge card", f'watching ["{ID}","old-771a"] step=charge card attempt=1'),
        ("[eu-west1] charge card 1", f"wrote {ID}.pdf step=charge card attempt=1"),
        ("[http2] charge card 1", BY_KEY),
        ("[48112233] charge card: attempt 1", BY_KEY),
        ("[pi_3Nk48112] charge card", f'{{"instanceId":"{ID}","step":"charge card","attempt":1}}'),
        (f"[{OTHER}] starts order-8", STEP_SAID),
    ],
)
def test_run_that_tags_its_lines_otherwise_may_be_the_instance(of_its_own, of_the_twin):
    """What stands in brackets or behind a key is no other instance, unless such a one is known to speak."""
    beside = printed_by("Q", of_its_own)
    assert sure_beside([of_the_twin], beside, others=(OTHER, "order-8")) == {False}


@pytest.mark.parametrize(
    "text",
    [
        f"[{OTHER}] charge card: attempt 1",
        f"id={OTHER} step=charge card attempt=1",
        f"2026-11-30T04:36:20.000Z INFO [{OTHER}] charge card: attempt 1",
        f"[shop] [{OTHER}] charge card: attempt 1",
        f"{OTHER}: charge card attempt 1",
        f'{{"step":"charge card","attempt":1,"orderId":"{OTHER}"}}',
    ],
)
def test_run_that_speaks_as_another_leaves_one(text):
    assert sure_beside([STEP_SAID], printed_by("Q", text)) == {True}
    assert sure_beside([STEP_SAID], printed_by("Q", text), others=()) == {False}


@pytest.mark.parametrize(
    ("said", "listed", "sure"),
    [
        ("order-9024", "order-7", True),
        # Nothing shows that ids are built so, or it is built in another way.
        ("order-9024", "nightly-report-of-all", False),
        ("order-9024-mail", "order-7", False),
        ("cust-48112", "order-7", False),
    ],
)
def test_unknown_id_is_an_id_where_it_is_built_as_those_are(said, listed, sure):
    """Of thousands that sleep a hundred are known."""
    beside = printed_by("Q", f"[{said}] charge card: attempt 1")
    assert sure_beside([STEP_SAID], beside, others=(listed,)) == {sure}


def test_run_is_not_anothers_that_was_not_there():
    """A parent that prints the child's id alone began before it was made."""
    beside = printed_by("Q", f"[{OTHER}] charge card: attempt 1")
    for created, ended, sure in ((4.5, 61, True), (20, 61, False), (0, 30, False)):
        life = Lifetime(T0 + created, T0 + ended)
        assert sure_beside([STEP_SAID], beside, lived={OTHER: life}) == {sure}


def test_instance_that_ran_and_has_no_run_may_have_printed_it():
    """The row of the silent one is lost: what is left is its twin's, that prints its id."""
    for ran_at, sure in (((20.0,), False), ((60.0,), True), ((), True)):
        life = Lifetime(T0, T0 + 90, tuple(T0 + at for at in ran_at))
        assert sure_beside([STEP_SAID], lived={OTHER: life}) == {sure}


@pytest.mark.parametrize(
    ("lasted", "printed", "times"),
    [
        (None, (5,), (float("-inf"), float("inf"))),
        (10, (), (90, 110)),
        (10, (91, 99), (90, 100)),
        (10, (101, 110), (100, 110)),
        # Neither, or both.
        (10, (85, 99), (90, 110)),
        (10, (100,), (90, 110)),
    ],
)
def test_times_of_a_run_by_its_row_and_its_lines(lasted, printed, times):
    assert times_of(100, lasted, printed) == times


def test_runs_of_another_one_after_another_speak_for_it():
    """It slept in between."""
    own, first = ran("S", 40, 30.0, {ID}), CloudRun("A", T0 + 20, T0 + 12, T0 + 20, frozenset({"order-7"}))
    found = FROM_TEN
    for began, sure in ((20.5, True), (19, False)):
        second = CloudRun("B", T0 + 30, T0 + began, T0 + 30, frozenset({"order-7"}))
        runs = [own, first, second]
        placed = place.place_lines(SPEAKS_FOR_IT, found, others=neighbours(["order-7"]), invocations=runs)
        assert {entry.is_sure for entry in placed} == {sure}


def test_places_of_lines_keep_no_answer_from_being_freed():
    """While a log is followed that is each second, by an answer of a megabyte that is new each time."""
    found = detail("running", [done("load a-1", 0, 10)])
    gc.collect()
    gc.disable()
    try:
        place_lines([line(5, f"{ID} load a says hello"), line(6, "hello", source="local")], found)
        assert not [each for each in gc.get_objects() if isinstance(each, Attempts)]
    finally:
        gc.enable()
