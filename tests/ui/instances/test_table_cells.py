"""What a cell of the table shows of a text that is longer than the column."""

import pytest

from wfdash.ui.instances.table import _cell

CUT = {
    "earlier: 2 open: reserve tote #2, retry in <10s": "earlier: 2 open: reserve tote #2, retry in…",
    "charge card: declined: the order 98765432109876543210": "charge card: declined: the order …",
    "charge card: declined: of order numbers 4711 it is": "charge card: declined: of order numbers …",
    "charge card: declined for all of my order 4711 by it": "charge card: declined for all of my order …",
    "charge card: declined them, for order 4711 of today": "charge card: declined them, for order 4711…",
    "charge card: connect to payments.internal:443 in vain": "charge card: connect to payments.internal…",
    "charge card: connect to pay.internal:443 timed out": "charge card: connect to pay.internal:443 t…",
}


@pytest.mark.parametrize("text", CUT)
def test_a_number_is_never_cut_in_half(text):
    shown = _cell("blocked", text, 43)
    assert shown.strip() == CUT[text]
    assert len(shown) == 44


@pytest.mark.parametrize(
    ("before", "aside", "after"),
    [
        ("charge card, retry in ~20s", " · attempt 3 of 4 failed", ""),
        ("charge card, <10s+", " · attempt 4 of 4", " · read 3m ago"),
        # A name may say the same.
        ("pay · attempt 4 of 4 · a, <10s+", " · attempt 4 of 4", ""),
        ("pay · attempt 2 · a, retry in ~20s", " · attempt 4 of 4", ""),
    ],
)
def test_which_attempt_goes_before_when_the_next_comes(before, aside, after):
    assert _cell("blocked", before + aside + after, 60, aside).strip() == before + aside + after
    assert _cell("blocked", before + aside + after, 36, aside).strip() == before + after


WITHOUT_CLASS = {
    "charge card: PaymentError: card declined: insufficient funds": (
        "charge card: card declined: insufficient funds"
    ),
    "charge card: TimeoutError: connect to payments.internal:443 timed out after 10000ms": (
        "charge card: connect to payments.internal:443…"
    ),
    "charge card: connect to payments.internal:443 timed out: TimeoutError": (
        "charge card: connect to payments.internal:443…"
    ),
}


@pytest.mark.parametrize("text", WITHOUT_CLASS)
def test_message_of_an_error_goes_before_the_name_of_its_class(text):
    assert _cell("blocked", text, 100).strip() == text
    assert _cell("blocked", text, 46).strip() == WITHOUT_CLASS[text]
