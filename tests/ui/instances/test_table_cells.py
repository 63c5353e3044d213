"""What a cell of the table shows of a text that is longer than the column."""

import pytest

from wfdash.ui.instances.table import _cell

CUT = {
    "was: 2 open: reserve mug-blue #2, retry in <10s": "was: 2 open: reserve mug-blue #2, retry in…",
    "charge card: PaymentError: order 98765432109876543210": "charge card: PaymentError: order …",
    "charge card: PaymentError: of order number 4711 declined": "charge card: PaymentError: of order number…",
    "charge card: PaymentError: for my order 4711 declined": "charge card: PaymentError: for my order …",
    "charge card: PaymentErrors: for order 4711 declined": "charge card: PaymentErrors: for order 4711…",
    "charge card: TimeoutError: connect to payments": "charge card: TimeoutError: connect to paym…",
}


@pytest.mark.parametrize("text", CUT)
def test_a_number_is_never_cut_in_half(text):
    shown = _cell("blocked", text, 43)
    assert shown.strip() == CUT[text]
    assert len(shown) == 44


SHORTENED = {
    "charge card, retry in ~20s · attempt 3 of 4 failed": "charge card, retry in ~20s",
    "charge card, <10s+ · attempt 4 of 4 · read 3m ago": "charge card, <10s+ · read 3m ago",
}


@pytest.mark.parametrize("text", SHORTENED)
def test_which_attempt_goes_before_when_the_next_comes(text):
    assert _cell("blocked", text, 60).strip() == text
    assert _cell("blocked", text, 36).strip() == SHORTENED[text]
