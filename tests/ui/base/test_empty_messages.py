"""What stands where a table has no rows."""

import pytest

from wfdash.core.filter.query import parse
from wfdash.live.polling.freshness import Freshness
from wfdash.ui.base.empty_messages import empty_message


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        ("status:runing", "No status runing is known; did you mean running? there are queued,"),
        ("status:zzz", "No status zzz is known; there are queued, running,"),
        ("status:running", "None of the 12 instances loaded matches status:running.\nesc clears the filter"),
    ],
)
def test_an_unknown_status_is_named_where_nothing_matches(filter, said):
    message = empty_message(
        Freshness(answered_at=1.0),
        workflow="orders",
        filter=filter,
        loaded=12,
        total=12,
        complete=True,
        searched=None,
        doubt=parse(filter).doubt,
        now=2.0,
        key_of=lambda action: "esc" if action == "layer.close" else "/",
    )
    assert said in message
