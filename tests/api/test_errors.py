"""What every failure can tell: how long to wait, and what was done before it."""

import pytest

from wfdash.api.errors import AlreadyExists, NotReached, RateLimited, WorkflowsError


def test_failure_of_a_part_leaves_the_failure_as_it_was():
    failure = RateLimited("Too many.", http=429, sent=False, retry_after=7.0, denied=True)
    part = failure.after("Made before it: a, b.")
    assert (str(part), part.sentence, part.sent) == ("Too many. Made before it: a, b.",) * 2 + (True,)
    assert (type(part), part.http, part.retry_after, part.denied) == (RateLimited, 429, 7.0, True)
    assert (str(failure), failure.sent) == ("Too many.", False)


@pytest.mark.parametrize("kind", [AlreadyExists, NotReached, WorkflowsError])
def test_failure_that_names_no_time_waits_as_usual(kind):
    assert [kind("no").pause(usual) for usual in (0.0, 1.0, 30.0)] == [0.0, 1.0, 30.0]
