"""Which words are the platform's own, and where an error is another one that was cut short."""

import pytest

from wfdash.core.model.step import Failure
from wfdash.core.why.platform_words import RESET, is_cut_short, is_reset

DECLINED = "card declined: insufficient funds"
LONG = "the request to the warehouse that was sent with the order was not answered in time"


@pytest.mark.parametrize(
    ("text", "longer", "cut"),
    [
        # Without a mark it may be what somebody threw who says less.
        ("card declined", DECLINED, False),
        ("card declined…", DECLINED, True),
        ("card dec... (truncated)", DECLINED, True),
        ("card de…", DECLINED, False),
        (LONG[:63], LONG, False),
        (LONG[:64], LONG, True),
        (LONG[:64], f"{LONG[:60]} and so on", False),
    ],
)
def test_error_is_cut_short_by_its_mark_or_by_its_length(text, longer, cut):
    assert is_cut_short(text, longer) is cut


@pytest.mark.parametrize(
    ("name", "message", "reset"),
    [
        ("Error", RESET, True),
        ("Error", f"{RESET}.", True),
        ("", f"Error: {RESET}", True),
        ("Error", f"the step failed: {RESET}", True),
        # Another Worker's code was updated, and this one passes it on.
        ("Error", f"the upstream: {RESET}", False),
        ("Error", f"payments said: {RESET}", False),
        ("Error", f"{RESET} yesterday", False),
        ("UpstreamError", RESET, False),
        ("Error", f"UpstreamError: {RESET}", False),
    ],
)
def test_deploy_reset_a_step_only_by_the_platforms_own_word(name, message, reset):
    assert is_reset(Failure(name, message)) is reset
