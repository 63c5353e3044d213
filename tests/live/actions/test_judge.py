"""What a write that met 429 may do: how long it leaves the server alone, and whether it goes once more."""

import pytest
from msgspec.structs import replace

from wfdash.api.errors import RateLimited
from wfdash.live.actions.judge import LIMITED_TRIES, pause_after, unchanged
from wfdash.live.actions.reread import Snapshot


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


RAN = Snapshot("running", 200.0, "detail", 100.0, 110.0)
ENDED = Snapshot("errored", 200.0, "detail", 100.0, 110.0, 150.0)


@pytest.mark.parametrize("verb", ["pause", "terminate", "terminate_rollback"])
@pytest.mark.parametrize(
    ("now", "untouched"),
    [
        (RAN, True),
        (replace(RAN, status="waiting"), True),
        # It took effect and went by: somebody started it once more before it was read.
        (replace(RAN, queued=201.0, started=202.0), False),
        (replace(RAN, started=202.0), False),
        (replace(RAN, ended=201.0), False),
        (replace(RAN, status="terminated", ended=201.0), False),
    ],
)
def test_429_counts_as_untouched_only_with_the_times_before(verb, now, untouched):
    assert unchanged(verb, RAN, now) is untouched


@pytest.mark.parametrize(
    ("verb", "before", "now", "untouched"),
    [
        ("restart", ENDED, ENDED, True),
        ("restart", ENDED, replace(ENDED, ended=250.0), False),
        ("restart", ENDED, replace(ENDED, source="list"), False),
        ("restart", RAN, RAN, True),
        ("restart", RAN, replace(RAN, queued=201.0, started=None), False),
        ("restart_from", ENDED, ENDED, True),
        ("restart_from", ENDED, replace(ENDED, ended=250.0), False),
        # No time of one that runs moves with it.
        ("restart_from", RAN, RAN, False),
        # Carried out or not, each looks the same.
        ("restart", *2 * (Snapshot("queued", 200.0, "list", 100.0),), False),
        ("terminate_rollback", *2 * (replace(RAN, status="rollingBack"),), False),
        ("pause", *2 * (replace(RAN, status="waitingForPause"),), False),
        ("resume", *2 * (replace(RAN, status="queued"),), False),
    ],
)
def test_429_is_untouched_only_where_the_answer_can_tell(verb, before, now, untouched):
    assert unchanged(verb, before, now) is untouched
