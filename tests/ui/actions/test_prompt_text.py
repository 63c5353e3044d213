"""The words of a prompt: ids that can be told apart, everything counted, nothing off the edge."""

import re

import pytest

from tests.support.fakes.details import step
from wfdash.api.interface import NewInstance
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.step_columns import Steps
from wfdash.core.text.clean import cells
from wfdash.core.verbs.consequences import StepTarget
from wfdash.core.verbs.redrive import ROLLED_BACK, RedrivePoint
from wfdash.live.actions.plan import GONE, Guard, Plan, Target, make_creation, make_plan
from wfdash.ui.actions.prompt_text import Asking, expected_text, prompt_lines, said_lines, shown_names


def plan(verb, *rows):
    return make_plan(verb, "orders", [Instance(*row) for row in rows], now=0, guard=Guard())


def text(asking, width=80, height=11):
    return rendered(prompt_lines(asking, width, height))


def test_ids_that_look_alike_after_cleaning_are_escaped():
    names = shown_names(["a\u200bb", "a\u200cb", "plain"], 40)
    assert names == ["a\\u200bb", "a\\u200cb", "plain"]


def test_ids_that_look_alike_once_cut_are_numbered():
    names = shown_names([f"x{'-' * 60}{n}{'-' * 60}y" for n in range(3)], 20)
    assert len(set(names)) == 3
    assert max(map(cells, names)) <= 20


def test_what_must_be_typed():
    first, two = plan("terminate", ("a", "running")), plan("terminate", ("a", "running"), ("b", "running"))
    assert expected_text(first, production=False) == ""
    assert expected_text(two, production=False) == "2"
    assert expected_text(first, production=True) == "orders"
    assert expected_text(two, production=True) == "2 orders"
    assert expected_text(plan("pause", ("a", "running")), production=True) == ""


@pytest.mark.parametrize(
    ("typed", "enough"), [("2", True), ("2 ", True), ("first 1 ", True), (" 2", False), ("2 y", False)]
)
def test_a_space_behind_what_is_typed_is_no_fault(typed, enough):
    asking = Asking(plan("restart", ("a", "errored"), ("b", "errored")), 0)
    asking.typed = typed
    assert asking.is_typed is enough
    assert any("press y to restart" in line for line in text(asking, height=20)) is enough


def test_eligible_skipped_and_unknown_are_counted_apart():
    rows = [("a", "running"), ("b", "running"), ("c", "complete"), ("d", "complete"), ("e", "hibernating")]
    lines = "\n".join(text(Asking(plan("terminate", *rows), 0), height=20))
    assert "3 instances of 5 chosen" in lines
    assert "2 skipped: complete already" in lines
    assert "1 of unknown status" in lines
    assert "type 3, then y" in lines


def test_new_instance_shows_its_input_not_an_unread_run():
    new = [NewInstance("a", {"order": [1]}, True, "7 days"), NewInstance("b"), NewInstance("c", None, True)]
    lines = text(Asking(make_creation("orders", new, now=0, guard=Guard()), 0))
    assert lines[1:4] == [
        ' + new  a  success kept 7 days · params {"order": [1]}',
        " + new  b  no params",
        " + new  c  params null",
    ]
    assert not any("read" in line for line in lines)
    long = [NewInstance("x" * 90, {"text": "y\n" * 500}, True)]
    lines = text(Asking(make_creation("orders", long, now=0, guard=Guard()), 0))
    assert max(map(cells, lines)) <= 80


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("height", [9, 11, 19])
@pytest.mark.parametrize("count", [1, 3, 250])
def test_it_fits_and_keeps_its_last_line(width, height, count):
    rows = [(f"order-{'x' * 100}-{n}", "running" if n % 3 else "complete") for n in range(count + 1)]
    lines = text(Asking(plan("restart", *rows), 0), width, height)
    assert len(lines) <= height
    assert "esc" in lines[-1]


@pytest.mark.parametrize("width", [60, 80, 110])
@pytest.mark.parametrize("typed", ["", "first 5", "first 5 ord", "first 5 orders", "250", "250 orders"])
def test_no_key_of_the_foot_is_cut(width, typed):
    rows = [(f"order-{n}", "errored") for n in range(250)]
    asking = Asking(plan("restart", *rows), 0, production=True, typed=typed, hint="enter confirms nothing")
    lines = text(asking, width, 11)
    assert max(map(cells, lines)) <= width
    assert any(line.endswith("esc cancel, nothing is sent") for line in map(cut_hint, lines))
    assert "enter confirms nothing" in "".join(lines)
    rest = "5 first" if width == 60 else "5, the rest once these are complete"
    first = f"press y to restart {rest}"
    assert (typed == "first 5 orders") == (first in "".join(lines))


@pytest.mark.parametrize(
    ("verb", "guarded", "offered"),
    [("pause", False, True), ("pause", True, False), ("redrive", False, False), ("redrive", True, False)],
)
def test_no_guard_is_offered_to_be_insisted_on(verb, guarded, offered):
    """It is told by what holds now, whatever the words are for why nothing may be written."""
    asking = Asking(plan(verb, ("a", "complete")), 0)
    asking.guarded = guarded
    foot = text(asking)[-1]
    assert ("! ask all the same" in foot) is offered
    assert ("esc cancel" in foot) is offered
    assert ("esc close" in foot) is not offered


