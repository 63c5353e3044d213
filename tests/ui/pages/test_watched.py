"""The page of the watched instances: all workflows at a glance, what changed last first."""

from tests.support.harness.dashboard import drive
from wfdash.demo.engine import verbs


def test_nothing_watched_is_told_with_the_key_that_watches():
    async def script(d):
        await d.press("watched.open")
        assert "Nothing is watched yet" in d.text
        assert "f watches the instance under the cursor" in d.text
        assert d.app.pages.why_off("row.open") == "nothing is watched"
        assert d.app.pages.why_off("watched.open") == "it is open already"
        await d.press("escape")
        assert d.app.screen is d.app.root

    drive(script, size=(80, 24))


def test_watched_runs_of_all_workflows_list_the_changed_first():
    async def script(d):
        app = d.app
        waiting = [row.id for row in d.app.session.poller.store if row.status == "waiting"][:2]
        for each in waiting:
            app.root.rows.put_cursor(each)
            await d.press("instance.watch")
        assert "F lists all" in d.lines[-1]
        await d.press("watched.open")
        await d.until(lambda: d.text.count("◌ waiting") == 2)
        await d.until(lambda: sum("sleeps" in line or "left" in line for line in d.lines[2:4]) == 2)
        assert "watching 2" in d.lines[0]
        assert "every 20 s, ended ones every 2 m" in d.lines[0]
        await d.press("poll.freeze")
        await d.until(lambda: "‖ frozen" in d.lines[0])
        await d.press("poll.freeze")
        verbs.terminate(d.world, d.world.workflows["orders"].by_id[waiting[1]])
        await d.until(lambda: "was waiting" in d.text, 60)
        rows = [line for line in d.lines[2:] if "orders" in line]
        assert waiting[1] in rows[0]
        assert "■ terminated" in rows[0]
        assert waiting[0] in rows[1]

    drive(script, size=(80, 24))


def test_enter_opens_a_watched_instance_and_f_drops_it():
    async def script(d):
        first = d.app.root.table.instance
        await d.press("instance.watch", "workflows.open", "watched.open")
        assert first in d.text
        await d.press("row.open")
        assert type(d.app.screen).__name__ == "DetailScreen"
        assert d.app.pages.subject == ("orders", first)
        await d.press("escape")
        assert type(d.app.screen).__name__ == "WatchedScreen"
        assert d.app.pages.subject == ("orders", first)
        await d.press("escape")
        assert d.app.screen is d.app.root
        await d.press("watched.open", "instance.watch")
        assert "Nothing is watched yet" in d.text

    drive(script)


def test_watched_page_tells_a_reason_that_its_row_cuts():
    async def script(d):
        poller = d.app.session.poller
        failed = next(row.id for row in poller.store if row.status == "errored")
        await d.until(
            lambda: poller.row_details.why(failed) is not None or d.app.root.rows.put_cursor(failed)
        )
        d.app.root.rows.put_cursor(failed)
        await d.until(lambda: poller.row_details.why(failed) is not None)
        await d.press("instance.watch", "watched.open")
        await d.until(lambda: "enter opens it" in d.text)
        below = " ".join(d.text[d.text.index("enter opens it") :].split())
        assert poller.row_details.why(failed).sentence.split(";")[0] in below
        assert "…" in next(line for line in d.lines[2:] if failed in line)

    drive(script, size=(80, 24))


def test_completed_one_says_how_long_it_took():
    async def script(d):
        done = next(row.id for row in d.app.session.poller.store if row.status == "complete")
        d.app.root.rows.put_cursor(done)
        await d.until(lambda: f"{done} " in d.text)
        took = next(word for word in d.line(f"complete   {done}").partition("took ")[2].split())
        await d.press("instance.watch", "watched.open")
        await d.until(lambda: f"took {took}" in d.line(done))

    drive(script, size=(80, 24))
