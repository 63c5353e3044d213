"""What tests of the lines do: open them, print another one, read them off the screen."""

FAILED = "status:errored"


async def opened_logs(d, *keys):
    """Opens the lines, presses more keys, and waits for them to be read."""
    await d.press("logs.open", *keys)
    await d.until(lambda: "telemetry, read" in d.text)


def lines_of(d):
    return d.app.screen.query_one("#lines")


async def another_line(d):
    """Waits until a line comes after those that are there."""
    await d.until(lambda: lines_of(d).row_count())
    before = lines_of(d).row_count()
    await d.until(lambda: lines_of(d).row_count() > before, 600)


def timeline_of(d):
    return d.app.screen.query_one("#timeline")
