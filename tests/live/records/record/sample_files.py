"""Records that the tests read: three minutes of an incident, and a small one."""

import random
import sqlite3
from contextlib import closing

import httpx

from tests.support.fakes.worlds import build
from wfdash.api.connect import connect
from wfdash.api.interface import ListQuery
from wfdash.config.precedence import load
from wfdash.config.settings import Options
from wfdash.core.model.lazy_steps import plain
from wfdash.demo.http.api import create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.listener import RecordListener
from wfdash.live.records.record.observations import SawRows

NOW = 1_795_000_000.0
MINUTES = 3
STEP = 10.0


async def three_minutes(folder):
    """Three minutes of an incident in two records, and what an independent reader was answered when."""
    clock = [NOW]
    world = build("incident", clock=lambda: clock[0])
    transport = httpx.ASGITransport(app=create_app(world))
    settings = load(Options(demo="incident", demo_account=ACCOUNT_ID, demo_token=TOKEN), {})
    seen = []
    recorded = await connect(settings, transport=transport)
    recorded.listener = RecordListener(seen.append, clock=lambda: clock[0])
    independent = await connect(settings, transport=transport)
    rows, details = [], []
    for _ in range(int(MINUTES * 60 / STEP)):
        page = await recorded.list_instances("orders", ListQuery(per_page=60))
        rows.append((clock[0], await independent.list_instances("orders", ListQuery(per_page=60))))
        for item in page.items[:: random.randint(2, 6)]:
            await recorded.get_instance("orders", item["id"])
            answer = await independent.get_instance("orders", item["id"])
            details.append((clock[0], item["id"], plain(answer.result)))
        clock[0] += STEP
    await recorded.close()
    await independent.close()
    for payloads in (True, False):
        file = RecordFile(folder / f"{payloads}.db", payloads=payloads, most_bytes=10**9)
        file.write(seen)
        file.close()
    return folder, rows, details


def rewritten(path, statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def small_record(path):
    file = RecordFile(path, payloads=False, most_bytes=10**9)
    item = {"id": "a", "status": "running", "created_on": "2026-11-18T10:00:00Z"}
    file.write([SawRows(NOW, "orders", [item]), SawRows(NOW + 1, "orders", [item | {"status": "complete"}])])
    file.close()
