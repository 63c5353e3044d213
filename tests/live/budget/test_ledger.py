"""What is added up of all that was spent is what adding it up anew gives."""

import random

import msgspec
import pytest

from wfdash.live.budget.headroom import ACTS, READS
from wfdash.live.budget.ledger import OPENED, Priority, RequestLedger, Spender

NOW = 1_795_262_400.0
PURPOSES = {Priority.ACTION: "actions", Priority.VISIBLE: OPENED, Priority.SWEEP: "sweep"}


def sums(ledger, now):
    return (
        [ledger.count(READS), ledger.count(ACTS), ledger.by_slot(READS), ledger.falls(READS, now)],
        ledger.screens(now - 60),
    )


@pytest.mark.parametrize("seed", range(10))
def test_what_was_added_up_changes_with_what_is_spent(seed):
    chance, now = random.Random(seed), NOW
    ledger, spenders = RequestLedger(), {name: Spender() for name in "ab"}
    for _ in range(200):
        match chance.choice(["spend", "spend", "ask", "pass", "pass", "set"]):
            case "spend":
                name, priority = chance.choice("ab"), chance.choice(list(PURPOSES))
                ledger.spend(name, spenders[name], priority, PURPOSES[priority], now)
            case "ask":
                sums(ledger, now)
            case "pass":
                now += chance.choice([0.1, 4.0, 11.0, 80.0])
            case "set":
                now -= chance.choice([30.0, 400.0])
                ledger.void(now)
        ledger.forget(now)
        anew = msgspec.json.decode(msgspec.json.encode(ledger), type=RequestLedger)
        assert sums(ledger, now) == sums(anew, now)
        anew.forget(now)
        assert anew.spenders == ledger.spenders, "nothing is kept that counts no more"