@pytest.mark.parametrize("height", [9, 11, 19])
def test_rolled_back_ones_are_told_and_offered_at_any_size(height):
    targets = [
        Target(f"order-{n}", "errored", reason=ROLLED_BACK * (n % 2), undone=bool(n % 2)) for n in range(18)
    ]
    lines = text(Asking(Plan("k", 0.0, "redrive", "orders", tuple(targets)), 0), 80, height)
    assert any("9 skipped: rolled back" in line for line in lines)
    assert "! restart these 9 from the beginning instead" in lines[-1]
    assert any("order-0" in line for line in lines)
    assert len(lines) <= height


def test_one_skipped_of_several_is_counted_and_named():
    why = ["complete already"] * 3 + [ROLLED_BACK]
    targets = tuple(
        Target(f"order-{n}", "errored", reason=reason, undone=reason == ROLLED_BACK)
        for n, reason in enumerate(why)
    )
    lines = text(Asking(Plan("k", 0.0, "redrive", "orders", targets), 0), 140, 19)
    assert any("3 skipped: complete already" in line for line in lines)
    said = " ".join(" ".join(lines).split())
    assert "1 skipped: rolled back: the steps it would keep" in said
    assert "from the beginning (order-3)" in said
    assert any("! restart order-3 from the beginning instead" in line for line in lines)
    alone = text(Asking(Plan("k", 0.0, "redrive", "orders", targets[3:]), 0), 140, 19)
    assert not any("skipped" in line for line in alone)
    assert any("! restart it from the beginning instead" in line for line in alone)


@pytest.mark.parametrize(("verb", "height"), [("redrive", 11), ("redrive", 19), ("restart", 9)])
def test_what_changed_meanwhile_is_told_wherever_its_row_is(verb, height):
    targets = tuple(Target(f"order-{n}", "errored") for n in range(40))
    asking = Asking(Plan("k", 0.0, verb, "orders", targets), 0)
    asking.changed = {"order-30": "complete", "order-31": GONE}
    said = "2 changed meanwhile, now 1 complete, 1 deleted or expired: they are skipped"
    assert said in " ".join(" ".join(text(asking, 80, height)).split())
    asking.changed = {"order-1": "complete"}
    lines = text(asking, 80, height)
    assert any("1 changed meanwhile, now 1 complete: it is skipped" in line for line in lines)
    if verb == "redrive":
        assert any(re.search(r"order-1 .* now complete: nothing is sent", line) for line in lines)
    asking.over = "all of them changed"
    assert not any("meanwhile" in line for line in text(asking, 80, height))


def cut_hint(line):
    return line.removesuffix("    enter confirms nothing")


def test_hostile_ids_stay_one_line():
    lines = text(Asking(plan("pause", ("a\x1b[2J\nb", "running")), 0))
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("height", [9, 11, 15])
@pytest.mark.parametrize("verb", ["redrive", "restart", "terminate"])
def test_all_that_is_said_can_be_read_in_a_small_terminal(verb, height):
    targets = [Target(f"order-{n}", "errored", reason="it was renamed" if n == 3 else "") for n in range(9)]
    asking = Asking(Plan("k", 0.0, verb, "orders", tuple(targets)), 0, journal_trouble="no " * 60)
    asking.notes, asking.takes = ["a note " * 20, "another " * 20], 200.0
    cut = text(asking, 60, height)
    assert any(re.fullmatch(r" +… \d+ more lines: tab shows all that is said", line) for line in cut)
    assert any("order-0" in line for line in cut)
    assert "esc" in cut[-1]
    asking.in_full, seen = True, []
    everything = len(said_lines(asking, 60))
    for asking.top_said in range(everything):
        lines = text(asking, 60, height)
        assert len(lines) <= height
        assert "esc" in lines[-1]
        seen += lines
    words = " ".join(" ".join(seen).split())
    for expected in ("nothing", "a note a note", "another another", "1 skipped: it was renamed", "tab shows"):
        assert expected in words
    assert set(rendered(said_lines(asking, 60))) <= set(seen)


@pytest.mark.parametrize("height", [9, 11, 15])
@pytest.mark.parametrize("skipped", [0, 1, 12])
def test_steps_that_run_twice_are_told_at_any_size(height, skipped):
    """At 60x15 a prompt has nine lines."""
    reasons = [""] * 5 + ["it was renamed"] * skipped
    targets = tuple(Target(f"order-{n}", "errored", reason=reason) for n, reason in enumerate(reasons))
    asking = Asking(Plan("k", 0.0, "redrive", "orders", targets), 0)
    charged = Detail("orders", "order-0", steps=Steps([step("charge-1", 1, 2, True)])).steps[0]
    again = RedrivePoint("", StepTarget("charge", 1, "do"), (), (charged,) * 3)
    asking.answers.points = {target.id: again for target in targets}
    asking.answers.warning = "the newest version has no step charge any more, and neither has the one before"
    lines = text(asking, 60, height)
    assert "15 finished steps run again: side effects happen twice" in " ".join(" ".join(lines).split())
    assert any("order-0" in line for line in lines)
    assert not skipped or any(f"{skipped} skipped: it was renamed"[:9] in line for line in lines)
    assert "esc" in " ".join(lines[-2:])
    assert len(lines) <= height


def test_reason_that_all_share_is_told_once():
    reason = "it is waiting: only what errored or was terminated is redriven"
    for number, said in ((1, reason), (18, "18 skipped: waiting: only what errored")):
        targets = tuple(Target(f"order-{n}", "waiting", reason=reason) for n in range(number))
        lines = " ".join(" ".join(text(Asking(Plan("k", 0.0, "redrive", "orders", targets), 0))).split())
        assert said in lines
        assert lines.count("only what errored") == 1
        assert "order-0 not redriven" in lines


def rendered(lines):
    return ["".join(part for part, _ in line).rstrip() for line in lines]
