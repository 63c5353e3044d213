"""What a cell of the table shows of a text that is longer than the column."""

import pytest

from wfdash.ui.instances.table import _cell

CUT = {
    "was: 2 open: reserve mug-blue #2 1/6, in <10s": "was: 2 open: reserve mug-blue #2 1/6, in …",
    "charge card: PaymentError: order 98765432109876543210": "charge card: PaymentError: order …",
    "charge card: TimeoutError: connect to payments": "charge card: TimeoutError: connect to paym…",
}


@pytest.mark.parametrize("text", CUT)
def test_a_number_is_never_cut_in_half(text):
    shown = _cell("blocked", text, 43)
    assert shown.strip() == CUT[text]
    assert len(shown) == 44
