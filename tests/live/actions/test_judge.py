"""How long a write leaves the server alone that told it to come back later."""

import pytest

from wfdash.api.errors import RateLimited
from wfdash.live.actions.judge import LIMITED_TRIES, pause_after


def test_pause_grows_with_each_429_that_does_not_say_how_long():
    pauses = [pause_after(RateLimited("slow down"), attempt) for attempt in range(LIMITED_TRIES)]
    assert pauses == [5.0, 10.0, 15.0]


@pytest.mark.parametrize(
    ("seconds", "pauses"),
    [(0.0, [5, 10]), (2.0, [5, 10]), (7.0, [7, 10]), (60.0, [60, 60]), (9e9, [600, 600])],
)
def test_pause_is_no_shorter_than_the_server_asks(seconds, pauses):
    """ "At once" is no word of how long, and a word of days is a broken clock's."""
    limited = RateLimited("slow down", retry_after=seconds)
    assert [pause_after(limited, attempt) for attempt in range(2)] == pauses
