"""How long what ended is kept, from what a version tells."""

import pytest

from wfdash.core.model.retention import kept_for


@pytest.mark.parametrize(
    ("told", "complete", "errored"),
    [
        ({"success_retention": 3_600_000, "error_retention": "7 days"}, 3600, 7 * 86400),
        ({"success_retention": 3_600_000}, 3600, None),
        ("30 days", 30 * 86400, 30 * 86400),
        (60_000, 60, 60),
        (None, None, None),
        (True, None, None),
        ([], None, None),
        ({"success_retention": None, "error_retention": {}}, None, None),
    ],
)
def test_by_how_it_ended(told, complete, errored):
    assert (kept_for(told, "complete"), kept_for(told, "errored")) == (complete, errored)
