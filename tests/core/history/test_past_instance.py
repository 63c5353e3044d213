"""What became of an id: read from its events, in whatever order they came."""

import pytest

from wfdash.core.history.past_instance import PastEvent, past_instance

QUEUED, START = "WORKFLOW_QUEUED", "WORKFLOW_START"
SUCCESS, FAILURE, TERMINATED = "WORKFLOW_SUCCESS", "WORKFLOW_FAILURE", "WORKFLOW_TERMINATED"


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([(1, QUEUED), (2, START), (9, SUCCESS)], "created 1, completed 9"),
        ([(1, QUEUED), (9, TERMINATED)], "created 1, was terminated 9"),
        ([(9, FAILURE)], "failed 9"),
        ([(1, START), (8, "STEP_FAILURE", "pay\x1b"), (9, FAILURE)], 'created 1, failed 9 at "pay␛"'),
        ([(1, START), (8, "STEP_FAILURE", "pay"), (9, SUCCESS)], "created 1, completed 9"),
        ([(1, QUEUED)], "created 1, no end of it was counted"),
        ([(1, QUEUED), (5, FAILURE), (6, START)], "created 1, no end of it was counted, 1 earlier end"),
        ([(1, QUEUED), (5, FAILURE), (6, START), (9, SUCCESS)], "created 1, completed 9, 1 earlier end"),
    ],
)
def test_sentence_tells_the_last_end(events, said):
    found = [PastEvent(at, kind, "orders", *step) for at, kind, *step in events]
    past = past_instance(reversed(found), "orders", sampled=1.0)
    assert past.sentence("orders", lambda at: f"{at:g}") == f"analytics counted it: {said}"


def test_id_of_two_workflows_is_told_of_the_one_named():
    events = [
        PastEvent(1, QUEUED, "orders"),
        PastEvent(2, SUCCESS, "orders"),
        PastEvent(3, QUEUED, "refunds"),
    ]
    assert past_instance(events, "orders", sampled=1.0).ended == 2
    assert past_instance(events, "parcels", sampled=1.0).workflow == "refunds"
