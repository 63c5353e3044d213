"""What the screens read of an open instance: gone, found again, and what is asked of analytics."""

from wfdash.core.history.past_instance import PastInstance
from wfdash.live.polling.freshness import DetailState, past_is_unknown


def test_analytics_are_asked_once_of_each_time_it_went():
    """One that came back and went again may have ended in between."""
    state = DetailState("orders", "order-1", gone="expired or deleted")
    assert past_is_unknown(state)
    state.past_asked, state.past, state.past_refusal = True, PastInstance(), "no permission"
    assert not past_is_unknown(state)
    state.found_again()
    assert not past_is_unknown(state), "it is here: its detail tells"
    assert (state.past, state.past_refusal) == (None, "")
    state.gone = "expired or deleted"
    assert past_is_unknown(state)
