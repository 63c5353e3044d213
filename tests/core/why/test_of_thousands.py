"""What is asked of all steps of an answer is worked out once: then thousands cost no more than hundreds."""

from functools import partial

import pytest

from tests.support.fakes.details import T0, attempt, detail, done, failure, sleep, step, wait
from tests.support.harness.work import instructions
from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.verbs.consequences import of_pause, of_restart, of_terminate
from wfdash.core.why import open_steps
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.session_times import last_moved
from wfdash.core.why.waits import OpenWaits
from wfdash.live.polling.detail_pace import next_read

FEW, MANY = 1_100, 2_200
LOST = [{**attempt(1), "success": None}, attempt(2, 3, True)]
KINDS = {
    "sleeps": lambda n: detail("waiting", [sleep(f"nap {k}-1", k, 1e6 + k) for k in range(n)]),
    "waits": lambda n: detail("waiting", [wait(f"w {k}-1", k, 1e6, event_type=f"e{k}") for k in range(n)]),
    "runs": lambda n: detail("running", [step(f"fetch {k}-1", k) for k in range(n)]),
    "retries": lambda n: detail(
        "running", [step(f"f {k}-1", k, attempts=[attempt(k, k + 1, False)]) for k in range(n)]
    ),
    "no step open": lambda n: detail("running", [done(f"f {k}-1", k, k + 1) for k in range(n)]),
    "pausing": lambda n: detail("waitingForPause", [step(f"fetch {k}-1", k) for k in range(n)]),
    "paused": lambda n: detail("paused", [step(f"fetch {k}-1", k) for k in range(n)]),
    "rolls back": lambda n: detail("rollingBack", [step(f"f {k}-1", k, kind="rollback") for k in range(n)]),
    "ran again": lambda n: detail("running", [step(f"f {k}-1", k, k + 3, True, LOST) for k in range(n)]),
    "failed": lambda n: detail(
        "errored",
        [step(f"f {k}-1", k, k + 1, False) | {"error": failure()} for k in range(n)],
        error=failure("E", "none of them"),
        end=n + 1,
    ),
    "failed on the way": lambda n: detail(
        "complete", [step(f"f {k}-1", k, k + 1, False) | {"error": failure()} for k in range(n)], end=n + 1
    ),
    "stopped": lambda n: detail("terminated", [step(f"f {k}-1", k) for k in range(n)], end=n + 1),
    "not undone": lambda n: detail(
        "terminated",
        [*(done(f"f {k}-1", k, k + 1) for k in range(n)), step("f-1", n, n + 1, False, kind="rollback")],
        end=n + 2,
        rollback={"outcome": "failed"},
    ),
}
QUESTIONS = {
    "its sentence": lambda answer: diagnose(answer, now=T0 + 1e5),
    "when it moved": lambda answer: last_moved(answer, T0 + 1e5),
    "when to read it next": lambda answer: next_read(answer, now=T0 + 1e5),
    "what filters look through": lambda answer: read_fields(answer, keep=True),
    "what a pause does": lambda answer: of_pause(answer, None),
    "what a restart does": lambda answer: of_restart(answer, None),
    "what a termination does": lambda answer: of_terminate(answer, None),
    "what it waits for": lambda answer: OpenWaits().take([(answer.id, answer)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_steps_are_looked_through_once(kind):
    few, many = KINDS[kind](FEW), KINDS[kind](MANY)
    dear = {}
    for question, ask in QUESTIONS.items():
        said = ask(few), ask(many)
        costs = [instructions(partial(ask, answer)) for answer in (few, many)]
        if costs[1] > costs[0] + FEW:
            dear[question] = costs
        assert (ask(few), ask(many)) == said
    assert dear == {}


@pytest.mark.parametrize("kind", KINDS)
def test_hundreds_of_steps_have_the_sentence_of_a_few(kind, monkeypatch):
    """A thousand steps side by side took 100 ms with every frame."""
    subject = KINDS[kind](90)
    for now in (95.5, 1e5, 2e6):
        expected = diagnose(subject, now=T0 + now)
        with monkeypatch.context() as patched:
            patched.setattr(open_steps, "_FEW", 10)
            assert diagnose(subject, now=T0 + now) == expected
    costs = []
    for number in (150, 900):
        answer = KINDS[kind](number)
        diagnose(answer, now=T0 + 1e5)
        costs.append(instructions(partial(diagnose, answer, now=T0 + 1e5)))
    assert costs[1] < 1.5 * costs[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_is_the_same_at_first_and_later(kind):
    """What was worked out for one moment holds at another."""
    asked = KINDS[kind](20)
    for now in (0.0, 5.5, 1e5, 2e6):
        fresh = KINDS[kind](20)
        assert diagnose(asked, now=T0 + now) == diagnose(fresh, now=T0 + now)
        assert last_moved(asked, T0 + now) == last_moved(fresh, T0 + now)
        assert next_read(asked, now=T0 + now) == next_read(fresh, now=T0 + now)
