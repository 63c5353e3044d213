"""Orders and refunds: parallel reservations, an approval, a card charge with retries, rollbacks."""

from typing import Any

from wfdash.demo.engine.program import (
    ALWAYS,
    All,
    Do,
    Program,
    Reply,
    RunContext,
    Sleep,
    StepFailure,
    Undo,
    Wait,
)

__all__ = ["DECLINED", "TIMEOUT", "order", "order_params", "refund", "refund_params"]

SKUS = (
    "mug-blue",
    "mug-red",
    "poster-a2",
    "tee-m",
    "tee-l",
    "tote",
    "sticker-pack",
    "cap",
    "hoodie-s",
    "socks",
)
CITIES = (
    "Lisboa",
    "Kraków",
    "東京",
    "São Paulo",
    "Nairobi",
    "Tromsø",
    "Ōsaka",
    "Austin",
    "Montréal",
    "Zürich",
)
DECLINED = StepFailure("PaymentError", "card declined: insufficient funds")
TIMEOUT = StepFailure("TimeoutError", "connect to payments.internal:443 timed out after 10000ms")
SUPPLIER = StepFailure("Error", "supplier said 503: Service Unavailable")


def order_params(story: RunContext) -> dict[str, Any]:
    lines = [
        {"sku": story.choice(f"sku{n}", *SKUS), "quantity": 1 + int(story.luck(f"quantity{n}") * 3)}
        for n in range(1 + int(story.luck("lines") * 4))
    ]
    return {
        "orderId": story.id,
        "customer": f"cus_{story.seed:08x}",
        "city": story.choice("city", *CITIES),
        "lines": lines,
        "total": round(story.between("total", 9, 480), 2),
        "currency": story.choice("currency", "EUR", "USD", "GBP", "JPY"),
        "express": story.luck("express") < 0.2,
    }


def _charge(story: RunContext, total: float) -> Do:
    """Charges a card: fails from the version after next on, is slow or declined now and then before that."""
    chance = story.fresh("charge")
    trouble: dict[str, Any] = {}
    if story.version >= 2 and chance < 0.64:
        trouble = {"fails": ALWAYS, "error": TIMEOUT, "fails_after": 10.0}
    elif chance < 0.04 or (story.version >= 2 and chance < 0.71):
        trouble = {"fails": ALWAYS, "error": DECLINED, "fails_after": 0.9}
    elif chance < 0.16:
        trouble = {"fails": 1 + int(chance * 20) % 3, "error": TIMEOUT, "fails_after": 10.0}
    return Do(
        "charge card",
        takes=story.between("charging", 0.6, 2.5),
        output={"charge": f"ch_{story.seed:08x}", "amount": total, "captured": True},
        limit=3 if story.version >= 2 else 5,
        delay="10 seconds",
        timeout="2 minutes",
        undo=Undo(takes=1.2, output={"refunded": total}),
        **trouble,
    )


def _reserve(story: RunContext, number: int, line: dict[str, Any]) -> Do:
    flaky = story.fresh(f"reserve{number}") < 0.07
    return Do(
        f"reserve {line['sku']}",
        takes=story.between(f"reserving{number}", 0.2, 3.0),
        output={
            "sku": line["sku"],
            "quantity": line["quantity"],
            "bin": f"{'ABCDEF'[number % 6]}{number + 11}",
        },
        fails=1 if flaky else 0,
        error=SUPPLIER,
        delay="5 seconds",
        backoff="constant",
        undo=Undo(takes=0.5, output={"released": line["sku"]}),
    )


def order(story: RunContext, *, pace: float = 1.0) -> Program:
    """Loads, reserves in parallel, perhaps waits for approval, charges, sleeps until the courier comes.

    `pace` divides what people and couriers take.
    """
    params = (
        story.params if isinstance(story.params, dict) and "lines" in story.params else order_params(story)
    )
    lines, total = params["lines"], params.get("total", 20)
    yield Do("load order", takes=story.between("load", 0.1, 0.6), output=params)
    yield All([_reserve(story, number, line) for number, line in enumerate(lines)])
    if total > 300:
        yield from _approval(story, pace)
    charge = yield _charge(story, total)
    yield Do("send receipt", takes=0.3, output={"sent": True}, sensitive=True)
    yield Sleep("until the courier comes", f"{int(story.between('courier', 240, 2400) / pace)} seconds")
    tracking = yield Do(
        "book courier",
        takes=story.between("booking", 1, 6),
        output={"carrier": story.choice("carrier", "DHL", "UPS", "PostNL"), "label": f"JD{story.seed:010d}"},
        dynamic=True,
        fails=1 if story.fresh("courier fails") < 0.1 else 0,
        error=StepFailure("CourierError", "HTTP 429 from api.courier.example: rate limited"),
    )
    for _ in range(2 + int(story.luck("polls") * 6)):
        yield Sleep("between looks", f"{int(180 / pace)} seconds")
        yield Do(
            "look at parcel", takes=0.4, output={"label": tracking["label"], "state": "in transit"}, limit=2
        )
    return {"orderId": story.id, "charge": charge["charge"], "carrier": tracking["carrier"], "total": total}


def _approval(story: RunContext, pace: float) -> Program:
    chance = story.luck("approval")
    reply = None
    if chance < 0.75:
        reply = Reply(
            story.between("approving", 60, 5400) / pace, {"approved": True, "by": "nadia@acme.example"}
        )
    answer = yield Wait("approval", "approve", timeout="1 day" if chance < 0.9 else "45 minutes", reply=reply)
    payload = answer["payload"]
    if isinstance(payload, dict) and not payload.get("approved", True):
        raise StepFailure("RejectedError", "order was rejected by a person")


def refund_params(story: RunContext) -> dict[str, Any]:
    return {
        "refundId": story.id,
        "charge": f"ch_{story.seed:08x}",
        "amount": round(story.between("amount", 5, 250), 2),
        "reason": story.choice("reason", "damaged", "late", "changed mind", "wrong size ☹"),
    }


def refund(story: RunContext) -> Program:
    """A saga: each step has its undo, the last one fails often enough for them to be seen."""
    params = story.params if isinstance(story.params, dict) else {}
    amount = params.get("amount", 10)
    yield Do("check policy", takes=0.3, output={"allowed": True})
    yield Do(
        "hold payout", takes=1.1, output={"held": amount}, undo=Undo(takes=6.0, output={"released": amount})
    )
    yield Do("restock", takes=0.8, output={"restocked": True}, undo=Undo(takes=24.0))
    yield Sleep("cooling-off", f"{int(story.between('cool', 60, 900))} seconds")
    chance = story.fresh("ledger")
    undo_fails = Undo(takes=2.0, fails=ALWAYS, error=StepFailure("LedgerError", "entry is locked"), limit=1)
    yield Do(
        "book in ledger",
        takes=0.7,
        output={"entry": f"le_{story.seed:08x}"},
        undo=undo_fails if chance < 0.04 else Undo(takes=4.0),
    )
    yield Do(
        "pay out",
        takes=2.2,
        output={"paid": amount},
        fails=ALWAYS if chance < 0.14 else 0,
        error=StepFailure("NonRetryableError", "IBAN is closed", fatal=True),
    )
    return {"refunded": amount}
