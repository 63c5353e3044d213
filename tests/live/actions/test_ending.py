"""A run that an action began is followed to its own end, by few reads of its steps."""

import pytest

from tests.support.fakes.details import done, step
from tests.support.fakes.frail_server import START, FrailServer, NoBudget, VirtualTime
from wfdash.api.interface import RestartFrom
from wfdash.live.actions.ending import Begun, EndFollower
from wfdash.live.actions.read_sink import NullSink
from wfdash.live.actions.reread import Rereader, Snapshot

OPEN, PASSED = [step("a-1", 0)], [done("a-1", 0, 1)]


class Moments(NoBudget):
    """Notes when a read of all steps went, in seconds from the start."""

    def __init__(self, clock):
        self.clock, self.full = clock, []

    async def acquire_detail(self):
        self.full.append(self.clock() - START)


async def follow(tale, *, before=None, many=False):
    """Follows `a` while its answers are as `tale` has them from a second on: status, end and steps."""
    clock = VirtualTime()
    server, budget, passed = FrailServer(clock), Moments(clock), []
    run = server.add("a", "running")

    def answers():
        status, end, run.steps = next(tale[at] for at in sorted(tale, reverse=True) if at <= clock() - START)
        run.status, run.end = status, None if end is None else START + end

    async def on_passed():
        passed.append(clock() - START)

    clock.on_move = answers
    answers()
    rereader = Rereader(server, "orders", ["a"], budget=budget, clock=clock, sink=NullSink())
    follower = EndFollower(rereader, clock, clock.sleep, many)
    ended = None if before is None else START + before
    begun = Begun("a", Snapshot("complete", START, "detail", ended=ended), "queued", RestartFrom("a"))
    ending = await follower.until_end(begun, deadline=START + 1000, on_passed=on_passed)
    return ending, passed, budget.full


@pytest.mark.parametrize(
    ("many", "looked"), [(False, [6, 11, 32, 47, 92, 167, 332]), (True, [74, 134, 254, 494])]
)
async def test_steps_of_a_run_are_read_ever_more_rarely(many, looked):
    """Each costs megabytes, and most runs end long before: only one that sleeps for days needs it."""
    tale = {0: ("running", None, OPEN), 600: ("complete", 600, PASSED)}
    ending, passed, full = await follow(tale, many=many)
    assert (ending.status, passed) == ("complete", [])
    assert full == looked


async def test_steps_of_the_run_before_pass_nothing():
    """Answers lag: until the new run shows in them, they tell the end of the old one and all of its steps."""
    tale = {
        0: ("complete", -50, PASSED),
        9: ("running", None, OPEN),
        20: ("running", None, PASSED),
        300: ("complete", 300, PASSED),
    }
    ending, passed, full = await follow(tale, before=-50)
    assert ending.status == "complete"
    assert full == [6, 11, 32], "once it has passed nobody looks at its steps"
    assert passed == [32]


async def test_run_that_has_not_ended_in_time_says_for_how_long():
    ending, passed, _ = await follow({0: ("running", None, OPEN)})
    assert (ending.status, ending.now, ending.exit_code, passed) == ("", "running", 4, [])
    assert ending.sentence == "still running after 16 m 40 s"
