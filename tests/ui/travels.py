"""Ways into the record that tests go."""

import asyncio


async def travel(dashboard, key):
    """Presses the key and waits for the thread that reads the record, which no clock moves."""
    app, before = dashboard.app, dashboard.app.context.past
    await dashboard.press(key)
    for _ in range(600):
        if app.context.past != before:
            break
        await asyncio.to_thread(lambda: None)
        await asyncio.sleep(0.1)
    assert app.context.past != before
    await dashboard.settled()


async def look_back_at_a_read_failure(dashboard):
    """A moment of the record at which one of those that failed had been read, and others only listed."""
    await dashboard.until(lambda: "errored" in dashboard.text)
    session = dashboard.app.context.session
    errored = next(row.id for row in session.poller.store if row.status == "errored")
    await session.reads.instance("orders", errored)
    await dashboard.passes(60)
    await travel(dashboard, "<")
