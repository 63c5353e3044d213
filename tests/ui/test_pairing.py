"""Two at one workflow: the top line says what was done last, and by whom."""

from platformdirs import user_state_path

from tests.support.harness.dashboard import drive
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.live.records.journal import Journal
from wfdash.live.records.person import name_of


def test_the_last_action_of_this_session_is_in_the_top_line():
    async def script(d):
        d.app.context.gate.now, d.app.context.gate.stamp = (
            d.app.context.clock,
            lambda event: d.app.context.clock(),
        )
        await d.press("/", *"status:waiting", "enter")
        await d.until(lambda: "◌ waiting" in d.text)
        assert "you pause" not in d.lines[0]
        await d.press("p")
        identity = d.app.screen.plan.targets[0].id
        await d.passes(1)
        await d.press("y")
        await d.until(lambda: f"you paused {identity}" in d.lines[0])
        assert "waiting" in d.lines[0] or "◌" in d.lines[0]

    drive(script)


def test_action_of_another_session_says_who_did_it():
    async def script(d):
        def a_while_ago():
            """It is told for a quarter of an hour, of which a minute is left to see that it ends."""
            return d.app.context.clock() - 840

        other = Journal(user_state_path("wfdash"), profile="", account=ACCOUNT_ID, clock=a_while_ago)
        other.who = "eva@bastion"
        other.write("planned", plan="p", verb="terminate", workflow="orders", id="order-8001")
        await d.passes(3)
        assert "eva" not in d.lines[0]
        other.write("sent", plan="p", verb="terminate", workflow="orders", id="order-8001")
        await d.until(lambda: "eva" in d.lines[0])
        assert "eva terminates order-8001" in d.lines[0]
        foreign = Journal(user_state_path("wfdash"), profile="", account="other", clock=d.app.context.clock)
        foreign.write("sent", plan="q", verb="pause", workflow="orders", id="order-8002")
        await d.press("enter")
        await d.until(lambda: "eva" in d.lines[0])
        await d.until(lambda: "eva" not in d.lines[0])
        other.close()
        foreign.close()

    drive(script, demo=False)


def test_action_of_the_same_login_is_not_called_ours():
    """Only the session tells two people of one login apart; where they sit helps to ask the right one."""

    async def script(d):
        other = Journal(user_state_path("wfdash"), profile="", account=ACCOUNT_ID, clock=d.app.context.clock)
        other.seat = "pts/4 from 10.0.0.7"
        for identity in ("order-8001", "order-8002"):
            for event in ("sent", "settled"):
                other.write(event, plan="p", verb="pause", workflow="orders", id=identity)
        user = name_of(other.who)
        await d.until(lambda: f"{user} on pts/4 from 10.0.0.7 paused 2, <10s ago" in d.lines[0])
        await d.press("journal.open")
        await d.until(lambda: f"{other.who} on pts/4 " in d.text)
        assert f"by {other.who} on pts/4 from 10.0.0.7" in d.text
        own = d.app.context.session.journal
        own.write("sent", plan="q", verb="restart", workflow="orders", id="order-8003")
        await d.until(lambda: d.line("restart  order-8003"))
        assert " you " in d.line("restart  order-8003")
        await d.press("escape")
        await d.until(lambda: "you restart order-8003" in d.lines[0])
        other.close()

    drive(script, demo=False, size=(140, 40))
