"""What an action would lose, told from the steps as the API lists them."""

from tests.support.fakes.details import detail_of, wait
from wfdash.core.verbs.consequences import StepTarget, finished_steps, split_at, step_target
from wfdash.core.verbs.rules import consequence


def step(name, start, end=None, *, kind="step", success=True):
    seen = {"type": kind, "name": name, "start": f"2026-11-21T10:00:{start:02d}Z"}
    seen["end"] = None if end is None else f"2026-11-21T10:00:{end:02d}Z"
    seen |= {"success": success} if kind == "step" else {"finished": success}
    return seen


def test_the_count_is_of_earlier_rows_and_not_the_suffix():
    loop = detail_of(
        "a", step("poll-1", 1, 2), step("nap-1", 2, 3, kind="sleep"), step("poll-2", 3, 4), step("poll-3", 4)
    )
    assert step_target(loop.steps, 2) == StepTarget("poll", 2, "do")
    assert step_target(loop.steps, 1) == StepTarget("nap", 1, "sleep")
    twice = detail_of(
        "a", step("nap-1", 1, 2, kind="sleep"), step("nap-1", 2, 3, kind="sleep"), step("nap-1", 3, 4)
    )
    assert step_target(twice.steps, 1) == StepTarget("nap", 2, "sleep")
    assert step_target(twice.steps, 2) == StepTarget("nap", 1, "do")


def test_a_name_that_ends_in_a_number_loses_one_suffix_only():
    assert step_target(detail_of("a", step("page-2-1", 1)).steps, 0) == StepTarget("page-2", 1, "do")


def test_no_restart_from_a_termination_or_a_rollback():
    steps = detail_of("a", step("undo-1", 1, kind="rollback"), {"type": "termination"}).steps
    assert step_target(steps, 0) is None
    assert step_target(steps, 1) is None


def test_a_step_that_is_not_there_is_said_to_be_missing():
    run = detail_of("a", step("load-1", 1, 2))
    [answer] = consequence("restart_from", run, step=StepTarget("load-1", 1, "do"))
    assert 'no step "load-1"' in answer
    [answer] = consequence("restart_from", None, step=StepTarget("load", 1, "do"))
    assert "keeps what was started before" in answer


def test_restart_says_what_is_kept_runs_again_and_is_lost():
    run = detail_of(
        "a",
        step("load-1", 1, 2),
        step("charge-1", 2, 9, success=False),
        step("mail-1", 3, 4),
        status="errored",
    )
    split = split_at(run.steps, StepTarget("charge", 1, "do"))
    assert [each.name for each in split.kept] == ["load-1"]
    assert [each.name for each in split.again] == ["charge-1", "mail-1"]
    answer = consequence("restart_from", run, step=StepTarget("charge", 1, "do"))
    assert answer[1] == 'keeps 1 step: "load"'
    assert answer[0] == 'drops and runs again 2 steps: "charge", "mail"'
    assert '"mail" ran beside it' in answer[2]
    assert split_at(run.steps, StepTarget("charge", 2, "do")) is None


def test_restart_and_terminate_count_finished_steps():
    run = detail_of("a", step("load-1", 1, 2), step("charge-1", 2, success=None))
    assert finished_steps(run) == 1
    assert consequence("terminate", run)[0] == "1 finished step stays done: nothing is rolled back"
    assert consequence("restart", run)[0].endswith("1 finished step and its side effects run again")
    assert consequence("restart", run)[1] == '"charge" is running now and is cut off'
    assert consequence("pause", run) == ['"charge" will be finished first, then it pauses']
    assert "pauses at once" in consequence("pause", run, cut=True)[0]


def test_pause_tells_of_a_step_that_holds_a_sleep():
    around = detail_of(
        "a", step("wrapper-1", 2, success=None), step("rest-1", 3, kind="sleep", success=False)
    )
    said = consequence("pause", around)
    assert said[0] == '"wrapper" will be finished first, then it pauses'
    assert said[1] == 'should "rest" be part of such a step, that is cut off when "rest" ends and runs again'
    before = detail_of(
        "a", step("rest-1", 1, kind="sleep", success=False), step("wrapper-1", 2, success=None)
    )
    assert len(consequence("pause", before)) == 1


def test_pause_tells_of_no_wait_that_failed():
    """Of one that does not say whether it finished its error tells, as wherever open steps are told."""
    failed = wait("rest-1", 3, finished=None, error={"name": "TimeoutError", "message": "no event"})
    around = detail_of("a", step("wrapper-1", 2, success=None), failed)
    assert consequence("pause", around) == ['"wrapper" will be finished first, then it pauses']


def test_without_a_detail_it_says_less_and_nothing_false():
    assert consequence("terminate", None)[0] == "all finished steps stay done: nothing is rolled back"
    assert not any(
        character.isdigit() for verb in ("pause", "restart") for character in str(consequence(verb, None))
    )
