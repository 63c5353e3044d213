"""A plan before it is carried out: which of its targets a canary meets first."""

import json

import pytest

from wfdash.api.interface import RestartFrom
from wfdash.live.actions.plan import UNDATED, Plan, Target
from wfdash.live.actions.plan_lines import NoPlan, read_plan

PAY, SHIP = RestartFrom("pay", 1, "do"), RestartFrom("ship", 2, "do")
TARGETS = (
    Target("a", "errored", restart_from=PAY, version="1"),
    Target("b", "errored", restart_from=PAY, version="1"),
    Target("skipped", "complete", reason="it is complete"),
    Target("c", "errored", restart_from=SHIP, version="1"),
    Target("d", "errored", restart_from=PAY, version="2"),
    Target("e", "terminated", restart_from=SHIP, version="1"),
)


def test_what_is_found_out_of_its_targets_is_kept():
    plan = Plan("k", 0.0, "redrive", "orders", TARGETS)
    assert plan.eligible is plan.eligible
    assert plan.skipped is plan.skipped
    assert [target.id for target in plan.skipped] == ["skipped"]
    assert plan.insist().skipped == ()


@pytest.mark.parametrize(
    ("first", "chosen"), [(1, "a"), (2, "ac"), (3, "acd"), (4, "acde"), (5, "acdeb"), (9, "acdeb")]
)
def test_canary_meets_each_step_version_and_status_first(first, chosen):
    plan = Plan("k", 0.0, "redrive", "orders", TARGETS).spread(first)
    ids = [target.id for target in plan.targets]
    assert "".join(ids[: len(chosen)]) == chosen
    assert sorted(plan.targets, key=lambda target: target.id) == sorted(TARGETS, key=lambda target: target.id)
    rest = [target.id for target in TARGETS if target.id not in chosen]
    assert ids[len(chosen) :] == rest


GIVEN = Target("a", "errored", ended=100.0, given=True)


@pytest.mark.parametrize(
    ("target", "verb", "now", "said"),
    [
        (GIVEN, "restart", ("errored", 100.0), ""),
        (GIVEN, "restart", ("errored", 105.0), ""),
        (GIVEN, "restart", ("errored", 106.0), "was errored, ran again since and is errored"),
        (GIVEN, "restart", ("running", None), "was errored, now running"),
        # What a file says without an end says nothing of a run since.
        (Target("a", "errored", given=True), "restart", ("errored", 106.0), UNDATED),
        (Target("a", "errored", given=True), "restart", ("errored", None), ""),
        (Target("a", "errored"), "restart", ("errored", 106.0), ""),
        # The step that it failed at decides.
        (Target("a", "errored", given=True), "redrive", ("errored", 106.0), ""),
        (Target("a"), "restart", ("complete", 106.0), ""),
    ],
)
def test_target_that_ran_again_since_is_not_what_was_confirmed(target, verb, now, said):
    assert target.moved_on(verb, *now) == said


LINE = {"account": "a", "workflow": "orders", "id": "1", "verb": "redrive", "from": None, "end": None}
START = {"name": "pay", "count": 1, "type": "do"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": ', "Expecting value at column 8"),
        ('{"end": ' + "1" * 5_000 + "}", "a number of more digits than"),
        (r'{"id": "1", "from": {"\ud800": 1}}', "it holds half of a character"),
        ("[" * 100_000, "it is nested too deeply"),
        ([1], "it is a list"),
        ({"id": "1"}, "it has no workflow"),
        (LINE | {"id": None}, "its id is null, where a text is wanted"),
        (LINE | {"before": 5}, "its before is a number, where a text is wanted"),
        (LINE | {"from": "pay"}, "its from is a text, where an object with name, count and type is wanted"),
        (LINE | {"from": {"count": 1}}, "its from has no name that is a text"),
        (LINE | {"from": START | {"count": True}}, "the count of its from is true or false, where a whole"),
        (LINE | {"from": START | {"type": 7}}, "the type of its from is none of do, sleep, waitForEvent"),
    ],
)
def test_line_that_is_none_is_told_in_plain_words(line, said):
    text = line if isinstance(line, str) else json.dumps(line)
    with pytest.raises(NoPlan) as wrong:
        read_plan(f"{json.dumps(LINE | {'id': '0'})}\n{text}", verb="redrive", where="a", workflow="orders")
    assert str(wrong.value).startswith("line 2 is not an object of a plan, as --dry-run prints them: ")
    assert said in str(wrong.value)
    assert "`" not in str(wrong.value)
