"""What a cell of the table shows of a text that is longer than the column."""

from types import SimpleNamespace

import pytest

from wfdash.core.model.instance import Instance
from wfdash.core.why.why import Why
from wfdash.ui.instances.table import Blocked, CellFacts, _cell

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


WAITS = Why("", "approve, 4m left · attempt 1", aside=" · attempt 1")
WAITED = Why("", "earlier: approve", past=True)


def facts(why=None, was=None, *, note="", refusal="", age=0.0, fact=None, past=None):
    """What a table is told of one instance, on a clock at 1,000."""
    details = SimpleNamespace(
        why=lambda _: why,
        was=lambda _: was,
        read_or_held_at=lambda _: 1000.0 - age,
        fact=lambda _: None if fact is None else SimpleNamespace(status=fact),
    )
    store = SimpleNamespace(recorded=(), note=lambda _: note, get=lambda _: Instance("a", "waiting"))
    poller = SimpleNamespace(row_details=details, store=store, refusal=lambda _: refusal)
    session = SimpleNamespace(poller=poller)
    return CellFacts(SimpleNamespace(session=session, clock=lambda: 1000.0, past=past))


@pytest.mark.parametrize(
    ("status", "kept", "cell"),
    [
        ("waiting", facts(WAITS), Blocked("approve, 4m left · attempt 1", " · attempt 1")),
        (
            "waiting",
            facts(WAITS, age=180),
            Blocked("approve, 4m left · attempt 1 · read 3m ago", " · attempt 1"),
        ),
        ("running", facts(was=WAITED), Blocked("earlier: approve", past=True)),
        # What it waited for before it ended is no reason that it did.
        ("errored", facts(was=WAITED), Blocked("not read yet", unread=True)),
        ("errored", facts(was=WAITED, past=object()), Blocked("not read by then", unread=True)),
        ("complete", facts(was=WAITED), Blocked()),
        ("running", facts(note="gone"), Blocked("was running")),
        ("running", facts(), Blocked("not read yet", unread=True)),
        ("running", facts(refusal="no answer: HTTP 500"), Blocked("no answer: HTTP 500", unread=True)),
        ("running", facts(fact="running"), Blocked()),
        ("errored", facts(fact="running"), Blocked("not read yet", unread=True)),
    ],
)
def test_cell_says_what_it_waits_for_or_that_nobody_read_it(status, kept, cell):
    assert kept.blocked_cell(Instance("a", status)) == cell
