"""What may go now, of a ledger and one request."""

from wfdash.live.budget.admission import Request, refusal
from wfdash.live.budget.ledger import Priority, RequestLedger, Spender
from wfdash.live.budget.waiting import Reason

NOW = 1_795_262_400.0


def test_starving_process_reads_one_thing_while_somebody_waits():
    """A recorder must not miss what changes for minutes, nor take turns with the person at each request."""
    ledger, recorder = RequestLedger(), Spender("record", "ops")
    ledger.spenders["recorder"] = recorder
    sweep = Request("recorder", 1000, Priority.SWEEP, since=NOW)

    def may_go(now):
        ledger.wait_in_front("person", now)
        stands = refusal(ledger, sweep, now)
        assert stands is None or stands.reason is Reason.GIVES_WAY
        return stands is None

    assert not may_go(NOW + 20)
    assert may_go(NOW + 40)
    ledger.spend("recorder", recorder, Priority.SWEEP, "sweep", NOW + 40)
    assert not may_go(NOW + 41)
    assert not may_go(NOW + 60)
    assert may_go(NOW + 80)
