"""The panel of an action on many: what is done, and what is still followed."""

import re

import pytest
from msgspec.structs import replace

from wfdash.core.model.instance import Instance
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.plan import Guard, Progress, Result, make_plan
from wfdash.live.actions.progress import ActionProgress
from wfdash.ui.actions.bulk import bulk_lines
from wfdash.ui.actions.chips import chip_pieces


def lines_of(trail):
    lines = bulk_lines(trail, 100, 12, top=0, now=10.0)
    return ["".join(piece for piece, _ in line).rstrip() for line in lines]


def test_what_was_sent_and_has_not_settled_is_listed_too():
    rows = [Instance(each, "running") for each in "ab"]
    trail = ActionProgress(make_plan("pause", "orders", rows, now=0.0, guard=Guard()), 0.0)
    key = trail.plan.key
    trail.take(Progress(key, 1.0, "orders", "b", "pause", "answered", 2, 2, "", "waitingForPause"))
    trail.take(Result(key, 1.0, "orders", "a", "pause", "running", "", "", Outcome.DONE, sentence="paused"))
    lines = lines_of(trail)
    assert lines[2] == "   1 paused · 1 pending"
    assert " ".join(lines[4].split()) == "pending b sent, waiting for the result"
    assert lines[5].split() == ["done", "a", "paused"]
    trail.take(Result(key, 9.0, "orders", "b", "pause", "running", "", "", Outcome.DONE, sentence="paused"))
    assert lines_of(trail)[2] == "   2 paused"


def test_why_the_rest_is_held_is_said_to_its_end():
    rows = [Instance(f"n{number}", "errored") for number in range(20)]
    trail = ActionProgress(make_plan("redrive", "orders", rows, now=0.0, guard=Guard()), 0.0, canary=5)
    reason = 'n1: failed again at "print shipping label", same cause: ConfigError: depot api moved: 410 Gone'
    held = f"held: 1 of the first 5 did not complete; {reason}"
    trail.take(Progress(trail.plan.key, 1.0, "orders", "n1", "redrive", "held", 5, 20, held))
    for width in (60, 80):
        lines = ["".join(piece for piece, _ in line) for line in bulk_lines(trail, width, 9, top=0, now=2.0)]
        assert held in " ".join(" ".join(lines).split())
        assert "leave the rest unsent" in lines[-1]


def test_time_left_keeps_to_the_requests_that_may_go():
    rows = [Instance(f"n{number}", "errored") for number in range(12_431)]
    trail = ActionProgress(make_plan("redrive", "orders", rows, now=0.0, guard=Guard()), 0.0)
    for number in range(400):
        trail.take(Progress(trail.plan.key, 1.0, "orders", f"n{number}", "redrive", "sent", number, 12_431))

    def bar(width, **given):
        return "".join(piece for piece, _ in bulk_lines(trail, width, 12, top=0, now=41.0, **given)[1])

    assert bar(80).endswith("399 of 12,431, about 20 m 7 s left")
    assert bar(80, bound=9000.0).endswith("399 of 12,431, about 2 h 30 m left")
    assert bar(80, bound=9000.0, slow="400 went").endswith("about 2 h 30 m left")
    assert len(bar(60, bound=9000.0)) <= 60


def test_the_range_that_is_shown_begins_before_it_ends():
    rows = [Instance(f"n{number}", "errored") for number in range(5)]
    trail = ActionProgress(make_plan("redrive", "orders", rows, now=0.0, guard=Guard()), 0.0)
    key, cause = trail.plan.key, 'failed again at "print shipping label", same cause: ConfigError ' * 3
    for row in rows:
        end = Result(
            key, 1.0, "orders", row.id, "redrive", "errored", "", "", Outcome.UNKNOWN, sentence=cause
        )
        trail.take(end)
    ranges = []
    for height in range(8, 16):
        for top in range(5):
            for line in bulk_lines(trail, 60, height, top=top, now=2.0):
                ranges += re.findall(r"(\d+) to (-?\d+) of 5,", "".join(words for words, _ in line))
    assert ranges
    assert [pair for pair in ranges if not 1 <= int(pair[0]) <= int(pair[1]) <= 5] == []


def redriven(*outcomes):
    """A redrive whose first target the prompt named as skipped; an outcome each with what came of it."""
    rows = [Instance("n0", "complete"), *(Instance(f"n{n}", "errored") for n in range(1, len(outcomes) + 1))]
    plan = make_plan("restart", "orders", rows, now=0.0, guard=Guard())
    first, *others = plan.targets
    trail = ActionProgress(replace(plan, targets=(replace(first, reason="it is complete"), *others)), 0.0)
    for target, (outcome, ended) in zip(trail.plan.targets, [("skipped", ""), *outcomes], strict=True):
        trail.take(
            Result(
                plan.key,
                1.0,
                "orders",
                target.id,
                "restart",
                "errored",
                "",
                "",
                Outcome(outcome),
                sentence=target.reason or ended or "it is not there any more",
                ended=ended,
                failed_at='"print label"' if ended == "errored" else "",
            )
        )
    return trail


def test_what_is_skipped_late_stands_before_what_was_named():
    trail = redriven(("done", "complete"), ("skipped", ""), ("done", "errored"))
    words = [line.split()[:2] for line in lines_of(trail)[4:8]]
    assert words == [["failed", "again"], ["skipped", "n2"], ["complete", "n1"], ["skipped", "n0"]]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_chip_cuts_no_number_and_shows_a_failure(width):
    good = [("done", "complete")] * 5
    pieces = chip_pieces(
        redriven(*good, ("done", "errored"), ("done", "errored")), 2.0, width, utc=True, shows="X"
    )
    line = "".join(text for text, _ in pieces)
    assert len(line) <= width
    assert line.startswith(" ✗ restart")
    for number in ("7", "5 complete", "2 failed again"):
        assert number in line
    assert "X shows it" in line or width == 60
    assert chip_pieces(redriven(*good, ("skipped", "")), 2.0, width, utc=True)[0][0] == " ! "


def test_batch_that_repaired_all_is_no_warning():
    """Its first target was named as skipped by the prompt, so that it never belonged to it."""
    trail = redriven(*[("done", "complete")] * 3)
    assert chip_pieces(trail, 2.0, 80, utc=True)[0][0] == " ✓ "
    rows = [line for line in lines_of(trail) if line.split()[:1] == ["complete"]]
    assert [line.split() for line in rows] == [["complete", f"n{n}"] for n in (1, 2, 3)]


def test_first_ones_say_that_the_rest_waits_for_them():
    rows = [Instance(f"n{number}", "errored") for number in range(20)]
    trail = ActionProgress(make_plan("restart", "orders", rows, now=0.0, guard=Guard()), 0.0, canary=5)
    key = trail.plan.key
    for number in range(5):
        trail.take(Progress(key, 1.0, "orders", f"n{number}", "restart", "sent", number, 20))
    trail.take(Progress(key, 1.0, "orders", "n5", "restart", "chosen", 5, 20, "the first 5 are of 2 causes"))
    waits = "the rest waits until the first 5 are complete, 10 m at most; these are of 2 causes"

    def shown():
        return ["".join(text for text, _ in line) for line in bulk_lines(trail, 80, 12, top=0, now=41.0)]

    assert waits in " ".join(" ".join(shown()).split())
    assert shown()[1].endswith("5 of 20")
    trail.take(Progress(key, 2.0, "orders", "n5", "restart", "sent", 5, 20))
    assert "waits until" not in " ".join(shown())
    assert " left" in shown()[1]
