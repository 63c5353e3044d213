"""A plan before it is carried out: which of its targets a canary meets first."""

import pytest

from wfdash.api.interface import RestartFrom
from wfdash.live.actions.plan import Plan, Target

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
