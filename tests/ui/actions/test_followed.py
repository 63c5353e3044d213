"""What the poller is told to follow, and what a person is told of what it cannot."""

from tests.support.harness.dashboard import drive


def test_marked_and_watched_rows_are_read_first_after_a_sweep():
    async def script(d):
        heeded = d.app.session.poller._feeds.row_details.watched
        marked, watched, other = (d.app.root.table.row_key(index) for index in range(3))
        assert marked not in heeded
        await d.press("space")
        assert marked in heeded
        await d.press("f")
        assert watched in heeded
        assert other not in heeded
        await d.press("escape")
        assert marked not in heeded

    drive(script)


def test_too_many_to_sweep_is_said_and_rows_stay_bright():
    async def script(d):
        await d.press("z")  # so that no sweep ends meanwhile
        d.app.session.poller.sweep.left_out = ("waiting", "queued")
        wanted = "too many to sweep: rows that are waiting or queued may have changed unseen"
        await d.until(lambda: wanted in d.text)
        assert not d.app.root.table.faded
        d.app.session.poller.sweep.left_out = ()
        await d.until(lambda: "too many to sweep" not in d.text)

    drive(script, size=(80, 24))
