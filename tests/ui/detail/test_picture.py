"""The detail pane as a picture in plain text, whole."""

from textual.app import App

from tests.support.fakes.details import T0, attempt, detail, done, failure, gave_up, step, wait
from wfdash.core.why.context import WhyContext
from wfdash.live.polling.freshness import DetailState, Freshness
from wfdash.ui.detail.pane import DetailPane

HOUR = 3600
ERRORED = detail(
    "errored",
    [
        done("load order-1", 0, 1),
        *[done(f"reserve-{n}", 1 + n * 0.25, 1.25 + n * 0.25) for n in range(1, 12)],
        done("reserve-12", 5, 9),
        wait("approval-1", 10, 3 * HOUR + 10, True, "approve"),
        gave_up("charge card-1", 3 * HOUR + 12, [3 * HOUR + 12 + x for x in (1, 12, 33)], limit=2),
    ],
    end=3 * HOUR + 45,
    error=failure(),
)
RETRYING = detail(
    "waiting",
    [
        done("load-1", 0, 1),
        step("charge card-1", 1, None, None, [attempt(1, 2, False), attempt(12, 13, False)]),
    ],
)


class Bench(App[None]):
    CSS = "Screen { overflow: hidden; }"

    def compose(self):
        yield DetailPane(id="pane")


async def picture(given, now, size):
    app = Bench()
    async with app.run_test(size=size) as pilot:
        pane = app.query_one(DetailPane)
        pane.why_context = WhyContext(watched=T0)
        fresh = Freshness(answered_at=T0 + now - 3, settled=given.status == "errored")
        for _ in range(2):
            pane.show(None, DetailState("orders", "order-8812", given, fresh), T0 + now)
            await pilot.pause()
        lines = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
    return "\n".join(lines).rstrip()


async def test_an_order_that_errored():
    assert await picture(ERRORED, 3 * HOUR + 200, (76, 24)) == (
        """\
 ✗ order-8812  errored                                 final, read 11:03:17
 "charge card" gave up after 3 attempts: PaymentError: card declined;
 errored 2 m 35 s ago, took 3 h
 started 08:00:00 UTC · took 3 h · 15 steps · retained 3 to 30 days

 0s        ≈3h≈  3h    ≈20s≈   STEP                           idle time cut
 ▇                             ✓ load order                              1s
  ▇▇▇▇▇▇▇▇                    ▸✓ reserve ×12 1 slow  250ms · 250ms…      7s
     ▇▇▇▇▇                     ✓   reserve #12 slow                      4s
         ░░░░≈░░░░             ✓ approval ← approve                      3h
                 ▇▇·≈·▇·20s·▇ ▾✗ charge card  PaymentError: card d…     33s
                 ▇▇·≈··        ✗   attempt 1  PaymentError: card d…      1s
                      ▇·20s··  ✗   attempt 2  same error                 1s
                            ▇  ✗   attempt 3  same error                 1s

── ✗ charge card  enter inspects  ──────────────── 11:00:12 → 11:00:45 UTC ─
   PaymentError: card declined
   attempt 3 of 3 · exponential from 10 s · timeout 10 m"""
    )


async def test_an_order_between_attempts():
    assert await picture(RETRYING, 20, (60, 18)) == (
        """\
 ◌ order-8812  waiting                           as of <10s
 attempt 2 of 6 of "charge card" failed 7 s ago with
 PaymentError; next try in about 13 s
 started 08:00:00 UTC · 20 s so far · 2 steps

 0s      ≈10s≈           STEP                 idle time cut
 ▇▇▇▇                    ✓ load                          1s
    ▇▇▇▇▇··≈·▇▇▇▇▇··≈·  ▾↻ charge card, attempt 2 …    19s+
    ▇▇▇▇▇··≈··           ✗   attempt 1  PaymentErr…      1s
             ▇▇▇▇▇       ✗   attempt 2  same error       1s
                 ···≈·   ↻   next try ~13s

── ↻ charge card  enter inspects  ───── since 08:00:01 UTC ─
   PaymentError: card declined
   attempt 2 of 6 · exponential from 10 s · timeout 10 m"""
    )
