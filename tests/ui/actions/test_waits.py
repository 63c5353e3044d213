"""What the page of waits rests on: how many of how many may wait, by the younger of two numbers."""

from tests.support.harness.dashboard import drive


def test_waits_are_of_no_more_than_are_counted():
    async def script(d):
        await d.press("instance.send_event")
        await d.until(lambda: " checked" in d.text and " waiting" in d.text)
        poller = d.app.session.poller
        assert sum(1 for _ in poller.store.active) > 50
        d.app.session.poller._feeds.counts.counts = {"waiting": 30, "running": 10, "complete": 9_000}
        d.app.screen.fill()
        await d.until(lambda: " of 40 checked" in d.text or " checked" in d.text)
        done, of = d.line(" checked").split(" · ")[-1].split(" checked")[0].split(" of ")
        assert int(of) == max(40, int(done))

    drive(script, workflow="orders")


def test_waits_are_so_far_while_others_are_unread():
    async def script(d):
        await d.press("instance.send_event")
        await d.until(lambda: " waiting so far, " in d.text)
        await d.until(lambda: " waiting, " in d.text)
        done, of = d.line(" checked").split(" · ")[-1].split(" checked")[0].split(" of ")
        assert done == of

    drive(script, workflow="orders")


def test_event_goes_to_no_mark_that_has_no_row():
    """What the list marked and what waits for no event is neither counted nor among those it goes to."""

    async def script(d):
        quiet = [row.id for row in d.app.session.poller.store if row.status == "complete"][:2]
        d.app.root.rows.marks.mark(quiet)
        await d.press("instance.send_event")
        await d.until(lambda: d.app.screen.query("WaitTable") and len(d.app.screen.table.rows) > 3)
        assert set(d.app.screen.table.marked) == set(quiet)
        waits = [wait.instance for wait in d.app.screen.table.rows[:2]]
        d.app.screen.table.move_to(0)
        await d.press("mark.toggle", "mark.toggle")
        await d.until(lambda: "2 marked · " in d.text)
        await d.press("row.open")
        await d.until(lambda: "send event to 2 instances" in d.text)
        assert {row.id for row in d.app.screen._rows} == set(waits)

    drive(script, workflow="orders")


def test_why_the_chosen_one_has_no_row_is_said():
    async def script(d):
        store = d.app.session.poller.store
        waits = {wait.instance for wait in await open_waits(d)}
        ended = next(row.id for row in store if row.status == "errored")
        quiet = next(row.id for row in store if row.status == "queued")
        assert waits
        for identity, said in (
            (ended, "it is errored and takes no event"),
            (quiet, "waits for no event now"),
        ):
            d.app.root.rows.put_cursor(identity)
            await d.press("instance.send_event")
            await d.until(lambda said=said, identity=identity: f"{said}: {identity}" in d.text)
            await d.press("escape")

    drive(script, workflow="orders", size=(140, 40))


async def open_waits(d):
    await d.press("instance.send_event")
    await d.until(lambda: d.app.screen.query("WaitTable") and len(d.app.screen.table.rows) > 3)
    found = list(d.app.screen.table.rows)
    await d.press("escape")
    return found


def test_marks_made_before_stand_first_and_are_named():
    """They were made for another action, maybe: `enter` on the first row sends nothing to that row."""

    async def script(d):
        await d.press("instance.send_event")
        await d.until(lambda: d.app.screen.query("WaitTable") and len(d.app.screen.table.rows) > 9)
        last = [wait.instance for wait in d.app.screen.table.rows[-4:]]
        assert "enter send event  " in d.lines[-1]
        await d.press("layer.close")
        d.app.root.rows.marks.mark(last)
        await d.press("instance.send_event")
        await d.until(lambda: d.app.screen.query("WaitTable") and len(d.app.screen.table.rows) > 9)
        assert {wait.instance for wait in d.app.screen.table.rows[:4]} == set(last)
        assert "enter send event to the 4 marked" in d.lines[-1]
        await d.press("row.open")
        title = d.line("send event to 4 instances: ")
        assert sum(identity in title for identity in last) == 3
        assert ", 1 more" in title

    drive(script, workflow="orders")
