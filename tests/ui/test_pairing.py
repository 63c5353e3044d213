"""Two at one workflow: the top line says what was done last, and by whom."""

from platformdirs import user_state_path

from tests.support.harness.dashboard import drive
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.live.records.journal import Journal


def test_the_last_action_of_this_session_is_in_the_top_line():
    async def script(d):
        d.app.context.gate.now, d.app.context.gate.stamp = (
            d.app.context.clock,
            lambda event: d.app.context.clock(),
        )
        await d.press("/", *"status:waiting", "enter")
        await d.until(lambda: "◌ waiting" in d.text)
        assert "by you" not in d.lines[0]
        await d.press("p")
        identity = d.app.screen.plan.targets[0].id
        await d.passes(1)
        await d.press("y")
        await d.until(lambda: "by you" in d.lines[0])
        assert f"pause {identity} by you" in d.lines[0]
        assert "waiting" in d.lines[0] or "◌" in d.lines[0]

    drive(script)


def test_action_of_another_session_says_who_did_it():
    async def script(d):
        other = Journal(user_state_path("wfdash"), profile="", account=ACCOUNT_ID, clock=d.app.context.clock)
        other.who = "eva@bastion"
        other.write("planned", plan="p", verb="terminate", workflow="orders", id="order-8001")
        await d.passes(3)
        assert "eva" not in d.lines[0]
        other.write("sent", plan="p", verb="terminate", workflow="orders", id="order-8001")
        await d.until(lambda: "eva" in d.lines[0])
        assert "terminate order-8001 by eva" in d.lines[0]
        foreign = Journal(user_state_path("wfdash"), profile="", account="other", clock=d.app.context.clock)
        foreign.write("sent", plan="q", verb="pause", workflow="orders", id="order-8002")
        await d.press("enter")
        await d.until(lambda: "eva" in d.lines[0])
        await d.until(lambda: "eva" not in d.lines[0], seconds=1200)
        other.close()
        foreign.close()

    drive(script, demo=False)
