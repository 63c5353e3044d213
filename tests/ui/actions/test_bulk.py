"""The panel of an action on many: what is done, and what is still followed."""

from wfdash.core.model.instance import Instance
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.plan import Guard, Progress, Result, make_plan
from wfdash.live.actions.progress import ActionProgress
from wfdash.ui.actions.bulk import bulk_lines


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
    assert lines[2] == "   1 done · 1 pending"
    assert " ".join(lines[4].split()) == "pending b sent, waiting for the result"
    assert lines[5].split() == ["done", "a", "paused"]
    trail.take(Result(key, 9.0, "orders", "b", "pause", "running", "", "", Outcome.DONE, sentence="paused"))
    assert lines_of(trail)[2] == "   2 done"
